"""Orders of companies, and what the register says of their VAT ids."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.intake import ADDRESS, Company, make_company, order_input, place, put_stock
from factories.tax import make_tax_rate
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.orders.models import Order, OrderHold
from kontor.orders.placing import Placed
from kontor.orders.states import HoldKind
from kontor.tax import checking
from kontor.tax.errors import RegisterAway
from kontor.tax.models import VatId, VatIdCheck
from kontor.tax.ports import RegisterAnswer, VatRegister
from kontor.tax.vat_ids import CheckOutcome, VatIdStatus
from support import Client, Drain, Principals, StandingClock

NUMBER = "ATU13585627"


class Register:
    """A register that says what a test wants; None is an outage."""

    name = "VIES"

    def __init__(self, *answers: RegisterAnswer | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str | None]] = []

    async def check(self, vat_id: str, *, requester: str | None = None) -> RegisterAnswer:
        self.asked.append((vat_id, requester))
        answer = self.answers.pop(0)
        if answer is None:
            raise RegisterAway("Away.", reason="MS_UNAVAILABLE")
        return answer


KNOWN, UNKNOWN = RegisterAnswer(True, "WAPI1", "ALPENHANDEL", "WIEN"), RegisterAnswer(False, "WAPI2")


async def company_with_goods(database: Database, **channel: Any) -> Company:
    company = await make_company(database, **channel)
    async with database.unit_of_work() as db:
        await make_tax_rate(db, country="AT", rate=Decimal(20))
        variant = await make_variant(db, sku="A")
    await put_stock(database, company.warehouse.id, variant.id, 50)
    return company


async def order_of(database: Database, company: Company, vat_id: str = NUMBER) -> Order:
    """An order of an Austrian company, as it was kept."""
    wanted = order_input(company.channel, ("A", 1))
    customer = replace(wanted.customer, vat_id=vat_id, company="Alpenhandel")
    [placed] = await place(
        database, company, replace(wanted, billing_address=replace(ADDRESS, country="AT"), customer=customer)
    )
    assert isinstance(placed, Placed), placed
    return await order_row(database, placed.order_id)


async def order_row(database: Database, order_id: UUID) -> Order:
    async with database.read_only() as db:
        return await db.get_one(Order, order_id)


async def what_is_known(database: Database) -> tuple[list[VatId], list[VatIdCheck]]:
    async with database.read_only() as db:
        checks = await db.scalars(sa.select(VatIdCheck).order_by(VatIdCheck.asked_at))
        return list(await db.scalars(sa.select(VatId))), list(checks)


async def holds(database: Database) -> list[tuple[UUID, HoldKind, str]]:
    async with database.read_only() as db:
        return [(hold.order_id, hold.kind, hold.reason) for hold in await db.scalars(sa.select(OrderHold))]


def basis(order: Order) -> tuple[Any, Any, Any]:
    assert order.taxation is not None
    return order.taxation["treatment"], order.taxation["vat_id_basis"], order.taxation["vat_id_check"]


async def test_first_order_goes_by_the_form_and_later_ones_by_the_register(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock
) -> None:
    company, register = await company_with_goods(database), Register(KNOWN)
    runtime.ports.register(VatRegister, register)
    first = await order_of(database, company, "ATU 1358 5627")
    await drain()
    [known], [check] = await what_is_known(database)
    later = await order_of(database, company)
    await drain()
    assert register.asked == [(NUMBER, "DE136695976")]
    assert basis(first) == ("REVERSE_CHARGE", "FORMAT", None)
    assert basis(later) == ("REVERSE_CHARGE", "REGISTER", str(check.id))
    assert (first.vat_id, first.tax_total, later.tax_total) == (NUMBER, 0, 0)
    assert (known.status, known.check_id, known.checked_at) == (VatIdStatus.VALID, check.id, clock.moment)
    assert (check.outcome, check.proof, check.name, check.requester, check.register, check.asked_at) == (
        CheckOutcome.VALID, "WAPI1", "ALPENHANDEL", "DE136695976", "VIES", clock.moment,
    )  # fmt: skip


async def test_refused_vat_id_taxes_later_orders_and_leaves_earlier_ones(
    database: Database, runtime: Runtime, drain: Drain
) -> None:
    company = await company_with_goods(database)
    runtime.ports.register(VatRegister, Register(UNKNOWN))
    first = await order_of(database, company)
    await drain()
    _, [check] = await what_is_known(database)
    later = await order_of(database, company)
    assert basis(later) == ("CROSS_BORDER", "REFUSED", str(check.id))
    assert (later.tax_total, (await order_row(database, first.id)).tax_total) == (167, 0)
    assert await holds(database) == []


async def test_refused_vat_id_holds_what_has_not_left_where_the_channel_wants_it(
    database: Database, runtime: Runtime, drain: Drain
) -> None:
    company = await company_with_goods(database, settings={"hold_refused_vat_ids": True})
    runtime.ports.register(VatRegister, Register(UNKNOWN))
    order = await order_of(database, company)
    await drain()
    assert await holds(database) == [(order.id, HoldKind.RISK, f"VAT id {NUMBER} is not in its register")]


async def test_outage_stops_no_order_and_is_asked_again_later_each_time(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock
) -> None:
    company, register = await company_with_goods(database), Register(None, None, KNOWN)
    runtime.ports.register(VatRegister, register)
    await order_of(database, company)
    await drain()
    second = await order_of(database, company)
    waits = []
    for _ in range(2):
        [known], _checks = await what_is_known(database)
        waits.append(known.due_at - clock.moment)
        clock.set_to(known.due_at)
        async with database.unit_of_work() as db:
            assert await checking.ask_about_due(db, now=db.now) == 1
            assert await checking.ask_about_due(db, now=db.now) == 0
        await drain()
    [known], checks = await what_is_known(database)
    assert basis(second) == ("REVERSE_CHARGE", "FORMAT", None)
    assert waits == [timedelta(hours=1), timedelta(hours=2)]
    assert [(check.outcome, check.reason) for check in checks] == [
        (CheckOutcome.UNANSWERED, "MS_UNAVAILABLE"),
        (CheckOutcome.UNANSWERED, "MS_UNAVAILABLE"),
        (CheckOutcome.VALID, None),
    ]
    assert (known.status, known.unanswered, known.due_at) == (VatIdStatus.VALID, 0, clock.moment + timedelta(days=90))


async def test_outage_does_not_take_back_what_the_register_said(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock
) -> None:
    company = await company_with_goods(database)
    runtime.ports.register(VatRegister, Register(UNKNOWN, None))
    await order_of(database, company)
    await drain()
    clock.set_to(clock.moment + timedelta(days=90))
    async with database.unit_of_work() as db:
        await checking.ask_about_due(db, now=db.now)
    await drain()
    assert basis(await order_of(database, company))[:2] == ("CROSS_BORDER", "REFUSED")


async def test_without_a_register_the_form_decides_and_the_vat_id_is_noted(database: Database, drain: Drain) -> None:
    company = await company_with_goods(database)
    order = await order_of(database, company)
    await drain()
    [known], checks = await what_is_known(database)
    assert basis(order) == ("REVERSE_CHARGE", "FORMAT", None)
    assert (known.number, known.status, checks) == (NUMBER, VatIdStatus.UNCHECKED, [])


async def test_malformed_vat_id_is_never_asked_about(database: Database, runtime: Runtime, drain: Drain) -> None:
    company, register = await company_with_goods(database), Register()
    runtime.ports.register(VatRegister, register)
    order = await order_of(database, company, "ATU 1358-5628")
    await drain()
    assert basis(order) == ("CROSS_BORDER", "MALFORMED", None)
    assert (order.vat_id, register.asked) == ("ATU 1358-5628", [])


CHECK = (
    "mutation ($number: String!) { checkVatId(number: $number) { ... on VatIdChecking { vatId { number status } } "
    "... on Error { code path } } }"
)


async def test_person_has_a_vat_id_checked_and_sees_the_answer(
    client: Client, principals: Principals, runtime: Runtime, drain: Drain
) -> None:
    runtime.ports.register(VatRegister, Register(KNOWN))
    asked = await client.graphql(CHECK, {"number": "ATU 1358.5627"}, principal=principals.admin)
    await drain()
    shown = await client.graphql(
        "{ vatIds { nodes { number status check { proof name outcome askedBy } } } "
        "vatIdChecks(filter: {outcomes: [VALID]}) { nodes { proof } } }",
        principal=principals.admin,
    )
    assert asked["data"]["checkVatId"] == {"vatId": {"number": NUMBER, "status": "UNCHECKED"}}
    [row] = shown["data"]["vatIds"]["nodes"]
    assert (row["number"], row["status"]) == (NUMBER, "VALID")
    assert (row["check"]["proof"], row["check"]["name"], row["check"]["outcome"]) == ("WAPI1", "ALPENHANDEL", "VALID")
    assert shown["data"]["vatIdChecks"]["nodes"] == [{"proof": "WAPI1"}]


@pytest.mark.parametrize(("number", "bound", "code"), [
    ("ATU13585628", True, "INVALID_VAT_ID"), (NUMBER, False, "VAT_REGISTER_OFF"),
])  # fmt: skip
async def test_check_that_cannot_be_is_refused(
    client: Client, principals: Principals, runtime: Runtime, number: str, bound: bool, code: str
) -> None:
    if bound:
        runtime.ports.register(VatRegister, Register())
    asked = await client.graphql(CHECK, {"number": number}, principal=principals.admin)
    assert asked["data"]["checkVatId"]["code"] == code
