"""What goods that come back pay for in place of money: articles given in exchange.

A cover is less than money in one way alone: it is what is not collected of the new articles, because what goes back for
the old ones is kept for them (`Withheld.EXCHANGED`). Until the goods are back it stands for that, after it the refund
does. Whatever the order does meanwhile, a cover is never more than its articles still cost.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks, in_key_order
from kontor.orders.models import Order, OrderLine
from kontor.orders.states import ReturnStatus
from kontor.payments.models import ExchangeCover


@dataclass(frozen=True, slots=True)
class Given:
    """A line that was given in exchange; `in_place_of` is the line it stands in for at the same worth."""

    line_id: UUID
    in_place_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What an exchange changes about the refund of a return, minor units.

    `cover` is what is kept of it for articles given in exchange, `open` says that pieces of such articles are still to
    be sent, `stands_in` counts the pieces by line that others stand in for, so that the order keeps its discounts.
    `lines` names for those others the line that was bought at first.
    """

    cover: int = 0
    open: bool = False
    stands_in: Mapping[UUID, int] = field(default_factory=dict)
    lines: Mapping[UUID, UUID] = field(default_factory=dict)

    def stood_in(self, gone: Mapping[UUID, int]) -> dict[UUID, int]:
        """Pieces by line that others stand in for which are not `gone` (by line) themselves. Pure."""
        found = dict(self.stands_in)
        for line_id, other in self.lines.items():
            found[other] -= gone.get(line_id, 0)
        return found


def with_returns(orders: Iterable[Order]) -> list[UUID]:
    """Those orders of which anything is announced or back: no other has a cover or a refund for goods."""
    return [order.id for order in orders if order.return_status is not ReturnStatus.NONE]


def open_of(amount: int, used: int, cost: int) -> int:
    """What a cover still stands for: its amount, but no more than its articles cost, less what refunds kept for them.

    >>> open_of(4000, 1000, 4000), open_of(4000, 1000, 2500), open_of(4000, 1000, 0)
    (3000, 1500, 0)
    """
    return max(0, min(amount, cost) - used)


async def put_cover(db: Session, order_id: UUID, return_id: UUID, given: Iterable[Given], amount: int) -> None:
    """Let the goods of a return stand for so much more (minor units) of what these new lines cost.

    Lines given before, for goods that came before, are done with: what was kept for them stays theirs, also when they
    are canceled later.
    """
    rows = [{"line_id": str(each.line_id), "in_place_of": _text(each.in_place_of)} for each in given]
    cover = await db.get(ExchangeCover, return_id)
    if cover is None:
        db.add(ExchangeCover(return_id=return_id, order_id=order_id, amount=amount, used=0, lines=rows))
    else:
        theirs = cover.used - _settled(cover)
        settled = [row if "used" in row else {**row, "used": 0} for row in cover.lines]
        settled[-1] = {**settled[-1], "used": settled[-1]["used"] + theirs}
        cover.amount += amount
        cover.lines = [*settled, *rows]
    await db.flush()


async def use_cover(db: Session, return_id: UUID, kept: int, *, not_collected: int) -> None:
    """A refund of the return keeps so much of what the cover stood for.

    What was `not_collected` of the goods is not collected of the order either way: the cover stands for it no more.
    """
    cover = await db.get(ExchangeCover, return_id)
    if cover is not None:
        cover.used += kept
        cover.amount -= max(0, min(not_collected, cover.amount - cover.used))
        await db.flush()


async def set_cover(db: Session, return_id: UUID, still: int) -> None:
    """From now on the cover stands for `still` (minor units) beyond what refunds kept of it."""
    cover = await db.get(ExchangeCover, return_id)
    if cover is not None:
        cover.amount = cover.used + still
        await db.flush()


async def open_cover(db: Session, return_id: UUID) -> int:
    """What the cover of a return still stands for, minor units."""
    cover = await db.get(ExchangeCover, return_id)
    return 0 if cover is None else _open(cover, await _costs(db, [cover]))


async def open_covers(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What covers still stand for, by order, minor units."""
    found: dict[UUID, int] = {}
    for part in chunks(in_key_order(order_ids)):
        covers = list(await db.scalars(sa.select(ExchangeCover).where(ExchangeCover.order_id.in_(part))))
        costs = await _costs(db, covers)
        for cover in covers:
            still = _open(cover, costs)
            if still:
                found[cover.order_id] = found.get(cover.order_id, 0) + still
    return found


async def cost_of(db: Session, return_id: UUID) -> int:
    """What the articles given for a return still cost, less what refunds kept for them, minor units."""
    cover = await db.get(ExchangeCover, return_id)
    if cover is None:
        return 0
    return max(0, _cost(cover, await _costs(db, [cover])) - (cover.used - _settled(cover)))


async def falling_covers(db: Session, order_id: UUID, canceled: Mapping[UUID, int]) -> int:
    """By how much less covers stand once so much (minor units by line) of what an order costs is canceled.

    Goods whose new articles are canceled before they left stand for nothing: they are paid back when they are there.
    """
    covers = list(await db.scalars(sa.select(ExchangeCover).where(ExchangeCover.order_id == order_id)))
    now = await _costs(db, covers)
    then = {line_id: cost - canceled.get(line_id, 0) for line_id, cost in now.items()}
    return sum(_open(cover, now) - _open(cover, then) for cover in covers)


async def standing(db: Session, order_id: UUID, return_id: UUID | None) -> Standing:
    """What exchanges of an order change about the refund of one of its returns, or of one that is not announced yet."""
    covers = list(await db.scalars(sa.select(ExchangeCover).where(ExchangeCover.order_id == order_id)))
    if not covers:
        return Standing()
    rows = {line.id: line for line in await _lines(db, covers)}
    still = 0
    for cover in covers:
        if cover.return_id == return_id:
            costs = {line.id: line.gross_total - line.canceled_gross for line in rows.values()}
            still = _open(cover, costs)
    stands_in: dict[UUID, int] = {}
    lines: dict[UUID, UUID] = {}
    for cover in covers:
        for each in cover.lines:
            row = rows[UUID(each["line_id"])]
            if each["in_place_of"]:
                lines[row.id] = UUID(each["in_place_of"])
    lines = {line_id: first_of(lines, line_id) for line_id in lines}
    for line_id, other in lines.items():
        stands_in[other] = stands_in.get(other, 0) + rows[line_id].ordered - rows[line_id].canceled
    return Standing(still, any(row.open_quantity for row in rows.values()), stands_in, lines)


def first_of(lines: Mapping[Any, Any], line_id: Any) -> Any:
    """The line that was bought, for one that stands in for another, that perhaps did so itself. Pure.

    >>> first_of({"C": "B", "B": "A"}, "C")
    'A'
    """
    while line_id in lines:
        line_id = lines[line_id]
    return line_id


async def _lines(db: Session, covers: Iterable[ExchangeCover]) -> list[OrderLine]:
    ids = [UUID(each["line_id"]) for cover in covers for each in cover.lines]
    return list(await db.scalars(sa.select(OrderLine).where(OrderLine.id.in_(ids)))) if ids else []


async def _costs(db: Session, covers: Iterable[ExchangeCover]) -> dict[UUID, int]:
    return {line.id: line.gross_total - line.canceled_gross for line in await _lines(db, covers)}


def _open(cover: ExchangeCover, costs: Mapping[UUID, int]) -> int:
    settled = _settled(cover)
    return open_of(cover.amount - settled, cover.used - settled, _cost(cover, costs))


def _cost(cover: ExchangeCover, costs: Mapping[UUID, int]) -> int:
    """What the lines given last cost."""
    return sum(costs.get(UUID(each["line_id"]), 0) for each in cover.lines if "used" not in each)


def _settled(cover: ExchangeCover) -> int:
    """What was kept for lines given before those given last."""
    return sum(int(each.get("used", 0)) for each in cover.lines)


def _text(line_id: UUID | None) -> str | None:
    return None if line_id is None else str(line_id)
