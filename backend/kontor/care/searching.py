"""Find the caller: one term, whatever it is, leads to orders and customers.

Numbers are looked up where they are kept, people by their terms (`customers.terms`). First what is there as typed, then
as a part of a longer text (trigram index), then what is one slip away; the first of these that finds anything answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.auth.permissions import Permission
from kontor.care.asking import Asked, Closeness, SearchKind, read
from kontor.care.scope import require_whole
from kontor.care.typos import near
from kontor.core.db import Session
from kontor.core.sets import among, any_of, looked_up
from kontor.customers.models import Customer, SearchTerm, TermField
from kontor.customers.terms import phone_key
from kontor.fulfillment.models import FulfillmentOrder, Parcel, Shipment
from kontor.invoicing.models import CreditNote, Invoice
from kontor.orders.models import Order
from kontor.payments.models import Payment, PaymentTransaction
from kontor.returns.models import Return

# More people than this are not ranked: who asks is told to add a postal code or a name.
MOST_PEOPLE = 200
TRIGRAM = 3
_P, _K = Permission, SearchKind


@dataclass(frozen=True, slots=True)
class Hit:
    """An order or a customer and what was found of it: `value` as it is kept."""

    kind: SearchKind
    closeness: Closeness
    value: str
    order_id: UUID | None = None
    customer_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The best hits, and whether there are more than were ranked."""

    hits: Sequence[Hit]
    too_many: bool


@dataclass(frozen=True, slots=True)
class _Source:
    kind: SearchKind
    permission: Permission
    number: Any
    order_id: Any
    joined: Callable[[Any], Any] = lambda found: found


_PARCEL_OWNER = FulfillmentOrder.id == Parcel.fulfillment_order_id
_SOURCES = (
    _Source(_K.ORDER_NUMBER, _P.ORDERS_READ, Order.number, Order.id),
    _Source(_K.EXTERNAL_NUMBER, _P.ORDERS_READ, Order.external_id, Order.id),
    _Source(_K.INVOICE, _P.INVOICES_READ, Invoice.number, Invoice.order_id),
    _Source(_K.CREDIT_NOTE, _P.INVOICES_READ, CreditNote.number, CreditNote.order_id),
    _Source(_K.RETURN, _P.RETURNS_READ, Return.number, Return.order_id),
    _Source(
        _K.PARCEL,
        _P.FULFILLMENT_READ,
        Parcel.tracking_number,
        FulfillmentOrder.order_id,
        lambda found: found.join(FulfillmentOrder, _PARCEL_OWNER),
    ),
    _Source(_K.PARCEL, _P.FULFILLMENT_READ, Shipment.number, Shipment.order_id),
    _Source(_K.PAYMENT, _P.PAYMENTS_READ, Payment.gateway_reference, Payment.order_id),
    _Source(_K.PAYMENT, _P.PAYMENTS_READ, PaymentTransaction.gateway_reference, PaymentTransaction.order_id),
)
_OF_FIELD = {
    TermField.NAME: _K.NAME,
    TermField.EMAIL: _K.EMAIL,
    TermField.PHONE: _K.PHONE,
    TermField.POSTAL_CODE: _K.POSTAL_CODE,
}
# The trigram index of SQLite; it is asked by a column of its own name.
_PARTS = sa.table("fts_search_term", sa.column("rowid", sa.Integer()), sa.column("fts_search_term", sa.String()))
_RANK = {kind: position for position, kind in enumerate(SearchKind)}


async def search(db: Session, term: str, kinds: Sequence[SearchKind] | None = None, *, first: int = 20) -> Found:
    """Orders and customers that the term leads to, the best `first`; numbers before people.

    Only what the principal of the session may read is looked at: without the right to see customers, no names, mails,
    phones or postal codes. Who sees only a part of the company (a partner, store, shop or customer) may not search:
    raises `Forbidden`. Raises `InvalidSearch` for a term that is too short, too long or empty but for marks.
    """
    require_whole(db.principal)
    asked = read(term)
    for closeness in Closeness:
        numbered = await _numbered(db, asked, closeness, kinds)
        people, too_many = await _people(db, asked, closeness, kinds)
        hits = _ranked([*numbered, *people])
        if hits:
            return Found(hits[:first], too_many or len(hits) > first)
    return Found([], False)


def _ranked(hits: Sequence[Hit]) -> list[Hit]:
    """Each order and customer once, by its best kind; what names one thing first, else as they were found."""
    best: dict[Any, Hit] = {}
    for hit in sorted(hits, key=lambda hit: _RANK[hit.kind]):
        best.setdefault((hit.order_id, hit.customer_id), hit)
    return list(best.values())


def _wanted(kind: SearchKind, kinds: Sequence[SearchKind] | None) -> bool:
    return kinds is None or kind in kinds


async def _numbered(db: Session, asked: Asked, closeness: Closeness, kinds: Sequence[SearchKind] | None) -> list[Hit]:
    """Hits by a number, all kinds of numbers in one statement."""
    if closeness is Closeness.PART or not asked.numbers:
        return []
    texts = list(asked.numbers)
    if closeness is Closeness.SIMILAR:
        # A slip and another case at once are two slips too many: as it was typed, and in capitals.
        typed = asked.numbers[0]
        spelled = [each for each in asked.numbers if " " not in each and (each == typed or not each.islower())]
        texts = list(dict.fromkeys(other for number in spelled for other in near(number)))
    chosen = tuple(
        at for at, source in enumerate(_SOURCES) if _wanted(source.kind, kinds) and db.principal.may(source.permission)
    )
    people = _wanted(_K.CUSTOMER_NUMBER, kinds) and db.principal.may(_P.CUSTOMERS_READ)
    if not texts or not (chosen or people):
        return []
    rows = await db.execute(_numbers_among(chosen, people=people), {"texts": texts})
    return [Hit(SearchKind(kind), closeness, value, order_id, owner) for kind, value, order_id, owner in rows]


@lru_cache(maxsize=64)
def _numbers_among(chosen: tuple[int, ...], *, people: bool) -> Any:
    """Kind, number, order and customer of every number among `texts`: made once for each choice of sources."""
    parts = []
    for source in (_SOURCES[at] for at in chosen):
        found = sa.select(
            sa.literal(str(source.kind)).label("kind"),
            source.number.label("value"),
            source.order_id.label("order_id"),
            sa.null().cast(source.order_id.type).label("customer_id"),
        )
        parts.append(_limited(source.joined(found).where(among(source.number, "texts"))))
    if people:
        named = sa.select(
            sa.literal(str(_K.CUSTOMER_NUMBER)).label("kind"),
            Customer.number.label("value"),
            sa.null().cast(Customer.id.type).label("order_id"),
            sa.func.coalesce(Customer.merged_into_id, Customer.id, type_=Customer.id.type).label("customer_id"),
        )
        parts.append(_limited(named.where(among(Customer.number, "texts"))))
    return sa.union_all(*parts)


def _limited(found: Any) -> Any:
    inner = found.limit(MOST_PEOPLE).subquery()
    return sa.select(inner)


async def _people(
    db: Session, asked: Asked, closeness: Closeness, kinds: Sequence[SearchKind] | None
) -> tuple[list[Hit], bool]:
    """Hits by what is known of a person, those who ordered or changed last first; whether there are too many."""
    fields = [field for field, kind in _OF_FIELD.items() if _wanted(kind, kinds)]
    if not fields or not db.principal.may(_P.CUSTOMERS_READ):
        return [], False
    rows: list[Any] = []
    for texts in _readings(asked):
        found = _intersected(db, asked, texts, closeness, fields)
        if found is not None:
            rows += (await db.execute(found.limit(MOST_PEOPLE + 1))).all()
    hits: dict[UUID, Hit] = {}
    for customer_id, *matched in rows:
        pairs = list(zip(matched[::2], matched[1::2], strict=True))
        hit = Hit(
            min((_OF_FIELD[field] for field, _ in pairs), key=_RANK.__getitem__),
            closeness,
            " ".join(dict.fromkeys(term for _, term in pairs)),
            customer_id=customer_id,
        )
        known = hits.setdefault(customer_id, hit)
        if _RANK[hit.kind] < _RANK[known.kind]:
            hits[customer_id] = hit
    recent = await _recent_first(db, list(hits))
    return [hits[customer_id] for customer_id in recent[:MOST_PEOPLE]], len(rows) > MOST_PEOPLE


def _readings(asked: Asked) -> list[tuple[str, ...]]:
    """What must all be there, one way of reading after the other: the words, and the term as a whole."""
    readings = [asked.words, *((text,) for text in asked.single)]
    return list(dict.fromkeys(reading for reading in readings if reading))


def _intersected(
    db: Session, asked: Asked, texts: tuple[str, ...], closeness: Closeness, fields: Sequence[TermField]
) -> sa.Select[Any] | None:
    """Customers who have every one of the texts; None where none of them can be looked for this way."""
    if closeness is Closeness.PART and not any(_can_be_part(asked, text) for text in texts):
        return None
    if closeness is Closeness.SIMILAR and not any(_alike(asked, text) for text in texts):
        return None
    tables = [sa.orm.aliased(SearchTerm) for _ in texts]
    columns = [column for table in tables for column in (table.field, table.term)]
    wanted: list[Any] = [tables[0].customer_id, *columns]
    found: sa.Select[Any] = sa.select(*wanted)
    for position, (table, text) in enumerate(zip(tables, texts, strict=True)):
        if position:
            found = found.join(table, table.customer_id == tables[0].customer_id)
        found = found.where(_like(db, asked, table, text, closeness))
        if len(fields) < len(_OF_FIELD):
            found = found.where(table.field.in_([str(field) for field in fields]))
    return found


def _can_be_part(asked: Asked, text: str) -> bool:
    """Three characters or more; a mail with the end of its domain is no part of another, but at most has a slip."""
    return len(text) >= TRIGRAM and not (asked.email == text and "." in text.rpartition("@")[2])


def _alike(asked: Asked, text: str) -> tuple[str, ...]:
    """One slip away; of a phone number the ends of what all its digits may have been."""
    if asked.phone == text:
        return tuple(dict.fromkeys(key for digits in near(asked.digits) if (key := phone_key(digits)) is not None))
    return near(text)


def _like(db: Session, asked: Asked, table: Any, text: str, closeness: Closeness) -> sa.ColumnElement[bool]:
    if closeness is Closeness.SIMILAR:
        return looked_up(table.term, [text, *_alike(asked, text)])
    if closeness is Closeness.EXACT or len(text) < TRIGRAM:
        return any_of(table.term, [text])
    if db.sqlite:
        quoted = '"' + text.replace('"', '""') + '"'
        matching = sa.select(_PARTS.c.rowid).where(_PARTS.c.fts_search_term.op("MATCH")(quoted))
        return sa.type_coerce(table.id, sa.Integer).in_(matching)
    found: sa.ColumnElement[bool] = table.term.contains(text, autoescape=True)
    return found


async def _recent_first(db: Session, ids: Sequence[UUID]) -> list[UUID]:
    """Customers by the moment of their last change, the latest first; who was erased or merged is not among them."""
    if not ids:
        return []
    living = sa.select(Customer.id).where(
        Customer.id.in_(ids), Customer.erased_at.is_(None), Customer.merged_into_id.is_(None)
    )
    return list(await db.scalars(living.order_by(Customer.updated_at.desc(), Customer.id)))
