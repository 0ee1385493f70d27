"""Random lives of orders: every operation on any order at any time, as services and background work do them.

A sequence is made from its seed alone, so a failure names the seed and the steps that led to it.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from factories.catalog import make_bundle, make_variant
from factories.channels import make_channel
from factories.intake import Company, make_company, order_input, place, put_stock
from factories.locations import make_location
from factories.partners import make_partner
from kontor.audit.running import differences
from kontor.channels.models import ShortagePolicy
from kontor.core.db import Database, Session
from kontor.core.errors import KontorError
from kontor.core.ids import new_id
from kontor.documents.rendering import Renderer
from kontor.fulfillment import answering, canceling, delivering, pickup, recalling, rerouting, shipping, sourcing
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment
from kontor.fulfillment.states import FulfillmentState, RejectReason
from kontor.fulfillment.values import Pieces
from kontor.inventory import counting, inbound, reservations
from kontor.inventory.models import InboundStock, Reservation
from kontor.locations.models import StockKind
from kontor.notifications.ports import MessageSender, OutgoingMessage
from kontor.orders import queries as orders
from kontor.orders import service as order_service
from kontor.orders.intake import ChargeInput, DiscountInput, LineInput, OrderInput, PaymentInput
from kontor.orders.models import Order, OrderHold
from kontor.orders.placing import Placed
from kontor.orders.states import DeliveryType, HoldKind
from kontor.payments import service as payments
from kontor.payments.models import Payment, Refund
from kontor.relay import Failure
from kontor.returns import receiving
from kontor.returns import service as returns
from kontor.returns.models import Return, ReturnLine
from kontor.returns.states import Disposition, ReturnReason
from support import Drain, StandingClock

METHODS = ["ON_ACCOUNT", "CARD", "PREPAYMENT", "GIFT_CARD", "COLLECTED_BY_CHANNEL"]
TOKENS = ["tok_visa"] * 6 + ["tok_declined", "tok_capture_declined", "tok_refund_declined", "tok_lost_answer_once"]
SKUS = ("LAMP", "OIL", "ROPE", "SET")
LATER = timedelta(days=3)


class PlainRenderer(Renderer):
    """Documents without their layout: what is proven here is which are made, not how they look."""

    def __init__(self) -> None:
        pass

    async def render_async(self, document: Any, *, attachments: Any = ()) -> bytes:
        return b"%PDF-1.7 " + type(document).__name__.encode()

    def close(self) -> None:
        pass


class Postbox(MessageSender):
    """Takes every message and remembers its id."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(self, message: OutgoingMessage) -> str:
        self.sent.append(message.message_id)
        return message.message_id


class Broken(AssertionError):
    """An invariant did not hold, or something failed that is no refusal."""


@dataclass
class OrderMachine:
    """One company and what happens to it."""

    database: Database
    drain: Drain
    clock: StandingClock
    chance: random.Random
    post: Postbox
    companies: list[Company] = field(default_factory=list)
    places: list[Any] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    async def begin(self) -> None:
        """A shop that backorders, a net-price marketplace that has sold already; warehouse, store and dropshipper."""
        shop = await make_company(self.database, payment_methods=METHODS, shortage=ShortagePolicy.BACKORDER)
        async with self.database.unit_of_work() as db:
            market = await make_channel(
                db, payment_methods=METHODS, shortage=ShortagePolicy.TAKE, gross=False,
                settings={"return_fee": 395},
            )  # fmt: skip
            partner = await make_partner(db)
            store = await make_location(db, kind="STORE")
            dropshipper = await make_location(db, kind="DROPSHIPPER", partner_id=partner.id)
            variants = [await make_variant(db, sku=sku) for sku in SKUS[:3]]
            await make_bundle(db, {variants[0]: 1, variants[1]: 2}, sku="SET")
        self.companies = [shop, Company(market, shop.warehouse, shop.numbers)]
        self.places = [shop.warehouse, store, dropshipper]
        for where in self.places:
            for variant in variants:
                if self.chance.random() < 0.8:
                    await put_stock(self.database, where.id, variant.id, self.chance.randrange(9))

    async def run(self, steps: int) -> None:
        """Steps one by one, every invariant after each; then everything that is still due, to the end."""
        await self.begin()
        for _ in range(4):
            await self._step(OrderMachine.place_order)
        names = [step for step, weight in STEPS for _ in range(weight)]
        for _ in range(steps):
            await self._step(self.chance.choice(names))
        await self._step(OrderMachine.work_is_done)
        await self._step(OrderMachine.time_runs_out)

    async def _step(self, step: Callable[[Any], Awaitable[str | None]]) -> None:
        self.log.append(step.__name__)
        try:
            said = await step(self)
        except KontorError as refusal:  # its transaction was rolled back
            self.log[-1] += f" refused: {refusal.code}"
            return
        if said is None:
            return
        self.log[-1] += f" {said}"
        found = await differences(self.database)
        if found:
            raise Broken("\n".join(map(str, found)))
        if len(self.post.sent) != len(set(self.post.sent)):
            raise Broken("a message was sent twice")

    async def _any(self, model: Any, *conditions: Any) -> Any:
        """Some row of a table, the same for the same seed."""
        async with self.database.read_only() as db:
            rows = list(await db.scalars(sa.select(model).where(*conditions).order_by(model.id)))
        return self.chance.choice(rows) if rows else None

    def _count(self, most: int) -> int:
        """Mostly possible, sometimes none or one too many."""
        return (
            self.chance.randint(1, max(1, most)) if self.chance.random() < 0.95 else self.chance.choice((0, most + 1))
        )

    # --- orders ---------------------------------------------------------------------------------------------------

    async def place_order(self) -> str:
        """An order of one to three articles, paid somehow."""
        company = self.chance.choice(self.companies)
        wanted = _order(self.chance, company, self.places[1].code)
        (outcome,) = await place(self.database, company, wanted)
        return f"placed {outcome.number}" if isinstance(outcome, Placed) else outcome.code

    async def cancel_part(self) -> str | None:
        order = await self._any(Order)
        if order is None:
            return None
        async with self.database.unit_of_work() as db:
            locked = await orders.lock_order(db, order.id)
            lines = (await orders.lines_of(db, [order.id]))[order.id]
            chosen = self.chance.sample(lines, self.chance.randint(1, len(lines)))
            wanted = {line.id: self._count(line.open_quantity) for line in chosen}
            if self.chance.random() < 0.3:
                wanted = {line.id: line.open_quantity for line in lines if line.open_quantity}
            done = await canceling.cancel_lines(db, locked, lines, wanted, reason="changed my mind", now=db.now)
        return f"{order.number}: {sum(done.canceled.values())} canceled, {sum(done.asked.values())} asked"

    async def hold_order(self) -> str | None:
        order = await self._any(Order)
        if order is None:
            return None
        async with self.database.unit_of_work() as db:
            locked = await orders.lock_order(db, order.id)
            kind = self.chance.choice((HoldKind.MANUAL, HoldKind.ADDRESS, HoldKind.CUSTOMER))
            order_service.place_hold(db, locked, kind=kind, reason="call the customer", now=db.now)
        return str(order.number)

    async def release_hold(self) -> str | None:
        hold = await self._any(OrderHold, OrderHold.released_at.is_(None))
        if hold is None:
            return None
        async with self.database.unit_of_work() as db:
            locked = await orders.lock_order(db, hold.order_id)
            order_service.release_hold(db, locked, await db.get_one(OrderHold, hold.id), now=db.now)
        return str(hold.kind)

    async def confirm_and_source(self) -> str | None:
        """What the process does by itself, done out of turn."""
        order = await self._any(Order)
        if order is None:
            return None
        async with self.database.unit_of_work() as db:
            if self.chance.random() < 0.3:
                order_service.confirm(db, [await orders.lock_order(db, order.id)], now=db.now)
            sourced = (await sourcing.source_orders(db, [order.id], now=db.now))[order.id]
        return f"{order.number} {sourced.outcome}"

    # --- work of places -------------------------------------------------------------------------------------------

    async def _work(self, *states: FulfillmentState) -> Any:
        if self.chance.random() < 0.1:
            return await self._any(FulfillmentOrder)
        return await self._any(FulfillmentOrder, FulfillmentOrder.state.in_(states))

    async def _pieces(self, db: Session, row_id: UUID) -> tuple[Pieces, ...] | None:
        """All of a fulfillment order (None), or some."""
        if self.chance.random() < 0.5:
            return None
        lines = list(
            await db.scalars(
                sa.select(FulfillmentLine)
                .where(FulfillmentLine.fulfillment_order_id == row_id)
                .order_by(FulfillmentLine.id)
            )
        )
        chosen = self.chance.sample(lines, self.chance.randint(1, len(lines)))
        return tuple(Pieces(line.id, self._count(line.quantity)) for line in chosen)

    async def accept(self) -> str | None:
        row = await self._work(FulfillmentState.OPEN)
        if row is None:
            return None
        async with self.database.unit_of_work() as db:
            pieces = await self._pieces(db, row.id)
            await answering.accept(db, answering.Acceptance(row.id, pieces), now=db.now)
        return f"{row.number} {'all' if pieces is None else 'part'}"

    async def reject(self) -> str | None:
        row = await self._work(*answering.REFUSABLE)
        if row is None:
            return None
        async with self.database.unit_of_work() as db:
            pieces = await self._pieces(db, row.id)
            reason = self.chance.choice(list(RejectReason))
            rejected = [answering.RejectedPieces(each.line_id, each.quantity, reason) for each in pieces or ()] or None
            await answering.reject(db, row.id, rejected, now=db.now, reason=reason)
        return f"{row.number} {reason}"

    async def hold_or_go_on(self) -> str | None:
        row = await self._work(FulfillmentState.OPEN, FulfillmentState.ACCEPTED, FulfillmentState.ON_HOLD)
        if row is None:
            return None
        async with self.database.unit_of_work() as db:
            if row.state is FulfillmentState.ON_HOLD:
                await answering.unhold(db, row.id, now=db.now)
            else:
                await answering.hold(db, row.id, reason="machine broken", now=db.now)
        return str(row.number)

    async def pick_or_pack(self) -> str | None:
        row = await self._work(FulfillmentState.ACCEPTED, FulfillmentState.PICKED)
        if row is None:
            return None
        async with self.database.unit_of_work() as db:
            if self.chance.random() < 0.5:
                await shipping.pick(db, row.id, await self._pieces(db, row.id), now=db.now)
            else:
                await shipping.pack(db, row.id, (), now=db.now)
        return str(row.number)

    async def ship(self) -> str | None:
        """All or part, sometimes so that it can be recalled."""
        state = FulfillmentState
        row = await self._work(state.ACCEPTED, state.PICKED, state.PACKED, state.OPEN)
        if row is None:
            return None
        how = shipping.How(recallable=self.chance.random() < 0.5, accepts_open=self.chance.random() < 0.8)
        async with self.database.unit_of_work() as db:
            request = shipping.Shipping(row.id, await self._pieces(db, row.id))
            await shipping.ship(db, request, now=db.now, how=how)
        return f"{row.number}{' for a minute' if how.recallable else ''}"

    async def recall(self) -> str | None:
        recallable = sa.select(FulfillmentOrder.id).where(FulfillmentOrder.recallable_until.is_not(None))
        shipment = await self._any(Shipment, Shipment.fulfillment_order_id.in_(recallable))
        if shipment is None:
            return None
        async with self.database.unit_of_work() as db:
            await recalling.recall(db, shipment.id, now=db.now)
        return str(shipment.number)

    async def collect(self) -> str | None:
        """Made ready, handed over in whole or part, or never collected."""
        state = FulfillmentState
        pick_up = FulfillmentOrder.delivery_type == DeliveryType.PICKUP
        open_states = (state.OPEN, state.ACCEPTED, state.PICKED, state.PACKED, state.READY_FOR_PICKUP)
        row = await self._any(FulfillmentOrder, pick_up, FulfillmentOrder.state.in_(open_states))
        if row is None:
            return None
        async with self.database.unit_of_work() as db:
            if row.state is not state.READY_FOR_PICKUP:
                await pickup.mark_ready(db, row.id, now=db.now)
            elif self.chance.random() < 0.8:
                pieces = await self._pieces(db, row.id)
                await pickup.hand_over(db, row.id, code=row.pickup_code or "", pieces=pieces, now=db.now)
            else:
                await pickup.cancel_uncollected(db, row.id, reason="nobody came", now=db.now)
        return f"{row.number} {row.state}"

    async def reroute(self) -> str | None:
        row = await self._work(*rerouting.MOVABLE)
        if row is None:
            return None
        async with self.database.unit_of_work() as db:
            await rerouting.reroute(db, row.id, reason="closer to the customer", now=db.now)
        return str(row.number)

    async def answer_cancellation(self) -> str | None:
        row = await self._any(FulfillmentOrder, FulfillmentOrder.cancel_requested)
        if row is None:
            return None
        agreed = self.chance.random() < 0.6
        async with self.database.unit_of_work() as db:
            await canceling.answer_cancellation(db, row.id, agreed=agreed, now=db.now)
        return f"{row.number} {agreed}"

    async def deliver(self) -> str | None:
        row = await self._work(FulfillmentState.SHIPPED)
        if row is None:
            return None
        async with self.database.unit_of_work() as db:
            await delivering.record_delivery(db, delivering.Delivery(row.id), now=db.now)
        return str(row.number)

    # --- stock ----------------------------------------------------------------------------------------------------

    async def count_stock(self) -> str:
        """A count up or down, of everything on the shelf or of what is free; or a correction."""
        where, sku = self.chance.choice(self.places).code, self.chance.choice(SKUS[:3])
        async with self.database.unit_of_work() as db:
            if self.chance.random() < 0.3:
                delta = self.chance.choice((-2, -1, 1, 3))
                await counting.adjust_stock(db, where, sku, delta=delta, reason="found")
                return f"{sku} {delta:+}"
            kind = self.chance.choice(list(StockKind))
            figure = counting.StockFigure(where, sku, self.chance.randrange(8), kind=kind)
            (outcome,) = await counting.set_stock_levels(db, [figure])
        return f"{sku} {kind} {figure.quantity} {outcome.result}"

    async def expect_goods(self) -> str:
        day = (self.clock.moment + timedelta(days=self.chance.randint(1, 9))).date()
        where, sku = self.chance.choice(self.places[:2]).code, self.chance.choice(SKUS[:3])
        goods = inbound.InboundInput(where, sku, f"PO-{self.chance.randrange(5)}", self.chance.randint(1, 6), day)
        async with self.database.unit_of_work() as db:
            await inbound.announce_inbound(db, goods)
        return f"{goods.reference} {sku} {goods.quantity}"

    async def receive_goods(self) -> str | None:
        goods = await self._any(InboundStock, sa.not_(InboundStock.closed))
        if goods is None:
            return None
        async with self.database.unit_of_work() as db:
            if self.chance.random() < 0.15:
                await inbound.close_inbound(db, goods.id)
                return "closed"
            count, final = self._count(goods.quantity - goods.received), self.chance.random() < 0.3
            await inbound.receive_inbound(db, goods.id, count, final=final)
        return f"{count} of {goods.quantity}"

    async def reserve(self) -> str:
        """A channel's quota, or pieces kept for a customer; some are given up."""
        channel = self.chance.choice(self.companies).channel
        wish = reservations.Wish(
            channel.id, self.chance.choice(self.places).code, self.chance.choice(SKUS[:3]), self.chance.randrange(4)
        )
        known = await self._any(Reservation, Reservation.quantity > 0)
        async with self.database.unit_of_work() as db:
            if known is not None and self.chance.random() < 0.3:
                await reservations.release_reservation(db, known.id)
                return "given up"
            if self.chance.random() < 0.5:
                await reservations.set_channel_reservation(db, wish)
            else:
                until = db.now + timedelta(hours=self.chance.randint(1, 48))
                await reservations.reserve_stock(db, wish, reference=f"CR-{len(self.log)}", expires_at=until)
        return f"{wish.quantity} {wish.sku}"

    # --- returns and money ----------------------------------------------------------------------------------------

    async def ask_return(self) -> str | None:
        order = await self._any(Order)
        if order is None:
            return None
        async with self.database.unit_of_work() as db:
            lines = [line for line in (await orders.lines_of(db, [order.id]))[order.id] if line.shipped]
            if not lines:
                return None
            line = self.chance.choice(lines)
            reason = self.chance.choice(list(ReturnReason))
            wish = returns.ReturnWish(line.id, self._count(line.shipped - line.returned), reason)
            made = await returns.request_return(db, returns.Announcement(order.id, (wish,)), now=db.now)
        return f"{made.number}: {wish.quantity}"

    async def decide_return(self) -> str | None:
        found = await self._any(Return)
        if found is None:
            return None
        async with self.database.unit_of_work() as db:
            if self.chance.random() < 0.5:
                await returns.approve(db, found.id, now=db.now)
            elif self.chance.random() < 0.5:
                await returns.decline(db, found.id, reason="worn", now=db.now)
            else:
                await returns.cancel_return(db, found.id, reason="kept", now=db.now)
        return str(found.number)

    async def take_back(self) -> str | None:
        """Receive some of a return, inspected at once or later, at any place."""
        line = await self._any(ReturnLine, ReturnLine.quantity > ReturnLine.received)
        if line is None:
            return None
        count = self._count(line.quantity - line.received)
        where = self.chance.choice(self.places)
        findings = (self._finding(line.id, count),) if self.chance.random() < 0.5 else ()
        async with self.database.unit_of_work() as db:
            arrived = [receiving.Arrived(line.id, count)]
            await receiving.receive_return(db, line.return_id, where.id, arrived, now=db.now, findings=findings)
        return f"{count} received{', inspected' if findings else ''}"

    async def inspect(self) -> str | None:
        line = await self._any(ReturnLine, ReturnLine.received > ReturnLine.inspected)
        if line is None:
            return None
        finding = self._finding(line.id, self._count(line.received - line.inspected))
        async with self.database.unit_of_work() as db:
            await receiving.inspect_return(db, line.return_id, [finding], now=db.now)
        return f"{finding.quantity} {finding.disposition}"

    def _finding(self, line_id: UUID, count: int) -> receiving.Finding:
        disposition = self.chance.choice(list(Disposition))
        return receiving.Finding(line_id, count, disposition, refundable=self.chance.random() < 0.8)

    async def refund(self) -> str | None:
        """Goodwill of any amount, recallable or not; sometimes recalled, sometimes tried again."""
        order, known = await self._any(Order), await self._any(Refund)
        if order is None:
            return None
        async with self.database.unit_of_work() as db:
            if known is not None and self.chance.random() < 0.5:
                await orders.lock_order(db, known.order_id)
                refund = await db.get_one(Refund, known.id)
                if self.chance.random() < 0.5:
                    await payments.recall_refund(db, refund, now=db.now)
                    return "recalled"
                payments.retry_refund(db, refund, now=db.now)
                return "again"
            locked = await orders.lock_order(db, order.id)
            amount = self.chance.choice((1, 333, 1000, 2500))
            await payments.request_refund(
                db, locked, now=db.now, kind=payments.RefundKind.GOODWILL, amount=amount, reason="scratched",
                source_key=f"goodwill/{len(self.log)}", recallable=self.chance.random() < 0.5,
            )  # fmt: skip
        return f"{order.number} {amount}"

    async def pay(self) -> str | None:
        """A transfer, all or part of what is awaited; another method; or a dispute."""
        payment = await self._any(Payment)
        if payment is None:
            return None
        async with self.database.unit_of_work() as db:
            order = await orders.lock_order(db, payment.order_id)
            row = await db.get_one(Payment, payment.id)
            what = self.chance.random()
            if what < 0.7:
                amount = self._count(payments.awaited(row)) if self.chance.random() < 0.5 else payments.awaited(row)
                await payments.record_payment(db, order, row, amount, reference=f"T{len(self.log)}", now=db.now)
                return f"{order.number} {amount}"
            if what < 0.9:
                promise = PaymentInput("CARD", self._count(order.total), token=self.chance.choice(TOKENS))
                await payments.add_payment(db, order, promise, now=db.now)
                return f"{order.number} card"
            amount = self._count(row.captured)
            await payments.charge_back(db, row, max(amount, 1), notice_id=f"N{len(self.log)}", now=db.now)
        return f"charged back {amount}"

    # --- what goes on by itself -----------------------------------------------------------------------------------

    async def work_is_done(self) -> str:
        """Everything due is done: processes, money, documents, messages."""
        return await self._drained()

    async def time_passes(self) -> str:
        return await self._drained(until=self.clock.moment + timedelta(hours=self.chance.choice((1, 5, 30))))

    async def time_runs_out(self) -> str:
        return await self._drained(until=self.clock.moment + LATER)

    async def _drained(self, **options: Any) -> str:
        failed: Sequence[Failure] = await self.drain(**options)
        if failed:
            raise Broken(f"work failed: {failed}")
        return ""


def _order(chance: random.Random, company: Company, store: str) -> OrderInput:
    lines = [
        LineInput(
            sku, chance.randint(1, 4), chance.choice((999, 1000, 1337)), discount=chance.choice((0, 0, 0, 50)),
            no_split=chance.random() < 0.1,
        )
        for sku in chance.sample(SKUS, chance.randint(1, 3))
    ]  # fmt: skip
    charges = (ChargeInput("SHIPPING", "Shipping", 490),) if chance.random() < 0.4 else ()
    discounts = (DiscountInput("TEN", "Ten off", 10),) if chance.random() < 0.3 else ()
    pick_up = chance.random() < 0.15
    return order_input(
        company.channel,
        *lines,
        external_id=f"X-{chance.getrandbits(60):x}" if chance.random() < 0.95 else "X-again",
        charges=charges,
        discounts=discounts,
        ship_complete=chance.random() < 0.1,
        delivery_type=DeliveryType.PICKUP if pick_up else DeliveryType.SHIP,
        pickup_location=store if pick_up else None,
        payments=_promises(chance, company, lines, charges, discounts),
    )


def _promises(
    chance: random.Random,
    company: Company,
    lines: Sequence[LineInput],
    charges: Sequence[ChargeInput],
    discounts: Sequence[DiscountInput],
) -> tuple[PaymentInput, ...]:
    """One method or two that add up; on account where the total needs its tax first."""
    total = sum(line.quantity * (line.unit_price or 0) - line.discount for line in lines)
    total += sum(charge.amount for charge in charges) - sum(discount.amount for discount in discounts)
    if not company.channel.gross or chance.random() < 0.2:
        return ()
    first = PaymentInput(chance.choice(METHODS), total, token=chance.choice(TOKENS))
    if total > 1500 and chance.random() < 0.3:
        gift = PaymentInput("GIFT_CARD", 700, token="tok_stored_value")
        return (gift, PaymentInput("CARD", total - 700, token=chance.choice(TOKENS)))
    return (first,)


Step = Callable[[OrderMachine], Awaitable[str | None]]
M = OrderMachine
STEPS: tuple[tuple[Step, int], ...] = (
    (M.place_order, 5), (M.cancel_part, 5), (M.hold_order, 2), (M.release_hold, 3), (M.confirm_and_source, 3),
    (M.accept, 6), (M.reject, 3), (M.hold_or_go_on, 3), (M.pick_or_pack, 3), (M.ship, 9), (M.recall, 3),
    (M.collect, 4), (M.reroute, 2), (M.answer_cancellation, 3), (M.deliver, 5), (M.count_stock, 4),
    (M.expect_goods, 2), (M.receive_goods, 3), (M.reserve, 2), (M.ask_return, 5), (M.decide_return, 3),
    (M.take_back, 5), (M.inspect, 4), (M.refund, 3), (M.pay, 4), (M.work_is_done, 12), (M.time_passes, 3),
)  # fmt: skip


def new_seed() -> int:
    """A seed nobody has tried."""
    return new_id().int & 0xFFFFFFFF
