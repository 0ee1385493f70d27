"""What a channel says of its methods holds at placing, by country and amount; saying nothing leaves everything open."""

from __future__ import annotations

from typing import Any

import pytest

from factories.intake import Company, order_input, place
from factories.payments import another_shop, ask, card, make_shop, paid_by
from kontor.core.db import Database
from kontor.core.errors import InvalidInput
from kontor.orders.intake import PaymentInput
from kontor.orders.placing import Outcome, Placed
from kontor.orders.queries import lock_order
from kontor.payments import service
from kontor.payments.methods import MethodRule, check_method, check_rules, offered
from kontor.payments.offering import methods_of, save_methods
from kontor.payments.states import PaymentMethodKind as Kind
from support import Client, Drain, Principals

CARD = MethodRule(Kind.CARD, minimum=500)
BILL = MethodRule(Kind.ON_ACCOUNT, maximum=20_000)
BILL_AT = MethodRule(Kind.ON_ACCOUNT, country="AT", maximum=10_000)
NO_BILL = MethodRule(Kind.ON_ACCOUNT, country="CH", active=False)
RULES = [BILL, CARD, BILL_AT, NO_BILL]


@pytest.mark.parametrize(
    ("country", "amount", "expected"),
    [
        ("DE", None, [Kind.ON_ACCOUNT, Kind.CARD]),
        ("DE", 20_000, [Kind.ON_ACCOUNT, Kind.CARD]),
        ("DE", 20_001, [Kind.CARD]),
        ("DE", 499, [Kind.ON_ACCOUNT]),
        ("AT", 15_000, [Kind.CARD]),
        ("AT", 10_000, [Kind.CARD, Kind.ON_ACCOUNT]),
        ("CH", 1000, [Kind.CARD]),
    ],
)
def test_country_and_amount_decide_what_is_offered(country: str, amount: int | None, expected: list[Kind]) -> None:
    assert [rule.kind for rule in offered(RULES, country, amount)] == expected


@pytest.mark.parametrize(
    ("kind", "country", "amount", "code", "path"),
    [
        ("WALLET", "DE", 1000, "PAYMENT_METHOD_NOT_ALLOWED", ("payments", 0, "kind")),
        ("ON_ACCOUNT", "CH", 1000, "PAYMENT_METHOD_NOT_ALLOWED", ("payments", 0, "kind")),
        ("ON_ACCOUNT", "AT", 10_001, "PAYMENT_METHOD_AMOUNT", ("payments", 0, "amount")),
        ("CARD", "DE", 499, "PAYMENT_METHOD_AMOUNT", ("payments", 0, "amount")),
    ],
)
def test_refusal_names_the_field(kind: str, country: str, amount: int, code: str, path: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_method(RULES, kind, country, amount, path=("payments", 0))
    assert (caught.value.code, caught.value.path) == (code, path)


@pytest.mark.parametrize(
    ("rules", "code", "path"),
    [
        ([CARD, CARD], "PAYMENT_METHOD_TWICE", (1, "kind")),
        ([MethodRule(Kind.CARD, country="de")], "INVALID_COUNTRY", (0, "country")),
        ([MethodRule(Kind.CARD, minimum=-1)], "PAYMENT_METHOD_LIMITS", (0, "minimum")),
        ([CARD, MethodRule(Kind.CASH, minimum=500, maximum=499)], "PAYMENT_METHOD_LIMITS", (1, "maximum")),
    ],
)
def test_rules_that_contradict_themselves_are_refused(
    rules: list[MethodRule], code: str, path: tuple[Any, ...]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_rules(rules)
    assert (caught.value.code, caught.value.path) == (code, path)


async def offer(database: Database, company: Company, *rules: MethodRule) -> None:
    async with database.unit_of_work() as db:
        await save_methods(db, company.channel, rules)


async def ordered(database: Database, company: Company, *payments: PaymentInput, pieces: int = 3) -> Outcome:
    placed = await place(database, company, order_input(company.channel, ("COAT", pieces), payments=payments))
    return placed[0]


async def test_order_is_refused_only_where_the_channel_says_so(database: Database) -> None:
    company = await make_shop(database)
    other = await another_shop(database, company)
    await offer(database, company, MethodRule(Kind.ON_ACCOUNT, maximum=2000), MethodRule(Kind.CARD, country="FR"))

    by_card = await ordered(database, company, card(3000))
    on_account = await ordered(database, company)
    small = await ordered(database, company, pieces=2)
    elsewhere = await ordered(database, other, card(3000))

    assert isinstance(by_card, InvalidInput)
    assert (by_card.code, by_card.path) == ("PAYMENT_METHOD_NOT_ALLOWED", ("payments", 0, "kind"))
    assert isinstance(on_account, InvalidInput)
    assert (on_account.code, on_account.params) == ("PAYMENT_METHOD_AMOUNT", {"min": 0, "max": 2000})
    assert isinstance(small, Placed)
    assert isinstance(elsewhere, Placed)


async def test_saving_replaces_the_list_and_an_empty_one_opens_all(database: Database) -> None:
    company = await make_shop(database)
    await offer(database, company, *RULES)
    await offer(database, company, CARD, BILL)
    async with database.read_only() as db:
        assert await methods_of(db, [company.channel.id]) == {company.channel.id: [CARD, BILL]}
    await offer(database, company)

    assert isinstance(await ordered(database, company, card(3000)), Placed)


async def test_another_method_for_an_order_is_held_to_it_too(database: Database, drain: Drain) -> None:
    company = await make_shop(database)
    order_id = await paid_by(database, company, card(3000, "tok_declined"))
    await ask(database, "authorize", order_id)
    await drain()
    await offer(database, company, MethodRule(Kind.WALLET, maximum=2999), CARD)
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        with pytest.raises(InvalidInput, match="not taken for 3000"):
            await service.add_payment(db, order, PaymentInput("WALLET", 3000, token="tok_wallet"), now=db.now)


SAVE = """mutation($channel: String!, $methods: [PaymentMethodInput!]!) {
  savePaymentMethods(channel: $channel, methods: $methods) { __typename
  ... on PaymentMethodsSaved { methods { kind country minimum maximum active } } ... on Error { code path } } }"""
READ = """query($channel: String!, $country: String, $amount: MoneyInput) {
  paymentMethods(channel: $channel, country: $country, amount: $amount) { kind } }"""


async def test_list_is_saved_and_read_through_the_api(
    database: Database, client: Client, principals: Principals
) -> None:
    company = await make_shop(database)
    code = company.channel.code
    methods = [{"kind": "WALLET"}, {"kind": "CARD", "country": "DE", "minimum": 100, "maximum": 5000}]
    saved = await client.graphql(SAVE, {"channel": code, "methods": methods}, principal=principals.admin)
    twice = await client.graphql(SAVE, {"channel": code, "methods": methods[:1] * 2}, principal=principals.admin)
    asked = {"channel": code, "country": "DE", "amount": {"amount": 5001, "currency": "EUR"}}
    dear = await client.graphql(READ, asked, principal=principals.admin)
    unknown = await client.graphql(READ, {"channel": "nowhere"}, principal=principals.admin)

    assert saved["data"]["savePaymentMethods"]["methods"] == [
        {"kind": "WALLET", "country": None, "minimum": 0, "maximum": None, "active": True},
        {"kind": "CARD", "country": "DE", "minimum": 100, "maximum": 5000, "active": True},
    ]
    assert twice["data"]["savePaymentMethods"]["code"] == "PAYMENT_METHOD_TWICE"
    assert dear["data"]["paymentMethods"] == [{"kind": "WALLET"}]
    assert unknown["errors"][0]["extensions"]["code"] == "CHANNEL_NOT_FOUND"
