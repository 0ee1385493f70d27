from datetime import date
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from kontor.returns.eligibility import Hindrance, ReturnDecision, SentPieces, choose, decide, fee
from kontor.returns.inspection import Entitlement, all_returned, due, entitled
from kontor.returns.states import ReturnReason
from kontor.returns.values import RefundCharge

A, B = UUID(int=1), UUID(int=2)
TODAY = date(2026, 6, 15)


def sent(line_id: UUID, quantity: int, *, announced: int = 0, kind: str = "PHYSICAL", day: int = 1) -> SentPieces:
    return SentPieces(line_id, A, kind, quantity, announced, 1000, date(2026, 6, day))


def test_oldest_shipment_comes_back_first() -> None:
    chosen, hindrance = choose([sent(A, 2, announced=1), sent(B, 3)], 3, return_days=30, today=TODAY)
    assert (chosen, hindrance) == ({A: 1, B: 2}, None)


def test_hindrance_says_why() -> None:
    for pieces, quantity, expected in (
        ([sent(A, 2)], 3, Hindrance.TOO_MANY),
        ([sent(A, 2, kind="LICENSE")], 1, Hindrance.KIND),
        ([sent(A, 2, day=1), sent(B, 1, day=10)], 2, Hindrance.TOO_LATE),
        ([], 1, Hindrance.TOO_MANY),
    ):
        assert choose(pieces, quantity, return_days=7, today=TODAY) == ({}, expected)


def test_fault_of_ours_costs_the_customer_nothing() -> None:
    assert fee([ReturnReason.CHANGED_MIND], {"return_fee": 295}) == 295
    assert fee([ReturnReason.CHANGED_MIND, ReturnReason.DAMAGED], {"return_fee": 295}) == 0


def test_rule_of_the_channel_decides() -> None:
    reasons = [ReturnReason.DAMAGED]
    assert decide(reasons, 5000, {}) is ReturnDecision.APPROVED
    assert decide(reasons, 5000, {"return_auto_approve": False}) is ReturnDecision.REVIEW
    assert decide(reasons, 5000, {"return_review_above": 4999}) is ReturnDecision.REVIEW
    assert decide(reasons, 5000, {"return_review_reasons": ["DAMAGED"]}) is ReturnDecision.REVIEW


STEPS = st.lists(st.integers(1, 9), min_size=1, max_size=9)


@given(gross=st.integers(0, 10**9), tax=st.integers(0, 10**8), steps=STEPS)
def test_any_sequence_of_returns_sums_to_the_cent(gross: int, tax: int, steps: list[int]) -> None:
    tax, units, refunded = min(tax, gross), 0, 0
    rows = []
    for step in steps:
        row = entitled(Entitlement(A, B, sum(steps), gross, tax, Decimal(19), units, refunded, step))
        rows.append(row)
        units, refunded = units + step, refunded + row.gross
    assert sum(row.gross for row in rows) == gross
    assert sum(row.tax for row in rows) == tax
    assert all(row.net + row.tax == row.gross for row in rows)


def test_fee_is_never_more_than_the_refund() -> None:
    row = Entitlement(A, B, 2, 500, 80, Decimal(19), 0, 0, 1)
    assert due([row], [], fee=295, currency="EUR").amount == 0
    charge = RefundCharge(A, 412, 78, 490, Decimal(19))
    assert due([row], [charge], fee=295, currency="EUR").amount == 445


def test_charges_come_back_with_the_last_piece_only() -> None:
    assert all_returned({A: 2, B: 1}, {A: 2}, {B: 1})
    assert not all_returned({A: 2, B: 1}, {A: 1}, {B: 1})
    assert not all_returned({}, {}, {})
