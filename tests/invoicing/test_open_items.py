"""What is open is what the journal says of receivables, invoice by invoice; too much and too little are items."""

from __future__ import annotations

from factories.intake import order_input
from factories.invoicing import accounts, back, invoices, shipment_lines
from factories.ledger import busy_entity, give_back, open_of, sell
from factories.payments import another_shop, card, make_shop, paid_by
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.core.pagination import PageRequest
from kontor.invoicing.open_items import OpenItemFilter, list_open_items
from kontor.orders.intake import PaymentInput
from kontor.orders.queries import lock_order
from kontor.payments import queries
from kontor.payments import service as payments
from support import Drain


async def test_items_sum_to_the_receivables(runtime: Runtime, database: Database, drain: Drain) -> None:
    await busy_entity(database, drain)
    found = await open_of(database)
    assert found == {"INVOICE": 3000}
    assert sum(found.values()) == (await accounts(database))["RECEIVABLES"]


async def test_money_before_the_goods_is_an_advance(runtime: Runtime, database: Database, drain: Drain) -> None:
    company = await make_shop(database)
    order_id = await paid_by(database, company, PaymentInput("PREPAYMENT", 3000))
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        [payment] = (await queries.lock_payments(db, [order_id]))[order_id]
        await payments.record_payment(db, order, payment, 3000, reference="T1", now=db.now)
    assert await drain() == []
    assert await open_of(database) == {"ADVANCE": -3000}
    assert (await accounts(database))["RECEIVABLES"] == -3000


async def test_an_unpaid_rest_and_a_surplus_are_items(runtime: Runtime, database: Database, drain: Drain) -> None:
    company = await make_shop(database, settings={"payment_tolerance": 100})
    under = order_input(company.channel, ("COAT", 2), payments=(card(1950),))
    over = order_input(company.channel, ("COAT", 2), payments=(PaymentInput("COLLECTED_BY_CHANNEL", 2050),))
    await sell(database, drain, company, under)
    await sell(database, drain, company, over)
    assert await open_of(database) == {"INVOICE": 50, "OVERPAYMENT": -50}
    assert sum((await open_of(database)).values()) == (await accounts(database)).get("RECEIVABLES", 0)


async def test_a_settled_item_is_listed_only_when_asked_for(runtime: Runtime, database: Database, drain: Drain) -> None:
    company = await make_shop(database)
    other = await another_shop(database, company)
    wanted = order_input(company.channel, ("COAT", 2), payments=(PaymentInput("ON_ACCOUNT", 2000),))
    order_id, _ = await sell(database, drain, company, wanted)
    assert await open_of(database) == {"INVOICE": 2000}
    [invoice] = await invoices(database)
    [line] = await shipment_lines(database, invoice.shipment_id)
    await give_back(database, drain, order_id, amount=2000, lines=[back(line, 2, 2000)])
    assert await open_of(database) == {}
    async with database.read_only() as db:
        settled = await list_open_items(db, OpenItemFilter(settled=True, kind=["INVOICE"]), PageRequest())
        elsewhere = OpenItemFilter(settled=True, legal_entity_id=other.channel.legal_entity_id)
        none = await list_open_items(db, elsewhere, PageRequest())
    assert [(item.number, item.open, item.amount) for item in settled.items] == [(invoice.number, 0, 2000)]
    assert none.items == []
