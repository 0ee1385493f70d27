"""What the books owe on gift cards is what is left on them, whatever they cost, and ends at nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from factories.catalog import make_variant
from factories.invoicing import back
from flows.shop import Shop, open_shop
from kontor import bootstrap
from kontor.catalog.models import ProductKind
from kontor.catalog.vouchers import VoucherKind
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.fulfillment.models import IssuedCode, Shipment, ShipmentLine
from kontor.giftcards.models import GiftCard
from kontor.giftcards.values import GATEWAY
from kontor.invoicing.models import JournalLine
from kontor.ledger import rebuilding
from kontor.orders.queries import lock_order
from kontor.payments import service
from support import Client, Drain, Principals, StandingClock

EXPIRE = (
    "mutation($id: UUID!, $reason: String!) { result: expireGiftCard(id: $id, reason: $reason) { __typename "
    "... on GiftCardWrittenOff { giftCard { balance { amount } } } ... on Error { code } } }"
)
SOLD = ("STORED_VALUE", "VOUCHER_DISCOUNTS", "EXPIRED_CARDS")


async def owed(shop: Shop) -> dict[str, int]:
    """What the books say of cards; what they owe on them is what is left on the cards."""
    async with shop.database.read_only() as db:
        sums = sa.select(JournalLine.account, sa.func.sum(JournalLine.amount)).where(JournalLine.account.in_(SOLD))
        found = {name: int(amount) for name, amount in await db.execute(sums.group_by(JournalLine.account)) if amount}
        left = await db.scalar(sa.select(sa.func.sum(GiftCard.balance)))
        assert [text async for text in rebuilding.differences(db)] == []
    assert found.get("STORED_VALUE", 0) == -int(left or 0)
    return found


async def sell(shop: Shop, cards: int, discount: int) -> tuple[UUID, list[str]]:
    """Cards of 100.00, so much off all of them; the order and their codes."""
    line = {"sku": "GIFT", "quantity": cards, "unitPrice": 10000, "discount": discount}
    paid = {"kind": "CARD", "amount": cards * 10000 - discount, "token": "tok_visa"}
    order_id = UUID(await shop.place(paid, lines=[line]))
    async with shop.database.read_only() as db:
        found = sa.select(IssuedCode.code).where(IssuedCode.order_id == order_id).order_by(IssuedCode.unit)
        return order_id, list(await db.scalars(found))


async def pay_back(shop: Shop, order_id: UUID, pieces: int, gross: int, source: str) -> None:
    """Money back for cards, or for a part of their price."""
    async with shop.database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        found = sa.select(ShipmentLine).join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        [line] = await db.scalars(found.where(Shipment.order_id == order_id))
        wish: Mapping[str, Any] = {"kind": "RETURN", "amount": gross, "reason": "asked", "source_key": source}
        await service.request_refund(db, order, now=db.now, **{**wish, "lines": [back(line, pieces, gross)]})
    await shop.settle()


async def card_of(shop: Shop, code: str) -> GiftCard:
    async with shop.database.read_only() as db:
        return (await db.scalars(sa.select(GiftCard).where(GiftCard.ending == code[-4:]))).one()


async def opened(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock, runtime: Runtime
) -> Shop:
    bootstrap.bind_gift_cards(runtime.ports, database)
    shop = await open_shop(database, client, drain, principals, clock)
    async with database.unit_of_work() as db:
        gift = {"kind": ProductKind.GIFT_CARD, "voucher_kind": VoucherKind.MULTI_PURPOSE}
        await make_variant(db, sku="GIFT", product=gift)
    return shop


async def test_cards_sold_at_a_discount_end_at_nothing(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock, runtime: Runtime
) -> None:
    shop = await opened(database, client, drain, principals, clock, runtime)
    sale, codes = await sell(shop, 3, 6000)
    assert await owed(shop) == {"STORED_VALUE": -30000, "VOUCHER_DISCOUNTS": 6000}
    bought = await shop.place({"kind": "GIFT_CARD", "amount": 2000, "gateway": GATEWAY, "token": codes[0]}, pieces=2)
    await shop.send(bought)
    assert await owed(shop) == {"STORED_VALUE": -28000, "VOUCHER_DISCOUNTS": 6000}
    await shop.refund(bought, 500)
    assert await owed(shop) == {"STORED_VALUE": -28500, "VOUCHER_DISCOUNTS": 6000}

    await pay_back(shop, sale, 1, 8000, "whole")  # one that nobody has used is worth all it says
    assert await owed(shop) == {"STORED_VALUE": -18500, "VOUCHER_DISCOUNTS": 4000}
    await pay_back(shop, sale, 0, 1000, "price")  # a part of the price back leaves the cards as they are
    assert await owed(shop) == {"STORED_VALUE": -18500, "VOUCHER_DISCOUNTS": 5000}
    await pay_back(shop, sale, 1, 7000, "less")
    assert await owed(shop) == {"STORED_VALUE": -8500, "VOUCHER_DISCOUNTS": 2000}

    used = await card_of(shop, codes[0])
    assert await shop.refused(EXPIRE, id=str(used.id), reason=" ") == "INVALID_REASON"
    for _ in range(2):
        done = await shop.call(EXPIRE, id=str(used.id), reason="sold in 2022")
        assert done["giftCard"]["balance"]["amount"] == 0
        await shop.settle()
    assert await owed(shop) == {"VOUCHER_DISCOUNTS": 2000, "EXPIRED_CARDS": -8500}
    assert await shop.booked(str(sale)) == {
        ("GATEWAY", "CARD"): 8000, ("STORED_VALUE", "GIFT_CARD"): -1500, ("VOUCHER_DISCOUNTS", ""): 2000,
        ("EXPIRED_CARDS", ""): -8500,
    }  # fmt: skip
    await shop.refund(bought, 300)
    assert await owed(shop) == {"STORED_VALUE": -300, "VOUCHER_DISCOUNTS": 2000, "EXPIRED_CARDS": -8500}


async def test_card_that_is_paid_back_pays_nothing_more_and_what_was_used_of_it_is_a_discount(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock, runtime: Runtime
) -> None:
    shop = await opened(database, client, drain, principals, clock, runtime)
    sale, [code] = await sell(shop, 1, 0)
    paying = {"kind": "GIFT_CARD", "amount": 2000, "gateway": GATEWAY, "token": code}
    await shop.send(await shop.place(paying, pieces=2))
    waiting = await shop.place(paying, pieces=2)
    await pay_back(shop, sale, 1, 10000, "whole")
    card = await card_of(shop, code)
    assert (card.balance, card.reserved) == (2000, 2000)
    assert await owed(shop) == {"STORED_VALUE": -2000, "VOUCHER_DISCOUNTS": 4000}
    await shop.send(waiting)
    assert await owed(shop) == {"VOUCHER_DISCOUNTS": 4000}
