"""Thirty days of the demo company: orders of every kind, what places did with them, and some in trouble.

Everything is done by the services and the background jobs, on a clock that this module moves; nothing is written past
them. The same seed tells the same story.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.api import group_writer
from kontor.core.db import Session
from kontor.core.errors import KontorError
from kontor.core.jobs import Runtime
from kontor.core.principal import SYSTEM
from kontor.demo import company
from kontor.fulfillment import answering, canceling, delivering, pickup, shipping
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder, Shipment, ShipmentLine
from kontor.fulfillment.parcels import ParcelInput
from kontor.fulfillment.states import FulfillmentState, RejectReason
from kontor.locations.models import StockLocation
from kontor.orders import queries as orders
from kontor.orders.intake import Address, CustomerInput, LineInput, OrderInput, PaymentInput
from kontor.orders.models import Order
from kontor.orders.placing import Taken
from kontor.orders.states import DeliveryType, OrderState
from kontor.relay import drain
from kontor.returns import receiving
from kontor.returns import service as returns
from kontor.returns.models import Return, ReturnLine
from kontor.returns.states import Disposition, ReturnReason, ReturnState

DAYS = 30
INBOX = 3  # orders that each dropshipper finds
STEP = 3  # days told at once: the background work of many orders costs little more than that of one
S = FulfillmentState


@dataclass
class StoryClock:
    """The time of the story."""

    moment: datetime

    async def now(self) -> datetime:
        """The moment the story has come to."""
        return self.moment


@dataclass
class Teller:
    """Tells the story step by step, up to the moment the clock stands at when it begins."""

    runtime: Runtime
    clock: StoryClock
    chance: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self.until = self.clock.moment

    @staticmethod
    def steps(days: int = DAYS) -> range:
        """The days before the end at which a step is told."""
        return range(days, -1, -STEP)

    async def tell(self, day: int, per_day: int = 9) -> None:
        """What happened from `day` days before the end on; told again, the orders of the first time are no new ones."""
        self.chance.seed(f"Nordlicht, {day} days ago")
        self.clock.moment = self.until - timedelta(days=day, minutes=30)
        await self._take_orders(per_day * STEP)
        await drain(self.runtime)
        self.clock.moment += timedelta(minutes=10)
        await self._take_back()
        await self._deliver()
        await self._send_back()
        await self._work(last=day < STEP)
        if day < STEP:
            await self._fill_inboxes()
        await drain(self.runtime)
        if day == STEP:
            await self._cancel_some()
            await drain(self.runtime)

    async def end(self) -> None:
        """Whatever is due by the end, and an order of a member of the club, at the prices of that day."""
        self.clock.moment = self.until
        await group_writer.of(self.runtime.database).place_many([Taken(self._club_order(), SYSTEM)])
        await drain(self.runtime)

    async def _take_orders(self, count: int) -> None:
        writer = group_writer.of(self.runtime.database)
        await writer.place_many([Taken(self._order(), SYSTEM) for _ in range(count)])

    async def _fill_inboxes(self) -> None:
        """Every dropshipper has a few orders to answer."""
        writer = group_writer.of(self.runtime.database)
        wanted = [skus for skus in company.DROPSHIPPED.values() for _ in range(INBOX)]
        await writer.place_many([Taken(self._order(skus), SYSTEM) for skus in wanted])

    def _order(self, skus: Collection[str] = ()) -> OrderInput:
        """Any order, or one of some articles from the shop."""
        chance = self.chance
        channel = "shop-de" if skus else chance.choices(["shop-de", "shop-nl", "b2b-at", "market"], [60, 14, 10, 16])[0]
        countries = {"shop-de": "DE", "shop-nl": "NL", "b2b-at": "AT", "market": "DE"}
        name, street, postal_code, city, country, latitude, longitude = chance.choice(
            [each for each in company.CUSTOMERS if each[4] == countries[channel]]
        )
        address = Address(name, street, postal_code, city, country, latitude=latitude, longitude=longitude)
        lines = self._lines(channel, skus)
        number = f"{channel}-{chance.randrange(10**7):07}"
        total = sum((line.unit_price or 0) * line.quantity for line in lines)
        email = company.email_of(name)
        pickup_at = channel == "shop-de" and city in ("Hamburg", "Berlin", "München") and chance.random() < 0.2
        order = {
            "channel": channel, "external_id": number, "lines": lines, "billing_address": address,
            "customer": CustomerInput(name, email, email, company=f"{name} GmbH" if channel == "b2b-at" else None),
            "payments": self._payments(channel, total),
        }  # fmt: skip
        if pickup_at and all(not line.sku.startswith(("BIKE-CITY", "TABLE", "CHAIR")) for line in lines):
            store = {"Hamburg": "st-hamburg", "Berlin": "st-berlin", "München": "st-muenchen"}[city]
            order |= {"delivery_type": DeliveryType.PICKUP, "pickup_location": store}
        return OrderInput(**order)  # type: ignore[arg-type]

    @staticmethod
    def _club_order() -> OrderInput:
        name, street, postal_code, city, country, *_ = next(
            each for each in company.CUSTOMERS if each[0] == company.CLUB_MEMBER
        )
        email = company.email_of(name)
        return OrderInput(
            "shop-de", "shop-de-club", tuple(LineInput(sku, count) for sku, count in company.CLUB_ORDER.items()),
            Address(name, street, postal_code, city, country), CustomerInput(name, email, email),
        )  # fmt: skip

    def _lines(self, channel: str, skus: Collection[str]) -> tuple[LineInput, ...]:
        chance = self.chance
        share = company.PRICE_SHARES[channel]
        offered = [row for row in company.ARTICLES if not skus or row[0]["code"] in skus]
        if share != 100:  # money is sold at its face value
            offered = [row for row in offered if row[0].get("kind") != "GIFT_CARD"]
        articles = chance.sample(offered, min(len(offered), chance.choices([1, 2, 3], [62, 28, 10])[0]))
        rows = []
        for product, gross in articles:
            quantity = chance.choices([1, 2, 4], [80, 15, 5])[0] if channel != "b2b-at" else chance.randrange(2, 9)
            rows.append(LineInput(product["code"], quantity, (gross * share + 50) // 100))
        return tuple(rows)

    def _payments(self, channel: str, total: int) -> tuple[PaymentInput, ...]:
        """How it is paid; the total of a net channel is not known here, so it is left to its default."""
        if channel == "b2b-at":
            return ()
        if channel == "market":
            return (PaymentInput("COLLECTED_BY_CHANNEL", total, label="Marktplatz"),)
        kind = self.chance.choices(["CARD", "WALLET", "PREPAYMENT", "ON_ACCOUNT"], [66, 14, 8, 12])[0]
        if channel == "shop-nl" and kind not in ("CARD", "WALLET"):
            kind = "CARD"
        token = self.chance.choices(["tok_visa", "tok_mastercard", "tok_declined"], [60, 36, 4])[0]
        label = {"CARD": "Visa •••• 4242", "WALLET": "Wallet"}.get(kind)
        token_of = {"CARD": token, "WALLET": "tok_wallet"}.get(kind)
        return (PaymentInput(kind, total, "", token_of, label),)

    async def _work(self, *, last: bool) -> None:
        """Places answer and ship what lies open; on the last days some of it stays where it is."""
        for row_id, kind in await self._rows(S.OPEN):
            if last and self.chance.random() < 0.6:
                continue
            if self.chance.random() < 0.03 and kind is not DeliveryType.PICKUP:
                await self._do(self._reject, row_id)
            elif kind is DeliveryType.PICKUP:
                await self._do(self._ready, row_id)
            else:
                await self._do(self._accept, row_id)
        for row_id, _ in await self._rows(S.ACCEPTED):
            if not last or self.chance.random() < 0.5:
                await self._do(self._ship, row_id)
        for row_id, _ in await self._rows(S.READY_FOR_PICKUP):
            if self.chance.random() < 0.5:
                await self._do(self._hand_over, row_id)

    async def _rows(self, state: FulfillmentState) -> list[tuple[UUID, DeliveryType]]:
        found = sa.select(FulfillmentOrder.id, FulfillmentOrder.delivery_type).where(FulfillmentOrder.state == state)
        async with self.runtime.database.read_only() as db:
            return [(row.id, row.delivery_type) for row in await db.execute(found.order_by(FulfillmentOrder.number))]

    async def _do(self, step: Any, row_id: UUID) -> None:
        """One step in a unit of work; what the rules refuse stays as it is."""
        try:
            async with self.runtime.database.unit_of_work() as db:
                await step(db, row_id)
        except KontorError:
            return

    async def _accept(self, db: Session, row_id: UUID) -> None:
        await answering.accept(db, answering.Acceptance(row_id), now=db.now)

    async def _reject(self, db: Session, row_id: UUID) -> None:
        lines = list(await db.scalars(sa.select(FulfillmentLine).where(FulfillmentLine.fulfillment_order_id == row_id)))
        pieces = [answering.RejectedPieces(line.id, line.quantity, RejectReason.OUT_OF_STOCK) for line in lines]
        await answering.reject(db, row_id, pieces, now=db.now)

    async def _ready(self, db: Session, row_id: UUID) -> None:
        await pickup.mark_ready(db, row_id, now=db.now)

    async def _hand_over(self, db: Session, row_id: UUID) -> None:
        code = await db.scalar(sa.select(FulfillmentOrder.pickup_code).where(FulfillmentOrder.id == row_id))
        await pickup.hand_over(db, row_id, code=code or "", now=db.now)

    async def _ship(self, db: Session, row_id: UUID) -> None:
        parcel = ParcelInput(carrier="DHL", tracking_number=f"00340{self.chance.randrange(10**15):015}")
        request = shipping.Shipping(row_id, parcels=(parcel,))
        await shipping.ship(db, request, now=db.now, how=shipping.How())

    async def _deliver(self) -> None:
        """What was shipped two days ago or more arrives, most of it."""
        before = self.clock.moment - timedelta(days=2)
        found = sa.select(Shipment.fulfillment_order_id).where(
            Shipment.delivered_at.is_(None), Shipment.shipped_at < before, Shipment.fulfillment_order_id.is_not(None)
        )
        async with self.runtime.database.read_only() as db:
            rows = list(await db.scalars(found.order_by(Shipment.number)))
        for row_id in rows:
            if row_id is not None and self.chance.random() < 0.85:
                await self._do(self._arrive, row_id)

    async def _arrive(self, db: Session, row_id: UUID) -> None:
        await delivering.record_delivery(db, delivering.Delivery(fulfillment_order_id=row_id), now=db.now)

    async def _send_back(self) -> None:
        """A tenth of what arrived a few days ago comes back; most of it is received and inspected later."""
        after = self.clock.moment - timedelta(days=STEP * 2)
        before = self.clock.moment - timedelta(days=1)
        found = sa.select(Shipment.id, Shipment.order_id).where(
            Shipment.delivered_at > after, Shipment.delivered_at < before
        )
        async with self.runtime.database.read_only() as db:
            rows = list(await db.execute(found.order_by(Shipment.number)))
        for shipment_id, order_id in rows:
            if self.chance.random() < 0.1:
                await self._do(partial(self._announce, shipment_id), order_id)

    async def _announce(self, shipment_id: UUID, db: Session, order_id: UUID) -> None:
        line = await db.scalar(
            sa.select(ShipmentLine).where(ShipmentLine.shipment_id == shipment_id).order_by(ShipmentLine.id).limit(1)
        )
        if line is not None:
            reason = self.chance.choice(
                [ReturnReason.CHANGED_MIND, ReturnReason.DAMAGED, ReturnReason.NOT_AS_DESCRIBED]
            )
            wish = returns.ReturnWish(line.order_line_id, 1, reason)
            await returns.request_return(db, returns.Announcement(order_id, (wish,)), now=db.now)

    async def _take_back(self) -> None:
        """Goods announced the day before arrive at a store and are looked at there."""
        found = sa.select(Return.id).where(Return.state == ReturnState.APPROVED).order_by(Return.number)
        async with self.runtime.database.read_only() as db:
            ids = list(await db.scalars(found))
        for return_id in ids:
            if self.chance.random() < 0.7:
                await self._do(self._receive, return_id)

    async def _receive(self, db: Session, return_id: UUID) -> None:
        line = (await db.scalars(sa.select(ReturnLine).where(ReturnLine.return_id == return_id))).one()
        place = (await db.scalars(sa.select(StockLocation).where(StockLocation.code == "wh-hamburg"))).one()
        disposition = self.chance.choice([Disposition.RESTOCK, Disposition.RESTOCK, Disposition.SCRAP])
        finding = receiving.Finding(line.id, line.quantity, disposition, location_id=place.id)
        arrived = [receiving.Arrived(line.id, line.quantity)]
        await receiving.receive_return(db, return_id, place.id, arrived, now=db.now, findings=[finding])

    async def _cancel_some(self) -> None:
        """A few customers change their minds."""
        async with self.runtime.database.read_only() as db:
            found = sa.select(Order.id).where(Order.state.in_([OrderState.CONFIRMED, OrderState.IN_FULFILLMENT]))
            ids = list(await db.scalars(found.order_by(Order.number).limit(4)))
        for order_id in ids:
            await self._do(self._cancel, order_id)

    async def _cancel(self, db: Session, order_id: UUID) -> None:
        order = await orders.lock_order(db, order_id)
        lines = (await orders.lines_of(db, [order_id]))[order_id]
        wanted = {line.id: line.open_quantity for line in lines if line.open_quantity}
        if wanted:
            await canceling.cancel_lines(db, order, lines, wanted, reason="Customer changed their mind", now=db.now)
