"""The label of a return from being wanted to being with the customer; `jobs.py` speaks to the carriers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from kontor.carriers import service as carriers
from kontor.carriers.models import CarrierAccount
from kontor.carriers.ports import Done, Made, Refused
from kontor.channels.branding import brands_of_channels, shown_on_papers
from kontor.channels.models import LegalEntity, SalesChannel
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.outbox import record, schedule
from kontor.core.principal import Principal
from kontor.core.statemachine import change_row, transition
from kontor.locations.models import StockLocation
from kontor.orders.models import Order
from kontor.returnlabels import queries
from kontor.returnlabels.choosing import account_for, settings_for
from kontor.returnlabels.errors import NoReturnCarrier, ReturnByCounter, ReturnLabelNotWanted
from kontor.returnlabels.events import ReturnLabelFailed, ReturnLabelMade
from kontor.returnlabels.models import ReturnLabel
from kontor.returnlabels.states import RETURN_LABEL, ReturnLabelState
from kontor.returns import queries as returns
from kontor.returns.homing import comes_by_parcel
from kontor.returns.labels import set_label
from kontor.returns.models import Return
from kontor.returns.states import ReturnState

S = ReturnLabelState
REQUEST, TAKE_BACK = "returnlabels.request", "returnlabels.take_back"
WAITING = (ReturnState.APPROVED, ReturnState.IN_TRANSIT)


async def want_label(
    db: Session, return_id: UUID, *, own_numbers: Mapping[str, bool], now: datetime, principal: Principal | None = None
) -> ReturnLabel:
    """Ask the carrier of the place for the label of an approved return; the job that speaks to it follows the commit.

    The same again is the label that is there; one that failed is asked for anew. `own_numbers` says by adapter whether
    tracking numbers are ours to give. Raises `ReturnNotFound`, `ReturnLabelNotWanted`, `ReturnByCounter` for goods that
    are brought to a counter, `NoReturnCarrier`.
    """
    order, found = await returns.lock_return(db, return_id, principal)
    label = await queries.label_of(db, found.id)
    if label is not None and label.state in (S.REQUESTED, S.CREATED):
        return label
    if found.state not in WAITING:
        raise ReturnLabelNotWanted("The return is not waiting for its goods.", path=("returnId",))
    place = await db.get(StockLocation, found.location_id) if found.location_id else None
    if place is not None and not await comes_by_parcel(db, found, place):
        raise ReturnByCounter("The goods are brought to the place; that takes no label.", path=("returnId",))
    account = account_for(await queries.accounts_of(db, place)) if place is not None else None
    if place is None or account is None:
        raise NoReturnCarrier("No carrier of the place gives labels for returns.", path=("returnId",))
    number = await carriers.own_number(db, account) if own_numbers.get(account.adapter) else None
    asked = await _asked(db, order, found, place, account, now=now)
    reference = new_id().hex
    if label is None:
        label = ReturnLabel(
            id=new_id(), return_id=found.id, account_id=account.id, state=S.REQUESTED, reference=reference, asked=asked,
            tracking_number=number, created_at=now, updated_at=now,
        )  # fmt: skip
        db.add(label)
        await db.flush()
        db.note_state(change_row("return_label", label.id, None, S.REQUESTED, now=now, by=db.by))
    else:
        transition(db, label, S.REQUESTED, table=RETURN_LABEL, now=now)
        label.account_id, label.reference, label.asked, label.called_at = account.id, reference, asked, None
        label.tracking_number, label.problem, label.problem_code, label.updated_at = number, None, None, now
    schedule(db, REQUEST, {"label_id": label.id}, key=label.id)
    return label


async def _asked(
    db: Session, order: Order, found: Return, place: StockLocation, account: CarrierAccount, *, now: datetime
) -> dict[str, Any]:
    """The request as it is kept: the goods go from the customer to the place."""
    channel = await db.get_one(SalesChannel, order.channel_id)
    entity = await db.get_one(LegalEntity, channel.legal_entity_id)
    brand = (await brands_of_channels(db, [channel.id])).get(channel.id)
    language = order.language if order.language in ("de", "en") else "en"
    lines = (await returns.lines_of(db, [found.id]))[found.id]
    return {
        "carrier": account.name, "settings": settings_for(account.settings),
        "sender": order.shipping_address or order.billing_address,
        "recipient": {
            "company": entity.name, "street": place.street or entity.street,
            "postal_code": place.postal_code or entity.postal_code, "city": place.city or entity.city,
            "country": place.country,
        },
        "weight_g": await queries.weight_of(db, lines), "asked_on": local_day(now, place.timezone).isoformat(),
        "order_number": order.number, "rma_number": found.number, "language": language, "size_mm": [100, 150],
        "brand": shown_on_papers(brand, channel.name, entity.brand_color, entity.id, language),
    }  # fmt: skip


async def end_made(db: Session, label_id: UUID, made: Made, document_id: UUID, *, now: datetime) -> None:
    """The label is there: the return bears it, and the customer is told. One of a return that is over is taken back."""
    order, found, label = await lock_whole(db, label_id)
    if label.state is not S.REQUESTED:
        return
    transition(db, label, S.CREATED, table=RETURN_LABEL, now=now)
    label.tracking_number, label.tracking_url = made.tracking_number[:80], made.tracking_url[:500] or None
    label.document_id, label.updated_at = document_id, now
    if found.state not in WAITING:
        schedule(db, TAKE_BACK, {"return_id": found.id}, key=label.id)
        return
    await set_label(db, found.id, tracking=label.tracking_number, document_id=document_id, now=now)
    record(
        db,
        ReturnLabelMade(
            stream_id=order.id, return_id=found.id, carrier=label.asked["carrier"],
            tracking_number=label.tracking_number,
        ),
    )  # fmt: skip


async def end_failed(db: Session, label_id: UUID, refused: Refused | None, *, now: datetime) -> None:
    """The carrier will not make the label, its words stay on it; None when it did not say what it did."""
    order, found, label = await lock_whole(db, label_id)
    if label.state is not S.REQUESTED:
        return
    told = refused or Refused("OUTCOME_UNKNOWN", "The carrier did not say whether the label was made.")
    to = S.UNKNOWN if refused is None else S.REFUSED
    transition(db, label, to, table=RETURN_LABEL, now=now, reason=told.message[:500])
    label.problem_code, label.problem, label.updated_at = told.code[:60], told.message[:500], now
    record(
        db,
        ReturnLabelFailed(
            stream_id=order.id, return_id=found.id, code=label.problem_code, message=label.problem
        ),
    )  # fmt: skip


def is_needless(label: ReturnLabel, found: Return) -> bool:
    """Whether a label that waits for its carrier is not to be ordered: its return waits for nothing any more.

    One that may have been ordered before is asked for, so that it can be taken back; not when whose it is was erased.
    """
    return found.state not in WAITING and (label.called_at is None or "sender" not in label.asked)


def give_up(db: Session, label: ReturnLabel, *, now: datetime) -> None:
    """A locked label is not ordered any more."""
    transition(db, label, S.CANCELED, table=RETURN_LABEL, now=now, reason="return over")
    label.updated_at = now


async def end_taken_back(db: Session, label_id: UUID, outcome: Done | Refused, *, now: datetime) -> None:
    """The carrier took a label back, or will not: then it stays as it is, with the carrier's words."""
    _, _, label = await lock_whole(db, label_id)
    if label.state is not S.CREATED:
        return
    if isinstance(outcome, Done):
        transition(db, label, S.CANCELED, table=RETURN_LABEL, now=now)
    else:
        label.problem_code, label.problem = outcome.code[:60], outcome.message[:500]
    label.updated_at = now


async def lock_whole(db: Session, label_id: UUID) -> tuple[Order, Return, ReturnLabel]:
    """A label with its return and order, locked from the top."""
    label = await db.get_one(ReturnLabel, label_id)
    order, found = await returns.lock_return(db, label.return_id)
    return order, found, await queries.lock_label(db, label_id)
