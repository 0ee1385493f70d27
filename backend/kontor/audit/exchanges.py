"""Invariant 4: goods given in exchange are lines of their order, and what pays for them is what refunds kept."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from kontor.audit.comparing import Difference
from kontor.core.db import Session
from kontor.exchanges.models import Exchange, ExchangeLine
from kontor.orders.models import OrderLine
from kontor.payments.covering import open_cover
from kontor.payments.models import ExchangeCover, Refund
from kontor.payments.refund_due import Withheld
from kontor.payments.states import RefundState
from kontor.returns.models import Return
from kontor.returns.states import ReturnState

ENDED = (ReturnState.CLOSED, ReturnState.CANCELED, ReturnState.DECLINED)


async def given_lines(db: Session) -> list[Difference]:
    """The pieces an exchange says it gave were ordered by the lines it added, which are lines of its order."""
    rows = (
        await db.execute(
            sa.select(Exchange.number, Exchange.order_id, ExchangeLine.given, ExchangeLine.added).join(
                Exchange, Exchange.id == ExchangeLine.exchange_id
            )
        )
    ).all()
    ids = [UUID(each) for row in rows for each in row.added]
    lines = await _ordered(db, ids)
    found = []
    for row in rows:
        own = [lines.get(UUID(each)) for each in row.added]
        there = [each for each in own if each is not None and each[0] == row.order_id]
        # A set is given as the lines of its parts, each with pieces of its own.
        sound = bool(there) == bool(row.given) and all(pieces >= 1 for _, pieces in there)
        if len(there) != len(own) or not sound or (len(there) == 1 and there[0][1] != row.given):
            pieces = sum(pieces for _, pieces in there)
            found.append(Difference(4, "given in exchange", f"exchange {row.number}", str(row.given), str(pieces)))
    return found


async def _ordered(db: Session, ids: list[UUID]) -> dict[UUID, tuple[UUID, int]]:
    found: dict[UUID, tuple[UUID, int]] = {}
    for start in range(0, len(ids), 500):
        part = sa.select(OrderLine.id, OrderLine.order_id, OrderLine.ordered)
        for row in await db.execute(part.where(OrderLine.id.in_(ids[start : start + 500]))):
            found[row.id] = (row.order_id, row.ordered)
    return found


async def used_covers(db: Session) -> list[Difference]:
    """What the goods of an exchange paid for is what the refunds of its return kept for that, to the cent."""
    covers = sa.select(ExchangeCover.return_id, ExchangeCover.used, ExchangeCover.amount)
    used = {row.return_id: row for row in await db.execute(covers)}
    if not used:
        return []
    kept: dict[UUID, int] = {}
    refunds = sa.select(Refund.return_id, Refund.lines).where(
        Refund.return_id.in_(sa.select(ExchangeCover.return_id)), Refund.state != RefundState.CANCELED
    )
    for return_id, lines in await db.execute(refunds):
        amount = sum(-int(line["gross"]) for line in lines if line.get("name") == Withheld.EXCHANGED)
        kept[return_id] = kept.get(return_id, 0) + amount
    names = {row.return_id: row.number for row in await db.execute(sa.select(Exchange.return_id, Exchange.number))}
    return [
        Difference(4, "paid for by goods", f"exchange {names.get(key)}", str(row.used), str(kept.get(key, 0)))
        for key, row in used.items()
        if row.used != kept.get(key, 0) or row.amount < row.used
    ]


async def ended_covers(db: Session) -> list[Difference]:
    """Goods of a return that ended pay for nothing any more; what follows from its end has had an hour for it."""
    ended = sa.select(Return.id, Return.number).join(ExchangeCover, ExchangeCover.return_id == Return.id)
    ended = ended.where(Return.state.in_(ENDED), Return.updated_at < db.now - timedelta(hours=1)).order_by(Return.id)
    found = []
    for row in list(await db.execute(ended)):
        still = await open_cover(db, row.id)
        if still:
            found.append(Difference(4, "paid for by goods to come", f"return {row.number}", str(still), "0"))
    return found


CHECKS = (given_lines, used_covers, ended_covers)
