"""A hundred buyers at once never get more than there is, however the stock is kept and by whichever way they come."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from factories.catalog import make_bundle, make_variant
from factories.channels import make_channel
from factories.intake import ADDRESS, Company, make_company, order_input, put_stock
from factories.inventory import make_reservation
from factories.locations import make_location
from kontor.api.group_writer import GroupWriter
from kontor.audit.running import differences
from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.core.ids import new_id
from kontor.core.principal import SYSTEM
from kontor.inventory.models import StockLevel
from kontor.orders.intake import LineInput, OrderInput
from kontor.orders.models import Order
from kontor.orders.placing import Taken
from support import Client, StandingClock

BUYERS = 100
TAKEN = "placed"
PLACE = """mutation Buy($input: PlaceOrderInput!) {
  placeOrder(input: $input) { __typename ... on PlacedOrder { id } ... on Error { code } } }"""


@dataclass(frozen=True)
class Rush:
    """What a hundred buyers want at once, and how many of them can have it."""

    orders: list[OrderInput]
    winners: int


async def one_unit(database: Database) -> Rush:
    company = await make_company(database)
    await _shelve(database, company, "LAMP", 1)
    return Rush([order_input(company.channel, ("LAMP", 1)) for _ in range(BUYERS)], 1)


async def a_bundle_and_its_component(database: Database) -> Rush:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        lamp = await make_variant(db, sku="LAMP")
        await make_bundle(db, {lamp: 1}, sku="SET")
    await put_stock(database, company.warehouse.id, lamp.id, 1)
    return Rush([order_input(company.channel, ("SET" if n % 2 else "LAMP", 1)) for n in range(BUYERS)], 1)


async def two_lines_of_one_article(database: Database) -> Rush:
    """Each line alone would fit twice, a cart of both only once."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        lamp = await make_variant(db, sku="LAMP")
        await make_bundle(db, {lamp: 1}, sku="SET")
    await put_stock(database, company.warehouse.id, lamp.id, 3)
    return Rush([order_input(company.channel, ("LAMP", 1), ("SET", 1)) for _ in range(BUYERS)], 1)


async def units_spread_over_places(database: Database) -> Rush:
    """Three pieces, each at a place of its own; everybody wants two."""
    company = await make_company(database)
    lamp_id = await _shelve(database, company, "LAMP", 1)
    async with database.unit_of_work() as db:
        others = [await make_location(db), await make_location(db, kind="STORE")]
    for place in others:
        await put_stock(database, place.id, lamp_id, 1)
    return Rush([order_input(company.channel, ("LAMP", 2)) for _ in range(BUYERS)], 1)


async def a_unit_kept_for_a_channel(database: Database) -> Rush:
    """Two pieces, one of them kept for the marketplace; only the shop's buyers come."""
    company, _ = await _with_quota(database, 2)
    return Rush([order_input(company.channel, ("LAMP", 1)) for _ in range(BUYERS)], 1)


async def the_last_unit_is_the_quota(database: Database) -> Rush:
    """One piece, kept for the marketplace; buyers of both come, and it is the marketplace's."""
    company, market = await _with_quota(database, 1)
    channels = (company.channel, market.channel)
    return Rush([order_input(channels[n % 2], ("LAMP", 1)) for n in range(BUYERS)], 1)


async def _shelve(database: Database, company: Company, sku: str, quantity: int) -> object:
    async with database.unit_of_work() as db:
        variant_id = (await make_variant(db, sku=sku)).id
    await put_stock(database, company.warehouse.id, variant_id, quantity)
    return variant_id


async def _with_quota(database: Database, quantity: int) -> tuple[Company, Company]:
    company = await make_company(database)
    lamp_id = await _shelve(database, company, "LAMP", quantity)
    async with database.unit_of_work() as db:
        market = await make_channel(db, payment_methods=["ON_ACCOUNT"])
        level = await db.get_one(StockLevel, (company.warehouse.id, lamp_id))
        await make_reservation(db, market, level, 1)
    return company, Company(market, company.warehouse)


RUSHES: tuple[Callable[[Database], Awaitable[Rush]], ...] = (
    one_unit,
    a_bundle_and_its_component,
    two_lines_of_one_article,
    units_spread_over_places,
    a_unit_kept_for_a_channel,
    the_last_unit_is_the_quota,
)
each_rush = pytest.mark.parametrize("rush_of", RUSHES, ids=lambda rush: rush.__name__)


async def check_stock(database: Database, rush: Rush) -> None:
    """As many orders as winners, and nothing is promised twice."""
    async with database.read_only() as db:
        orders = await db.scalar(sa.select(sa.func.count()).select_from(Order))
    assert orders == rush.winners
    assert [str(each) for each in await differences(database)] == []


@each_rush
async def test_two_customers_never_get_the_last_unit_through_the_api(
    database: Database, client: Client, rush_of: Callable[[Database], Awaitable[Rush]]
) -> None:
    rush = await rush_of(database)
    answers = await asyncio.gather(*[client.graphql(PLACE, {"input": _as_sent(order)}) for order in rush.orders])
    placed = [answer["data"]["placeOrder"] for answer in answers]
    assert Counter(each.get("code", TAKEN) for each in placed) == _expected(rush)
    await check_stock(database, rush)


@each_rush
def test_two_customers_never_get_the_last_unit_from_two_writers(
    database: Database, run: Callable[..., Rush], rush_of: Callable[[Database], Awaitable[Rush]]
) -> None:
    """Each writer has a thread, an event loop and connections of its own, as two processes have."""
    rush = run(rush_of(database))
    outcomes = writers_compete(database.url, [rush.orders[::2], rush.orders[1::2]])
    assert Counter(outcomes) == _expected(rush)
    run(check_stock(database, rush))


def test_two_customers_never_get_the_last_unit_when_each_order_is_a_transaction(
    database: Database, run: Callable[..., Rush]
) -> None:
    """Four writers whose orders never share a unit of work: only the database stands between them."""
    rush = run(one_unit(database))
    parts = [rush.orders[number:40:4] for number in range(4)]
    outcomes = writers_compete(database.url, parts, together=False)
    assert Counter(outcomes) == {TAKEN: 1, "OUT_OF_STOCK": 39}
    run(check_stock(database, rush))


def _expected(rush: Rush) -> dict[str, int]:
    return {TAKEN: rush.winners, "OUT_OF_STOCK": BUYERS - rush.winners}


def writers_compete(url: str, parts: Sequence[Sequence[OrderInput]], *, together: bool = True) -> list[str]:
    """Every part is placed by a writer of its own, all at the same moment; what became of each order."""
    begin, outcomes = threading.Barrier(len(parts)), list[str]()

    def write(orders: Sequence[OrderInput]) -> None:
        outcomes.extend(asyncio.run(_write(url, orders, begin, together=together)))

    threads = [threading.Thread(target=write, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


async def _write(url: str, orders: Sequence[OrderInput], begin: threading.Barrier, *, together: bool) -> list[str]:
    database = Database(url, clock=StandingClock())
    writer = GroupWriter(database)
    batch = [Taken(order, SYSTEM) for order in orders]
    await asyncio.to_thread(begin.wait)
    try:
        if together:
            outcomes = await asyncio.gather(*[writer.place(taken) for taken in batch])
        else:
            outcomes = [await writer.place(taken) for taken in batch]
    finally:
        await database.close()
    return [each.code if isinstance(each, KontorError) else TAKEN for each in outcomes]


def _as_sent(order: OrderInput) -> dict[str, object]:
    lines: tuple[LineInput, ...] = order.lines
    address = {"name": ADDRESS.name, "street": ADDRESS.street, "postalCode": ADDRESS.postal_code}
    return {
        "channel": order.channel,
        "externalId": new_id().hex,
        "lines": [{"sku": line.sku, "quantity": line.quantity, "unitPrice": line.unit_price} for line in lines],
        "billingAddress": {**address, "city": ADDRESS.city, "country": ADDRESS.country},
        "customer": {"name": order.customer.name, "email": order.customer.email},
    }
