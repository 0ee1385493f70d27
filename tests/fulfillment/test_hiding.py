"""A partner sees whose goods it sends as long as shipping needs it, and nobody else's ever."""

from __future__ import annotations

from typing import Any

from factories.fulfillment import released
from factories.suppliers import make_supplier
from kontor.core.db import Database
from kontor.core.outbox import schedule
from kontor.core.principal import SYSTEM, Principal
from kontor.fulfillment.delivering import Delivery, record_delivery
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.fulfillment.talking import write_message
from support import Client, Drain, StandingClock

SEEN = "{ fulfillmentOrders(first: 10, sort: CREATED_AT) { nodes { customerName shippingAddress { street phone } } } }"
GRETA = {"customerName": "Greta Fock", "shippingAddress": {"street": "Deichstraße 7", "phone": None}}
NOBODY = {"customerName": "", "shippingAddress": None}


async def seen(client: Client, principal: Principal) -> list[dict[str, Any]]:
    answer = await client.graphql(SEEN, principal=principal)
    found: list[dict[str, Any]] = answer["data"]["fulfillmentOrders"]["nodes"]
    return found


async def test_name_and_address_go_when_goods_arrived_or_are_long_on_their_way(
    database: Database, client: Client, drain: Drain, clock: StandingClock
) -> None:
    supplier = await make_supplier(database)
    rows = [(await released(database, supplier.company, ("LAMP-ds", 1)))[1] for _ in range(3)]
    assert await seen(client, supplier.principal) == [GRETA] * 3
    async with database.unit_of_work() as db:
        for row_id in rows[:2]:
            await ship(db, Shipping(row_id), now=db.now, how=How(accepts_open=True))
        await record_delivery(db, Delivery(rows[0]), now=db.now)
    async with database.unit_of_work() as db:
        schedule(db, "fulfillment.hide_customers", {})
    await drain()
    assert await seen(client, supplier.principal) == [NOBODY, GRETA, GRETA]
    clock.advance(days=29)
    async with database.unit_of_work(supplier.principal) as db:
        await write_message(db, rows[1], "Is it there?", principal=supplier.principal)
    clock.advance(days=1)
    async with database.unit_of_work() as db:
        schedule(db, "fulfillment.hide_customers", {})
    await drain()
    assert (await seen(client, supplier.principal))[1] == NOBODY
    assert await seen(client, SYSTEM) == [GRETA] * 3
