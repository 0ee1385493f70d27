"""A message as it would read for a real order, before anything of it is kept or sent."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.claims.models import Claim
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.fulfillment.models import FulfillmentOrder, Parcel, Shipment
from kontor.notifications import queries
from kontor.notifications.models import Notification
from kontor.notifications.own_words import TemplateDraft, checked, own_words
from kontor.notifications.rendering import OWN_WORDS, Message, facts_of, render_body, render_message, written_in
from kontor.notifications.samples import sample
from kontor.notifications.service import Pending, brand_of, facts_for
from kontor.notifications.wording import Words
from kontor.orders import queries as orders
from kontor.payments.models import Payment, Refund
from kontor.returns.models import Return


@dataclass(frozen=True, slots=True)
class Preview:
    """A message as it would read, `body` what it says between greeting and regards.

    `imagined` names the facts that this order does not have and were made up.
    """

    message: Message
    body: str
    placeholders: tuple[str, ...]
    imagined: tuple[str, ...]


async def preview_message(db: Session, draft: TemplateDraft, order_id: UUID, *, base_url: str) -> Preview:
    """The draft written with the facts of an order the principal may see.

    A message about something the order does not have, such as a refund, is filled up with imagined facts and says so.
    Raises `OrderNotFound`, and what `checked` does.
    """
    draft = checked(draft)
    return await _preview(db, draft.template, draft.language, draft.words, order_id, base_url=base_url)


async def preview_in_force(
    db: Session, template: str, order_id: UUID, *, now: datetime, base_url: str, expected_on: date | None = None
) -> Preview:
    """The message as it would go out today, in the words in force and the customer's language.

    One about a delay names `expected_on` where it is given.
    """
    if template not in OWN_WORDS:
        raise InvalidInput("There is no such message.", code="TEMPLATE_UNKNOWN", path=("template",))
    order = await orders.get_order(db, order_id, db.principal)
    chosen = await own_words(db, {template}, {order.channel_id}, now=now)
    own = chosen.of(template, written_in(order.language), order.channel_id)
    words = own.words if own else None
    return await _preview(db, template, order.language, words, order_id, base_url=base_url, expected_on=expected_on)


async def _preview(
    db: Session,
    template: str,
    language: str,
    words: Words | None,
    order_id: UUID,
    *,
    base_url: str,
    expected_on: date | None = None,
) -> Preview:
    now = db.now
    await orders.get_order(db, order_id, db.principal)
    rows = await queries.orders_by_id(db, [order_id])
    order = rows[order_id]
    channels = await queries.channels_by_id(db, {order.channel_id})
    facts = facts_of(template)
    names = facts.required | facts.optional
    real: dict[str, Any] = {}
    for cause in await _causes(db, template, order_id, expected_on):
        each = Pending(new_id(), order_id, template, language, order.email or "", "", cause)
        known = await queries.load_facts(db, [(template, order_id, each.subject)], rows, channels)
        with contextlib.suppress(KeyError, TypeError):  # a thing that is gone, a fact the event alone knew
            real = facts_for(each, known, now=now) or {}
        if real:
            break
    told = {name: value for name, value in real.items() if name in names}
    made_up = sample(facts.required if told else names, language)
    brand = brand_of(channels[order.channel_id], language, base_url)
    context = {**made_up, **_of_order(order), **told, "brand": brand}
    imagined = () if told else tuple(sorted(names - _of_order(order).keys() - {"brand"}))
    message = render_message(template, language, context, words)
    return Preview(message, render_body(template, language, context, words), tuple(sorted(names)), imagined)


def _of_order(order: Any) -> dict[str, Any]:
    address = order.shipping_address or order.billing_address or {}
    return {"order_number": order.number, "customer_name": str(address.get("name") or "")}


_LATEST: Mapping[str, Any] = {
    "exchange_agreed": Return, "exchange_received": Return, "exchange_reminder": Return, "exchange_overdue": Return,
    "exchange_canceled": Return, "return_approved": Return, "return_declined": Return, "return_received": Return,
    "refunded": Refund,
    "goodwill": Refund, "payment_failed": Payment, "payment_awaited": Payment, "shipped": Shipment,
    "picked_up": Shipment, "delivered": Shipment, "digital_delivery": Shipment, "ready_for_pickup": FulfillmentOrder,
    "pickup_reminder": FulfillmentOrder, "promise_passed": FulfillmentOrder, "claim_received": Claim,
    "claim_approved": Claim, "claim_denied": Claim,
}  # fmt: skip


async def _causes(
    db: Session, template: str, order_id: UUID, expected_on: date | None = None
) -> list[Mapping[str, Any]]:
    """What such a message of this order could be about: what the last one was, else the latest thing of its kind.

    A delay of which a day is known is about what is late now.
    """
    told = sa.select(Notification.context).where(Notification.order_id == order_id, Notification.template == template)
    found = list(await db.scalars(told.order_by(Notification.created_at.desc()).limit(1)))
    table = _LATEST.get(template)
    if table is not None:
        last = sa.select(table.id).where(table.order_id == order_id).order_by(table.id.desc()).limit(1)
        found += [{"subject": str(row_id), "about": {}} for row_id in await db.scalars(last)]
    elif template in ("parcel_returned", "parcel_lost"):
        work = sa.select(FulfillmentOrder.id).where(FulfillmentOrder.order_id == order_id)
        box = sa.select(Parcel.id).where(Parcel.fulfillment_order_id.in_(work)).order_by(Parcel.id.desc()).limit(1)
        found += [{"subject": str(row_id), "about": {}} for row_id in await db.scalars(box)]
    elif template in ("order_confirmed", "order_changed", "order_in_review", "canceled", "change_declined"):
        found.append({"subject": None, "about": {}})
    elif template == "delayed" and (lines := await _late_lines(db, order_id)):
        on = None if expected_on is None else expected_on.isoformat()
        found.insert(0 if on else len(found), {"subject": None, "about": {"lines": lines, "expected_on": on}})
    return found


async def _late_lines(db: Session, order_id: UUID) -> list[dict[str, Any]]:
    """Pieces nobody can send, where there are any; else those that have not arrived."""
    lines = (await orders.lines_of(db, [order_id]))[order_id]
    lacking = {line.id: line.unallocated for line in lines}
    waiting = {line.id: line.ordered - line.canceled - line.delivered for line in lines}
    pieces = lacking if any(count > 0 for count in lacking.values()) else waiting
    return [{"order_line_id": str(key), "quantity": count} for key, count in pieces.items() if count > 0]
