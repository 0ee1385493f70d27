"""Contacts from being written down to being followed up."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from kontor.contacts import queries
from kontor.contacts.errors import AlreadyCorrected, InvalidContact, NoFollowUp
from kontor.contacts.events import ContactLogged, FollowUpDone, FollowUpDue
from kontor.contacts.models import Contact, ContactChannel, Direction
from kontor.core.clock import utc_day
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.customers import queries as customers
from kontor.orders import queries as orders

LONGEST_TEXT = 20_000
FARTHEST = timedelta(days=365)
AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    """A contact as it is given: about an order, a customer or both.

    `awaits_answer` is for what came in by itself: nobody of ours has heard of it yet.
    """

    channel: ContactChannel
    direction: Direction
    topic: str
    text: str
    order_id: UUID | None = None
    customer_id: UUID | None = None
    follow_up_on: date | None = None
    address: str | None = None
    message_id: str | None = None
    notification_id: UUID | None = None
    awaits_answer: bool = False


async def log_contact(db: Session, wanted: NewContact, *, now: datetime) -> Contact:
    """Write down what was said. The customer of an order is known by the order.

    Raises `InvalidContact` naming the field, `OrderNotFound`, `CustomerNotFound`, and `CustomerGone` for a person who
    was erased: nothing they say is kept with them any more.
    """
    _check(wanted, now=now)
    customer_id = wanted.customer_id
    if wanted.order_id is not None:
        customer_id = (await orders.get_order(db, wanted.order_id, db.principal)).customer_id
        if wanted.customer_id is not None and wanted.customer_id != customer_id:
            raise InvalidContact("The order is of another customer.", path=("customerId",))
    elif customer_id is not None:
        await customers.get_customer(db, customer_id)
    if customer_id is not None:
        await customers.hold_living(db, customer_id, path="customerId" if wanted.order_id is None else "orderId")
    return _add(db, wanted, customer_id, now=now)


async def correct_contact(db: Session, contact_id: UUID, *, topic: str, text: str, now: datetime) -> Contact:
    """Put a contact right by another one that names it; the first stays as it was said.

    The follow-up goes over to the new one. Raises `ContactNotFound`, `AlreadyCorrected`, `InvalidContact` for a mail,
    whose words are what was sent, `CustomerGone` for one with a person who was erased.
    """
    row = await queries.lock_contact(db, contact_id)
    if row.notification_id is not None or row.message_id is not None:
        raise InvalidContact("A mail is kept as it was sent.", code="MAIL_UNCHANGEABLE", path=("id",))
    if await queries.correction_of(db, row.id) is not None:
        raise AlreadyCorrected("Another contact has put this one right.", path=("id",))
    is_open = row.follow_up_on is not None and row.follow_up_done_at is None
    wanted = NewContact(
        channel=row.channel, direction=row.direction, topic=topic, text=text, order_id=row.order_id,
        customer_id=row.customer_id,
    )  # fmt: skip
    _check(wanted, now=now)
    if row.customer_id is not None:
        await customers.hold_living(db, row.customer_id, path="id")
    if is_open:
        _finish(db, row, now=now)
    made = _add(db, wanted, row.customer_id, now=now)
    made.corrects_id, made.follow_up_on = row.id, row.follow_up_on if is_open else None
    return made


async def complete_follow_up(db: Session, contact_id: UUID, *, now: datetime) -> Contact:
    """What was to be followed up is done; the case of it ends. Raises `ContactNotFound`, `NoFollowUp`."""
    row = await queries.lock_contact(db, contact_id)
    if row.follow_up_on is None or row.follow_up_done_at is not None:
        raise NoFollowUp("Nothing is to be followed up here.", path=("id",))
    _finish(db, row, now=now)
    return row


async def raise_follow_ups(db: Session, *, today: date, now: datetime) -> int:
    """Say of follow-ups whose day has come that it has come; how many there were."""
    rows = await queries.due_follow_ups(db, today, limit=AT_ONCE)
    for row in rows:
        row.follow_up_raised_at = now
        assert row.follow_up_on is not None
        record(
            db,
            FollowUpDue(
                stream_id=_stream(row), contact_id=row.id, order_id=row.order_id, topic=row.topic, on=row.follow_up_on
            ),
        )
    return len(rows)


def _add(db: Session, wanted: NewContact, customer_id: UUID | None, *, now: datetime) -> Contact:
    row = Contact(
        id=new_id(), order_id=wanted.order_id, customer_id=customer_id, channel=wanted.channel,
        direction=wanted.direction, topic=wanted.topic.strip(), text=wanted.text.strip(), address=wanted.address,
        message_id=wanted.message_id, notification_id=wanted.notification_id, follow_up_on=wanted.follow_up_on,
        created_at=now, created_by=db.by, created_by_id=db.principal.id,
    )  # fmt: skip
    db.add(row)
    record(
        db,
        ContactLogged(
            stream_id=_stream(row), contact_id=row.id, order_id=row.order_id, channel=str(row.channel),
            direction=str(row.direction), topic=row.topic, awaits_answer=wanted.awaits_answer,
        ),
    )  # fmt: skip
    return row


def _finish(db: Session, row: Contact, *, now: datetime) -> None:
    row.follow_up_done_at, row.follow_up_done_by = now, db.by
    record(db, FollowUpDone(stream_id=_stream(row), contact_id=row.id, order_id=row.order_id))


def _stream(row: Contact) -> UUID:
    about = row.order_id or row.customer_id
    assert about is not None
    return about


def _check(wanted: NewContact, *, now: datetime) -> None:
    if wanted.order_id is None and wanted.customer_id is None:
        raise InvalidContact("Name the order or the customer.", code="ORDER_OR_CUSTOMER", path=("orderId",))
    if not 1 <= len(wanted.topic.strip()) <= 200:
        raise InvalidContact("1 to 200 characters.", code="INVALID_TEXT", path=("topic",))
    if len(wanted.text) > LONGEST_TEXT:
        raise InvalidContact(f"At most {LONGEST_TEXT} characters.", code="INVALID_TEXT", path=("text",))
    if (wanted.channel is ContactChannel.NOTE) != (wanted.direction is Direction.INTERNAL):
        raise InvalidContact("A note, and a note alone, is internal.", path=("direction",))
    day = wanted.follow_up_on
    # A day of grace: where the agent sits it may be yesterday still.
    if day is not None and not utc_day(now) - timedelta(days=1) <= day <= utc_day(now + FARTHEST):
        raise InvalidContact("A day within the coming year.", code="INVALID_DATE", path=("followUpOn",))
