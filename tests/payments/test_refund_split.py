"""Where a refund comes from: never above what a payment took, and exact at the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontor.core.errors import InvalidInput
from kontor.payments.refund_split import (
    RefundablePayment,
    RefundExceedsCaptured,
    RefundNotDivisible,
    RefundPolicy,
    split_refund,
)
from kontor.payments.states import PaymentMethodKind as Kind

CARD = RefundablePayment("card", Kind.CARD, captured=6000, position=2)
GIFT = RefundablePayment("gift", Kind.GIFT_CARD, captured=3000, position=1)
POINTS = RefundablePayment("points", Kind.BONUS_POINTS, captured=1000, position=3)
ALL = [CARD, GIFT, POINTS]


@pytest.mark.parametrize(
    ("policy", "amount", "expected"),
    [
        (RefundPolicy.REVERSE, 800, {"points": 800}),
        (RefundPolicy.REVERSE, 7500, {"points": 1000, "card": 6000, "gift": 500}),
        (RefundPolicy.CARD_FIRST, 6500, {"card": 6000, "gift": 500}),
        (RefundPolicy.CARD_FIRST, 9500, {"card": 6000, "gift": 3000, "points": 500}),
        (RefundPolicy.RATIO, 1000, {"card": 600, "gift": 300, "points": 100}),
        (RefundPolicy.RATIO, 1, {"card": 1}),
        (RefundPolicy.RATIO, 10000, {"card": 6000, "gift": 3000, "points": 1000}),
    ],
)
def test_policy_decides_who_gives_back(policy: RefundPolicy, amount: int, expected: dict[str, int]) -> None:
    assert split_refund(ALL, amount, policy=policy) == expected


def test_earlier_refunds_are_left_out() -> None:
    card = RefundablePayment("card", Kind.CARD, captured=6000, refunded=5900, position=2)

    assert split_refund([card, GIFT], 200, policy=RefundPolicy.REVERSE) == {"card": 100, "gift": 100}


def test_more_than_was_paid_is_refused_with_the_limit() -> None:
    card = RefundablePayment("card", Kind.CARD, captured=6000, refunded=1000)

    with pytest.raises(RefundExceedsCaptured) as refused:
        split_refund([card], 5001, policy=RefundPolicy.RATIO)

    assert refused.value.code == "REFUND_EXCEEDS_CAPTURED"
    assert refused.value.params == {"refundable": 5000}


@pytest.mark.parametrize("amount", [0, -1])
def test_refund_of_nothing_is_refused(amount: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        split_refund(ALL, amount, policy=RefundPolicy.REVERSE)

    assert refused.value.code == "REFUND_NOT_POSITIVE"


def test_chosen_shares_are_taken_as_they_are() -> None:
    chosen = {"gift": 400, "card": 100, "points": 0}

    assert split_refund(ALL, 500, policy=RefundPolicy.CHOSEN, chosen=chosen) == {"gift": 400, "card": 100}


@pytest.mark.parametrize(
    ("chosen", "code", "path"),
    [
        ({"gift": 400}, "REFUND_SHARES_MISMATCH", ("chosen",)),
        ({"gift": 3001}, "REFUND_EXCEEDS_CAPTURED", ("chosen", "gift")),
        ({"unknown": 500}, "REFUND_EXCEEDS_CAPTURED", ("chosen", "unknown")),
        ({"gift": 600, "card": -100}, "REFUND_SHARE_NEGATIVE", ("chosen", "card")),
        ({}, "REFUND_SHARES_MISMATCH", ("chosen",)),
    ],
)
def test_wrong_choice_is_refused_at_its_place(chosen: dict[str, int], code: str, path: tuple[str, ...]) -> None:
    with pytest.raises((InvalidInput, RefundExceedsCaptured)) as refused:
        split_refund(ALL, 500, policy=RefundPolicy.CHOSEN, chosen=chosen)

    assert (refused.value.code, refused.value.path) == (code, path)


WHOLE = RefundablePayment("voucher", Kind.VOUCHER, captured=2000, position=9, partial_refund=False)


@pytest.mark.parametrize(
    ("policy", "amount", "expected"),
    [
        (RefundPolicy.REVERSE, 1999, {"card": 1999}),
        (RefundPolicy.REVERSE, 2500, {"voucher": 2000, "card": 500}),
        (RefundPolicy.RATIO, 2500, {"card": 2500}),
        (RefundPolicy.RATIO, 8000, {"card": 6000, "voucher": 2000}),
    ],
)
def test_indivisible_payment_gives_all_or_nothing(policy: RefundPolicy, amount: int, expected: dict[str, int]) -> None:
    assert split_refund([CARD, WHOLE], amount, policy=policy) == expected


@pytest.mark.parametrize("policy", [RefundPolicy.RATIO, RefundPolicy.REVERSE, RefundPolicy.CARD_FIRST])
def test_part_of_an_indivisible_payment_is_refused(policy: RefundPolicy) -> None:
    with pytest.raises(RefundNotDivisible):
        split_refund([WHOLE], 1, policy=policy)


@st.composite
def refunds(draw: st.DrawFn) -> tuple[list[RefundablePayment], list[int]]:
    captured = draw(st.lists(st.integers(0, 3000), min_size=1, max_size=5).filter(any))
    payments = [
        RefundablePayment(str(number), draw(st.sampled_from(Kind)), captured=amount, position=number)
        for number, amount in enumerate(captured)
    ]
    left = sum(captured)
    steps: list[int] = []
    while left:
        steps.append(draw(st.integers(1, left)) if len(steps) < 8 else left)
        left -= steps[-1]
    return payments, steps


@given(case=refunds(), policies=st.data())
def test_any_partial_refunds_end_at_exactly_the_amount_paid(
    case: tuple[list[RefundablePayment], list[int]], policies: st.DataObject
) -> None:
    payments, steps = case
    usable = st.sampled_from([RefundPolicy.REVERSE, RefundPolicy.RATIO, RefundPolicy.CARD_FIRST])
    for amount in steps:
        shares = split_refund(payments, amount, policy=policies.draw(usable))
        assert sum(shares.values()) == amount
        payments = [
            RefundablePayment(
                payment.id,
                payment.kind,
                captured=payment.captured,
                refunded=payment.refunded + shares.get(payment.id, 0),
                position=payment.position,
            )
            for payment in payments
        ]
        assert all(0 <= payment.refunded <= payment.captured for payment in payments)

    assert all(payment.refundable == 0 for payment in payments)
    with pytest.raises(RefundExceedsCaptured):
        split_refund(payments, 1, policy=RefundPolicy.RATIO)
