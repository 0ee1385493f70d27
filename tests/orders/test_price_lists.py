"""Orders that Kontor prices: by the list of the buyer, frozen on the line whatever becomes of list and customer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from factories.catalog import make_bundle, make_variant
from factories.intake import ADDRESS, Company, make_company, order_input, place, put_stock
from factories.locations import make_location
from factories.pricing import make_price, make_price_list
from factories.promotions import make_promotion
from factories.tax import make_tax_rate
from kontor.channels.models import SalesChannel
from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.customers.models import Customer
from kontor.imports.saving import touch_masters
from kontor.orders.intake import CustomerInput, LineInput, OrderInput
from kontor.orders.models import Order, OrderLine
from kontor.orders.placing import Placed
from kontor.orders.quoting import BasketLine, QuoteInput, quote_basket
from kontor.orders.resolving import read_facts
from kontor.orders.states import DeliveryType
from kontor.payments.models import Payment
from kontor.pricing import service
from kontor.pricing.models import Price, PriceList
from kontor.routing import masters
from support import StandingClock

ADA = CustomerInput("Ada Handel", "ada@handel.example")
AUSTRIA = replace(ADDRESS, postal_code="1010", city="Wien", country="AT", latitude=None, longitude=None)


async def shop(database: Database, **lists: dict[str, Any]) -> Company:
    """A lamp at 10.00; in lists named by the keywords at `amount` or by steps, for whom the rest says."""
    company = await make_company(database, code="shop")
    async with database.unit_of_work() as db:
        await make_tax_rate(db, country="AT", rate="20")
        variant = await make_variant(db, sku="LAMP")
        await make_price(db, company.channel, variant, 1000)
        for code, given in lists.items():
            steps = given.pop("steps", {1: given.pop("amount", 0)})
            row = await make_price_list(db, company.channel, code, **given)
            for quantity, amount in steps.items():
                await make_price(db, company.channel, variant, amount, price_list_id=row.id, min_quantity=quantity)
    await put_stock(database, company.warehouse.id, variant.id, 5000)
    return company


async def known_customer(database: Database, company: Company, *tags: str) -> None:
    """Ada, who has ordered before and is in these groups now."""
    await place(database, company, order(company, customer=ADA))
    await regroup(database, *tags)


async def regroup(database: Database, *tags: str) -> None:
    async with database.unit_of_work() as db:
        (await db.scalars(sa.select(Customer).where(Customer.email == ADA.email))).one().tags = list(tags)


def order(company: Company, quantity: int = 1, **given: Any) -> OrderInput:
    return order_input(company.channel, LineInput("LAMP", quantity), **given)


async def paid(database: Database) -> list[tuple[int, str | None]]:
    """Unit price and list of each line, in the order in which they were placed."""
    async with database.read_only() as db:
        rows = await db.execute(sa.select(OrderLine.unit_price, OrderLine.price_list).order_by(OrderLine.id))
        return [(row[0], row[1]) for row in rows]


TRADE = {"customer_group": "trade"}


async def test_customer_of_a_group_pays_its_price_and_a_guest_the_channels_own(database: Database) -> None:
    company = await shop(database, TRADE={**TRADE, "amount": 800})
    await known_customer(database, company, "trade", "newsletter")
    await place(database, company, order(company, customer=ADA), order(company))
    assert await paid(database) == [(1000, "STANDARD"), (800, "TRADE"), (1000, "STANDARD")]


async def test_order_keeps_its_price_when_its_customer_leaves_the_group(database: Database) -> None:
    company = await shop(database, TRADE={**TRADE, "amount": 800})
    await known_customer(database, company, "trade")
    await place(database, company, order(company, customer=ADA))
    await regroup(database)
    await place(database, company, order(company, customer=ADA))
    assert await paid(database) == [(1000, "STANDARD"), (800, "TRADE"), (1000, "STANDARD")]


async def test_country_of_delivery_decides_not_that_of_the_invoice(database: Database) -> None:
    company = await shop(database, AUSTRIA={"country": "AT", "amount": 1100})
    await place(
        database, company, order(company, shipping_address=AUSTRIA), order(company, billing_address=AUSTRIA),
        order(company, billing_address=AUSTRIA, shipping_address=ADDRESS),
    )  # fmt: skip
    assert await paid(database) == [(1100, "AUSTRIA"), (1100, "AUSTRIA"), (1000, "STANDARD")]


async def test_goods_collected_at_a_store_cost_what_its_country_pays(database: Database) -> None:
    company = await shop(database, AUSTRIA={"country": "AT", "amount": 1100})
    async with database.unit_of_work() as db:
        store = await make_location(db, code="WIEN", country="AT", can_pickup=True)
        lamp = (await db.scalars(sa.select(Price.variant_id).limit(1))).one()
    await put_stock(database, store.id, lamp, 5)
    [placed] = await place(database, company, order(company, delivery_type=DeliveryType.PICKUP, pickup_location="WIEN"))
    assert isinstance(placed, Placed)
    assert await paid(database) == [(1100, "AUSTRIA")]


async def test_step_of_the_list_counts_and_smaller_quantities_fall_back(database: Database) -> None:
    company = await shop(database, TRADE={**TRADE, "steps": {5: 800, 10: 700}}, ALL={"amount": 950})
    await known_customer(database, company, "trade")
    await place(database, company, *(order(company, count, customer=ADA) for count in (4, 5, 10)))
    assert (await paid(database))[1:] == [(950, "ALL"), (800, "TRADE"), (700, "TRADE")]


async def test_late_order_costs_what_its_list_said_when_it_was_placed(database: Database, clock: StandingClock) -> None:
    company = await shop(database, TRADE={**TRADE, "amount": 800})
    await known_customer(database, company, "trade")
    then = await clock.now()
    clock.advance(days=1)
    async with database.unit_of_work() as db:
        rows: list[Any] = [
            {"channel": "shop", "sku": "LAMP", "amount": 777, "price_list": "TRADE"},
            {"channel": "shop", "sku": "LAMP", "amount": 999},
        ]
        assert [each.problem for each in await service.set_prices(db, rows)] == [None, None]
    late = [order(company, customer=who, placed_at=then) for who in (ADA, CustomerInput("Guest"))]
    await place(database, company, *late, order(company, customer=ADA))
    assert (await paid(database))[1:] == [(800, "TRADE"), (1000, "STANDARD"), (777, "TRADE")]


async def test_order_dated_ahead_does_not_get_a_planned_price(database: Database, clock: StandingClock) -> None:
    company = await shop(database)
    async with database.unit_of_work() as db:
        begins = await clock.now() + timedelta(hours=1)
        rows: list[Any] = [{"channel": "shop", "sku": "LAMP", "amount": 1, "valid_from": begins}]
        await service.set_prices(db, rows)
    await place(database, company, order(company, placed_at=await clock.now() + timedelta(hours=2)))
    assert await paid(database) == [(1000, "STANDARD")]


async def test_line_with_a_price_of_the_channel_names_no_list(database: Database) -> None:
    company = await shop(database, TRADE={**TRADE, "amount": 800})
    await known_customer(database, company, "trade")
    lines = (LineInput("LAMP", 1, 900), LineInput("LAMP", 1))
    await place(database, company, order_input(company.channel, *lines, customer=ADA))
    assert (await paid(database))[1:] == [(900, None), (800, "TRADE")]


async def test_components_of_a_bundle_name_the_list_of_its_price(database: Database) -> None:
    company = await shop(database, TRADE={**TRADE, "amount": 800})
    async with database.unit_of_work() as db:
        lamp, oil = [await make_variant(db) for _ in range(2)]
        bundle = await make_bundle(db, {lamp: 1, oil: 1}, sku="SET")
        trade = (await db.scalars(sa.select(PriceList))).one()
        for part in (lamp, oil):
            await make_price(db, company.channel, part, 600)
        await make_price(db, company.channel, oil, 200, price_list_id=trade.id)
        await make_price(db, company.channel, bundle, 1000, price_list_id=trade.id)
    for part in (lamp, oil):
        await put_stock(database, company.warehouse.id, part.id, 5)
    await known_customer(database, company, "trade")
    wanted = order_input(company.channel, LineInput("SET", 1), customer=ADA)
    [placed, refused] = await place(database, company, wanted, order_input(company.channel, LineInput("SET", 1)))
    assert isinstance(placed, Placed)
    assert isinstance(refused, KontorError)
    assert refused.code == "NO_PRICE"
    assert (await paid(database))[1:] == [(750, "TRADE"), (250, "TRADE")]


async def test_preview_tells_the_price_and_list_of_a_group_and_country(database: Database) -> None:
    company = await shop(database, TRADE={**TRADE, "amount": 800}, BOTH={**TRADE, "country": "AT", "amount": 850})
    asked = [("", ()), ("DE", ("trade",)), ("AT", ("trade",)), ("AT", ())]
    told = []
    async with database.read_only() as db:
        for country, groups in asked:
            basket = QuoteInput(company.channel.code, [BasketLine("LAMP")], groups=groups, country=country)
            line = (await quote_basket(db, basket, db.now)).lines[0]
            told.append((line.unit_price, line.price_list))
    assert told == [(1000, "STANDARD"), (800, "TRADE"), (850, "BOTH"), (1000, "STANDARD")]


async def test_preview_without_a_country_takes_the_channels_own_for_conditions_too(database: Database) -> None:
    company = await shop(database)
    await make_promotion(database, expression="basket.country == 'DE'")
    async with database.read_only() as db:
        line = (await quote_basket(db, QuoteInput(company.channel.code, [BasketLine("LAMP")]), db.now)).lines[0]
    assert line.discount > 0


async def test_order_in_another_currency_costs_what_its_list_says(database: Database) -> None:
    company = await shop(database, SWISS={"currency": "CHF", "amount": 1150})
    async with database.unit_of_work() as db:
        (await db.get_one(SalesChannel, company.channel.id)).currencies = ["CHF"]
        await make_price(db, company.channel, await make_variant(db, sku="OIL"), 500)
        await touch_masters(db)
    oil = order_input(company.channel, LineInput("OIL", 1), currency="CHF")
    outcomes = await place(
        database, company, order(company, 2, currency="CHF"), order(company), oil, order(company, currency="USD"),
        order(company, currency="EUR"),
    )  # fmt: skip
    refused = [(each.code, each.path) if isinstance(each, KontorError) else None for each in outcomes]
    no_price = ("NO_PRICE", ("lines", 0, "unitPrice"))
    assert refused == [None, None, no_price, ("CURRENCY_NOT_SOLD", ("currency",)), None]
    assert await paid(database) == [(1150, "SWISS"), (1000, "STANDARD"), (1000, "STANDARD")]
    async with database.read_only() as db:
        rows = await db.execute(
            sa.select(Order.currency, Order.total, Payment.currency, Payment.amount)
            .join(Payment, Payment.order_id == Order.id)
            .order_by(Order.number)
        )
        assert [tuple(row) for row in rows] == [("CHF", 2300, "CHF", 2300), *[("EUR", 1000, "EUR", 1000)] * 2]
        basket = QuoteInput(company.channel.code, [BasketLine("LAMP")], currency="CHF")
        quote = await quote_basket(db, basket, db.now)
    assert (quote.currency, quote.total) == ("CHF", 1150)


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    engine = database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("lists", [0, 1, 12])
async def test_prices_of_one_line_and_of_fifty_are_one_statement(database: Database, lists: int) -> None:
    company = await shop(database, **{f"L{number}": {"amount": 800, "priority": number} for number in range(lists)})
    async with database.unit_of_work() as db:
        skus = ["LAMP"]
        for number in range(49):
            variant = await make_variant(db, sku=f"S{number}")
            await make_price(db, company.channel, variant, 500)
            skus.append(variant.sku)
    sent = []
    for count in (1, 1, 50):  # lists and promotions are kept in memory once they were read
        lines = [LineInput(sku, 1) for sku in skus[:count]]
        async with database.read_only() as db:
            known = await masters.load(db)
            with counted(database) as statements:
                facts = await read_facts(db, known, [order_input(company.channel, *lines)])
        assert len(facts.prices) == count
        sent.append((len(statements), sum("FROM price " in " ".join(text.split()) for text in statements)))
    assert sent[1] == sent[2] == (2, 1)


async def test_placing_fifty_lines_of_a_group_costs_the_statements_of_one(database: Database) -> None:
    company = await shop(database, TRADE={**TRADE, "amount": 800}, AUSTRIA={"country": "AT", "amount": 1100})
    skus = ["LAMP"]
    for number in range(49):
        async with database.unit_of_work() as db:
            variant = await make_variant(db, sku=f"S{number}")
            await make_price(db, company.channel, variant, 500)
            skus.append(variant.sku)
        await put_stock(database, company.warehouse.id, variant.id, 100)
    await known_customer(database, company, "trade")
    sent = []
    for count in (1, 1, 50):
        lines = [LineInput(sku, 1) for sku in skus[:count]]
        with counted(database) as statements:
            [placed] = await place(database, company, order_input(company.channel, *lines, customer=ADA))
        assert isinstance(placed, Placed)
        sent.append([text for text in statements if "FROM price " in " ".join(text.split())])
        sent.append(statements)
    once, fifty = sent[2:4], sent[4:6]
    assert len(once[0]) == len(fifty[0]) == 1
    assert len(fifty[1]) <= len(once[1])
    assert (await paid(database))[-50:].count((500, "STANDARD")) == 49
