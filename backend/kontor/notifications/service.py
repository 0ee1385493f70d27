"""Tell customers: decide and write the message's row, fill it, note that it went.

The row is committed before anything is sent. Whoever dies between sending and noting it sends the same Message-ID
again, so that a receiver keeps it once.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog

from kontor.channels.branding import logo_url
from kontor.channels.logos import png_of
from kontor.core.clock import local_day
from kontor.core.db import Session, chunks
from kontor.core.errors import InvalidInput, KontorError
from kontor.core.ids import is_uuid, new_id
from kontor.core.outbox import record, schedule
from kontor.notifications import queries
from kontor.notifications.errors import NoRecipient
from kontor.notifications.events import MessageBounced
from kontor.notifications.facts import compose
from kontor.notifications.known import Asked, Known
from kontor.notifications.models import Notification, NotificationText
from kontor.notifications.notes import notes_about
from kontor.notifications.own_words import OwnWords, own_words
from kontor.notifications.ports import OutgoingMessage, message_id_of
from kontor.notifications.rendering import Message, MessageBrand, render_message, written_in
from kontor.notifications.selection import Telling, fits, goes_out
from kontor.orders.queries import get_order

JOB = "notifications.tell"
log = structlog.get_logger("kontor.notifications")
_COLUMNS = (
    "id", "order_id", "source_key", "template", "language", "recipient", "subject", "context", "message_id",
    "created_at", "sent_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody wants an order's customer to be told something; `by` is the outbox row that will send it."""

    order_id: UUID
    telling: Telling
    by: int


@dataclass(frozen=True, slots=True)
class Pending:
    """A message whose row is written and that is to be sent now."""

    id: UUID
    order_id: UUID
    template: str
    language: str
    recipient: str
    message_id: str
    context: Mapping[str, Any]

    @property
    def subject(self) -> UUID | None:
        """The id of the thing the message is about."""
        text = self.context.get("subject")
        return UUID(text) if isinstance(text, str) and is_uuid(text) else None

    @property
    def note(self) -> str:
        """The personal sentence it tells."""
        return str(self.context.get("note") or "")


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages to send and all that is to be known about them."""

    pending: Sequence[Pending]
    known: Known
    labels: Mapping[UUID, Any]
    texts: Mapping[UUID, NotificationText]
    """What was written down by an earlier try: it goes out as it stands."""
    own: OwnWords


@dataclass(frozen=True, slots=True)
class Written:
    """A message word for word, by whose words, with the document that goes along."""

    message: OutgoingMessage
    template_id: UUID | None = None
    document_id: UUID | None = None


async def prepare(
    db: Session, wishes: Sequence[Wish], again: Collection[UUID] = (), *, now: datetime, domain: str
) -> Batch:
    """Write the rows of what is to be told, once per order, cause and template, and load their facts.

    What was sent, what another outbox row is sending, what the channel does not send and what has no recipient is left
    out. `again` are rows that exist and are to be sent, such as a resending. `domain` is that of the Message-IDs.
    """
    rows = [row for row in await queries.by_ids(db, again) if row.sent_at is None and row.error is None]
    order_ids = {wish.order_id for wish in wishes} | {row.order_id for row in rows}
    orders = await queries.orders_by_id(db, order_ids)
    channels = await queries.channels_by_id(db, {order.channel_id for order in orders.values()})
    pending = [_of_row(row) for row in rows]
    if wishes:
        pending += await _write(db, wishes, orders, channels, now=now, domain=domain)
    wanted = [(each.template, each.order_id, each.subject) for each in pending]
    known = await queries.load_facts(db, wanted, orders, channels) if pending else Known()
    documents = {back.label_document_id for back in known.returns.values() if back.label_document_id}
    texts = await queries.texts_of(db, [each.id for each in pending])
    templates = {each.template for each in pending}
    own = await own_words(db, templates, {order.channel_id for order in orders.values()}, now=now)
    return Batch(pending, known, await queries.label_keys(db, documents), texts, own)


async def _write(
    db: Session, wishes: Sequence[Wish], orders: Mapping[UUID, Any], channels: Mapping[UUID, Any],
    *, now: datetime, domain: str,
) -> list[Pending]:  # fmt: skip
    written = {(row.order_id, row.source_key, row.template): row for row in await queries.of_orders(db, orders)}
    shipments = {UUID(wish.telling.subject) for wish in wishes if _is_id(wish.telling.subject)}
    delivery = await queries.delivery_types(db, shipments)
    notes = await notes_about(db, shipments)
    pending: list[Pending] = []
    new: dict[tuple[UUID, str, str], Pending] = {}
    for wish in wishes:
        order, telling = orders.get(wish.order_id), wish.telling
        if order is None or not order.email:
            continue
        kind = delivery.get(UUID(telling.subject)) if telling.subject and _is_id(telling.subject) else None
        channel = channels[order.channel_id]
        if not goes_out(telling.template, channel.settings) or not fits(telling.template, kind or order.delivery_type):
            continue
        key = (order.id, telling.cause, telling.template)
        row = written.get(key)
        if row is not None:
            if row.sent_at is None and row.error is None and row.context.get("by") == wish.by:
                pending.append(_of_row(row))
        elif key not in new:
            new[key] = _new(wish, order, domain, notes)
    await db.bulk_insert(
        Notification, _COLUMNS,
        [
            (each.id, each.order_id, cause, each.template, each.language, each.recipient, None, each.context,
             each.message_id, now, None)
            for (_, cause, _), each in new.items()
        ],
    )  # fmt: skip
    return [*pending, *new.values()]


def _is_id(text: str | None) -> bool:
    return text is not None and is_uuid(text)


def _new(wish: Wish, order: Any, domain: str, notes: Mapping[tuple[UUID, str], str]) -> Pending:
    row_id, telling = new_id(), wish.telling
    context: dict[str, Any] = {"subject": telling.subject, "about": dict(telling.about), "by": wish.by}
    if telling.subject and _is_id(telling.subject):
        note = notes.get((UUID(telling.subject), telling.template))
        context |= {"note": note} if note else {}
    return Pending(
        row_id, order.id, telling.template, order.language, order.email, message_id_of(row_id, domain), context
    )


def _of_row(row: Notification) -> Pending:
    return Pending(row.id, row.order_id, row.template, row.language, row.recipient, row.message_id, row.context)


def write(each: Pending, batch: Batch, *, now: datetime, base_url: str = "") -> Written | None:
    """The message word for word; None when there is nothing to tell any more, such as a recalled shipment."""
    known = batch.known
    facts = facts_for(each, known, now=now)
    if facts is None:
        return None
    document_id = None
    if each.template == "return_approved" and each.subject is not None:
        label = known.returns[each.subject].label_document_id
        document_id = label if label in batch.labels else None
        facts["label_attached"] = document_id is not None
    if (kept := batch.texts.get(each.id)) is not None:
        message = Message(kept.subject, kept.text, kept.html)
        return Written(_outgoing(each, message, facts), kept.template_id, document_id)
    channel = known.channels[known.orders[each.order_id].channel_id]
    context = {**facts, "brand": brand_of(channel, each.language, base_url)}
    own = batch.own.of(each.template, written_in(each.language), channel.id)
    if own is not None:
        try:
            message = render_message(each.template, each.language, context, own.words, note=each.note)
            return Written(_outgoing(each, message, facts), own.template_id, document_id)
        except Exception as problem:
            # A customer is rather told in our words than not at all.
            log.error(
                "own words cannot be written", template=each.template, id=str(own.template_id), error=str(problem)
            )
    message = render_message(each.template, each.language, context, note=each.note)
    return Written(_outgoing(each, message, facts), None, document_id)


def facts_for(each: Pending, known: Known, *, now: datetime) -> dict[str, Any] | None:
    """What a message tells, the brand left out; None when there is nothing to tell any more."""
    order = known.orders[each.order_id]
    zone = known.channels[order.channel_id].timezone
    asked = Asked(
        each.template, order, each.subject, each.context.get("about") or {}, each.language, now,
        lambda moment: local_day(moment, zone),
    )  # fmt: skip
    return compose(asked, known)


def _outgoing(each: Pending, message: Message, facts: Mapping[str, Any]) -> OutgoingMessage:
    return OutgoingMessage(
        to=each.recipient, to_name=facts["customer_name"], subject=message.subject, text=message.text,
        html=message.html, message_id=each.message_id,
    )  # fmt: skip


async def keep_texts(db: Session, written: Mapping[UUID, Written], documents: Mapping[UUID, Any]) -> None:
    """Keep messages word for word, before they are sent."""
    rows = []
    for row_id, each in written.items():
        document = documents.get(each.document_id) if each.document_id else None
        attached = [{"name": document_name(document), "document_id": str(each.document_id)}] if document else []
        message = each.message
        rows.append((row_id, message.subject[:300], message.text, message.html, each.template_id, attached))
    names = ("notification_id", "subject", "text", "html", "template_id", "attachments")
    await db.bulk_insert(NotificationText, names, rows)


def document_name(document: Any) -> str:
    """What an attached document is called."""
    return f"{document.number.replace('/', '-')}.pdf"


def brand_of(channel: Any, language: str, base_url: str) -> MessageBrand:
    """Who writes: the channel's brand, else its name and the legal entity's color; the entity in the footer.

    A logo goes along where programs for mail can show it: as a PNG of the brand, or at the address the channel sets.
    """
    settings, brand = channel.settings, channel.brand
    where = f"{channel.street} · {channel.postal_code} {channel.city}"
    own = str((brand.texts.get(language) or {}).get("mail_footer", "")) if brand else ""
    legal = (channel.entity, where, channel.register, channel.vat_id, *own.splitlines())
    logo, website = str(settings.get("logo_url") or ""), str(settings.get("website") or "")
    if brand and brand.logo_light and png_of(brand.logo_light):
        logo = f"{base_url.rstrip('/')}{logo_url(brand, 'light')}"
    return MessageBrand(
        name=brand.name if brand else str(settings.get("brand_name") or channel.name),
        color=brand.color if brand else channel.brand_color,
        logo_url=logo if logo.startswith("https://") else "",
        website=website if website.startswith(("https://", "http://")) else "",
        support_email=channel.email or "",
        support_phone=channel.phone or "",
        legal_lines=tuple(line for line in legal if line),
    )


async def note_sent(db: Session, subjects: Mapping[UUID, str], *, now: datetime) -> None:
    """The messages went, with these subjects."""
    table = Notification.__table__
    assert isinstance(table, sa.Table)
    change = (
        sa.update(table)
        .where(table.c.id == sa.bindparam("row"), table.c.sent_at.is_(None))
        .values(subject=sa.bindparam("text"), sent_at=now)
    )
    if subjects:
        rows = [{"row": row_id, "text": text[:300]} for row_id, text in subjects.items()]
        await (await db.connection()).execute(change, rows)


async def note_refused(db: Session, problems: Mapping[UUID, KontorError]) -> None:
    """The messages can never go; the rows say why."""
    for row_id, problem in problems.items():
        text = f"{problem.code}: {problem.message}"[:500]
        await db.execute(sa.update(Notification).where(Notification.id == row_id).values(error=text))


async def resend(db: Session, notification_id: UUID, *, now: datetime, domain: str) -> Notification:
    """Send a message again, filled with today's facts, to the order's present address; a row of its own.

    Raises `NotificationNotFound`, or `NoRecipient` when the order has no address.
    """
    row = await queries.get_notification(db, notification_id)
    order = (await queries.orders_by_id(db, [row.order_id]))[row.order_id]
    if not order.email:
        raise NoRecipient("The order has no email address.", order_id=str(row.order_id))
    copy_id = new_id()
    copy = Notification(
        id=copy_id, order_id=row.order_id, source_key=f"again/{copy_id}", template=row.template, language=row.language,
        recipient=order.email, context={**row.context, "again": str(row.id)},
        message_id=message_id_of(copy_id, domain), created_at=now,
    )  # fmt: skip
    db.add(copy)
    schedule(db, JOB, {"notification_id": copy_id}, key=row.order_id)
    return copy


async def write_mail(db: Session, order_id: UUID, *, topic: str, text: str, now: datetime, domain: str) -> Notification:
    """Write to an order's customer by hand, in the frame of the channel's mails; it is sent once.

    Raises `OrderNotFound`, `NoRecipient`, `InvalidInput` for an empty or endless text.
    """
    if not 1 <= len(topic.strip()) <= 200:
        raise InvalidInput("1 to 200 characters.", code="INVALID_TEXT", path=("topic",))
    if not 1 <= len(text.strip()) <= 20_000:
        raise InvalidInput("1 to 20,000 characters.", code="INVALID_TEXT", path=("text",))
    order = await get_order(db, order_id, db.principal)
    if not order.email:
        raise NoRecipient("The order has no email address.", order_id=str(order.id))
    row_id = new_id()
    row = Notification(
        id=row_id, order_id=order.id, source_key=f"mail/{row_id}", template="personal", language=order.language,
        recipient=order.email, context={"subject": None, "about": {"topic": topic.strip(), "text": text.strip()}},
        message_id=message_id_of(row_id, domain), created_at=now,
    )  # fmt: skip
    db.add(row)
    schedule(db, JOB, {"notification_id": row_id}, key=order.id)
    return row


async def note_bounce(db: Session, notification_id: UUID, reason: str, *, now: datetime) -> bool:
    """The message came back, for good; False when that was known. Raises `NotificationNotFound`."""
    row = await queries.get_notification(db, notification_id)
    if row.bounced_at is not None:
        return False
    row.bounced_at, row.bounce = now, reason[:500]
    bounced = MessageBounced(
        stream_id=row.order_id, notification_id=row.id, template=row.template, topic=row.subject or ""
    )
    record(db, bounced)
    return True


async def forget_unsent(db: Session, ids: Iterable[UUID]) -> None:
    """Take back rows that turned out to have nothing to tell."""
    for part in chunks(list(ids)):
        await db.execute(sa.delete(NotificationText).where(NotificationText.notification_id.in_(part)))
        await db.execute(sa.delete(Notification).where(Notification.id.in_(part), Notification.sent_at.is_(None)))


async def preview_decision(
    db: Session, order_id: UUID, return_id: UUID, lines: Sequence[Mapping[str, Any]], *, now: datetime
) -> tuple[str, str]:
    """Subject and text of what the customer will be told of a return, before anything of it is true or written."""
    telling = Telling("return_decided", "preview", str(return_id), {"lines": lines})
    orders = await queries.orders_by_id(db, [order_id])
    channels = await queries.channels_by_id(db, {orders[order_id].channel_id})
    subject = UUID(telling.subject) if telling.subject else None
    known = await queries.load_facts(db, [(telling.template, order_id, subject)], orders, channels)
    order = orders[order_id]
    context = {"subject": telling.subject, "about": dict(telling.about)}
    shown = Pending(new_id(), order_id, telling.template, order.language, order.email or "", "", context)
    own = await own_words(db, {telling.template}, {order.channel_id}, now=now)
    written = write(shown, Batch([shown], known, {}, {}, own), now=now)
    return (written.message.subject, written.message.text) if written is not None else ("", "")


async def preview_messages(
    db: Session, order_id: UUID, about: Mapping[str, Mapping[str, Any]], *, now: datetime, note: str = ""
) -> list[tuple[str, str, str]]:
    """Template, subject and text of what an order's customer will be told, before anything of it is true.

    `about` says by template what no table has yet; the last one tells the personal sentence. What the channel does not
    send, and what has no address to go to, is left out.
    """
    if not about:
        return []
    orders = await queries.orders_by_id(db, [order_id])
    channels = await queries.channels_by_id(db, {orders[order_id].channel_id})
    settings = channels[orders[order_id].channel_id].settings
    templates = [each for each in about if orders[order_id].email and goes_out(each, settings)]
    if not templates:
        return []
    bearer = list(about)[-1]
    known = await queries.load_facts(db, [(template, order_id, None) for template in templates], orders, channels)
    order = orders[order_id]
    own = await own_words(db, templates, {order.channel_id}, now=now)
    found = []
    for template in templates:
        context: dict[str, Any] = {"subject": None, "about": dict(about[template])}
        if template == bearer:
            context["note"] = note
        shown = Pending(new_id(), order_id, template, order.language, order.email or "", "", context)
        written = write(shown, Batch([shown], known, {}, {}, own), now=now)
        if written is not None:
            found.append((template, written.message.subject, written.message.text))
    return found
