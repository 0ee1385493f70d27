"""Statements over contacts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.contacts.errors import ContactNotFound
from kontor.contacts.models import Contact, ContactChannel, Direction
from kontor.core.db import Session
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.orders import queries as orders
from kontor.orders.models import Order

SORTS: dict[str, Any] = {"CREATED_AT": Contact.created_at, "FOLLOW_UP_ON": Contact.follow_up_on}


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """Which contacts; None narrows nothing."""

    order_id: UUID | None = None
    order_number: str | None = None
    customer_id: UUID | None = None
    channels: Collection[ContactChannel] | None = None
    direction: Direction | None = None
    text: str | None = None
    follow_up_open: bool | None = None
    follow_up_until: date | None = None
    created_since: datetime | None = None


def visible_to(principal: Principal) -> sa.Select[Contact]:
    """Contacts about orders the principal may see; who is not restricted sees those about a person alone too."""
    found = sa.select(Contact)
    if principal.restricted:
        found = found.where(Contact.order_id.in_(orders.visible_to(principal).with_only_columns(Order.id)))
    return found


async def list_contacts(
    db: Session, wanted: ContactFilter, page: PageRequest, *, sort: str = "CREATED_AT", descending: bool = True
) -> Page[Contact]:
    """A page of contacts, the newest first unless asked otherwise."""
    done = Contact.follow_up_done_at
    is_open = sa.and_(Contact.follow_up_on.is_not(None), done.is_(None))
    found = narrow(
        visible_to(db.principal),
        (Contact.order_id.__eq__, wanted.order_id),
        (_of_number, wanted.order_number),
        (Contact.customer_id.__eq__, wanted.customer_id),
        (Contact.channel.in_, wanted.channels),
        (Contact.direction.__eq__, wanted.direction),
        (lambda text: sa.or_(_holds(Contact.topic, text), _holds(Contact.text, text)), wanted.text or None),
        (lambda wanted_open: is_open if wanted_open else sa.not_(is_open), wanted.follow_up_open),
        (Contact.follow_up_on.__le__, wanted.follow_up_until),
        (Contact.created_at.__ge__, wanted.created_since),
    )
    return await paginate(db, found, choose(SORTS, sort, descending=descending), Contact.id, page)


def _of_number(number: str) -> Any:
    return Contact.order_id.in_(sa.select(Order.id).where(Order.number == number))


def _holds(column: Any, text: str) -> Any:
    """The column holds the text in large or small letters. SQLite folds ASCII alone: others are looked for as people
    write them, small, large, or with a large one at the beginning."""
    spellings = [text] if text.isascii() else [text, text.lower(), text.upper(), text.capitalize(), text.title()]
    return sa.or_(*(column.icontains(each, autoescape=True) for each in dict.fromkeys(spellings)))


async def get_contact(db: Session, contact_id: UUID) -> Contact:
    """A contact the principal of the session may see; raises `ContactNotFound`."""
    row = await db.scalar(visible_to(db.principal).where(Contact.id == contact_id))
    return _found(row, contact_id)


async def lock_contact(db: Session, contact_id: UUID) -> Contact:
    """The same, locked."""
    found = visible_to(db.principal).where(Contact.id == contact_id).with_for_update(of=Contact)
    return _found(await db.scalar(found.execution_options(populate_existing=True)), contact_id)


def _found(row: Contact | None, contact_id: UUID) -> Contact:
    if row is None:
        raise ContactNotFound("There is no such contact.", path=("id",), contact_id=str(contact_id))
    return row


async def correction_of(db: Session, contact_id: UUID) -> UUID | None:
    """The contact that puts another right, if one does."""
    return await db.scalar(sa.select(Contact.id).where(Contact.corrects_id == contact_id))


async def by_message_id(db: Session, message_id: str) -> Contact | None:
    """The mail of this id that came in."""
    return await db.scalar(sa.select(Contact).where(Contact.message_id == message_id))


async def due_follow_ups(db: Session, until: date, *, limit: int) -> list[Contact]:
    """What is to be followed up by a day and was not raised yet; locked."""
    found = (
        sa.select(Contact)
        .where(
            Contact.follow_up_on <= until, Contact.follow_up_done_at.is_(None), Contact.follow_up_raised_at.is_(None)
        )
        .order_by(Contact.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(await db.scalars(found))
