"""The story of an order, read in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from kontor.core.db import Session
from kontor.core.pagination import PageRequest
from kontor.orders import queries as orders
from kontor.orders.models import Order
from kontor.timeline.kinds import readable
from kontor.timeline.naming import names_of
from kontor.timeline.queries import facts_of
from kontor.timeline.telling import tell
from kontor.timeline.values import Entry, TimelineKind


@dataclass(frozen=True, slots=True)
class Story:
    """A page of entries, the latest first; `cursor` is None where it begins."""

    entries: list[Entry]
    cursor: str | None


async def timeline_of(
    db: Session, order: Order, page: PageRequest, language: str, kinds: Collection[TimelineKind] | None = None
) -> Story:
    """A page of the story of an order that the principal of the session may see, of the kinds that they may read."""
    facts, cursor = await facts_of(db, order.id, readable(db.principal, kinds), page)
    if not facts:
        return Story([], None)
    names = await names_of(db, order.id, order.currency, facts)
    return Story(tell(facts, names, language), cursor)


async def find_order(db: Session, *, order_id: UUID | None, number: str | None) -> Order | None:
    """The order whose story is asked for, by id or else by number; None where there is none for this principal."""
    found = orders.visible_to(db.principal)
    found = found.where(Order.id == order_id) if order_id else found.where(Order.number == number)
    return await db.scalar(found)
