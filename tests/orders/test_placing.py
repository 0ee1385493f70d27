"""Taking orders on both databases."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_bundle, make_product, make_variant
from factories.channels import make_channel
from factories.intake import ADDRESS, make_company, order_input, place, put_stock
from factories.locations import make_location
from factories.tax import make_tax_rate
from kontor.auth.models import AuditEntry
from kontor.catalog.models import ProductVariant
from kontor.channels.models import ShortagePolicy
from kontor.core.db import Database, Model, Session
from kontor.core.errors import Conflict, InvalidInput, NotFound
from kontor.core.outbox import EventRecord
from kontor.core.principal import SYSTEM, Principal, PrincipalKind
from kontor.inventory.allocating import Pick
from kontor.inventory.counting import StockFigure, set_stock_levels
from kontor.inventory.models import Allocation, Reservation, StockLevel
from kontor.inventory.redeeming import Redemption, allocate_redeeming
from kontor.locations.models import StockKind
from kontor.orders.errors import OrderConflict, OutOfStock, UnknownSku
from kontor.orders.intake import ChargeInput, DiscountInput, LineInput
from kontor.orders.models import Order, OrderCharge, OrderLine, PriceAdjustment
from kontor.orders.placing import Placed, StockMoved, Taken
from kontor.payments.models import Payment
from kontor.payments.placing import take_orders
from support import StandingClock


async def variant_with(database: Database, location_id: UUID, quantity: int, sku: str) -> ProductVariant:
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku=sku)
    if quantity:
        await put_stock(database, location_id, variant.id, quantity)
    return variant


async def count(database: Database, model: type[Model]) -> int:
    async with database.read_only() as db:
        return await db.scalar(sa.select(sa.func.count()).select_from(model)) or 0


async def test_placing_allocates_prices_and_promises_payment(database: Database) -> None:
    company = await make_company(database)
    variant = await variant_with(database, company.warehouse.id, 5, "A")
    [placed] = await place(database, company, order_input(company.channel, ("A", 3)))
    assert isinstance(placed, Placed)
    async with database.read_only() as db:
        order = await db.get_one(Order, placed.order_id)
        line = (await db.scalars(sa.select(OrderLine))).one()
        level = await db.get_one(StockLevel, (company.warehouse.id, variant.id))
        payment = (await db.scalars(sa.select(Payment))).one()
        events = list(await db.scalars(sa.select(EventRecord)))
    assert (order.total, order.tax_total, order.number) == (3000, 479, "100000")
    assert (line.ordered, line.allocated, line.unallocated) == (3, 3, 0)
    assert (line.net_total, line.tax_total, line.gross_total) == (2521, 479, 3000)
    assert (level.on_hand, level.allocated) == (5, 3)
    assert (payment.kind, payment.amount) == ("ON_ACCOUNT", 3000)
    assert [(event.name, event.seq) for event in events] == [("OrderPlaced", 1)]


async def test_the_same_external_order_is_placed_once(database: Database) -> None:
    company = await make_company(database)
    await variant_with(database, company.warehouse.id, 5, "A")
    order = order_input(company.channel, ("A", 1))
    [first] = await place(database, company, order)
    [again] = await place(database, company, order)
    [other] = await place(database, company, replace(order, lines=(LineInput("A", 2, 1000),)))
    assert isinstance(first, Placed)
    assert isinstance(again, Placed)
    assert (again.order_id, again.replayed) == (first.order_id, True)
    assert isinstance(other, OrderConflict)
    assert await count(database, Order) == 1


async def test_a_refused_order_leaves_its_neighbors_alone(database: Database) -> None:
    company = await make_company(database)
    await variant_with(database, company.warehouse.id, 3, "A")
    outcomes = await place(
        database,
        company,
        order_input(company.channel, ("A", 2)),
        order_input(company.channel, ("A", 2)),
        order_input(company.channel, ("NONE", 1)),
        order_input(company.channel, ("A", 1)),
        replace(order_input(company.channel, ("A", 1)), channel="elsewhere"),
    )
    assert [type(each) for each in outcomes] == [Placed, OutOfStock, UnknownSku, Placed, NotFound]
    short = outcomes[1]
    assert isinstance(short, Conflict)
    assert short.path == ("lines", 0, "quantity")
    assert (short.params["requested"], short.params["available"]) == (2, 1)
    assert await count(database, Order) == 2
    assert await count(database, Allocation) == 2


async def test_country_without_a_rate_for_a_class_charges_its_standard_rate(database: Database) -> None:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        book = await make_variant(db, sku="BOOK", product=await make_product(db, tax_class="reduced"))
        await make_tax_rate(db, country="FR", tax_class="reduced", rate=Decimal("5.5"), valid_to=date(2025, 1, 1))
        await make_tax_rate(db, country="FR", rate=Decimal(20))
        await make_tax_rate(db, country="AT", tax_class="reduced", rate=Decimal(10))
    await put_stock(database, company.warehouse.id, book.id, 9)
    parcel = ChargeInput("SHIPPING", "Parcel", 500, tax_class="postage")
    orders = [
        order_input(company.channel, ("BOOK", 1), shipping_address=replace(ADDRESS, country=country), charges=charges)
        for country, charges in (("DE", ()), ("FR", (parcel,)), ("AT", ()), ("AT", (parcel,)))
    ]
    *taken, refused = await place(database, company, *orders)
    async with database.read_only() as db:
        rates = [
            await db.scalar(sa.select(OrderLine.tax_rate).where(OrderLine.order_id == each.order_id))
            for each in taken
            if isinstance(each, Placed)
        ]
        charge = (await db.scalars(sa.select(OrderCharge.tax_rate))).one()
    assert (rates, charge) == ([Decimal(19), Decimal(20), Decimal(10)], Decimal(20))
    assert isinstance(refused, InvalidInput)
    assert refused.code == "NO_TAX_RATE"  # Austria has no standard rate either


async def test_two_lines_of_one_article_are_summed_before_the_check(database: Database) -> None:
    company = await make_company(database)
    await variant_with(database, company.warehouse.id, 3, "A")
    [refused] = await place(database, company, order_input(company.channel, ("A", 2), ("A", 2)))
    assert isinstance(refused, OutOfStock)
    assert await count(database, Order) == 0


async def test_stock_spread_over_places_serves_one_order(database: Database) -> None:
    company = await make_company(database)
    variant = await variant_with(database, company.warehouse.id, 1, "A")
    async with database.unit_of_work() as db:
        store = await make_location(db, kind="STORE")
    await put_stock(database, store.id, variant.id, 2)
    [placed] = await place(database, company, order_input(company.channel, ("A", 3)))
    assert isinstance(placed, Placed)
    async with database.read_only() as db:
        rows = list(await db.execute(sa.select(Allocation.location_id, Allocation.quantity)))
    assert {tuple(row) for row in rows} == {(company.warehouse.id, 1), (store.id, 2)}


async def test_a_bundle_and_its_component_share_the_last_piece(database: Database) -> None:
    company = await make_company(database)
    lamp = await variant_with(database, company.warehouse.id, 1, "LAMP")
    oil = await variant_with(database, company.warehouse.id, 9, "OIL")
    async with database.unit_of_work() as db:
        await make_bundle(db, {lamp: 1, oil: 2}, sku="SET")
    outcomes = await place(
        database, company, order_input(company.channel, ("SET", 1)), order_input(company.channel, ("LAMP", 1))
    )
    assert [type(each) for each in outcomes] == [Placed, OutOfStock]
    async with database.read_only() as db:
        lines = list(await db.scalars(sa.select(OrderLine).order_by(OrderLine.position)))
    assert [(line.sku, line.ordered, line.bundle_sku, line.gross_total) for line in lines] == [
        ("LAMP", 1, "SET", 333),
        ("OIL", 2, "SET", 667),
    ]


async def test_a_channel_uses_its_own_reservation_and_no_other(database: Database) -> None:
    company = await make_company(database)
    variant = await variant_with(database, company.warehouse.id, 0, "A")
    await put_stock(database, company.warehouse.id, variant.id, 2, reserved=1)
    async with database.unit_of_work() as db:
        rival = await make_channel(db, payment_methods=["ON_ACCOUNT"])
        db.add(
            Reservation(
                id=variant.id, location_id=company.warehouse.id, variant_id=variant.id, channel_id=rival.id,
                quantity=1, created_at=db.now,
            )
        )  # fmt: skip
    outcomes = await place(
        database, company, order_input(company.channel, ("A", 2)), order_input(company.channel, ("A", 1)),
        order_input(rival, ("A", 1)),
    )  # fmt: skip
    assert [type(each) for each in outcomes] == [OutOfStock, Placed, Placed]
    async with database.read_only() as db:
        level = (await db.scalars(sa.select(StockLevel))).one()
        reservation = (await db.scalars(sa.select(Reservation))).one()
    assert (level.on_hand, level.allocated, level.reserved, reservation.quantity) == (2, 2, 0, 0)


async def test_the_discount_of_the_order_is_spread_to_the_cent(database: Database) -> None:
    company = await make_company(database)
    for sku in ("A", "B", "C"):
        await variant_with(database, company.warehouse.id, 5, sku)
    order = order_input(
        company.channel, ("A", 1), ("B", 1), ("C", 1), discounts=(DiscountInput("TEN", "Ten off", 1000),)
    )
    [placed] = await place(database, company, order)
    assert isinstance(placed, Placed)
    async with database.read_only() as db:
        lines = list(await db.scalars(sa.select(OrderLine).order_by(OrderLine.position)))
        shares = list(await db.scalars(sa.select(PriceAdjustment.amount)))
    assert [line.gross_total for line in lines] == [666, 667, 667]
    assert sum(shares) == 1000


async def test_a_marketplace_order_is_taken_without_stock(database: Database) -> None:
    company = await make_company(database, shortage=ShortagePolicy.TAKE)
    await variant_with(database, company.warehouse.id, 1, "A")
    [placed] = await place(database, company, order_input(company.channel, ("A", 3)))
    assert isinstance(placed, Placed)
    async with database.read_only() as db:
        line = (await db.scalars(sa.select(OrderLine))).one()
        names = list(await db.scalars(sa.select(EventRecord.name).order_by(EventRecord.seq)))
    assert (line.allocated, line.unallocated) == (1, 2)
    assert names == ["OrderPlaced", "LinesUnallocated"]


async def test_wrong_input_names_the_field(database: Database) -> None:
    company = await make_company(database)
    await variant_with(database, company.warehouse.id, 5, "A")
    good = order_input(company.channel, ("A", 1))
    wrong = [
        (replace(good, lines=()), ("lines",)),
        (replace(good, lines=(LineInput("A", 0, 1),)), ("lines", 0, "quantity")),
        (replace(good, lines=(LineInput("A", 1, -1),)), ("lines", 0, "unitPrice")),
        (replace(good, lines=(LineInput("A", 1, None),)), ("lines", 0, "unitPrice")),
        (replace(good, expected_total=1), ("expectedTotal",)),
        (replace(good, external_id=" "), ("externalId",)),
        (
            replace(good, billing_address=replace(good.billing_address, country="Germany")),
            ("billingAddress", "country"),
        ),
    ]
    for order, path in wrong:
        [outcome] = await place(database, company, order)
        assert isinstance(outcome, InvalidInput), outcome
        assert outcome.path == path
    assert await count(database, Order) == 0


async def test_of_many_buyers_at_once_one_gets_the_last_piece(database: Database) -> None:
    company = await make_company(database)
    await variant_with(database, company.warehouse.id, 1, "A")
    outcomes = await asyncio.gather(
        *[place(database, company, order_input(company.channel, ("A", 1))) for _ in range(20)]
    )
    kinds = [type(each[0]) for each in outcomes]
    assert kinds.count(Placed) == 1
    assert kinds.count(OutOfStock) == 19


@pytest.mark.parametrize("stock_last", [True, False])
async def test_pieces_that_go_while_a_batch_is_planned_are_not_promised_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch, *, stock_last: bool
) -> None:
    company = await make_company(database)
    variant = await variant_with(database, company.warehouse.id, 2, "A")
    taken = [Taken(order_input(company.channel, ("A", 1)), SYSTEM) for _ in range(2)]

    async def after_somebody_else(db: Session, picks: Sequence[Pick], redemptions: Sequence[Redemption]) -> bool:
        await db.execute(sa.update(StockLevel).where(StockLevel.allocated == 0).values(allocated=1))
        return await allocate_redeeming(db, picks, redemptions)

    monkeypatch.setattr("kontor.orders.placing.allocate_redeeming", after_somebody_else)
    if stock_last:
        with pytest.raises(StockMoved):
            async with database.unit_of_work() as db:
                await take_orders(db, taken, [1, 2], stock_last=True)
        assert await count(database, Order) == await count(database, EventRecord) == 0
        return
    async with database.unit_of_work() as db:
        first, second = await take_orders(db, taken, [1, 2])
    assert isinstance(first, Placed)
    assert isinstance(second, OutOfStock)
    async with database.read_only() as db:
        assert (await db.get_one(StockLevel, (company.warehouse.id, variant.id))).allocated == 2


async def test_each_call_of_a_shared_unit_is_noted_for_its_caller_and_request(database: Database) -> None:
    company = await make_company(database)
    await variant_with(database, company.warehouse.id, 5, "A")
    callers = [Principal(PrincipalKind.CLIENT, UUID(int=number), f"shop {number}") for number in (1, 2)]
    batch = [
        Taken(order_input(company.channel, ("A", 1)), caller, f"request-{number}")
        for number, caller in enumerate(callers, 1)
    ]
    async with database.unit_of_work() as db:
        outcomes = await take_orders(db, batch, [1, 2])
    ids = [outcome.order_id for outcome in outcomes if isinstance(outcome, Placed)]
    async with database.read_only() as db:
        entries = {each.principal_id: each for each in await db.scalars(sa.select(AuditEntry))}
        events = {each.stream_id: each for each in await db.scalars(sa.select(EventRecord))}
    for number, (caller, order_id) in enumerate(zip(callers, ids, strict=True), 1):
        entry, event = entries[caller.id], events[order_id]
        assert (entry.operation, entry.targets) == ("placeOrder", [f"order:{order_id}"])
        assert (entry.request_id, event.request_id) == (f"request-{number}", f"request-{number}")
        assert event.principal_id == caller.id


@pytest.mark.parametrize("kind", [StockKind.AVAILABLE, StockKind.ON_HAND])
async def test_figure_from_before_an_order_does_not_bring_its_pieces_back(
    database: Database, clock: StandingClock, kind: StockKind
) -> None:
    company = await make_company(database)
    variant = await variant_with(database, company.warehouse.id, 2, "A")
    counted = clock.advance(minutes=5)
    clock.advance(minutes=1)
    [first] = await place(database, company, order_input(company.channel, ("A", 2)))
    clock.advance(minutes=1)
    for _ in range(2):  # sent again, it means the same
        async with database.unit_of_work() as db:
            [booked] = await set_stock_levels(db, [StockFigure(company.warehouse.code, "A", 2, kind, counted)])
        async with database.read_only() as db:
            level = await db.get_one(StockLevel, (company.warehouse.id, variant.id))
        assert (booked.on_hand, level.on_hand, level.allocated) == (2, 2, 2)
    [second] = await place(database, company, order_input(company.channel, ("A", 2)))
    assert isinstance(first, Placed)
    assert isinstance(second, OutOfStock)


@pytest.mark.parametrize(
    ("country", "vat_id", "rate", "tax"),
    [
        ("DE", "ATU12345675", "19", 160),  # at home the seller owes the tax, whoever buys
        ("AT", None, "20", 167),  # a consumer pays the rate of where it arrives
        ("AT", "ATU12345675", "0", 0),  # a company there owes the tax itself
        ("AT", "ATU12345670", "20", 167),  # an id that is none counts as none
        ("US", None, "0", 0),  # leaves the area of the tax
    ],
)
async def test_tax_follows_place_and_company(
    database: Database, country: str, vat_id: str | None, rate: str, tax: int
) -> None:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        await make_tax_rate(db, country="AT", rate=Decimal(20))
    await variant_with(database, company.warehouse.id, 1, "A")
    wanted = order_input(company.channel, ("A", 1))
    wanted = replace(
        wanted,
        billing_address=replace(ADDRESS, country=country),
        customer=replace(wanted.customer, vat_id=vat_id, company="Alpenhandel"),
    )
    [placed] = await place(database, company, wanted)
    assert isinstance(placed, Placed), placed
    async with database.read_only() as db:
        line = (await db.scalars(sa.select(OrderLine))).one()
    assert (line.tax_rate, line.tax_total, line.gross_total) == (Decimal(rate), tax, 1000)


async def test_order_too_large_for_any_ledger_is_refused_alone(database: Database) -> None:
    company = await make_company(database)
    await variant_with(database, company.warehouse.id, 100_000, "A")
    huge = order_input(company.channel, *[LineInput("A", 100_000, 10**12) for _ in range(3)])
    refused, placed = await place(database, company, huge, order_input(company.channel, ("A", 1)))
    assert isinstance(refused, InvalidInput)
    assert refused.code == "TOTAL_TOO_HIGH"
    assert isinstance(placed, Placed)
