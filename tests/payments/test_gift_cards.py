"""Gift cards that Kontor sold pay orders: each step once, and never more than there is."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import confirmed, sourced
from factories.intake import make_company, order_input, place, put_stock
from kontor import bootstrap
from kontor.adapters.payments.gift_cards import NAME, GiftCardGateway
from kontor.audit.money import gift_cards
from kontor.catalog.models import ProductKind
from kontor.catalog.vouchers import VoucherKind
from kontor.core import outbox
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.money import Money
from kontor.fulfillment.models import IssuedCode
from kontor.giftcards import service
from kontor.giftcards.desk import GiftCardDesk
from kontor.giftcards.errors import GiftCardNotFound
from kontor.giftcards.models import GiftCard, GiftCardMovement, MovementKind
from kontor.giftcards.service import NewCard
from kontor.giftcards.values import TaxedAs
from kontor.orders.intake import PaymentInput
from kontor.orders.models import Order
from kontor.orders.placing import Placed
from kontor.orders.states import OrderState
from kontor.payments.models import Payment
from kontor.payments.ports import Declined, Instruction, Outcome, Succeeded
from kontor.payments.states import PaymentState
from support import Client, Drain, Principals

CODE = "ABCD-EFGH-JKLM-NPQR"
TAXED = TaxedAs("standard", "DE", new_id())


async def card_of(database: Database, **given: Any) -> UUID:
    async with database.unit_of_work() as db:
        card = NewCard(CODE, new_id(), "EUR", 5000, multi_purpose=True)
        await service.issue_cards(db, [replace(card, **given)], now=db.now)
        return (await db.scalars(sa.select(GiftCard.id))).one()


async def left(database: Database) -> tuple[int, int]:
    """Balance and what is reserved of it; the audit finds nothing wrong with either."""
    async with database.read_only() as db:
        assert await gift_cards(db) == []
        card = (await db.scalars(sa.select(GiftCard))).one()
        return card.balance, card.reserved


def order(key: str, amount: int, currency: str = "EUR", kind: str = "") -> Instruction:
    return Instruction(key, "payment-1", Money(amount, currency), kind=kind)


def done(outcome: Outcome) -> str:
    assert isinstance(outcome, Succeeded), outcome
    return outcome.reference


@pytest.fixture
def gateway(database: Database) -> GiftCardGateway:
    return GiftCardGateway(GiftCardDesk(database))


async def test_card_pays_in_parts_frees_the_rest_and_takes_money_back(
    database: Database, gateway: GiftCardGateway
) -> None:
    await card_of(database)
    reserved = done(await gateway.authorize(order("a", 4000), method="abcd efgh jklm npqr"))
    states = [await left(database)]
    await gateway.capture(order("c1", 1500), authorization=reserved)
    states.append(await left(database))
    await gateway.capture(order("c2", 1000), authorization=reserved, final=True)
    states.append(await left(database))
    await gateway.refund(order("r", 2500), authorization=reserved)
    states.append(await left(database))
    too_much = await gateway.refund(order("r2", 1), authorization=reserved)
    assert states == [(5000, 4000), (3500, 2500), (2500, 0), (5000, 0)]
    assert isinstance(too_much, Declined)


async def test_repeated_instruction_does_nothing_again(database: Database, gateway: GiftCardGateway) -> None:
    await card_of(database)
    first, again = [await gateway.authorize(order("a", 3000), method=CODE) for _ in range(2)]
    taken = [await gateway.capture(order("c", 2000), authorization=done(first), final=True) for _ in range(2)]
    back = [await gateway.refund(order("r", 500), authorization=done(first)) for _ in range(2)]
    freed = [await gateway.void(order("v", 0), authorization=done(first)) for _ in range(2)]
    assert (first, taken[0], back[0], freed[0]) == (again, taken[1], back[1], freed[1])
    assert await left(database) == (3500, 0)


async def test_what_was_reserved_is_freed_by_a_void(database: Database, gateway: GiftCardGateway) -> None:
    await card_of(database)
    reserved = done(await gateway.authorize(order("a", 3000), method=CODE))
    freed = await gateway.void(order("v", 3000), authorization=reserved)
    assert isinstance(freed, Succeeded)
    assert freed.amount == Money(3000, "EUR")
    assert await left(database) == (5000, 0)
    assert isinstance(await gateway.capture(order("c", 1), authorization=reserved), Declined)


async def test_what_was_reserved_of_a_card_that_was_paid_back_pays_nothing_else(
    database: Database, gateway: GiftCardGateway
) -> None:
    card_id = await card_of(database)
    reserved = done(await gateway.authorize(order("a", 2000), method=CODE))
    async with database.unit_of_work() as db:
        assert await service.take_back(db, [CODE], 1, reference="line") == 3000
    await gateway.void(order("v", 2000), authorization=reserved)
    assert await left(database) == (2000, 0)
    refused = await gateway.authorize(order("b", 1), method=CODE)
    assert isinstance(refused, Declined)
    async with database.unit_of_work() as db:
        assert (await db.get_one(GiftCard, card_id)).blocked_at is not None
        card = await service.expire(db, card_id, "was paid back", new_id())
        assert (card.balance, card.reserved) == (0, 0)


async def test_money_that_is_taken_at_once_leaves_the_card(database: Database, gateway: GiftCardGateway) -> None:
    await card_of(database)
    for _ in range(2):
        await gateway.authorize(order("a", 3000), method=CODE, capture_now=True)
    assert await left(database) == (2000, 0)


@pytest.mark.parametrize(
    ("given", "wanted", "code"),
    [
        ({}, order("a", 5001), "INSUFFICIENT"),
        ({}, order("a", 1, "USD"), "OTHER_CURRENCY"),
        ({"multi_purpose": False}, order("a", 1), "SINGLE_PURPOSE"),
        ({"multi_purpose": False}, order("a", 1, kind="VOUCHER"), "SINGLE_PURPOSE"),
        ({"multi_purpose": False, "taxed": TAXED}, order("a", 1, kind="GIFT_CARD"), "SINGLE_PURPOSE"),
        ({}, order("a", 1, kind="VOUCHER"), "MULTI_PURPOSE"),
        ({"multi_purpose": False, "taxed": TAXED}, order("a", 5001, kind="VOUCHER"), "INSUFFICIENT"),
        ({"code": "ABCD-EFGH-JKLM-NPQS"}, order("a", 1), "UNKNOWN_CARD"),
    ],
)
async def test_card_that_cannot_pay_declines(
    database: Database, gateway: GiftCardGateway, given: dict[str, Any], wanted: Instruction, code: str
) -> None:
    await card_of(database, **given)
    found = await gateway.authorize(wanted, method=CODE)
    assert isinstance(found, Declined)
    assert (found.code, await left(database)) == (code, (5000, 0))


async def test_blocked_card_promises_nothing_new_but_keeps_its_word(
    database: Database, gateway: GiftCardGateway
) -> None:
    card_id = await card_of(database)
    reserved = done(await gateway.authorize(order("a", 1000), method=CODE))
    async with database.unit_of_work() as db:
        await service.set_blocked(db, card_id, blocked=True, now=db.now)
    refused = await gateway.authorize(order("b", 1), method=CODE)
    done(await gateway.capture(order("c", 1000), authorization=reserved))
    done(await gateway.refund(order("r", 1000), authorization=reserved))
    assert isinstance(refused, Declined)
    assert (refused.code, await left(database)) == ("BLOCKED", (5000, 0))
    async with database.unit_of_work() as db:
        await service.set_blocked(db, card_id, blocked=False, now=db.now)
        with pytest.raises(GiftCardNotFound):
            await service.set_blocked(db, new_id(), blocked=True, now=db.now)
    done(await gateway.authorize(order("d", 1), method=CODE))


async def test_many_payments_at_once_never_take_more_than_there_is(
    database: Database, gateway: GiftCardGateway
) -> None:
    """Twenty payments of 400 want 5000: twelve get it. Each is sent twice, as after a lost answer."""
    await card_of(database)

    async def pay(number: int) -> bool:
        reserved = await gateway.authorize(order(f"a{number}", 400), method=CODE)
        if isinstance(reserved, Declined):
            return False
        done(await gateway.capture(order(f"c{number}", 400), authorization=done(reserved), final=True))
        return True

    paid = await asyncio.gather(*(pay(number // 2) for number in range(40)))
    async with database.read_only() as db:
        redeemed = list(
            await db.scalars(sa.select(GiftCardMovement.amount).where(GiftCardMovement.kind == MovementKind.REDEEM))
        )
    assert sum(paid) == 24
    assert (redeemed, await left(database)) == ([400] * 12, (200, 0))


async def test_sold_card_pays_an_order_and_is_given_back(
    database: Database, runtime: Runtime, drain: Drain, client: Client, principals: Principals
) -> None:
    """A card is sold, its code pays a part of an order, and a refund puts it back; people see each step."""
    bootstrap.bind_gift_cards(runtime.ports, database)
    company = await make_company(database, payment_methods=["CARD", "GIFT_CARD", "ON_ACCOUNT"])
    async with database.unit_of_work() as db:
        gift = {"kind": ProductKind.GIFT_CARD, "voucher_kind": VoucherKind.MULTI_PURPOSE}
        await make_variant(db, sku="CARD", product=gift)
        lamp = await make_variant(db, sku="LAMP")
    await put_stock(database, company.warehouse.id, lamp.id, 5)
    sale = await confirmed(database, company, ("CARD", 1))
    await sourced(database, sale)
    async with database.read_only() as db:
        code = (await db.scalars(sa.select(IssuedCode.code))).one()
    shown = await client.graphql(BALANCE, {"code": code.lower()}, principal=principals.admin)
    assert shown["data"]["giftCardBalance"] == {"available": {"amount": 1000}, "blocked": False}
    paying = replace(
        order_input(company.channel, ("LAMP", 1)),
        payments=(PaymentInput("GIFT_CARD", 600, gateway=NAME, token=code), PaymentInput("CARD", 400, token="tok_ok")),
    )
    [placed] = await place(database, company, paying)
    assert isinstance(placed, Placed), placed
    async with database.unit_of_work() as db:
        outbox.schedule(db, "payments.authorize", {"order_id": placed.order_id}, key=placed.order_id)
    await drain()
    assert await left(database) == (1000, 600)
    async with database.read_only() as db:
        payment = (await db.scalars(sa.select(Payment).where(Payment.gateway == NAME))).one()
    assert (payment.state, payment.authorized) == (PaymentState.AUTHORIZED, 600)
    async with database.unit_of_work() as db:
        outbox.schedule(db, "payments.void", {"order_id": placed.order_id}, key=placed.order_id)
        await db.execute(sa.update(Order).where(Order.id == placed.order_id).values(state=OrderState.CANCELED))
    await drain()
    assert await left(database) == (1000, 0)


BALANCE = "query ($code: String!) { giftCardBalance(code: $code) { available { amount } blocked } }"
BLOCK = (
    "mutation ($id: UUID!) { blockGiftCard(id: $id) { ... on GiftCardBlocked { giftCard { ending blockedAt } } "
    "... on Error { code } } }"
)


async def test_person_blocks_a_card_and_guessing_codes_ends(
    database: Database, client: Client, principals: Principals
) -> None:
    card_id = await card_of(database)
    blocked = await client.graphql(BLOCK, {"id": str(card_id)}, principal=principals.admin)
    listed = await client.graphql(
        "{ giftCards(filter: {blocked: true}) { nodes { ending balance { amount } } } }", principal=principals.admin
    )
    asked = [await client.graphql(BALANCE, {"code": CODE}, principal=principals.admin) for _ in range(2)]
    guesses = [await client.graphql(BALANCE, {"code": f"ABCD-{n}"}, principal=principals.admin) for n in range(31)]
    known = await client.graphql(BALANCE, {"code": CODE}, principal=principals.admin)
    assert blocked["data"]["blockGiftCard"]["giftCard"]["ending"] == "NPQR"
    assert listed["data"]["giftCards"]["nodes"] == [{"ending": "NPQR", "balance": {"amount": 5000}}]
    assert asked[1]["data"]["giftCardBalance"] == {"available": {"amount": 0}, "blocked": True}
    assert [each["data"]["giftCardBalance"] for each in guesses[:30]] == [None] * 30
    for refused in (guesses[30], known):
        assert refused["errors"][0]["extensions"]["code"] == "TOO_MANY_ATTEMPTS"
