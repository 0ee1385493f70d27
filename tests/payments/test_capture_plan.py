"""What is taken after each shipment: never above the promise, never above what left, exact at the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontor.core.errors import InvalidInput
from kontor.payments.capture_plan import CapturePlan, CapturePolicy, PlannedPayment, Share, plan_captures
from kontor.payments.states import PaymentMethodKind as Kind

CARD = PlannedPayment("card", Kind.CARD, authorized=8000, position=1)
GIFT = PlannedPayment("gift", Kind.GIFT_CARD, authorized=2000, position=2)


def taken(plan: CapturePlan) -> dict[str, int]:
    return {share.payment: share.amount for share in plan.captures}


@pytest.mark.parametrize(
    ("policy", "shipped", "expected"),
    [
        (CapturePolicy.STORED_VALUE_FIRST, 3000, {"gift": 2000, "card": 1000}),
        (CapturePolicy.CARD_FIRST, 3000, {"card": 3000}),
        (CapturePolicy.CARD_FIRST, 9000, {"card": 8000, "gift": 1000}),
        (CapturePolicy.RATIO, 3000, {"card": 2400, "gift": 600}),
        (CapturePolicy.CHOSEN, 3000, {"card": 3000}),
    ],
)
def test_policy_orders_the_payments(policy: CapturePolicy, shipped: int, expected: dict[str, int]) -> None:
    assert taken(plan_captures([GIFT, CARD], shipped=shipped, policy=policy)) == expected


def test_nothing_shipped_captures_nothing() -> None:
    assert plan_captures([CARD], shipped=0, policy=CapturePolicy.RATIO) == CapturePlan((), (), (), 0)


def test_second_shipment_takes_only_the_difference() -> None:
    card = PlannedPayment("card", Kind.CARD, authorized=8000, captured=3000)

    assert taken(plan_captures([card], shipped=5000, policy=CapturePolicy.CARD_FIRST)) == {"card": 2000}


def test_single_capture_waits_for_the_end_and_releases_the_rest() -> None:
    card = PlannedPayment("card", Kind.CARD, authorized=8000, multi_capture=False)

    first = plan_captures([card], shipped=3000, policy=CapturePolicy.CARD_FIRST)
    last = plan_captures([card], shipped=5000, policy=CapturePolicy.CARD_FIRST, final=True)

    assert first == CapturePlan((), (), (), 0)
    assert last == CapturePlan((Share("card", 5000),), (), (Share("card", 3000),), 0)


def test_single_capture_is_taken_once_its_share_is_complete() -> None:
    gift = PlannedPayment("gift", Kind.GIFT_CARD, authorized=2000, multi_capture=False)

    plan = plan_captures([gift, CARD], shipped=3000, policy=CapturePolicy.STORED_VALUE_FIRST)

    assert taken(plan) == {"gift": 2000, "card": 1000}


def test_waiting_single_capture_keeps_its_share() -> None:
    wallet = PlannedPayment("wallet", Kind.WALLET, authorized=5000, multi_capture=False, position=0)

    plan = plan_captures([wallet, CARD], shipped=4000, policy=CapturePolicy.CHOSEN)

    assert taken(plan) == {}


def test_used_up_single_capture_gives_nothing_more() -> None:
    used = PlannedPayment("wallet", Kind.WALLET, authorized=5000, captured=1000, multi_capture=False)

    plan = plan_captures([used], shipped=4000, policy=CapturePolicy.CHOSEN, final=True)

    assert plan.captures == ()
    assert plan.uncovered == 3000


def test_money_in_advance_counts_before_the_card() -> None:
    prepaid = PlannedPayment("transfer", Kind.PREPAYMENT, authorized=3000, captured=3000)

    half = plan_captures([prepaid, CARD], shipped=5000, policy=CapturePolicy.CARD_FIRST)
    little = plan_captures([prepaid, CARD], shipped=2000, policy=CapturePolicy.CARD_FIRST)

    assert taken(half) == {"card": 2000}
    assert taken(little) == {}


def test_channel_collected_order_captures_nothing() -> None:
    collected = PlannedPayment("market", Kind.COLLECTED_BY_CHANNEL, authorized=9000, captured=9000)

    assert plan_captures([collected], shipped=9000, policy=CapturePolicy.RATIO, final=True).captures == ()


def test_on_account_is_billed_after_everything_else() -> None:
    account = PlannedPayment("account", Kind.ON_ACCOUNT, authorized=7000)

    plan = plan_captures([account, GIFT], shipped=5000, policy=CapturePolicy.CARD_FIRST)

    assert plan.captures == (Share("gift", 2000),)
    assert plan.billed == (Share("account", 3000),)


def test_value_above_all_promises_is_uncovered() -> None:
    assert plan_captures([CARD], shipped=9000, policy=CapturePolicy.CARD_FIRST).uncovered == 1000


def test_end_without_shipment_releases_everything() -> None:
    plan = plan_captures([CARD, GIFT], shipped=0, policy=CapturePolicy.CARD_FIRST, final=True)

    assert plan.captures == ()
    assert plan.releases == (Share("card", 8000), Share("gift", 2000))


def test_money_already_taken_beyond_the_shipment_stays_and_adds_nothing() -> None:
    card = PlannedPayment("card", Kind.CARD, authorized=8000, captured=4000)

    assert plan_captures([card, GIFT], shipped=3000, policy=CapturePolicy.STORED_VALUE_FIRST).captures == ()


def test_negative_value_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        plan_captures([CARD], shipped=-1, policy=CapturePolicy.RATIO)

    assert refused.value.path == ("shipped",)


amounts = st.integers(0, 5000)
kinds = st.sampled_from([Kind.CARD, Kind.WALLET, Kind.DIRECT_DEBIT, Kind.GIFT_CARD, Kind.VOUCHER, Kind.BONUS_POINTS])


@st.composite
def orders(draw: st.DrawFn) -> list[PlannedPayment]:
    promised = [
        PlannedPayment(str(number), draw(kinds), authorized=draw(amounts), multi_capture=draw(st.booleans()))
        for number in range(draw(st.integers(1, 4)))
    ]
    advance = draw(amounts)
    return [*promised, PlannedPayment("advance", Kind.PREPAYMENT, authorized=advance, captured=advance)]


def after(payments: list[PlannedPayment], plan: CapturePlan) -> list[PlannedPayment]:
    shares = taken(plan)
    return [
        PlannedPayment(
            payment.id,
            payment.kind,
            authorized=payment.authorized,
            captured=payment.captured + shares.get(payment.id, 0),
            multi_capture=payment.multi_capture,
        )
        for payment in payments
    ]


def drawn(payments: list[PlannedPayment]) -> int:
    return sum(payment.captured for payment in payments if payment.kind.captured_by_kontor)


@given(
    payments=orders(),
    shipments=st.lists(st.integers(0, 4000), max_size=6),
    policies=st.lists(st.sampled_from(CapturePolicy), min_size=7, max_size=7),
)
def test_any_shipments_and_policies_end_at_the_same_exact_total(
    payments: list[PlannedPayment], shipments: list[int], policies: list[CapturePolicy]
) -> None:
    shipped, advance = 0, payments[-1].captured
    promised = sum(payment.authorized for payment in payments[:-1])
    captures: dict[str, int] = {}
    for value, policy in zip([*shipments, 0], [*policies[: len(shipments)], policies[-1]], strict=True):
        shipped += value
        plan = plan_captures(payments, shipped=shipped, policy=policy)
        for share in plan.captures:
            assert share.amount > 0
            captures[share.payment] = captures.get(share.payment, 0) + 1
        payments = after(payments, plan)
        assert drawn(payments) <= max(0, shipped - advance)
    last = plan_captures(payments, shipped=shipped, policy=policies[-1], final=True)
    for share in last.captures:
        captures[share.payment] = captures.get(share.payment, 0) + 1
    payments = after(payments, last)

    assert drawn(payments) == min(promised, max(0, shipped - advance))
    assert all(payment.captured <= payment.authorized for payment in payments)
    assert all(captures.get(payment.id, 0) <= 1 for payment in payments if not payment.multi_capture)
    released = {share.payment: share.amount for share in last.releases}
    for payment in payments[:-1]:
        assert payment.captured + released.get(payment.id, 0) == payment.authorized
