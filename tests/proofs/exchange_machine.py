"""Random lives of orders whose goods are also exchanged, replaced and replaced in advance.

Whatever is accepted, refused, late, canceled or changed meanwhile: every invariant holds after each step, and when all
of it has come back, what went back is what was paid less what a rule keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.exchanges import service
from kontor.exchanges.following import overdue
from kontor.exchanges.models import Exchange
from kontor.exchanges.states import ExchangeState, ExchangeWay
from kontor.exchanges.values import ExchangePreview, ExchangeWish, PiecesWish
from kontor.fulfillment.models import Shipment
from kontor.orders import queries as orders
from kontor.orders.models import Order
from kontor.payments.models import Refund
from kontor.payments.refund_due import Withheld
from kontor.returns.models import Return
from kontor.returns.states import ReturnReason, ReturnState
from proofs.change_machine import ChangeMachine
from proofs.money_machine import PRICES, Step
from proofs.order_machine import Broken

WITHHELD = frozenset(str(rule) for rule in Withheld)
COMING = (ReturnState.APPROVED, ReturnState.IN_TRANSIT)


class ExchangeMachine(ChangeMachine):
    """Changes and money of orders, and goods given for goods."""

    def steps(self) -> Sequence[tuple[Step, int]]:
        """Exchanges and what becomes of them, beside what else happens."""
        own: tuple[tuple[Any, int], ...] = (
            (ExchangeMachine.exchange_goods, 12),
            (ExchangeMachine.exchanged_come, 6),
            (ExchangeMachine.deadline_passes, 1),
        )
        return (*super().steps(), *own)

    async def exchange_goods(self) -> str | None:
        """Preview a random exchange of what a customer has, agree to it, and compare what the order costs."""
        await self._drained()
        order = await self._any(Order, Order.id.in_(sa.select(Shipment.order_id)))
        left = await self._still_out(order.id) if order is not None else {}
        if order is None or not left:
            return None
        line_id = self.chance.choice(sorted(left))
        sku = self.chance.choice(sorted(set(PRICES) - {"CARD"}))
        wish = ExchangeWish(
            (PiecesWish(line_id, self.chance.randint(1, left[line_id]), sku),),
            self.chance.choice(tuple(ExchangeWay)),
            reason=self.chance.choice((ReturnReason.TOO_SMALL, ReturnReason.WRONG_ITEM)),
            replacement=self.chance.random() < 0.4,
        )
        async with self.database.read_only() as db:
            preview = await service.preview_exchange(db, await db.get_one(Order, order.id), wish)
        before, _ = await self._money(order.id)
        missing = await self._missing(order.id)
        async with self.database.unit_of_work() as db:
            locked = await orders.lock_order(db, order.id)
            made = (await service.create_exchange(db, locked, wish, preview.token, now=db.now)).exchange
        after, _ = await self._money(order.id)
        more = 0 if wish.way is ExchangeWay.AFTER_RETURN else preview.cost - preview.kept
        if after != before + more:
            raise Broken(f"{made.number}: {before + more} was previewed, the order costs {after}")
        asked = await self._missing(order.id) - missing
        if wish.way is not ExchangeWay.AFTER_RETURN and asked != preview.difference.to_pay:
            raise Broken(f"{made.number}: {preview.difference.to_pay} to pay were previewed, {asked} are asked for")
        told = f"{made.number}: {wish.pieces[0].quantity} for {sku} {wish.way}{' again' if wish.replacement else ''}"
        if wish.way is ExchangeWay.AFTER_RETURN and self.chance.random() < 0.3:
            await self._take_in(made.return_id)
            told += " comes at once"
        elif wish.way is not ExchangeWay.WITHOUT_RETURN:
            return told
        await self._drained()
        return f"{told}, {await self._credited(made, preview)}"

    async def _credited(self, made: Exchange, preview: ExchangePreview) -> str:
        """What its goods are credited and what of it goes back, once they count as back; nothing moved in between."""
        async with self.database.read_only() as db:
            refund = await db.scalar(sa.select(Refund).where(Refund.return_id == made.return_id).limit(1))
        if refund is None:
            return "not booked"
        booked = (sum(int(line["gross"]) for line in refund.lines if line.get("name") not in WITHHELD), refund.amount)
        if booked != (preview.credited, preview.refund):
            said = (preview.credited, preview.refund)
            raise Broken(f"{made.number}: credit and refund of {said} were previewed, {booked} are booked")
        return "as previewed"

    async def exchanged_come(self) -> str | None:
        """The goods of an exchange arrive; most of them are accepted."""
        found = await self._any(Exchange, Exchange.return_id.in_(_coming()))
        if found is None:
            return None
        refundable = self.chance.random() < 0.85
        await self._take_in(found.return_id, refundable=refundable)
        return f"{found.number}{'' if refundable else ' worn'}"

    async def deadline_passes(self) -> str | None:
        """Goods that were sent for in advance are late."""
        late = (Exchange.way == ExchangeWay.ADVANCE, Exchange.state == ExchangeState.FULFILLED)
        found = await self._any(Exchange, *late, Exchange.overdue_at.is_(None))
        if found is None:
            return None
        async with self.database.unit_of_work() as db:
            await overdue(db, found.id, now=db.now)
        return str(found.number)

    async def _everything_comes_back(self) -> None:
        """The goods of exchanges first; what is given for them leaves, and comes back with the rest."""
        while (row := await self._any(Return, Return.id.in_(_coming()))) is not None:
            await self._take_in(row.id)
            self.log.append(f"{row.number} comes back")
            await self._drained()
            await self._nothing_is_stuck()
        await self._send_all()
        await self._is_decided()
        await super()._everything_comes_back()


def _coming() -> sa.Select[UUID]:
    return sa.select(Return.id).join(Exchange, Exchange.return_id == Return.id).where(Return.state.in_(COMING))
