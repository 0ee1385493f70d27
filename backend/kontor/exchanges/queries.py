"""Statements over exchanges."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks, in_key_order
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.exchanges.errors import ExchangeNotFound
from kontor.exchanges.models import Exchange, ExchangeLine
from kontor.exchanges.states import ExchangeState, ExchangeWay
from kontor.orders import queries as orders
from kontor.orders.models import Order, OrderLine

SORTS: dict[str, Any] = {"REQUESTED_AT": Exchange.requested_at, "UPDATED_AT": Exchange.updated_at}


@dataclass(frozen=True, slots=True)
class ExchangeFilter:
    """Which exchanges are wanted; what is None does not narrow. Times: from inclusive, until exclusive."""

    state: Sequence[ExchangeState] | None = None
    way: Sequence[ExchangeWay] | None = None
    order_id: UUID | None = None
    overdue: bool | None = None
    requested_from: datetime | None = None
    requested_until: datetime | None = None
    changed_since: datetime | None = None


def visible_to(principal: Principal) -> sa.Select[Any]:
    """Exchanges of the orders a principal may see."""
    found = sa.select(Exchange)
    if not principal.restricted:
        return found
    return found.where(Exchange.order_id.in_(orders.visible_to(principal).with_only_columns(Order.id)))


async def list_exchanges(
    db: Session, wanted: ExchangeFilter, page: PageRequest, *, sort: str = "REQUESTED_AT", descending: bool = True
) -> Page[Exchange]:
    """A page of exchanges the principal of the session may see."""
    found = narrow(
        visible_to(db.principal),
        (Exchange.state.in_, wanted.state),
        (Exchange.way.in_, wanted.way),
        (Exchange.order_id.__eq__, wanted.order_id),
        (Exchange.requested_at.__ge__, wanted.requested_from),
        (Exchange.requested_at.__lt__, wanted.requested_until),
        (Exchange.updated_at.__ge__, wanted.changed_since),
    )
    if wanted.overdue is not None:
        late = sa.and_(Exchange.overdue_at.is_not(None), Exchange.received_at.is_(None))
        found = found.where(late if wanted.overdue else sa.not_(late))
    return await paginate(db, found, choose(SORTS, sort, descending=descending), Exchange.id, page)


async def get_exchange(db: Session, exchange_id: UUID) -> Exchange:
    """An exchange the principal of the session may see, as it is now; raises `ExchangeNotFound`."""
    found = visible_to(db.principal).where(Exchange.id == exchange_id)
    row: Exchange | None = await db.scalar(found.execution_options(populate_existing=True))
    if row is None:
        raise ExchangeNotFound("There is no such exchange.", path=("id",), exchange_id=str(exchange_id))
    return row


async def lock_exchange(db: Session, exchange_id: UUID) -> tuple[Order, Exchange]:
    """An exchange and its order, the order locked first; raises `ExchangeNotFound`."""
    order = await orders.lock_order(db, (await get_exchange(db, exchange_id)).order_id, db.principal)
    return order, await get_exchange(db, exchange_id)


async def of_return(db: Session, return_id: UUID) -> Exchange | None:
    """The exchange whose goods a return of a locked order brings back."""
    found = sa.select(Exchange).where(Exchange.return_id == return_id)
    row: Exchange | None = await db.scalar(found.execution_options(populate_existing=True))
    return row


async def lines_of(db: Session, exchange_ids: Iterable[UUID]) -> dict[UUID, list[ExchangeLine]]:
    """The lines of exchanges, in the order they were named."""
    found: dict[UUID, list[ExchangeLine]] = {exchange_id: [] for exchange_id in exchange_ids}
    for part in chunks(in_key_order(found)):
        rows = sa.select(ExchangeLine).where(ExchangeLine.exchange_id.in_(part)).order_by(ExchangeLine.id)
        for row in await db.scalars(rows.execution_options(populate_existing=True)):
            found[row.exchange_id].append(row)
    return found


async def count_all(db: Session, order_id: UUID) -> int:
    """How many exchanges an order ever had."""
    return int(await db.scalar(sa.select(sa.func.count()).where(Exchange.order_id == order_id)) or 0)


async def waiting_to_leave(db: Session, order_ids: Iterable[UUID]) -> list[Exchange]:
    """Exchanges of these orders with new goods that had not all left when it was last looked."""
    found: list[Exchange] = []
    for part in chunks(in_key_order(order_ids)):
        rows = sa.select(Exchange).where(
            Exchange.order_id.in_(part),
            Exchange.state.in_((ExchangeState.APPROVED, ExchangeState.RECEIVED)),
            Exchange.fulfilled_at.is_(None),
        )
        found += await db.scalars(rows.order_by(Exchange.id).execution_options(populate_existing=True))
    return found


async def owing(db: Session, order_ids: Iterable[UUID], *, named: Collection[UUID]) -> set[UUID]:
    """Of these orders those that were asked for money because goods of an exchange did not come back.

    Not by one of the `named` payments: what the exchange itself asked is collected by it.
    """
    found: set[UUID] = set()
    others = sa.or_(Exchange.payment_id.is_(None), Exchange.payment_id.not_in(named))
    for part in chunks(in_key_order(order_ids)):
        rows = sa.select(Exchange.order_id).where(Exchange.order_id.in_(part), Exchange.asked > 0, others)
        found.update(await db.scalars(rows))
    return found


async def added_lines(db: Session, rows: Iterable[ExchangeLine]) -> list[OrderLine]:
    """The order lines that were given."""
    ids = [UUID(each) for row in rows for each in row.added]
    if not ids:
        return []
    found = sa.select(OrderLine).where(OrderLine.id.in_(ids)).order_by(OrderLine.position)
    return list(await db.scalars(found.execution_options(populate_existing=True)))
