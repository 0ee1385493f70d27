"""Random lives of the money of orders: promotions of every kind, payments of every kind, and what comes back.

Nothing of the goods goes wrong here; what is tried is every order in which money is promised, taken, lost and given
back. At the end everything that was sent comes back, so that what is left is what a rule keeps.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from factories.catalog import make_variant
from factories.channels import make_channel
from factories.intake import Company, make_company, order_input, place, put_stock
from factories.pricing import make_price
from factories.promotions import make_coupon, make_promotion
from factories.tax import make_tax_rate
from kontor import relay
from kontor.claims import claiming, goodwill
from kontor.claims.models import Goodwill
from kontor.claims.queries import get_goodwill
from kontor.claims.states import ClaimKind, GoodwillForm, GoodwillReason, Remedy
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.fulfillment import shipping
from kontor.fulfillment.models import FulfillmentOrder, Shipment
from kontor.fulfillment.states import FulfillmentState
from kontor.giftcards.service import NewCard, issue_cards
from kontor.giftcards.values import GATEWAY, TaxedAs
from kontor.invoicing.models import CreditNote, Invoice, JournalEntry, JournalLine
from kontor.invoicing.open_items import receivables_of
from kontor.orders import queries as orders
from kontor.orders.intake import ChargeInput, LineInput, PaymentInput
from kontor.orders.models import Order
from kontor.orders.placing import Placed
from kontor.payments import service as payments
from kontor.payments.models import Payment, PaymentTransaction, Refund, TransactionKind, TransactionState
from kontor.payments.refund_due import Withheld
from kontor.payments.refund_split import RefundPolicy
from kontor.processes.models import ProcessInstance
from kontor.processes.states import InstanceState
from kontor.promotions.values import Combination, ReturnRule
from kontor.returns import queries as return_queries
from kontor.returns import receiving
from kontor.returns import service as returns
from kontor.returns.states import Disposition, ReturnReason
from kontor.returns.writing_off import preview_return
from proofs.order_machine import Broken, OrderMachine
from proofs.previewed import Foreseen, check, foresee

METHODS = ["CARD", "WALLET", "GIFT_CARD", "BONUS_POINTS", "ON_ACCOUNT", "PREPAYMENT", "VOUCHER"]
TAXED = {"LAMP", "ROPE"}
"""What vouchers pay for that were taxed when they were sold: goods of one class, and nothing else."""
CARDS = ["tok_visa"] * 6 + ["tok_lost_answer_once", "tok_error_once", "tok_closed_after_once", "tok_capture_declined"]
PRICES = {"LAMP": 1999, "OIL": 333, "ROPE": 1000, "BOOK": 1295, "CARD": 100}
RATES = {"BOOK": "reduced", "OIL": "reduced", "CARD": "zero"}
BENEFITS: tuple[Mapping[str, Any], ...] = (
    {"kind": "PERCENT_OFF", "tiers": [{"since": 2, "percent": 7}, {"since": 4, "percent": 15}]},
    {"kind": "AMOUNT_OFF", "amount": 501},
    {"kind": "AMOUNT_OFF", "amount": 50, "each_unit": True},
    {"kind": "BUY_X_GET_Y", "buy": 2, "get": 1, "rewarded": {"skus": ["OIL", "ROPE"]}, "percent": 50},
    {"kind": "CHEAPEST_FREE", "size": 3, "free": 1},
    {"kind": "BUNDLE_PRICE", "price": 2500,
     "parts": [{"scope": {"skus": ["LAMP"]}, "quantity": 1}, {"scope": {"skus": ["OIL"]}, "quantity": 2}]},
    {"kind": "FREE_SHIPPING", "most": 300},
    {"kind": "GIFT", "rewarded": {"skus": ["CARD"]}},
)  # fmt: skip
SCOPES: tuple[Mapping[str, Any] | None, ...] = (None, None, {"skus": ["LAMP", "OIL"]}, {"skus": ["ROPE", "BOOK"]})
KEPT = ("RETURN_FEE", "PROMOTION_NOT_EARNED")


@dataclass
class MoneyMachine(OrderMachine):
    """Two shops, one with gross and one with net prices, and what their customers do."""

    runtime: Runtime | None = None

    async def begin(self) -> None:
        """Goods without end; prices, rates, promotions and policies as chance will have them."""
        shop = await make_company(self.database, payment_methods=METHODS, settings=self._settings(), return_days=900)
        async with self.database.unit_of_work() as db:
            net = await make_channel(
                db, payment_methods=METHODS, settings=self._settings(), gross=False, return_days=900
            )
            for tax_class, rate in (("reduced", 7), ("zero", 0)):
                await make_tax_rate(db, tax_class=tax_class, rate=Decimal(rate))
            variants = {
                sku: await make_variant(db, sku=sku, product={"tax_class": RATES.get(sku, "standard")})
                for sku in PRICES
            }
            for channel in (shop.channel, net):
                for sku, price in PRICES.items():
                    await make_price(db, channel, variants[sku], price)
        self.companies = [shop, Company(net, shop.warehouse, shop.numbers)]
        self.places = [shop.warehouse]
        for variant in variants.values():
            await put_stock(self.database, shop.warehouse.id, variant.id, 5000)
        for index, benefit in enumerate(self.chance.sample(BENEFITS, self.chance.randint(1, 4))):
            await make_promotion(
                self.database, f"P{index}", benefit=benefit, scope=self.chance.choice(SCOPES), currency="EUR",
                coupon=index == 0, return_rule=self.chance.choice(list(ReturnRule)),
                combination=self.chance.choice(list(Combination)), priority=self.chance.choice((0, 0, 1)),
            )  # fmt: skip
        await make_coupon(self.database, "WELCOME", "P0", most_uses=1000)
        async with self.database.unit_of_work() as db:
            for company in self.companies:
                taxed = TaxedAs("standard", "DE", company.channel.legal_entity_id)
                code = _voucher_of(company)
                card = NewCard(code, new_id(), "EUR", 1_000_000, multi_purpose=False, taxed=taxed)
                await issue_cards(db, [card], now=db.now)

    def _settings(self) -> dict[str, Any]:
        automatic = [policy.value for policy in RefundPolicy if policy is not RefundPolicy.CHOSEN]
        return {
            "return_fee": self.chance.choice((0, 0, 295)),
            "refund_policy": self.chance.choice(automatic),
            "capture_policy": self.chance.choice(("STORED_VALUE_FIRST", "CARD_FIRST", "RATIO", "CHOSEN")),
            "immediate_capture": self.chance.choice(([], ["WALLET"])),
            "refund_approval_above": 10_000_000,
        }

    def steps(self) -> Sequence[tuple[Step, int]]:
        """What may happen, and how often beside the others."""
        return STEPS

    async def run(self, steps: int) -> None:
        """Steps one by one, every invariant after each; at last everything comes back."""
        await self.begin()
        for _ in range(2):
            await self._step(MoneyMachine.place_order)
        await self._step(MoneyMachine.work_is_done)
        names = [step for step, weight in self.steps() for _ in range(weight)]
        for _ in range(steps):
            await self._step(self.chance.choice(names))
            await self._nothing_is_stuck()
        for _ in range(3):
            await self._step(MoneyMachine.work_is_done)
            self.log.append("all of it leaves")
            await self._send_all()
        await self._is_decided()
        await self._everything_comes_back()
        await self._is_decided()
        await self._nothing_is_stuck()
        await self._step(MoneyMachine.work_is_done)
        await self._all_is_settled()

    # --- orders -------------------------------------------------------------------------------------------------------

    async def place_order(self) -> str:
        """A basket that Kontor prices, paid by one to three methods."""
        company = self.chance.choice(self.companies)
        taxed = self.chance.random() < 0.3
        skus = self.chance.sample(sorted(TAXED if taxed else PRICES), self.chance.randint(1, 2 if taxed else 4))
        wanted = order_input(
            company.channel,
            *(LineInput(sku, self.chance.randint(1, 5)) for sku in skus),
            charges=(ChargeInput("SHIPPING", "Shipping", 490),) if self.chance.random() < 0.5 else (),
            coupons=("WELCOME",) if self.chance.random() < 0.4 else (),
            payments=(PaymentInput("CARD", 1, token="tok_visa"),),
        )
        (refused,) = await place(self.database, company, wanted)
        if isinstance(refused, Placed) or refused.code != "PAYMENTS_MISMATCH":
            return "not placed" if isinstance(refused, Placed) else refused.code
        promises = self._mixed(int(refused.params["total"]), _voucher_of(company) if taxed else None)
        (outcome,) = await place(
            self.database, company, order_input(company.channel, *wanted.lines, charges=wanted.charges,
                                                coupons=wanted.coupons, payments=promises),
        )  # fmt: skip
        told = ", ".join(f"{each.kind} {each.amount} {each.token} {each.gateway}".strip() for each in promises)
        return f"placed {outcome.number} by {told}" if isinstance(outcome, Placed) else outcome.code

    def _mixed(self, total: int, voucher: str | None) -> tuple[PaymentInput, ...]:
        kinds = self.chance.sample(METHODS[:-1], min(total, self.chance.randint(1, 3)))
        if voucher is not None:
            kinds[self.chance.randrange(len(kinds))] = "VOUCHER"
        if "PREPAYMENT" in kinds and "ON_ACCOUNT" in kinds:
            kinds.remove("PREPAYMENT")
        cuts = sorted(self.chance.sample(range(1, total), len(kinds) - 1)) if len(kinds) > 1 else []
        amounts = [end - begin for begin, end in zip([0, *cuts], [*cuts, total], strict=True)]
        return tuple(self._promise(kind, amount, voucher) for kind, amount in zip(kinds, amounts, strict=True))

    def _promise(self, kind: str, amount: int, voucher: str | None) -> PaymentInput:
        if kind == "VOUCHER":
            return PaymentInput(kind, amount, gateway=GATEWAY, token=voucher)
        if kind == "CARD":
            gateway = self.chance.choice(("", "", "single"))
            return PaymentInput(kind, amount, gateway=gateway, token=self.chance.choice(CARDS))
        token = {"WALLET": "tok_wallet", "GIFT_CARD": "tok_stored_value", "BONUS_POINTS": "tok_stored_value"}.get(kind)
        return PaymentInput(kind, amount, token=token)

    async def transfer_comes(self) -> str | None:
        """All or part of what is awaited comes in."""
        payment = await self._any(Payment, Payment.kind.in_(("PREPAYMENT", "ON_ACCOUNT")))
        if payment is None:
            return None
        async with self.database.unit_of_work() as db:
            order = await orders.lock_order(db, payment.order_id)
            row = await db.get_one(Payment, payment.id)
            awaited = payments.awaited(row)
            amount = self._count(awaited) if self.chance.random() < 0.3 else awaited
            if amount <= 0:
                return None
            await payments.record_payment(db, order, row, amount, reference=f"T{len(self.log)}", now=db.now)
        return f"{order.number} {amount}"

    async def bank_takes_back(self) -> str | None:
        payment = await self._any(Payment, Payment.captured > 0, Payment.gateway_reference.is_not(None))
        if payment is None:
            return None
        async with self.database.unit_of_work() as db:
            order = await orders.lock_order(db, payment.order_id)
            row = await db.get_one(Payment, payment.id)
            amount = self._count(row.captured) or 1
            await payments.charge_back(db, row, amount, notice_id=f"N{len(self.log)}", now=db.now)
        return f"{order.number} {amount}"

    async def goodwill(self) -> str | None:
        """A lower price, compensation or a voucher; some of it is taken back."""
        order, known = await self._any(Order), await self._any(Goodwill)
        if order is None:
            return None
        async with self.database.unit_of_work() as db:
            if known is not None and self.chance.random() < 0.3:
                await orders.lock_order(db, known.order_id)
                await goodwill.recall_goodwill(db, await get_goodwill(db, known.id), now=db.now)
                return f"recalled {known.amount}"
            locked = await orders.lock_order(db, order.id)
            wish = goodwill.GoodwillWish(
                self.chance.choice(tuple(GoodwillForm)),
                self.chance.choice((1, 99, 500, 2500)),
                GoodwillReason.DAMAGED,
                recallable=self.chance.random() < 0.4,
            )
            made = await goodwill.grant_goodwill(db, locked, wish, now=db.now)
        return f"{order.number} {made.amount} {made.form}"

    async def claim(self) -> str | None:
        """Pieces are missing, broken or wrong: they are paid back and never come, or are looked at first."""
        order = await self._any(Order, Order.id.in_(sa.select(Shipment.order_id)))
        left = await self._still_out(order.id) if order is not None else {}
        if order is None or not left:
            return None
        line_id = self.chance.choice(sorted(left))
        kind = self.chance.choice(tuple(ClaimKind))
        report = claiming.Report(kind, [claiming.ClaimedPieces(line_id, self.chance.randint(1, left[line_id]))])
        verdict = claiming.Verdict(
            Remedy.REFUND, returns_goods=self.chance.random() < 0.3, corrects_stock=self.chance.random() < 0.5
        )
        await self._drained()
        async with self.database.unit_of_work() as db:
            locked = await orders.lock_order(db, order.id)
            due = await claiming.preview_claim(db, locked, report)
            made = await claiming.open_claim(db, locked, report, now=db.now)
            again = await claiming.preview_decision(db, locked, made)
            if (due.credited, due.amount) != (again.credited, again.amount):
                raise Broken(f"{made.number}: {due} was previewed, then {again}")
            said = await foresee(db, locked, again)
            await claiming.approve_claim(db, locked, made, verdict, now=db.now)
        assert made.return_id is not None
        if made.returns_goods:
            await self._take_in(made.return_id)
        return f"{order.number} {kind} {report.pieces[0].quantity}: {await self._as_said(order, made.return_id, said)}"

    # --- returns ------------------------------------------------------------------------------------------------------

    async def send_back(self) -> str | None:
        """Some pieces of an order come back at once, most of them paid for."""
        order = await self._any(Order, Order.id.in_(sa.select(Shipment.order_id)))
        if order is None:
            return None
        left = await self._still_out(order.id)
        if not left:
            return None
        chosen = self.chance.sample(sorted(left), self.chance.randint(1, len(left)))
        wanted = {line_id: self.chance.randint(1, left[line_id]) for line_id in chosen}
        if self.chance.random() >= 0.9:
            await self._bring(order.id, wanted, refundable=False)
            return f"{order.number}: {sum(wanted.values())} worn"
        return f"{order.number}: {sum(wanted.values())}, {await self._bring_as_said(order.id, wanted)}"

    async def _bring_as_said(self, order_id: UUID, wanted: Mapping[UUID, int]) -> str:
        """Pieces come back and are paid for, as it was previewed; which of it could be compared."""
        await self._drained()
        announced = self._announced(order_id, wanted)
        async with self.database.read_only() as db:
            order = await db.get_one(Order, order_id)
            said = await foresee(db, order, await preview_return(db, order, announced))
        back = await self._bring(order_id, wanted, announced=announced)
        return await self._as_said(order, back, said)

    async def _as_said(self, order: Order, return_id: UUID, said: Foreseen) -> str:
        """What was previewed is what is booked; which of it could be compared."""
        await self._drained()
        async with self.database.read_only() as db:
            return await check(db, order.number, return_id, said)

    def _announced(self, order_id: UUID, wanted: Mapping[UUID, int]) -> returns.Announcement:
        reason = self.chance.choice((ReturnReason.CHANGED_MIND, ReturnReason.CHANGED_MIND, ReturnReason.DAMAGED))
        wishes = tuple(returns.ReturnWish(line_id, count, reason) for line_id, count in wanted.items())
        return returns.Announcement(order_id, wishes, anyway=True)

    async def _still_out(self, order_id: UUID) -> dict[UUID, int]:
        async with self.database.read_only() as db:
            found: dict[UUID, int] = {}
            for each in await return_queries.sent_pieces(db, order_id, "Europe/Berlin"):
                found[each.order_line_id] = found.get(each.order_line_id, 0) + each.left
        return {line_id: count for line_id, count in found.items() if count}

    async def _bring(
        self,
        order_id: UUID,
        wanted: Mapping[UUID, int],
        *,
        refundable: bool = True,
        announced: returns.Announcement | None = None,
    ) -> UUID:
        async with self.database.unit_of_work() as db:
            wish = announced or self._announced(order_id, wanted)
            made = await returns.request_return(db, wish, now=db.now)
        await self._take_in(made.id, refundable=refundable)
        return made.id

    async def _take_in(self, return_id: UUID, *, refundable: bool = True) -> None:
        async with self.database.unit_of_work() as db:
            await return_queries.lock_return(db, return_id)
            lines = (await return_queries.lines_of(db, [return_id]))[return_id]
            arrived = [receiving.Arrived(line.id, line.quantity) for line in lines]
            found = [
                receiving.Finding(line.id, line.quantity, Disposition.RESTOCK, refundable=refundable) for line in lines
            ]
            await receiving.receive_return(db, return_id, self.places[0].id, arrived, now=db.now, findings=found)

    # --- the end ------------------------------------------------------------------------------------------------------

    async def _is_decided(self) -> None:
        """What a gateway did not answer is asked again until nothing is open there."""
        assert self.runtime is not None
        opened = PaymentTransaction.outcome.in_((TransactionState.PENDING, TransactionState.UNKNOWN))
        for _ in range(9):
            await self._drained(until=self.clock.moment + timedelta(hours=1))
            if await self._any(PaymentTransaction, opened) is None:
                return
            await relay.hurry(self.runtime)

    async def _send_all(self) -> None:
        """What is open leaves, what is owed is paid."""
        async with self.database.read_only() as db:
            owing = list(await db.scalars(sa.select(Payment.id).order_by(Payment.id)))
        for payment_id in owing:
            async with self.database.unit_of_work() as db:
                order = await orders.lock_order(db, (await db.get_one(Payment, payment_id)).order_id)
                row = await db.get_one(Payment, payment_id, populate_existing=True)
                if payments.awaited(row) > 0:
                    await payments.record_payment(
                        db, order, row, payments.awaited(row), reference=f"L{len(self.log)}-{payment_id}", now=db.now
                    )
        await self._drained()
        states = (FulfillmentState.OPEN, FulfillmentState.ACCEPTED, FulfillmentState.PICKED, FulfillmentState.PACKED)
        while (row := await self._any(FulfillmentOrder, FulfillmentOrder.state.in_(states))) is not None:
            await self._ship_whole(row.id)

    async def _ship_whole(self, row_id: UUID) -> None:
        async with self.database.unit_of_work() as db:
            await shipping.ship(db, shipping.Shipping(row_id), now=db.now, how=shipping.How(accepts_open=True))

    async def _everything_comes_back(self) -> None:
        async with self.database.read_only() as db:
            ids = list(await db.scalars(sa.select(Order.id).order_by(Order.id)))
        for order_id in ids:
            left = await self._still_out(order_id)
            while left:
                part = {line_id: count for line_id, count in left.items() if self.chance.random() < 0.7}
                await self._is_decided()
                if part:
                    compared = await self._bring_as_said(order_id, part)
                    self.log.append(f"the last {sum(part.values())} come back, {compared}")
                    await self._nothing_is_stuck()
                left = await self._still_out(order_id)

    async def _nothing_is_stuck(self) -> None:
        """No return waits for a person to decide about its money."""
        stuck = (ProcessInstance.key == "return", ProcessInstance.state == InstanceState.FAILED)
        found = await self._any(ProcessInstance, *stuck)
        if found is not None:
            raise Broken(f"a return is stuck: {found.failed if hasattr(found, 'failed') else found.state_data}")

    async def _all_is_settled(self) -> None:
        """Every order says the same in its documents, ledgers and journal; what is left is what a rule keeps."""
        async with self.database.read_only() as db:
            for order in list(await db.scalars(sa.select(Order).order_by(Order.id))):
                problems = await _account_of(db, order)
                if problems:
                    raise Broken(f"order {order.number}: {problems}")


def _voucher_of(company: Company) -> str:
    """The code of a voucher that was taxed when its channel sold it, with more on it than anybody can spend."""
    return f"TAXED-{company.channel.code}"


async def _account_of(db: Session, order: Order) -> dict[str, Any]:
    """What does not add up of an order of which everything came back."""
    refunds = list(await db.scalars(sa.select(Refund).where(Refund.order_id == order.id)))
    lines = [line for refund in refunds if str(refund.state) != "CANCELED" for line in refund.lines]
    kept = -sum(int(line["gross"]) for line in lines if line.get("name") in KEPT)
    short = set(Withheld) - {Withheld.EXCHANGED}  # goods given for goods are paid for by goods
    withheld = -sum(int(line["gross"]) for line in lines if line.get("name") in short)
    invoiced, credited, sent = [
        int(await db.scalar(sa.select(sa.func.coalesce(sa.func.sum(column), 0)).where(mine)) or 0)
        for column, mine in (
            (Invoice.gross, Invoice.order_id == order.id),
            (CreditNote.gross, CreditNote.order_id == order.id),
            (Shipment.amount, sa.and_(Shipment.order_id == order.id, Shipment.recalled_at.is_(None))),
        )
    ]
    ours = await orders.lines_of(db, [order.id])
    worn = any(line.returned > line.refunded for line in ours[order.id])
    moved = await _moved(db, order.id)
    rows = list(await db.scalars(sa.select(Payment).where(Payment.order_id == order.id)))
    there = sum(row.captured - row.refunded for row in rows)
    owed = sum(max(0, row.billed - row.credited - row.captured) for row in rows)
    balance = (await receivables_of(db, [order.id])).get(order.id, 0)
    explained = await _explained(db, order.id, refunds, rows)
    pending = [refund for refund in refunds if str(refund.state) not in ("SUCCEEDED", "CANCELED")]
    wrong: dict[str, Any] = {}
    if vouchers := await _off_and_paid(db, order.id):
        wrong["vouchers"] = vouchers
    if pending:
        wrong["refunds"] = [(refund.kind, refund.amount, str(refund.state), refund.error) for refund in pending]
    if invoiced and balance != explained:
        wrong["journal"] = (balance, explained)
    if sent and not worn and invoiced == sent and invoiced - credited != kept:
        wrong["documents"] = (invoiced, credited, kept)
    plain = not withheld and not moved["chargeback"] and not worn and sent
    given = sum(
        refund.amount
        for refund in refunds
        if refund.kind == "GOODWILL" and not refund.lines and str(refund.state) == "SUCCEEDED"
    )
    if plain and invoiced == sent and there + owed != kept - given:
        wrong["money"] = (there, owed, kept, given)
    if wrong:
        wrong |= {"sent": sent, "withheld": withheld, "lines": lines, "moved": moved}
    return wrong


async def _off_and_paid(db: Session, order_id: UUID) -> int:
    """What documents take off as paid by vouchers that had been taxed, less what such vouchers paid: nothing."""
    line = JournalLine
    found = sa.select(sa.func.coalesce(sa.func.sum(line.amount), 0)).join(
        JournalEntry, JournalEntry.id == line.entry_id
    )
    taxed = sa.and_(line.account == "STORED_VALUE", line.detail == f"VOUCHER/{GATEWAY}")
    return int(await db.scalar(found.where(JournalEntry.order_id == order_id, taxed)) or 0)


async def _moved(db: Session, order_id: UUID) -> dict[str, int]:
    rows = await db.execute(
        sa.select(PaymentTransaction.kind, sa.func.sum(PaymentTransaction.amount))
        .where(PaymentTransaction.order_id == order_id, PaymentTransaction.outcome == TransactionState.SUCCEEDED)
        .group_by(PaymentTransaction.kind)
    )
    found = {str(kind): int(amount) for kind, amount in rows}
    return {"chargeback": found.get(str(TransactionKind.CHARGEBACK), 0), "loss": found.get("LOSS", 0)}


async def _explained(db: Session, order_id: UUID, refunds: list[Refund], rows: list[Payment]) -> int:
    """What the customer owes by documents and payments, without the journal."""
    billed = sa.select(sa.func.coalesce(sa.func.sum(Invoice.gross - Invoice.credited), 0))
    open_documents = int(await db.scalar(billed.where(Invoice.order_id == order_id)) or 0)
    paid = sum(row.captured - row.refunded for row in rows)
    for_nothing = sum(
        refund.amount
        for refund in refunds
        if refund.kind in ("GOODWILL", "CORRECTION") and not refund.lines and str(refund.state) == "SUCCEEDED"
    )
    counted = sum(
        -int(line["gross"])
        for refund in refunds
        if str(refund.state) == "SUCCEEDED"
        for line in refund.lines
        if line.get("name") in (Withheld.GOODWILL_GIVEN, Withheld.CORRECTION_GIVEN)
    )
    return open_documents - paid - for_nothing + counted


Step = Callable[[Any], Awaitable[str | None]]
M = MoneyMachine
STEPS: tuple[tuple[Step, int], ...] = (
    (M.place_order, 3), (M.cancel_part, 3), (M.ship, 9), (M.recall, 1), (M.deliver, 3), (M.send_back, 8),
    (M.goodwill, 5), (M.claim, 2), (M.transfer_comes, 5), (M.bank_takes_back, 1), (M.work_is_done, 10),
    (M.time_passes, 2),
)  # fmt: skip
