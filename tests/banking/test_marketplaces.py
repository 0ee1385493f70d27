"""A marketplace that has collected for orders settles them later, net of fees: compared order by order, to the cent."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
import sqlalchemy as sa

from banking.test_reconciling import books_agree, differences, given_back, seller
from factories.intake import Company
from factories.invoicing import accounts
from factories.payments import ask, make_shop, paid_by
from kontor.banking import marketplaces, reconciling
from kontor.banking.errors import LineKnown
from kontor.banking.models import GatewayLineReference, GatewayPayoutLine
from kontor.core.db import Database
from kontor.core.errors import InvalidInput
from kontor.core.jobs import Runtime
from kontor.core.money import Money
from kontor.orders.intake import PaymentInput
from kontor.orders.models import Order
from kontor.payments.ports import GatewayLine, LineCategory
from kontor.payments.ports import GatewayPayout as Sent
from support import Drain, StandingClock

HEAD = "reference,category,amount,fee,currency,occurred_at,source\n"
AT = "2026-06-15T12:00:00+00:00"


async def collected(database: Database, drain: Drain, company: Company, amount: int) -> tuple[UUID, str]:
    """An order that the marketplace has collected for, and the marketplace's number of it."""
    order_id = await paid_by(database, company, PaymentInput("COLLECTED_BY_CHANNEL", amount))
    await ask(database, "authorize", order_id)
    assert await drain() == []
    async with database.read_only() as db:
        return order_id, (await db.get_one(Order, order_id)).external_id


async def settle(database: Database, drain: Drain, company: Company, amount: int, *rows: str) -> None:
    entity_id = await seller(database)
    async with database.unit_of_work() as db:
        sent = Sent(f"S{amount}", Money(amount, "EUR"), date(2026, 6, 30), "")
        text = HEAD + "\n".join(rows)
        await reconciling.import_file(db, entity_id, f"channel:{company.channel.code}", sent, text, now=db.now)
    assert await drain() == []


async def test_statement_settles_orders_refunds_and_fees(runtime: Runtime, database: Database, drain: Drain) -> None:
    shop = await make_shop(database)
    first, number = await collected(database, drain, shop, 3000)
    _, other = await collected(database, drain, shop, 2000)
    await given_back(database, drain, first, 500)
    assert (await accounts(database))["CHANNEL"] == 4500
    await settle(
        database, drain, shop, 4500 - 450 - 39,
        f"1,CHARGE,1000,100,EUR,{AT},{number}", f"2,CHARGE,2000,200,EUR,{AT},{number}",
        f"3,CHARGE,2000,150,EUR,{AT},{other}", f"4,REFUND,-500,0,EUR,{AT},{number}", f"5,FEE,-39,0,EUR,{AT},",
    )  # fmt: skip
    books = await accounts(database)
    assert (books.get("CHANNEL", 0), books["GATEWAY_FEES"], books["TRANSIT"]) == (0, 489, 4011)
    assert await differences(database) == []
    async with database.read_only() as db:
        lines = list(await db.scalars(sa.select(GatewayPayoutLine).order_by(GatewayPayoutLine.reference)))
    assert [(row.category, row.amount, row.order_id is not None) for row in lines] == [
        ("CHARGE", 3000, True), ("CHARGE", 2000, True), ("REFUND", -500, True), ("FEE", -39, False),
    ]  # fmt: skip
    await books_agree(database)
    again = f"2,CHARGE,2000,200,EUR,{AT},{number}"  # is known, though it was put together with the first
    with pytest.raises(LineKnown) as refused:
        await settle(database, drain, shop, 1800, again)
    assert refused.value.params["line"] == "2"
    async with database.read_only() as db:
        [second] = await db.scalars(sa.select(GatewayLineReference))
        stands = await db.get_one(GatewayPayoutLine, second.line_id)
    assert (second.reference, stands.reference, stands.amount) == ("2", "1", 3000)


async def test_what_the_marketplace_keeps_or_forgets_has_to_be_explained(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    shop = await make_shop(database)
    _, number = await collected(database, drain, shop, 3000)
    await collected(database, drain, shop, 1000)
    await settle(
        database, drain, shop, 2900, f"1,CHARGE,2800,0,EUR,{AT},{number}", f"2,CHARGE,100,0,EUR,{AT},ELSEWHERE"
    )
    assert await differences(database) == [("AMOUNT_DIFFERS", -200, True), ("UNKNOWN_LINE", 100, True)]
    clock.advance(days=30)
    entity_id = await seller(database)
    async with database.unit_of_work() as db:
        name = f"channel:{shop.channel.code}"
        data = reconciling.AccountData(name, entity_id, fetch=False)
        account = await reconciling.save_account(db, data, now=db.now)
        await reconciling.note_missing(db, account, now=db.now)
        wrong = reconciling.AccountData("channel:none", entity_id)
        with pytest.raises(InvalidInput) as refused:
            await reconciling.save_account(db, wrong, now=db.now)
    assert refused.value.code == "UNKNOWN_CHANNEL"
    books = await accounts(database)
    assert (books["CHANNEL"], books["SUSPENSE"]) == (1200, -100)
    await books_agree(database)


async def test_two_refunds_of_an_order_are_settled_each_by_its_line(
    runtime: Runtime, database: Database, drain: Drain
) -> None:
    shop = await make_shop(database)
    order_id, number = await collected(database, drain, shop, 3000)
    for amount in (500, 300):
        await given_back(database, drain, order_id, amount)
    await settle(
        database, drain, shop, 2200, f"1,CHARGE,3000,0,EUR,{AT},{number}", f"2,REFUND,-300,0,EUR,{AT},{number}",
        f"3,REFUND,-400,0,EUR,{AT},{number}", f"4,REFUND,-100,0,EUR,{AT},{number}",
    )  # fmt: skip
    assert await differences(database) == []
    assert (await accounts(database)).get("CHANNEL", 0) == 0
    async with database.read_only() as db:
        lines = await db.scalars(sa.select(GatewayPayoutLine).order_by(GatewayPayoutLine.reference))
        assert [(row.reference, row.amount) for row in lines] == [("1", 3000), ("2", -300), ("3", -500)]
    await books_agree(database)


async def test_statement_in_another_currency_clears_all_of_an_order(
    runtime: Runtime, database: Database, drain: Drain
) -> None:
    shop = await make_shop(database)
    _, number = await collected(database, drain, shop, 3000)
    entity_id = await seller(database)
    async with database.unit_of_work() as db:
        sent = Sent("S1", Money(2800, "CHF"), date(2026, 6, 30), "")
        text = (
            HEAD.strip()
            + ",original_amount,original_currency\n"
            + "\n".join((f"1,CHARGE,950,0,CHF,{AT},{number},1000,EUR", f"2,CHARGE,1850,0,CHF,{AT},{number},2000,EUR"))
        )
        await reconciling.import_file(db, entity_id, f"channel:{shop.channel.code}", sent, text, now=db.now)
    assert await drain() == []
    async with database.read_only() as db:
        line = (await db.scalars(sa.select(GatewayPayoutLine))).one()
    assert (line.amount, line.original, line.cleared, line.cleared_currency) == (2800, 3000, 3000, "EUR")
    await books_agree(database)


async def test_line_that_was_settled_before_is_refused_by_its_name(
    runtime: Runtime, database: Database, drain: Drain
) -> None:
    shop = await make_shop(database)
    row = f"1,CHARGE,1000,0,EUR,{AT},"
    await settle(database, drain, shop, 1000, row)
    with pytest.raises(LineKnown) as refused:
        await settle(database, drain, shop, 1500, row, f"2,CHARGE,500,0,EUR,{AT},")
    assert (refused.value.path, refused.value.params) == (("content",), {"line": "1", "payout": "S1000"})
    with pytest.raises(LineKnown):
        reconciling.check_lines([known("3"), known("3")])


def known(reference: str) -> GatewayLine:
    at = datetime(2026, 6, 15, tzinfo=UTC)
    return GatewayLine(reference, LineCategory.CHARGE, Money(1, "EUR"), Money(0, "EUR"), at, "", "")


def test_lines_of_an_order_are_put_together_and_others_are_not() -> None:
    at = datetime(2026, 6, 15, tzinfo=UTC)

    def line(reference: str, category: LineCategory, amount: int, source: str) -> GatewayLine:
        return GatewayLine(reference, category, Money(amount, "EUR"), Money(1, "EUR"), at, source, "")

    found = marketplaces.together(
        [
            line("1", LineCategory.CHARGE, 100, "A"), line("2", LineCategory.CHARGE, 50, "A"),
            line("3", LineCategory.REFUND, -50, "A"), line("4", LineCategory.FEE, -5, ""),
            line("5", LineCategory.FEE, -6, ""),
        ]
    )  # fmt: skip
    assert [(each.reference, each.amount.amount, each.fee.amount) for each in found] == [
        ("1", 150, 2), ("3", -50, 1), ("4", -5, 1), ("5", -6, 1),
    ]  # fmt: skip
