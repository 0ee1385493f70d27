"""Promotions as the engine takes them: kept in memory per process until one of them is saved, or read for a moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from kontor.imports.saving import changes_masters
from kontor.promotions.book import Book
from kontor.promotions.definition import benefit_of, scope_of
from kontor.promotions.models import Promotion
from kontor.promotions.values import Conditions, Offer

if TYPE_CHECKING:
    from kontor.core.db import Database, Session

LATE = timedelta(days=7)
"""So long after a promotion ended an order that was placed before may still arrive."""

_books: WeakKeyDictionary[Database, tuple[int, Book]] = WeakKeyDictionary()


async def load(db: Session, version: int) -> Book:
    """Everything that is valid now, was lately or will be; `version` is the present one of the masters.

    A transaction that changes masters itself reads for itself alone: it may still be rolled back.
    """
    known = _books.get(db.database)
    if known is not None and known[0] == version and not changes_masters(db):
        return known[1]
    found = sa.select(Promotion).where(sa.or_(Promotion.valid_to.is_(None), Promotion.valid_to > db.now - LATE))
    book = Book(offer_of(row) for row in await db.scalars(found))
    if not changes_masters(db):
        _books[db.database] = (version, book)
    return book


async def load_at(db: Session, at: datetime) -> Book:
    """What is valid at any moment, past or planned."""
    found = sa.select(Promotion).where(
        Promotion.valid_from <= at, sa.or_(Promotion.valid_to.is_(None), Promotion.valid_to > at)
    )
    return Book(offer_of(row) for row in await db.scalars(found))


def offer_of(row: Promotion) -> Offer:
    """A stored version."""
    kept = row.conditions
    return Offer(
        code=row.code,
        benefit=benefit_of(row.benefit),
        scope=scope_of(row.scope),
        conditions=Conditions(
            channels=_set(kept.get("channels")),
            groups=_set(kept.get("groups")),
            currency=row.currency,
            minimum_value=kept.get("minimum_value", 0),
            minimum_quantity=kept.get("minimum_quantity", 0),
            expression=kept.get("expression"),
            coupon=row.coupon,
        ),
        combination=row.combination,
        priority=row.priority,
        return_rule=row.return_rule,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        most_given=row.most_given,
        most_uses=row.most_uses,
        id=row.id,
        name=row.name,
    )


def _set(names: list[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)
