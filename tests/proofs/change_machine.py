"""Random lives of orders that are changed again and again: what is previewed is what is booked, to the cent.

Promotions of every kind with both return rules, payments of every kind mixed, channels with gross and with net prices,
and tax rates that change between order, change and supply; at last everything comes back, as in `money_machine`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.changes import service
from kontor.changes.money import open_difference
from kontor.changes.values import AddWish, LineWish, Preview, SwapWish, Wish
from kontor.fulfillment.amounts import of_pieces
from kontor.orders import queries as orders
from kontor.orders.intake import PaymentInput
from kontor.orders.models import Order, OrderHold, OrderLine
from kontor.orders.states import CALLED_OFF
from kontor.payments import service as payments
from kontor.payments.models import Refund, RefundAllocation
from kontor.payments.queries import read_payments
from kontor.payments.refunding import RefundKind
from kontor.payments.reporting import dues_of, settings_of
from kontor.payments.states import RefundState
from kontor.tax.service import set_tax_rates
from proofs.money_machine import PRICES, STEPS, MoneyMachine, Step
from proofs.order_machine import Broken


class ChangeMachine(MoneyMachine):
    """Money of orders, and changes of them at any time."""

    def steps(self) -> Sequence[tuple[Step, int]]:
        """Changes, and new tax rates, beside what else happens to money."""
        own: tuple[tuple[Any, int], ...] = ((ChangeMachine.change_order, 14), (ChangeMachine.rates_change, 1))
        return (*STEPS, *own)

    async def change_order(self) -> str | None:
        """Preview a random wish, confirm it, let everything follow, and compare."""
        await self._drained()
        order = await self._any(Order, Order.state.in_(("RECEIVED", "CONFIRMED", "IN_FULFILLMENT", "COMPLETED")))
        if order is None:
            return None
        wish = await self._wish(order.id)
        async with self.database.read_only() as db:
            preview = await service.preview_change(db, await db.get_one(Order, order.id), wish)
        owed, back = await self._money(order.id)
        tax, missing, known = await self._tax(order.id), await self._missing(order.id), await self._refunds(order.id)
        if preview.total_before != owed:
            raise Broken(f"{order.number} costs {owed}, not {preview.total_before}")
        async with self.database.unit_of_work() as db:
            locked = await orders.lock_order(db, order.id)
            done = await service.confirm_change(db, locked, wish, preview.token, reason="again", now=db.now)
        if done.preview.asks:
            return f"{order.number} asks"
        now_owed, _ = await self._money(order.id)
        more = (await self._tax(order.id) - tax, await self._missing(order.id) - missing)
        if more != (preview.tax, preview.difference.to_pay):
            said = (preview.tax, preview.difference.to_pay)
            raise Broken(f"{order.number}: tax and to pay {said} were previewed, {more} are booked")
        await self._drained()
        _, now_back = await self._money(order.id)
        self._same(order.number, preview, now_owed, now_back - back)
        await self._same_shares(order.number, order.id, preview, known)
        return f"{order.number}: {self._told(wish)} {preview.total_before} -> {now_owed}, {now_back - back} back"

    def _same(self, number: str, preview: Preview, owed: int, back: int) -> None:
        if (owed, back) != (preview.total_after, preview.difference.refund):
            said = (preview.total_after, preview.difference.refund)
            raise Broken(f"{number}: {said} was previewed, {(owed, back)} is booked")

    async def _same_shares(self, number: str, order_id: UUID, preview: Preview, known: set[UUID]) -> None:
        fresh = await self._refunds(order_id) - known
        booked: dict[UUID, int] = {}
        async with self.database.read_only() as db:
            rows = await db.scalars(sa.select(RefundAllocation).where(RefundAllocation.refund_id.in_(fresh)))
            for row in rows:
                booked[row.payment_id] = booked.get(row.payment_id, 0) + row.amount
        said = {share.payment.id: share.amount for share in preview.difference.shares}
        if said != booked:
            raise Broken(f"{number}: shares {said} were previewed, {booked} are booked")

    async def _refunds(self, order_id: UUID) -> set[UUID]:
        canceled = Refund.kind == RefundKind.CANCELLATION.value
        async with self.database.read_only() as db:
            return set(await db.scalars(sa.select(Refund.id).where(Refund.order_id == order_id, canceled)))

    async def _tax(self, order_id: UUID) -> int:
        """The tax of all that is still to be supplied, and of the order's charges."""
        async with self.database.read_only() as db:
            order = await db.get_one(Order, order_id)
            lines = (await orders.lines_of(db, [order_id]))[order_id]
            charges = (await orders.charges_of(db, [order_id]))[order_id]
        opened = [
            of_pieces(line, line.shipped + line.canceled, line.open_quantity, gross=order.gross).tax for line in lines
        ]
        return sum(opened) + sum(each.tax for each in charges if not each.canceled)

    async def _missing(self, order_id: UUID) -> int:
        """What the order costs beyond what is promised, with what was promised for changes of it."""
        async with self.database.read_only() as db:
            order = await db.get_one(Order, order_id)
            opened = (await open_difference(db, order)).to_pay
            promised = sum(each.amount for each in await read_payments(db, order_id))
        return opened + promised

    def _told(self, wish: Wish) -> str:
        return ", ".join(
            [f"line {each.quantity}" for each in wish.lines]
            + [f"{each.quantity} to {each.sku}" for each in wish.swaps]
            + [f"and {each.quantity} {each.sku}" for each in wish.adds]
        )

    async def _wish(self, order_id: UUID) -> Wish:
        async with self.database.read_only() as db:
            lines: list[OrderLine] = (await orders.lines_of(db, [order_id]))[order_id]
        chance = self.chance
        chosen = chance.sample(lines, chance.randint(1, min(3, len(lines))))
        wishes, swaps = [], []
        for line in chosen:
            wanted, opened = line.ordered - line.canceled, line.open_quantity
            other = chance.choice([sku for sku in PRICES if sku not in (line.sku, "CARD")])
            if opened and chance.random() < 0.25:
                swaps.append(SwapWish(line.id, chance.randint(1, opened), other))
            elif chance.random() < 0.85:
                wishes.append(LineWish(line.id, wanted - (chance.randint(1, opened) if opened else 0)))
            else:
                wishes.append(LineWish(line.id, wanted + 1))
        sku = chance.choice([sku for sku in PRICES if sku != "CARD"])
        adds = (AddWish(sku, chance.randint(1, 3)),) if chance.random() < 0.2 else ()
        return Wish(tuple(wishes), tuple(swaps), adds)

    async def _send_all(self) -> None:
        """What changes made orders cost more is paid first: by transfer where that is awaited, else by card."""
        async with self.database.read_only() as db:
            held = list(await db.scalars(sa.select(OrderHold.order_id).where(OrderHold.released_at.is_(None))))
        for order_id in sorted(set(held)):
            async with self.database.unit_of_work() as db:
                order = await orders.lock_order(db, order_id)
                for payment in await read_payments(db, order_id):
                    awaited = payments.awaited(payment) if payment.kind == "PREPAYMENT" else 0
                    if awaited > 0:
                        await payments.record_payment(
                            db, order, payment, awaited, reference=f"H{len(self.log)}", now=db.now
                        )
                await db.flush()
                missing = (await open_difference(db, order)).to_pay
                if missing and order.state not in CALLED_OFF:
                    promise = PaymentInput("CARD", missing, token="tok_visa")
                    await payments.add_payment(db, order, promise, now=db.now)
            self.log.append(f"{order.number} is paid, {missing} by card")
        await self._drained()
        await super()._send_all()

    async def _money(self, order_id: UUID) -> tuple[int, int]:
        """What the order costs, and what was granted for what was canceled."""
        async with self.database.read_only() as db:
            order = await db.get_one(Order, order_id)
            dues = (await dues_of(db, [order], await settings_of(db, [order])))[order_id]
            granted = await db.scalar(
                sa.select(sa.func.sum(Refund.amount)).where(
                    Refund.order_id == order_id, Refund.kind == RefundKind.CANCELLATION.value,
                    Refund.state != RefundState.CANCELED,
                )
            )  # fmt: skip
        return dues.owed, int(granted or 0)

    async def rates_change(self) -> str:
        """From tomorrow on another rate counts for what is supplied, and it is tomorrow."""
        rate = Decimal(self.chance.choice((16, 19, 21)))
        day = (self.clock.moment + timedelta(days=1)).date()
        row: Any = {"country": "DE", "rate": rate, "valid_from": day}
        async with self.database.unit_of_work() as db:
            await set_tax_rates(db, [row])
        await self._drained(until=self.clock.moment + timedelta(days=1, hours=14))
        return f"{rate} percent"
