"""What the books owe on gift cards is what is left on them, whatever they cost, and ends at nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.invoicing import back
from flows.shop import Shop, open_shop
from kontor import bootstrap
from kontor.catalog.models import ProductKind
from kontor.catalog.vouchers import VoucherKind
from kontor.core.db import Database
from kontor.core.jobs import JobContext, Runtime
from kontor.fulfillment.models import IssuedCode, Shipment, ShipmentLine
from kontor.giftcards.models import GiftCard
from kontor.giftcards.values import GATEWAY
from kontor.invoicing.models import JournalLine
from kontor.ledger import cards, jobs, rebuilding
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


FIGURES = (
    "query($entity: UUID!, $since: Date!, $until: Date!) { result: giftCardFigures(legalEntityId: $entity, "
    "since: $since, until: $until) { currency multiPurpose opening cards issued redeemed givenBack takenBack expired "
    "closing owed claimableUntil { year amount } } }"
)
YEARS = (
    "mutation($input: LedgerSettingsInput!) { result: saveLedgerSettings(input: $input) "
    "{ __typename ... on LedgerSettings { giftCardYears } ... on Error { code path } } }"
)


async def test_what_nobody_claims_is_booked_off_once_claims_have_ended(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock, runtime: Runtime
) -> None:
    shop = await opened(database, client, drain, principals, clock, runtime)
    _, codes = await sell(shop, 2, 0)
    paying = {"kind": "GIFT_CARD", "amount": 2000, "gateway": GATEWAY, "token": codes[0]}
    await shop.send(await shop.place(paying, pieces=2))
    entity = str(shop.company.channel.legal_entity_id)
    for years, told in ((3, 3), (0, None), (3, 3)):
        said = await shop.call(YEARS, input={"legalEntityId": entity, "giftCardYears": years})
        assert said["giftCardYears"] == told
    assert await shop.refused(YEARS, input={"legalEntityId": entity, "giftCardYears": 31}) == "OUT_OF_RANGE"
    days = {"entity": entity, "since": "2026-01-01", "until": "2026-12-31"}
    nothing = {"givenBack": 0, "takenBack": 0, "expired": 0, "currency": "EUR", "multiPurpose": True}
    assert await shop.call(FIGURES, **days) == [
        {
            **nothing, "opening": 0, "cards": 2, "issued": 20000, "redeemed": 2000, "closing": 18000, "owed": 18000,
            "claimableUntil": [{"year": 2029, "amount": 18000}],
        }
    ]  # fmt: skip
    context = JobContext(runtime)
    for moment in (datetime(2029, 12, 31, 22, 30, tzinfo=UTC), datetime(2029, 12, 31, 23, 30, tzinfo=UTC)):
        assert (await owed(shop))["STORED_VALUE"] == -18000  # it is still the old year in Berlin
        clock.moment = moment
        for _ in range(2):
            await jobs.expire_cards(context, [])
        await shop.settle()
    assert await owed(shop) == {"EXPIRED_CARDS": -18000}
    later = {**days, "since": "2030-01-01", "until": "2030-12-31"}
    assert await shop.call(FIGURES, **later) == [
        {
            **nothing, "opening": 18000, "cards": 0, "issued": 0, "redeemed": 0, "expired": 18000, "closing": 0,
            "owed": 0, "claimableUntil": [],
        }
    ]  # fmt: skip
    backwards = {**later, "until": "2029-12-31"}
    answer = await client.graphql(FIGURES, backwards, principal=principals.admin)
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_PERIOD"


@pytest.mark.engine("sqlite")
async def test_what_a_refund_gives_back_is_claimed_as_long_as_anything_sold_that_year(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock, runtime: Runtime
) -> None:
    """Sold in 2026, redeemed in the last days in which that is possible, and paid back for goods in January."""
    shop = await opened(database, client, drain, principals, clock, runtime)
    _, [code] = await sell(shop, 1, 0)
    entity = str(shop.company.channel.legal_entity_id)
    await shop.call(YEARS, input={"legalEntityId": entity, "giftCardYears": 3})
    clock.moment = datetime(2029, 12, 28, 12, tzinfo=UTC)
    paying = {"kind": "GIFT_CARD", "amount": 10000, "gateway": GATEWAY, "token": code}
    bought = await shop.place(paying, pieces=10)
    await shop.send(bought)
    assert await owed(shop) == {}
    clock.moment = datetime(2030, 1, 10, 12, tzinfo=UTC)
    await pay_back(shop, UUID(bought), 10, 10000, "all")
    context = JobContext(runtime)
    for moment in (
        clock.moment,
        datetime(2033, 12, 31, 22, 30, tzinfo=UTC),
        datetime(2033, 12, 31, 23, 30, tzinfo=UTC),
    ):
        assert await owed(shop) == {"STORED_VALUE": -10000}
        clock.moment = moment
        await jobs.expire_cards(context, [])
        await shop.settle()
    assert await owed(shop) == {"EXPIRED_CARDS": -10000}
    days = {"entity": entity, "since": "2030-01-01", "until": "2030-12-31"}
    [figures] = await shop.call(FIGURES, **days)
    assert figures["claimableUntil"] == [{"year": 2033, "amount": 10000}]
    [figures] = await shop.call(FIGURES, **{**days, "until": "2030-01-09"})
    assert figures["claimableUntil"] == []


def test_claims_end_with_a_year() -> None:
    assert cards.first_claimable(date(2026, 1, 1), 3) == date(2023, 1, 1)
    assert cards.first_claimable(date(2025, 12, 31), 3) == date(2022, 1, 1)
