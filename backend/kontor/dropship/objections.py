"""Objections: the partner says why an order should not count, the retailer decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.core.statemachine import change_row, transition
from kontor.dropship.errors import InvalidObjection, NotCounted, ObjectionExists, ObjectionNotFound
from kontor.dropship.events import ObjectionDecided, ObjectionMade
from kontor.dropship.models import Objection
from kontor.dropship.queries import Counted, rows_of
from kontor.dropship.states import OBJECTION, Measure, ObjectionState
from kontor.fulfillment.queries import get_fulfillment_order

SORTS: dict[str, Any] = {"CREATED_AT": Objection.created_at, "UPDATED_AT": Objection.updated_at}
LONGEST = 500


@dataclass(frozen=True, slots=True)
class ObjectionFilter:
    """Which objections are wanted; what is None does not narrow."""

    partner_ids: Sequence[UUID] | None = None
    states: Sequence[ObjectionState] | None = None
    measures: Sequence[Measure] | None = None
    fulfillment_order_ids: Sequence[UUID] | None = None
    changed_since: datetime | None = None


def visible_to(principal: Principal) -> sa.ColumnElement[bool]:
    """A partner sees its own; who is scoped to anything else sees none."""
    if principal.partner_id is not None:
        return Objection.partner_id == principal.partner_id
    return sa.false() if principal.restricted else sa.true()


async def list_objections(
    db: Session, wanted: ObjectionFilter, page: PageRequest, *, sort: str = "CREATED_AT", descending: bool = True
) -> Page[Objection]:
    """Objections the principal of the session may see."""
    found = narrow(
        sa.select(Objection).where(visible_to(db.principal)),
        (Objection.partner_id.in_, wanted.partner_ids),
        (Objection.state.in_, wanted.states),
        (Objection.measure.in_, wanted.measures),
        (Objection.fulfillment_order_id.in_, wanted.fulfillment_order_ids),
        (Objection.updated_at.__ge__, wanted.changed_since),
    )
    return await paginate(db, found, choose(SORTS, sort, descending=descending), Objection.id, page)


async def lock_objection(db: Session, objection_id: UUID) -> Objection:
    """One visible objection, locked; raises `ObjectionNotFound`."""
    found = sa.select(Objection).where(Objection.id == objection_id, visible_to(db.principal)).with_for_update()
    row = await db.scalar(found.execution_options(populate_existing=True))
    if row is None:
        raise ObjectionNotFound("There is no such objection.", path=("id",))
    return row


async def object_to(db: Session, fulfillment_order_id: UUID, measure: Measure, *, reason: str) -> Objection:
    """Object to a visible order being counted in a figure; it counts until the objection is upheld.

    Raises `FulfillmentOrderNotFound`, `NotCounted`, `ObjectionExists`, or `InvalidObjection` for the reason.
    """
    said = _text(reason, "reason")
    row = await get_fulfillment_order(db, fulfillment_order_id, db.principal)
    if row.partner_id is None or measure is Measure.STOCK_AGE:
        raise NotCounted("This figure is not counted from the order.", path=("measure",))
    taken = sa.select(Objection.id).where(
        Objection.fulfillment_order_id == fulfillment_order_id, Objection.measure == measure
    )
    if await db.scalar(taken) is not None:
        raise ObjectionExists("It was objected to before.", path=("fulfillmentOrderId",))
    judged = rows_of(measure, Counted(row.partner_id, _EVER, _NEVER, db.now))
    if await db.scalar(sa.select(judged.c.id).where(judged.c.id == fulfillment_order_id)) is None:
        raise NotCounted("The order is not counted in this figure.", path=("measure",))
    made = Objection(
        id=new_id(), partner_id=row.partner_id, fulfillment_order_id=row.id, measure=measure,
        state=ObjectionState.OPEN, reason=said, created_at=db.now, created_by=db.by[:200], updated_at=db.now,
    )  # fmt: skip
    db.add(made)
    db.note_state(change_row("performance_objection", made.id, None, ObjectionState.OPEN, now=db.now, by=db.by))
    record(
        db, ObjectionMade(
            stream_id=row.partner_id, objection_id=made.id, fulfillment_order_id=row.id, measure=str(measure)
        )
    )  # fmt: skip
    await db.flush()
    return made


_EVER = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
_NEVER = datetime.fromisoformat("9999-01-01T00:00:00+00:00")


async def decide(db: Session, row: Objection, *, upheld: bool, answer: str) -> Objection:
    """Uphold or deny a locked objection; raises `TransitionRefused`, or `InvalidObjection` for the answer."""
    said = _text(answer, "answer")
    to = ObjectionState.UPHELD if upheld else ObjectionState.DENIED
    transition(db, row, to, table=OBJECTION, now=db.now, reason=said)
    row.answer, row.decided_at, row.decided_by, row.updated_at = said, db.now, db.by[:200], db.now
    told = ObjectionDecided(
        stream_id=row.partner_id, objection_id=row.id, fulfillment_order_id=row.fulfillment_order_id,
        measure=str(row.measure), upheld=upheld,
    )  # fmt: skip
    record(db, told)
    return row


def _text(given: str, name: str) -> str:
    if not 1 <= len(given.strip()) <= LONGEST:
        raise InvalidObjection(f"1 to {LONGEST} characters.", path=(name,))
    return given.strip()
