"""What a payment may become, what its amounts say, and what each method may do."""

from itertools import pairwise

import pytest

from kontor.payments.states import (
    PAYMENT_TRANSITIONS,
    REFUND_TRANSITIONS,
    PaymentMethodKind,
    PaymentState,
    RefundState,
    collected_state,
)


def walks(*states: PaymentState) -> bool:
    return all(PAYMENT_TRANSITIONS.allows(old, new) for old, new in pairwise(states))


def test_card_and_on_account_reach_their_ends() -> None:
    P = PaymentState
    assert walks(P.CREATED, P.AUTHORIZED, P.PARTIALLY_CAPTURED, P.CAPTURED, P.PARTIALLY_REFUNDED, P.REFUNDED)
    assert walks(P.CREATED, P.INVOICED, P.PARTIALLY_PAID, P.PAID)


def test_ended_payment_never_moves_unless_its_money_comes_late() -> None:
    assert PAYMENT_TRANSITIONS.table[PaymentState.FAILED] == frozenset()
    assert PAYMENT_TRANSITIONS.table[PaymentState.VOIDED] == {PaymentState.PARTIALLY_CAPTURED, PaymentState.CAPTURED}


def test_captured_money_cannot_be_voided() -> None:
    assert not PAYMENT_TRANSITIONS.allows(PaymentState.CAPTURED, PaymentState.VOIDED)


def test_succeeded_refund_can_only_come_back() -> None:
    assert REFUND_TRANSITIONS.table[RefundState.SUCCEEDED] == {RefundState.FAILED}


@pytest.mark.parametrize(
    ("authorized", "captured", "refunded", "expected"),
    [
        (1000, 0, 0, PaymentState.AUTHORIZED),
        (1000, 400, 0, PaymentState.PARTIALLY_CAPTURED),
        (1000, 1000, 0, PaymentState.CAPTURED),
        (1000, 400, 100, PaymentState.PARTIALLY_REFUNDED),
        (1000, 400, 400, PaymentState.REFUNDED),
        (0, 0, 0, PaymentState.VOIDED),
    ],
)
def test_amounts_tell_the_state(authorized: int, captured: int, refunded: int, expected: PaymentState) -> None:
    assert collected_state(authorized=authorized, captured=captured, refunded=refunded) is expected


def test_no_method_is_both_taken_later_and_paid_in_advance() -> None:
    assert not [kind for kind in PaymentMethodKind if kind.captured_by_kontor and kind.money_in_advance]
    assert [kind for kind in PaymentMethodKind if not kind.captured_by_kontor and not kind.money_in_advance] == [
        PaymentMethodKind.ON_ACCOUNT
    ]
