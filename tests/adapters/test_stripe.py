"""The port of payments over Stripe's published contract: every outcome told truly, nothing done twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from adapters.payment_banks import instruction, next_number
from adapters.stripe_account import SECRET_KEY, StripeAccount, signed
from kontor.adapters.payments.stripe import StripeGateway
from kontor.adapters.payments.stripe.amounts import NotChargeable, from_stripe, to_stripe
from kontor.adapters.payments.wire import connect
from kontor.core.errors import Conflict, Forbidden
from kontor.core.money import Money
from kontor.payments.ports import (
    Declined,
    DisputeStatus,
    GatewayUnavailable,
    Instruction,
    Operation,
    Outcome,
    OutcomeUnknown,
    Pending,
    Sought,
    Succeeded,
)

OLD, NEW = "whsec_" + "a" * 32, "whsec_" + "b" * 32
T = TypeVar("T")


class Shop:
    """A gateway bound to a running account."""

    def __init__(self, account: StripeAccount, url: str) -> None:
        self.account, self.url = account, url

    def run(self, story: Callable[[StripeGateway], Awaitable[T]], *, timeout: float = 30.0, key: str = SECRET_KEY) -> T:
        async def told() -> T:
            async with connect(self.url, api_key=key, timeout=timeout) as client:
                return await story(StripeGateway(client, webhook_secrets=(OLD, NEW), multi_capture=True))

        return asyncio.run(told())

    def held(self, amount: int, reference: str, method: str = "pm_card_visa") -> str:
        outcome = self.run(lambda it: it.authorize(instruction(amount, reference=reference), method=method))
        assert isinstance(outcome, Succeeded)
        return outcome.reference


@pytest.fixture
def shop() -> Iterator[Shop]:
    account = StripeAccount()
    with account.running() as url:
        yield Shop(account, url)


def sought(operation: Operation, authorization: str = "", *, ago: float = 0.0) -> Sought:
    return Sought(operation, "payment", authorization, datetime.now(UTC) - timedelta(seconds=ago))


def test_promise_tells_its_end_and_whether_it_may_be_taken_in_parts(shop: Shop) -> None:
    able = shop.run(lambda it: it.authorize(instruction(4999), method="pm_card_visa"))
    other = "pm_card_credit_disableEnterpriseCardFeatures"
    unable = shop.run(lambda it: it.authorize(instruction(4999), method=other))

    assert isinstance(able, Succeeded)
    assert isinstance(unable, Succeeded)
    assert (able.amount, able.multi_capture, unable.multi_capture) == (Money(4999, "EUR"), True, False)
    assert able.expires_at is not None
    assert timedelta(days=6, hours=23) < able.expires_at - datetime.now(UTC) <= timedelta(days=7)


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_authenticationRequired", "authentication_required"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("tok_nobody_knows", "resource_missing"),
    ],
)
def test_issuers_reason_is_told(shop: Shop, method: str, code: str) -> None:
    outcome = shop.run(lambda it: it.authorize(instruction(100), method=method))

    assert isinstance(outcome, Declined)
    assert outcome.code == code


def test_customer_is_named_for_a_method_that_is_kept(shop: Shop) -> None:
    shop.run(lambda it: it.authorize(instruction(100), method="cus_7/pm_card_visa"))

    [(_, form)] = shop.account.requests
    assert (form["customer"], form["payment_method"]) == ("cus_7", "pm_card_visa")


def test_takes_in_parts_and_releases_the_rest(shop: Shop) -> None:
    reference = f"shop-{next_number()}"
    held = shop.held(10000, reference)

    async def story(it: StripeGateway) -> list[Outcome]:
        return [
            await it.capture(instruction(3000, reference=reference), authorization=held),
            await it.capture(instruction(8000, reference=reference), authorization=held),
            await it.void(instruction(7000, reference=reference), authorization=held),
            await it.void(instruction(0, reference=reference), authorization=held),
        ]

    first, too_much, voided, again = shop.run(story)

    assert isinstance(first, Succeeded)
    assert isinstance(too_much, Declined)
    assert too_much.code == "amount_too_large"
    assert isinstance(voided, Succeeded)
    assert isinstance(again, Succeeded)
    assert (voided.amount, again.amount) == (Money(7000, "EUR"), Money(0, "EUR"))
    assert shop.account.intents[held]["status"] == "succeeded"
    assert shop.account.totals(reference) == (3000, 0)


def test_nothing_taken_is_canceled_as_a_whole(shop: Shop) -> None:
    held = shop.held(1000, "whole")
    outcome = shop.run(lambda it: it.void(instruction(1000), authorization=held))

    assert isinstance(outcome, Succeeded)
    assert (outcome.amount, shop.account.intents[held]["status"]) == (Money(1000, "EUR"), "canceled")


def test_last_capture_of_a_plain_card_releases_what_it_leaves(shop: Shop) -> None:
    held = shop.held(1000, "plain", "pm_card_credit_disableEnterpriseCardFeatures")
    outcome = shop.run(lambda it: it.capture(instruction(600), authorization=held, final=True))

    assert isinstance(outcome, Succeeded)
    assert shop.account.intents[held]["amount_capturable"] == 0


def test_promise_that_stripe_has_let_go_is_told_as_lapsed(shop: Shop) -> None:
    held = shop.held(1000, "late")
    shop.account.expire(held)
    outcome = shop.run(lambda it: it.capture(instruction(600), authorization=held, final=True))

    assert isinstance(outcome, Declined)
    assert outcome.code == "authorization_expired"


def test_refunds_end_at_what_was_captured(shop: Shop) -> None:
    held = shop.held(1000, "back")

    async def story(it: StripeGateway) -> list[Outcome]:
        await it.capture(instruction(900), authorization=held, final=True)
        return [await it.refund(instruction(part), authorization=held) for part in (400, 500, 1)]

    first, second, third = shop.run(story)

    assert isinstance(first, Succeeded)
    assert isinstance(second, Succeeded)
    assert isinstance(third, Declined)
    assert shop.account.totals("back") == (900, 900)


async def _persistently(
    it: StripeGateway, asked: Instruction, about: Sought, call: Callable[[], Awaitable[Outcome]]
) -> Outcome:
    """As the jobs of payments do it: asked first once it was sent."""
    fresh = True
    for _ in range(20):
        try:
            outcome = None if fresh else await it.find(asked.idempotency_key, about)
            fresh = False
            return outcome or await call()
        except (GatewayUnavailable, OutcomeUnknown):
            continue
    raise AssertionError("it never ends")


@pytest.mark.parametrize("faults", [["lost"], ["closed"], ["limited"], ["lost", "closed", "lost"], ["slow"]])
@pytest.mark.parametrize("operation", [Operation.AUTHORIZE, Operation.CAPTURE, Operation.REFUND, Operation.VOID])
@pytest.mark.parametrize("forgotten", [False, True], ids=["known", "forgotten"])
def test_call_is_carried_through_once(shop: Shop, faults: list[str], operation: Operation, forgotten: bool) -> None:
    reference = f"shop-{next_number()}"
    held = "" if operation is Operation.AUTHORIZE else shop.held(1000, reference)
    if operation is Operation.REFUND:
        shop.run(lambda it: it.capture(instruction(1000, reference=reference), authorization=held, final=True))
    asked = instruction(1000, reference=reference)
    about = sought(operation, held, ago=3600 if forgotten else 0)
    shop.account.faults = list(faults)

    async def story(it: StripeGateway) -> Outcome:
        calls: dict[Operation, Callable[[], Awaitable[Outcome]]] = {
            Operation.AUTHORIZE: lambda: it.authorize(asked, method="pm_card_visa"),
            Operation.CAPTURE: lambda: it.capture(asked, authorization=held),
            Operation.REFUND: lambda: it.refund(asked, authorization=held),
            Operation.VOID: lambda: it.void(asked, authorization=held),
        }

        async def attempt() -> Outcome:
            if forgotten:
                shop.account.forget_keys()
            return await calls[operation]()

        return await _persistently(it, asked, about, attempt)

    outcome = shop.run(story, timeout=1.5 if faults == ["slow"] else 30.0)
    assert isinstance(outcome, Succeeded)
    assert len(outcome.reference) <= 20
    took, back = {Operation.CAPTURE: (1000, 0), Operation.REFUND: (1000, 1000)}.get(operation, (0, 0))
    assert shop.account.totals(reference) == (took, back)
    assert len(shop.account.intents) == 1
    assert len(shop.account.refunds) == (1 if operation is Operation.REFUND else 0)


def test_failure_that_stripe_repeats_for_a_day_is_unknown_until_the_key_is_free(shop: Shop) -> None:
    asked = instruction(1000, reference="broken")
    shop.account.faults = ["broken"]
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            shop.run(lambda it: it.authorize(asked, method="pm_card_visa"))
    assert shop.account.intents == {}
    shop.account.forget_keys()

    assert isinstance(shop.run(lambda it: it.authorize(asked, method="pm_card_visa")), Succeeded)
    assert len(shop.account.intents) == 1


def test_what_is_still_being_processed_is_pending_and_then_as_it_stands(shop: Shop) -> None:
    asked = instruction(1000)
    first = shop.run(lambda it: it.authorize(asked, method="pm_sepa_debit", capture_now=True))
    [intent] = shop.account.intents.values()
    intent |= {"status": "succeeded", "amount_received": 1000}
    second = shop.run(lambda it: it.authorize(asked, method="pm_sepa_debit", capture_now=True))

    assert first == Pending(intent["id"])
    assert second == Succeeded(intent["id"], Money(1000, "EUR"))


def test_key_for_another_instruction_is_an_error_of_the_caller(shop: Shop) -> None:
    shop.run(lambda it: it.authorize(instruction(100, key="same", reference="a"), method="pm_card_visa"))

    with pytest.raises(Conflict, match="another instruction"):
        shop.run(lambda it: it.authorize(instruction(200, key="same", reference="a"), method="pm_card_visa"))


def test_wrong_key_of_the_account_is_no_declined_payment(shop: Shop) -> None:
    with pytest.raises(GatewayUnavailable) as caught:
        shop.run(lambda it: it.authorize(instruction(100), method="pm_card_visa"), key="sk_test_wrong")
    assert caught.value.code == "PAYMENT_GATEWAY_CREDENTIALS"


def test_limited_rate_says_how_long_to_wait(shop: Shop) -> None:
    shop.account.faults = ["limited"]
    with pytest.raises(GatewayUnavailable) as caught:
        shop.run(lambda it: it.authorize(instruction(100), method="pm_card_visa"))
    assert caught.value.params["retry_after"] == 1.0


@pytest.mark.parametrize(
    ("money", "sent"),
    [
        (Money(1099, "EUR"), 1099),
        (Money(500, "JPY"), 500),
        (Money(500, "ISK"), 50000),
        (Money(500, "UGX"), 50000),
        (Money(12300, "MGA"), 123),
        (Money(5120, "KWD"), 5120),
    ],
)
def test_amounts_are_counted_as_stripe_counts_them(shop: Shop, money: Money, sent: int) -> None:
    asked = Instruction(f"key-{next_number()}", "counted", money)
    outcome = shop.run(lambda it: it.authorize(asked, method="pm_card_visa"))

    assert (to_stripe(money), from_stripe(sent, money.currency.lower())) == (sent, money)
    assert isinstance(outcome, Succeeded)
    assert outcome.amount == money


def test_finer_amounts_than_stripe_moves_are_declined(shop: Shop) -> None:
    with pytest.raises(NotChargeable):
        to_stripe(Money(5124, "KWD"))
    outcome = shop.run(lambda it: it.authorize(instruction(5124, currency="KWD"), method="pm_card_visa"))
    assert isinstance(outcome, Declined)
    assert outcome.code == "amount_not_chargeable"


# --- a PaymentIntent of the checkout -------------------------------------------------------------------------------


def test_confirmed_payment_of_the_checkout_is_taken_over_by_one_payment_only(shop: Shop) -> None:
    intent = shop.account.checkout(1000)
    first = shop.run(lambda it: it.authorize(instruction(1000, reference="one"), method=intent))
    again = shop.run(lambda it: it.authorize(instruction(1000, reference="one"), method=intent))
    other = shop.run(lambda it: it.authorize(instruction(1000, reference="two"), method=intent))
    shop.account.intents[intent]["metadata"].clear()  # as if both had looked before either had written
    race = shop.run(lambda it: it.authorize(instruction(1000, reference="three"), method=intent))

    assert isinstance(first, Succeeded)
    assert (first, first.reference) == (again, intent)
    for refused in (other, race):
        assert isinstance(refused, Declined)
        assert refused.code == "payment_intent_in_use"


@pytest.mark.parametrize(
    ("status", "amount", "capture_now", "expected"),
    [
        ("requires_capture", 999, False, "amount_mismatch"),
        ("succeeded", 1000, False, "payment_intent_captured"),
        ("canceled", 1000, False, "payment_intent_canceled"),
        ("requires_payment_method", 1000, False, "declined"),
    ],
)
def test_checkout_that_does_not_fit_is_declined(
    shop: Shop, status: str, amount: int, capture_now: bool, expected: str
) -> None:
    intent = shop.account.checkout(amount, status=status)
    asked = instruction(1000)
    outcome = shop.run(lambda it: it.authorize(asked, method=intent, capture_now=capture_now))

    assert isinstance(outcome, Declined)
    assert outcome.code == expected


def test_customer_who_has_still_to_confirm_is_waited_for(shop: Shop) -> None:
    intent = shop.account.checkout(1000, status="requires_action")

    assert shop.run(lambda it: it.authorize(instruction(1000), method=intent)) == Pending(intent)


@pytest.mark.parametrize("status", ["requires_capture", "succeeded"])
def test_money_that_is_wanted_at_once_is_taken_from_the_checkout(shop: Shop, status: str) -> None:
    intent = shop.account.checkout(1000, status=status)
    asked = instruction(1000, reference="at-once")
    outcome = shop.run(lambda it: it.authorize(asked, method=intent, capture_now=True))

    assert isinstance(outcome, Succeeded)
    assert (outcome.reference, shop.account.totals("at-once")) == (intent, (1000, 0))


def test_lapsed_payment_of_a_kept_method_is_asked_for_anew(shop: Shop) -> None:
    intent = shop.account.checkout(1000, customer="cus_9")
    shop.run(lambda it: it.authorize(instruction(1000, reference="kept"), method=intent))
    shop.account.expire(intent)
    outcome = shop.run(lambda it: it.authorize(instruction(1000, reference="kept"), method=intent))

    assert isinstance(outcome, Succeeded)
    assert outcome.reference != intent
    assert shop.account.intents[outcome.reference]["customer"] == "cus_9"


# --- events ----------------------------------------------------------------------------------------------------------


def _read(shop: Shop, headers: dict[str, str], body: bytes) -> Any:
    async def story(it: StripeGateway) -> Any:
        return it.read_notice(headers, body)

    return shop.run(story)


def test_event_is_believed_by_either_secret_and_names_its_key(shop: Shop) -> None:
    held = shop.held(1000, "told")
    body = shop.account.event("payment_intent.amount_capturable_updated", shop.account.intents[held], key="key-9")

    for secret in (OLD, NEW):
        notice = _read(shop, signed(body, "whsec_unknown", secret), body)
        assert (notice.idempotency_key, notice.payment_reference) == ("key-9", "told")


@pytest.mark.parametrize(
    "headers",
    [
        lambda _: {},
        lambda _: {"stripe-signature": ""},
        lambda _: {"stripe-signature": "t=now,v1=abc"},
        lambda now: {"stripe-signature": f"t={now},v1=é"},
        lambda now: {"stripe-signature": f"t={now}"},
        lambda _: signed(b"other", OLD),
        lambda _: signed(b"{}", "whsec_unknown"),
        lambda now: signed(b"{}", OLD, at=now - 301),
        lambda now: signed(b"{}", OLD, at=now + 360),
    ],
)
def test_event_that_is_not_genuine_is_refused(shop: Shop, headers: Callable[[int], dict[str, str]]) -> None:
    with pytest.raises(Forbidden):
        _read(shop, headers(int(time.time())), b"{}")


@pytest.mark.parametrize(
    ("status", "ours", "taken"),
    [
        ("warning_needs_response", DisputeStatus.NEEDS_RESPONSE, False),
        ("needs_response", DisputeStatus.NEEDS_RESPONSE, True),
        ("under_review", DisputeStatus.UNDER_REVIEW, True),
        ("won", DisputeStatus.WON, False),
        ("lost", DisputeStatus.LOST, True),
    ],
)
def test_dispute_tells_where_it_stands_and_who_has_the_money(
    shop: Shop, status: str, ours: DisputeStatus, taken: bool
) -> None:
    held = shop.held(1000, "disputed")
    content = shop.account.dispute(held, status, amount=700, due_by=1_800_000_000)
    body = shop.account.event("charge.dispute.updated", content, created=1_790_000_000)
    notice = _read(shop, signed(body, NEW), body)

    news = notice.dispute
    assert (notice.operation, notice.authorization, notice.idempotency_key) == (Operation.CHARGEBACK, held, None)
    assert (news.reference, news.status, news.taken, news.amount) == (f"dp_{held}", ours, taken, Money(700, "EUR"))
    assert news.due_at == datetime.fromtimestamp(1_800_000_000, UTC)


def test_events_of_others_do_not_concern_us(shop: Shop) -> None:
    body = shop.account.event("payment_intent.succeeded", shop.account.intents[shop.account.checkout(5)])
    other = shop.account.event("customer.created", {"id": "cus_1"})

    assert _read(shop, signed(body, OLD), body) is None
    assert _read(shop, signed(other, OLD), other) is None
