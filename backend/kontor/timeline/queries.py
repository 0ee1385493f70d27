"""Rows of an order's story: from each source a page, merged; a fixed number of statements whatever there is."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from kontor.care.models import Case
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.outbox import EventRecord
from kontor.core.pagination import PageRequest
from kontor.core.statemachine import StateChange
from kontor.fulfillment.models import FulfillmentOrder, Parcel
from kontor.notifications.models import Notification
from kontor.payments.models import Refund
from kontor.processes.models import ProcessInstance, UserTask
from kontor.routing.models import RoutingDecision
from kontor.timeline.kinds import EVENTS, SOURCES, STEPS
from kontor.timeline.values import Fact, Source, TimelineKind

Mark = tuple[datetime, int, int | UUID]
"""Where a page ended: moment, source, key."""


async def facts_of(
    db: Session, order_id: UUID, kinds: Collection[TimelineKind], page: PageRequest
) -> tuple[list[Fact], str | None]:
    """A page of the order's facts of these kinds, the latest first, and the cursor behind it; None at the beginning.

    Raises `InvalidInput` for a cursor that is none of this list.
    """
    mark = None if page.after is None else _mark_of(page.after)
    most = page.first + 1
    found: list[Fact] = []
    found += await _events(db, order_id, kinds, mark, most)
    found += await _steps(db, order_id, kinds, mark, most)
    for source, read in _READERS.items():
        if SOURCES[source] in kinds:
            found += await read(db, order_id, mark, most)
    found.sort(key=lambda fact: (fact.at, fact.source, _rank(fact.key)), reverse=True)
    rows = found[: page.first]
    return rows, cursor_of(rows[-1]) if len(found) > page.first else None


def cursor_of(fact: Fact) -> str:
    """What to go on with after a fact."""
    parts = [fact.at.isoformat(), int(fact.source), str(fact.key)]
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def _mark_of(cursor: str) -> Mark:
    try:
        moment, source, key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        at, kind = datetime.fromisoformat(moment), Source(source)
        if at.tzinfo is None:
            raise ValueError("a moment without a zone")
        return at, int(kind), int(key) if kind is Source.EVENT else UUID(key)
    except (ValueError, TypeError, binascii.Error) as problem:
        raise InvalidInput("The cursor is not one of this list.", code="INVALID_CURSOR", path=("after",)) from problem


def _rank(key: int | UUID) -> int:
    return key if isinstance(key, int) else key.int


def _page(found: Any, at: Any, key: Any, source: Source, mark: Mark | None, most: int) -> Any:
    """Of a source's rows those before the mark, the latest first."""
    if mark is not None:
        moment, last, last_key = mark
        same = key < last_key if source == last else sa.literal(source < last)
        found = found.where(sa.or_(at < moment, sa.and_(at == moment, same)))
    return found.order_by(at.desc(), key.desc()).limit(most)


async def _events(
    db: Session, order_id: UUID, kinds: Collection[TimelineKind], mark: Mark | None, most: int
) -> list[Fact]:
    names = [name for name, kind in EVENTS.items() if kind in kinds]
    row = EventRecord
    found = sa.select(row).where(row.stream_id == order_id, row.name.in_(names))
    rows = await db.scalars(_page(found, row.occurred_at, row.position, Source.EVENT, mark, most))
    return [
        Fact(Source.EVENT, each.occurred_at, each.position, each.name, each.principal_name, each.payload)
        for each in rows
    ]


def _things(order_id: UUID, entities: Collection[str]) -> sa.CompoundSelect[Any]:
    """Ids of what belongs to the order and has states of its own."""
    parcels = sa.select(Parcel.id).join(FulfillmentOrder, FulfillmentOrder.id == Parcel.fulfillment_order_id)
    found: dict[str, Any] = {
        "parcel": parcels.where(FulfillmentOrder.order_id == order_id),
        "refund": sa.select(Refund.id).where(Refund.order_id == order_id),
        "care_case": sa.select(Case.id).where(Case.order_id == order_id),
        "user_task": sa.select(UserTask.id).where(UserTask.order_id == order_id),
        "process_instance": sa.select(ProcessInstance.id).where(ProcessInstance.order_id == order_id),
    }
    return sa.union_all(*(found[entity] for entity in sorted(entities)))


async def _steps(
    db: Session, order_id: UUID, kinds: Collection[TimelineKind], mark: Mark | None, most: int
) -> list[Fact]:
    told = {entity: states for entity, (kind, states) in STEPS.items() if kind in kinds}
    row = StateChange
    found = sa.select(row).where(row.entity_id.in_(_things(order_id, told or STEPS)))
    found = found.where(
        sa.or_(sa.false(), *(sa.and_(row.entity == each, row.new.in_(states)) for each, states in told.items()))
    )
    rows = await db.scalars(_page(found, row.at, row.id, Source.STATE, mark, most))
    return [
        Fact(
            Source.STATE, each.at, each.id, f"{each.entity}.{each.new}", _name_of(each.by),
            {"old": each.old, "new": each.new, "note": each.reason, "entity": each.entity}, each.entity_id,
        )
        for each in rows
    ]  # fmt: skip


def _name_of(by: str) -> str:
    """Who acted, as events have it: state rows say the kind before the name."""
    kind, _, name = by.partition(":")
    return name or kind


async def _refunds(db: Session, order_id: UUID, mark: Mark | None, most: int) -> list[Fact]:
    row = Refund
    found = sa.select(row).where(row.order_id == order_id)
    rows = await db.scalars(_page(found, row.requested_at, row.id, Source.REFUND, mark, most))
    return [
        Fact(
            Source.REFUND, each.requested_at, each.id, "refund", _name_of(each.requested_by),
            {"amount": each.amount, "currency": each.currency, "kind": each.kind, "reason": each.reason}, each.id,
        )
        for each in rows
    ]  # fmt: skip


async def _decisions(db: Session, order_id: UUID, mark: Mark | None, most: int) -> list[Fact]:
    row = RoutingDecision
    found = sa.select(row.id, row.decided_at, row.occasion, row.policy, row.unsent, row.record)
    found = found.where(row.order_id == order_id)
    rows = await db.execute(_page(found, row.decided_at, row.id, Source.DECISION, mark, most))
    return [
        Fact(Source.DECISION, each.decided_at, each.id, "decision", "", _decided(each), each.id) for each in rows.all()
    ]


def _decided(row: Any) -> dict[str, Any]:
    places = list(dict.fromkeys(parcel["location"] for parcel in row.record["parcels"]))
    return {"occasion": row.occasion, "policy": row.policy, "unsent": row.unsent, "location_ids": places}


async def _processes(db: Session, order_id: UUID, mark: Mark | None, most: int) -> list[Fact]:
    row = ProcessInstance
    found = sa.select(row.id, row.started_at, row.key).where(row.order_id == order_id)
    rows = await db.execute(_page(found, row.started_at, row.id, Source.PROCESS, mark, most))
    return [
        Fact(Source.PROCESS, each.started_at, each.id, "process", "", {"process": each.key}, each.id)
        for each in rows.all()
    ]


async def _tasks(db: Session, order_id: UUID, mark: Mark | None, most: int) -> list[Fact]:
    row = UserTask
    found = sa.select(row).where(row.order_id == order_id)
    rows = await db.scalars(_page(found, row.created_at, row.id, Source.TASK, mark, most))
    return [Fact(Source.TASK, each.created_at, each.id, "task", "", {"task": each.name}, each.id) for each in rows]


async def _messages(db: Session, order_id: UUID, mark: Mark | None, most: int) -> list[Fact]:
    row = Notification
    found = sa.select(row).where(row.order_id == order_id)
    rows: Sequence[Notification] = (
        await db.scalars(_page(found, row.created_at, row.id, Source.MESSAGE, mark, most))
    ).all()
    return [Fact(Source.MESSAGE, each.created_at, each.id, _told(each), "", _letter(each), each.id) for each in rows]


def _told(row: Notification) -> str:
    return "message.failed" if row.error or row.bounced_at else "message.sent" if row.sent_at else "message.waits"


def _letter(row: Notification) -> dict[str, Any]:
    return {
        "template": row.template, "subject": row.subject, "recipient": row.recipient,
        "message": row.error or row.bounce, "sent_at": row.sent_at and row.sent_at.isoformat(),
    }  # fmt: skip


_READERS = {
    Source.REFUND: _refunds,
    Source.DECISION: _decisions,
    Source.PROCESS: _processes,
    Source.TASK: _tasks,
    Source.MESSAGE: _messages,
}
