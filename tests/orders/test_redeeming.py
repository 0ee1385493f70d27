"""What is reserved for a customer is for the order that names it, and for nobody else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_bundle, make_variant
from factories.channels import make_channel
from factories.intake import ADDRESS, Company, make_company, order_input, place, put_stock
from factories.locations import make_location
from kontor.catalog.models import ProductVariant
from kontor.channels.models import SalesChannel
from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.core.outbox import OutboxRow
from kontor.inventory.differences import differences
from kontor.inventory.models import Allocation, MovementKind, Reservation, StockLevel, StockMovement
from kontor.inventory.reservations import Wish, reserve_stock, set_channel_reservation
from kontor.locations.models import LocationKind, StockLocation
from kontor.orders.errors import OutOfStock
from kontor.orders.intake import OrderInput
from kontor.orders.placing import Placed
from kontor.orders.states import DeliveryType
from support import Client, StandingClock


@dataclass
class Counter:
    """A store where customers collect what they reserved."""

    database: Database
    company: Company
    store: StockLocation
    lamp: ProductVariant

    async def reserve(self, quantity: int, reference: str = "CR-1", sku: str = "LAMP") -> None:
        async with self.database.unit_of_work() as db:
            wish = Wish(self.company.channel.id, "HAM", sku, quantity)
            await reserve_stock(db, wish, reference=reference, expires_at=db.now + timedelta(hours=2))

    def order(self, quantity: int = 1, reservation: str | None = "CR-1") -> OrderInput:
        return order_input(
            self.company.channel, ("LAMP", quantity), delivery_type=DeliveryType.PICKUP, pickup_location="HAM",
            reservation=reservation,
        )  # fmt: skip

    async def place(self, *orders: OrderInput) -> list[str]:
        """What came of each: `placed`, or the code of the refusal."""
        outcomes = await place(self.database, self.company, *orders)
        return ["placed" if isinstance(each, Placed) else each.code for each in outcomes]

    async def counters(self, place_id: UUID | None = None) -> tuple[int, int, int]:
        async with self.database.read_only() as db:
            level = await db.get_one(StockLevel, (place_id or self.store.id, self.lamp.id))
            return level.on_hand, level.allocated, level.reserved

    async def sound(self) -> bool:
        async with self.database.read_only() as db:
            return await differences(db) == []


async def make_counter(database: Database, on_hand: int) -> Counter:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        store = await make_location(db, code="HAM", kind=LocationKind.STORE, can_pickup=True)
        lamp = await make_variant(db, sku="LAMP")
    await put_stock(database, store.id, lamp.id, on_hand)
    return Counter(database, company, store, lamp)


async def test_last_reserved_piece_is_for_its_holder_alone(database: Database) -> None:
    counter = await make_counter(database, 1)
    await counter.reserve(1)
    anybody, shipped = counter.order(reservation=None), order_input(counter.company.channel, ("LAMP", 1))
    assert await counter.place(anybody, shipped) == ["OUT_OF_STOCK", "OUT_OF_STOCK"]
    assert await counter.place(replace(anybody, external_id="x"), counter.order()) == ["OUT_OF_STOCK", "placed"]
    async with database.read_only() as db:
        (row,) = await db.scalars(sa.select(Allocation))
        ledger = await db.execute(
            sa.select(StockMovement.kind, StockMovement.reserved, StockMovement.reason)
            .where(StockMovement.order_id == row.order_id)
            .order_by(StockMovement.id)
        )
        timers = await db.scalar(sa.select(sa.func.count()).where(OutboxRow.job == "inventory.release_expired"))
        assert {tuple(each) for each in ledger} == {
            (MovementKind.ALLOCATE, 0, None),
            (MovementKind.UNRESERVE, -1, "CR-1"),
        }
    assert (row.location_id, row.quantity, row.from_reservation, timers) == (counter.store.id, 1, 0, 0)
    assert await counter.counters() == (1, 1, 0)
    assert await counter.sound()


async def test_same_order_again_redeems_nothing_more(database: Database) -> None:
    counter = await make_counter(database, 2)
    await counter.reserve(1)
    await counter.reserve(1, "CR-2")
    order = counter.order()
    [first] = await place(database, counter.company, order)
    [again] = await place(database, counter.company, order)
    assert isinstance(first, Placed)
    assert isinstance(again, Placed)
    assert (again.order_id, again.replayed) == (first.order_id, True)
    assert await counter.place(replace(order, reservation="CR-2")) == ["ORDER_CONFLICT"]
    assert await counter.counters() == (2, 1, 1)


async def test_two_orders_for_one_reservation_are_one(database: Database) -> None:
    counter = await make_counter(database, 1)
    await counter.reserve(1)
    assert await counter.place(counter.order(), counter.order()) == ["placed", "RESERVATION_OVER"]
    assert await counter.place(counter.order()) == ["RESERVATION_OVER"]
    assert await counter.sound()


async def test_many_at_once_leave_the_piece_to_its_holder(database: Database) -> None:
    counter = await make_counter(database, 1)
    await counter.reserve(1)
    orders = [counter.order(reservation="CR-1" if n in (7, 31) else None) for n in range(40)]
    outcomes = await asyncio.gather(*[counter.place(order) for order in orders])
    codes = [code for [code] in outcomes]
    assert sorted(codes[n] for n in (7, 31)) == ["RESERVATION_OVER", "placed"]
    assert {code for n, code in enumerate(codes) if n not in (7, 31)} <= {"OUT_OF_STOCK", "TRY_AGAIN"}
    assert await counter.counters() == (1, 1, 0)
    assert await counter.sound()


async def test_refused_order_leaves_the_reservation_kept(database: Database) -> None:
    counter = await make_counter(database, 2)
    await counter.reserve(1)
    await counter.reserve(1, "CR-2")
    [refused] = await place(database, counter.company, counter.order(2))
    assert isinstance(refused, OutOfStock)
    assert refused.params["available"] == 1
    assert await counter.counters() == (2, 0, 2)
    assert await counter.place(counter.order(), counter.order(reservation="CR-2")) == ["placed", "placed"]
    assert await counter.counters() == (2, 2, 0)
    assert await counter.sound()


async def test_what_the_order_does_not_take_is_free_again(database: Database) -> None:
    counter = await make_counter(database, 3)
    await counter.reserve(3)
    assert await counter.place(counter.order(1), counter.order(2, None)) == ["placed", "placed"]
    assert await counter.counters() == (3, 3, 0)
    assert await counter.sound()


async def test_more_than_was_reserved_comes_from_the_free_stock_of_the_store(database: Database) -> None:
    counter = await make_counter(database, 3)
    await put_stock(database, counter.company.warehouse.id, counter.lamp.id, 5)
    await counter.reserve(1)
    assert await counter.place(counter.order(3)) == ["placed"]
    assert await counter.counters() == (3, 3, 0)
    assert await counter.counters(counter.company.warehouse.id) == (5, 0, 0)


async def test_own_pieces_go_before_the_quota_of_the_channel(database: Database) -> None:
    counter = await make_counter(database, 4)
    async with database.unit_of_work() as db:
        await set_channel_reservation(db, Wish(counter.company.channel.id, "HAM", "LAMP", 2))
    await counter.reserve(1)
    assert await counter.place(counter.order(2)) == ["placed"]
    async with database.read_only() as db:
        (taken,) = await db.scalars(sa.select(Allocation.from_reservation))
        left = await db.scalars(sa.select(Reservation.quantity).order_by(Reservation.reference))
        assert (taken, list(left)) == (1, [1, 0])
    assert await counter.counters() == (4, 2, 1)
    assert await counter.sound()


async def test_reserved_component_is_redeemed_by_its_bundle(database: Database) -> None:
    counter = await make_counter(database, 1)
    async with database.unit_of_work() as db:
        await make_bundle(db, {counter.lamp: 1}, sku="SET")
    await counter.reserve(1)
    order = replace(counter.order(), lines=order_input(counter.company.channel, ("SET", 1)).lines)
    assert await counter.place(order) == ["placed"]
    assert await counter.counters() == (1, 1, 0)


async def other_store(counter: Counter, order: OrderInput) -> OrderInput:
    async with counter.database.unit_of_work() as db:
        await make_location(db, code="KIEL", kind=LocationKind.STORE, can_pickup=True)
    return replace(order, pickup_location="KIEL")


async def other_channel(counter: Counter, order: OrderInput) -> OrderInput:
    async with counter.database.unit_of_work() as db:
        channel: SalesChannel = await make_channel(db, code="market", payment_methods=["ON_ACCOUNT"])
    return replace(order, channel=channel.code)


async def other_article(counter: Counter, order: OrderInput) -> OrderInput:
    async with counter.database.unit_of_work() as db:
        rug = await make_variant(db, sku="RUG")
    await put_stock(counter.database, counter.store.id, rug.id, 1)
    return replace(order, lines=order_input(counter.company.channel, ("RUG", 1)).lines)


async def shipped(counter: Counter, order: OrderInput) -> OrderInput:
    return replace(order, delivery_type=DeliveryType.SHIP, pickup_location=None, shipping_address=ADDRESS)


async def unknown(counter: Counter, order: OrderInput) -> OrderInput:
    return replace(order, reservation="CR-0")


async def empty(counter: Counter, order: OrderInput) -> OrderInput:
    """No reference is no quota of the channel either."""
    async with counter.database.unit_of_work() as db:
        await set_channel_reservation(db, Wish(counter.company.channel.id, "HAM", "LAMP", 1))
    return replace(order, reservation="")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (unknown, "RESERVATION_NOT_FOUND"),
        (empty, "RESERVATION_NOT_FOUND"),
        (other_channel, "RESERVATION_NOT_FOUND"),
        (other_store, "RESERVATION_ELSEWHERE"),
        (shipped, "RESERVATION_ELSEWHERE"),
        (other_article, "RESERVATION_OTHER_ARTICLE"),
    ],
)
async def test_reservation_that_is_not_the_orders_is_refused_naming_the_field(
    database: Database, change: object, code: str
) -> None:
    counter = await make_counter(database, 2)
    await counter.reserve(1)
    assert callable(change)
    [refused] = await place(database, counter.company, await change(counter, counter.order()))
    assert isinstance(refused, KontorError)
    assert (refused.code, refused.path) == (code, ("reservation",))
    async with database.read_only() as db:
        kept = await db.scalar(sa.select(Reservation.quantity).where(Reservation.reference == "CR-1"))
    assert kept == 1


async def test_reservation_whose_time_is_over_is_not_redeemed(database: Database, clock: StandingClock) -> None:
    counter = await make_counter(database, 1)
    await counter.reserve(1)
    clock.advance(hours=2)  # the job that gives it up has not run yet
    [refused] = await place(database, counter.company, counter.order())
    assert isinstance(refused, KontorError)
    assert (refused.code, refused.path) == ("RESERVATION_EXPIRED", ("reservation",))
    assert await counter.counters() == (1, 0, 1)


PLACE = """mutation Buy($input: PlaceOrderInput!) {
  placeOrder(input: $input) { __typename ... on PlacedOrder { replayed } ... on Error { code path } } }"""


async def test_shop_names_the_reservation(database: Database, client: Client) -> None:
    counter = await make_counter(database, 1)
    await counter.reserve(1)
    address = {"name": "Greta", "street": "Deichstraße 7", "postalCode": "20459", "city": "Hamburg", "country": "DE"}
    order = {
        "channel": counter.company.channel.code, "externalId": "S-1", "billingAddress": address,
        "customer": {"name": "Greta"}, "lines": [{"sku": "LAMP", "quantity": 1, "unitPrice": 1000}],
        "deliveryType": "PICKUP", "pickupLocation": "HAM",
    }  # fmt: skip
    answers = []
    for number, reference in (("S-0", None), ("S-1", "CR-1"), ("S-1", "CR-1"), ("S-2", "CR-1")):
        given = {**order, "externalId": number, "reservation": reference}
        answers.append((await client.graphql(PLACE, {"input": given}))["data"]["placeOrder"])
    assert answers == [
        {"__typename": "ConflictError", "code": "OUT_OF_STOCK", "path": ["input", "lines", "0", "quantity"]},
        {"__typename": "PlacedOrder", "replayed": False},
        {"__typename": "PlacedOrder", "replayed": True},
        {"__typename": "ConflictError", "code": "RESERVATION_OVER", "path": ["input", "reservation"]},
    ]
