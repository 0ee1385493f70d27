"""SEPA direct debits: no debit without a mandate, none before the customer was told, each named for what it is."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.intake import ADDRESS, Company, order_input, place
from factories.payments import ask, ask_capture, make_shop, read_events, read_payments, transactions
from kontor.adapters.payments.simulator.app import _check_mandate
from kontor.channels.models import ShortagePolicy
from kontor.core.db import Database
from kontor.core.errors import Conflict, InvalidInput, KontorError
from kontor.core.ids import new_id
from kontor.core.money import Money
from kontor.notifications.rendering import MessageBrand, render_message
from kontor.orders import service as order_service
from kontor.orders.intake import CustomerInput, OrderInput, PaymentInput
from kontor.orders.placing import Placed
from kontor.orders.queries import lock_order
from kontor.payments import debiting, service
from kontor.payments.calling import Call, carry_out
from kontor.payments.debiting import MandateData
from kontor.payments.errors import MandateNotValid
from kontor.payments.mandates import (
    MandateFacts,
    MandateKind,
    Sepa,
    check_reference,
    check_usable,
    collect_on,
    lapses_on,
    sepa_of,
    sequence_of,
)
from kontor.payments.models import Payment, PaymentTransaction, TransactionKind
from kontor.payments.ports import Declined, Outcome, PaymentGateway, Sought, Succeeded
from kontor.payments.renewing import asked_for
from kontor.payments.states import PaymentState
from support import Client, Drain, Principals, StandingClock

CREDITOR = "DE98ZZZ09999999999"
SIGNED = date(2026, 6, 1)
FACTS = MandateFacts(CREDITOR, "M-1", MandateKind.CORE, False, SIGNED)
DEBITS: dict[str, Any] = {
    "payment_methods": ["DIRECT_DEBIT", "CARD"], "settings": {"sepa": {"creditorId": CREDITOR, "noticeDays": 5}},
}  # fmt: skip


def debit(amount: int, mandate: str | None = "M-1", **given: Any) -> PaymentInput:
    return PaymentInput("DIRECT_DEBIT", amount, token=given.pop("token", "tok_visa"), mandate=mandate, **given)


async def signed(database: Database, company: Company, reference: str = "M-1", **given: Any) -> UUID:
    data = MandateData(company.channel.code, reference, SIGNED, "Greta Fock", "DE89 3704 0044 0532 0130 00")
    async with database.unit_of_work() as db:
        return (await debiting.save_mandate(db, replace(data, **given))).id


async def ordered(database: Database, company: Company, *payments: PaymentInput) -> UUID | KontorError:
    pieces = sum(payment.amount for payment in payments) // 1000
    [outcome] = await place(database, company, order_input(company.channel, ("COAT", pieces), payments=payments))
    return outcome.order_id if isinstance(outcome, Placed) else outcome


async def debited(database: Database, drain: Drain, company: Company, *payments: PaymentInput) -> UUID:
    """An order whose goods have all left."""
    order_id = await ordered(database, company, *payments)
    assert isinstance(order_id, UUID), order_id
    await ask(database, "authorize", order_id)
    await drain()
    await ask_capture(database, order_id, sum(payment.amount for payment in payments), final=True)
    await drain()
    return order_id


async def dues(database: Database, order_id: UUID) -> list[tuple[str | None, date | None]]:
    async with database.read_only() as db:
        rows = await db.execute(
            sa.select(PaymentTransaction.sequence_type, PaymentTransaction.collect_on)
            .where(PaymentTransaction.order_id == order_id, PaymentTransaction.kind == TransactionKind.CAPTURE)
            .order_by(PaymentTransaction.id)
        )
        return [(row.sequence_type, row.collect_on) for row in rows]


async def test_debit_is_announced_before_it_is_due_first_and_later(database: Database, drain: Drain) -> None:
    shop = await make_shop(database, **DEBITS)
    assert await signed(database, shop) == await signed(database, shop)  # the same one again is one
    first = await debited(database, drain, shop, debit(2000))
    later = await debited(database, drain, shop, debit(3000))
    day = date(2026, 6, 15) + timedelta(days=5)
    assert await dues(database, first) == [("FRST", day)]
    assert await dues(database, later) == [("RCUR", day)]
    [told] = [each.payload for each in await read_events(database, first) if each.name == "DirectDebitAnnounced"]
    assert (told["amount"], told["collect_on"], told["mandate"], told["creditor_id"], told["iban_ending"]) == (
        2000, "2026-06-20", "M-1", CREDITOR, "3000",
    )  # fmt: skip
    [payment] = await read_payments(database, first)
    assert (payment.captured, payment.mandate_id is not None) == (2000, True)


async def test_without_a_mandate_or_with_a_wrong_one_the_order_is_refused(database: Database, drain: Drain) -> None:
    shop = await make_shop(database, **DEBITS)
    await signed(database, shop)
    once = await signed(database, shop, "ONCE", once=True)
    gone = await signed(database, shop, "GONE")
    async with database.unit_of_work() as db:
        await debiting.revoke_mandate(db, gone)
    refused = [
        await ordered(database, shop, debit(1000, None)),
        await ordered(database, shop, debit(1000, "NONE")),
        await ordered(database, shop, debit(1000, "GONE")),
        await ordered(database, shop, PaymentInput("CARD", 1000, token="tok_visa", mandate="M-1")),
        await ordered(database, shop, debit(1000, "ONCE"), debit(1000, "ONCE")),
    ]
    assert [(each.code, each.path) for each in refused if isinstance(each, KontorError)] == [
        ("MANDATE_MISSING", ("payments", 0, "mandate")),
        ("MANDATE_NOT_FOUND", ("payments", 0, "mandate")),
        ("MANDATE_NOT_VALID", ("payments", 0, "mandate")),
        ("MANDATE_NOT_WANTED", ("payments", 0, "mandate")),
        ("MANDATE_NOT_VALID", ("payments", 1, "mandate")),
    ]
    order_id = await ordered(database, shop, debit(2000, "ONCE"))
    assert isinstance(order_id, UUID)
    taken = await ordered(database, shop, debit(1000, "ONCE"))
    assert isinstance(taken, MandateNotValid)
    assert taken.params["reason"] == "USED"
    assert ((await read_payments(database, order_id))[0].mandate_id, once) == (once, once)


async def test_one_debit_is_taken_once_for_all_parcels(database: Database, drain: Drain) -> None:
    shop = await make_shop(database, **DEBITS)
    await signed(database, shop, "ONCE", once=True)
    order_id = await ordered(database, shop, debit(3000, "ONCE"))
    assert isinstance(order_id, UUID)
    await ask(database, "authorize", order_id)
    await drain()
    await ask_capture(database, order_id, 1000)
    await drain()
    await ask_capture(database, order_id, 3000, final=True)
    await drain()
    assert [each for each in await transactions(database, order_id) if each[0] == "CAPTURE"] == [
        ("CAPTURE", "SUCCEEDED", 3000)
    ]
    assert [sequence for sequence, _ in await dues(database, order_id)] == ["OOFF"]


async def test_mandate_revoked_meanwhile_is_not_drawn_on(database: Database, drain: Drain) -> None:
    shop = await make_shop(database, **DEBITS)
    mandate_id = await signed(database, shop)
    order_id = await ordered(database, shop, debit(1000))
    assert isinstance(order_id, UUID)
    await ask(database, "authorize", order_id)
    await drain()
    async with database.unit_of_work() as db:
        await debiting.revoke_mandate(db, mandate_id)
    await ask_capture(database, order_id, 1000, final=True)
    await drain()
    events = await read_events(database, order_id)
    failed = [each.payload["code"] for each in events if each.name == "CaptureFailed"]
    assert failed == ["mandate_revoked"]
    assert "DirectDebitAnnounced" not in [each.name for each in events]


async def test_lapsed_debit_is_renewed_with_its_mandate(database: Database, drain: Drain, clock: StandingClock) -> None:
    shop = await make_shop(database, **DEBITS)
    mandate_id = await signed(database, shop)
    order_id = await ordered(database, shop, debit(5000))
    assert isinstance(order_id, UUID)
    await ask(database, "authorize", order_id)
    await drain()
    async with database.unit_of_work() as db:
        order_service.confirm(db, [await lock_order(db, order_id)], now=db.now)
    await ask_capture(database, order_id, 2000)
    await drain()
    async with database.unit_of_work() as db:
        await db.execute(sa.update(Payment).values(authorization_expires_at=db.now))
    clock.advance(hours=1)
    await drain(recurring=True)
    first, second = await read_payments(database, order_id)
    assert (first.captured, second.authorized, second.mandate_id) == (2000, 3000, mandate_id)
    assert asked_for([replica(second)], PaymentState.CREATED, named=True) == 3000
    await ask_capture(database, order_id, 5000, final=True)
    await drain()
    assert [sequence for sequence, _ in await dues(database, order_id)] == ["FRST", "RCUR"]


def replica(payment: Payment) -> Payment:
    """The same payment before the gateway has promised it."""
    return Payment(
        kind=payment.kind, gateway=payment.gateway, state=PaymentState.CREATED, amount=payment.amount, authorized=0,
        token=None, settles_id=None, mandate_id=payment.mandate_id,
    )  # fmt: skip


async def test_mandate_for_one_debit_is_never_taken_by_two_orders_at_once(database: Database) -> None:
    shop = await make_shop(database, **DEBITS)
    await signed(database, shop, "ONCE", once=True)
    outcomes = await asyncio.gather(*(ordered(database, shop, debit(1000, "ONCE")) for _ in range(4)))
    assert sum(isinstance(each, UUID) for each in outcomes) == 1
    refused = [each for each in outcomes if isinstance(each, KontorError)]
    assert {each.params["reason"] for each in refused} == {"USED"}


async def test_mandate_that_a_refused_order_of_the_batch_named_may_be_asked_for_again(database: Database) -> None:
    shop = await make_shop(database, stock=2, shortage=ShortagePolicy.REFUSE, **DEBITS)
    await signed(database, shop, "ONCE", once=True)
    too_many = order_input(shop.channel, ("COAT", 3), payments=(debit(3000, "ONCE"),))
    twice = order_input(shop.channel, ("COAT", 2), payments=(debit(1000, "ONCE"), debit(1000, "ONCE")))
    good = order_input(shop.channel, ("COAT", 1), payments=(debit(1000, "ONCE"),))
    outcomes = await place(database, shop, too_many, good)
    assert [each.code for each in outcomes if isinstance(each, KontorError)] == ["OUT_OF_STOCK", "TRY_AGAIN"]
    [alone] = await place(database, shop, twice)
    assert isinstance(alone, MandateNotValid)
    [placed, late] = await place(database, shop, good, replace(good, external_id="late"))
    assert isinstance(placed, Placed)
    assert isinstance(late, MandateNotValid)


class Remembering:
    """A gateway that is asked what became of a call, and is not to be called again."""

    def __init__(self, outcome: Outcome | None) -> None:
        self.outcome = outcome

    async def find(self, key: str, sought: Sought) -> Outcome | None:
        return self.outcome


async def test_promise_that_may_be_made_is_asked_for_though_its_mandate_is_gone() -> None:
    payment = Payment(id=new_id(), currency="EUR", gateway="")
    intent = PaymentTransaction(
        id=new_id(), kind=TransactionKind.AUTHORIZE, amount=1000, idempotency_key="k", created_at=datetime.now(UTC)
    )
    gone, done = Declined("mandate_revoked", "revoked"), Succeeded("auth_1", Money(1000, "EUR"))
    found = []
    for fresh, outcome in ((True, done), (False, done), (False, None)):
        gateway = cast(PaymentGateway, Remembering(outcome))
        call = Call(payment, intent, fresh=fresh, debit=gone)
        found.append((await carry_out([call], lambda _, gateway=gateway: gateway))[intent.id])  # type: ignore[misc]
    assert found == [gone, done, gone]


async def test_other_payments_of_an_order_name_mandates_too(database: Database, drain: Drain) -> None:
    shop = await make_shop(database, **DEBITS)
    await signed(database, shop)
    order_id = await ordered(database, shop, PaymentInput("CARD", 1000, token="tok_declined"))
    assert isinstance(order_id, UUID)
    await ask(database, "authorize", order_id)
    await drain()
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        with pytest.raises(InvalidInput) as refusal:
            await service.add_payment(db, order, debit(1000, None), now=db.now)
        payment = await service.add_payment(db, order, debit(1000), now=db.now)
    assert (refusal.value.code, refusal.value.path, payment.mandate_id is not None) == (
        "MANDATE_MISSING", ("mandate",), True,
    )  # fmt: skip


async def test_mandates_are_checked_when_they_are_kept(database: Database) -> None:
    shop = await make_shop(database, **DEBITS)
    await signed(database, shop)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"iban": "DE00"}, "INVALID_IBAN"), ({"signed_on": date(2026, 6, 17)}, "SIGNED_AHEAD"),
        ({"channel": "none"}, "UNKNOWN_CHANNEL"), ({"reference": "Ü"}, "INVALID_REFERENCE"),
        ({"name": " "}, "INVALID_NAME"),
    ]  # fmt: skip
    for given, code in wrong:
        with pytest.raises(InvalidInput) as refusal:
            await signed(database, shop, **given)
        assert refusal.value.code == code
    with pytest.raises(Conflict) as conflict:
        await signed(database, shop, name="Somebody Else")
    assert conflict.value.code == "MANDATE_DIFFERS"


SAVE = """mutation ($input: MandateInput!) { saveMandate(input: $input) {
  ... on MandateSaved { mandate { id reference ibanEnding once kind } } ... on Error { code path } } }"""
REVOKE = "mutation ($id: UUID!) { revokeMandate(id: $id) { ... on MandateSaved { mandate { revokedAt } } } }"
LIST = "{ mandates(filter: {revoked: true}) { nodes { reference } } }"


async def test_api_keeps_lists_and_revokes(database: Database, client: Client, principals: Principals) -> None:
    shop = await make_shop(database, **DEBITS)
    given = {
        "channel": shop.channel.code, "reference": "M-9", "signedOn": "2026-06-01", "name": "Greta Fock",
        "iban": "DE89370400440532013000", "once": True,
    }  # fmt: skip
    saved = await client.graphql(SAVE, {"input": given}, principal=principals.admin)
    wrong = await client.graphql(SAVE, {"input": {**given, "iban": "X"}}, principal=principals.admin)
    mandate = saved["data"]["saveMandate"]["mandate"]
    assert (mandate["reference"], mandate["ibanEnding"], mandate["once"], mandate["kind"]) == (
        "M-9", "3000", True, "CORE",
    )  # fmt: skip
    assert wrong["data"]["saveMandate"] == {"code": "INVALID_IBAN", "path": ["input", "iban"]}
    await client.graphql(REVOKE, {"id": mandate["id"]}, principal=principals.admin)
    listed = await client.graphql(LIST, principal=principals.admin)
    other = await client.graphql(
        LIST, principal=principals.holding("payments:read", channel_ids=frozenset({shop.warehouse.id}))
    )
    assert listed["data"]["mandates"]["nodes"] == [{"reference": "M-9"}]
    assert other["data"]["mandates"]["nodes"] == []


def test_channel_says_who_collects_and_how_long_before_it_tells() -> None:
    assert sepa_of({"sepa": {"creditorId": CREDITOR}}) == Sepa(CREDITOR, 14)
    assert sepa_of({"sepa": {"creditorId": CREDITOR, "noticeDays": 2}}) == Sepa(CREDITOR, 2)
    assert sepa_of({"sepa": {"creditorId": CREDITOR, "noticeDays": 0}}) == Sepa(CREDITOR, 14)
    for wrong in ({}, {"sepa": None}, {"sepa": {"creditorId": "DE00ZZZ09999999999"}}):
        assert sepa_of(wrong) is None
    assert collect_on(Sepa(CREDITOR), date(2026, 12, 20)) == date(2027, 1, 3)


def test_mandate_lapses_three_years_after_its_last_debit() -> None:
    assert lapses_on(FACTS) == date(2029, 6, 1)
    used = replace(FACTS, uses=1, used_on=date(2028, 2, 29))
    assert lapses_on(used) == date(2031, 2, 28)
    check_usable(used, date(2031, 2, 28))
    with pytest.raises(MandateNotValid) as refusal:
        check_usable(used, date(2031, 3, 1))
    assert refusal.value.params["reason"] == "LAPSED"
    assert [sequence_of(each).value for each in (FACTS, used, replace(FACTS, once=True))] == ["FRST", "RCUR", "OOFF"]
    assert check_reference(" A/b-1 ") == "A/b-1"


def test_orders_without_mandates_are_known_again_as_before() -> None:
    """The digest of an order that was taken before payments could name mandates is still the same."""
    facts = {"a": 1, "mandate": None}
    plain = OrderInput(
        "shop", "1", (), ADDRESS, CustomerInput("Greta"), payments=(PaymentInput("CARD", 1),), facts=facts
    )
    body = plain.fingerprint()
    named = replace(plain, payments=(PaymentInput("CARD", 1, mandate="M"),))
    assert body != named.fingerprint()
    assert body == "d577775f0a35e1adacec239547db16bb1c5155494facb3f62bcd6a0f5b0fe166"


@pytest.mark.parametrize(("language", "words"), [("de", "Mandatsreferenz"), ("en", "Mandate reference")])
def test_customer_reads_amount_day_and_mandate(language: str, words: str) -> None:
    facts = {
        "brand": MessageBrand(name="Hanse"), "order_number": "100000", "amount": 2000, "currency": "EUR",
        "collect_on": date(2026, 6, 20), "mandate": "M-1", "creditor_id": CREDITOR, "iban_ending": "3000",
    }  # fmt: skip
    text = render_message("direct_debit", language, facts).text
    for part in (words, "M-1", CREDITOR, "3000", "20", "2026"):
        assert part in text


def test_gateway_refuses_a_debit_whose_place_or_day_is_not_said() -> None:
    said = {
        "creditor": CREDITOR, "reference": "M-1", "signed_on": "2026-06-01", "scheme": "CORE", "name": "Greta Fock",
        "iban": "DE89370400440532013000", "sequence_type": "FRST", "collect_on": "2026-06-20",
    }  # fmt: skip
    _check_mandate({"mandate": said}, takes=True)
    for name in ("sequence_type", "collect_on"):
        with pytest.raises(Exception, match=name):
            _check_mandate({"mandate": {**said, name: None}}, takes=True)
        _check_mandate({"mandate": {**said, name: None}}, takes=False)
