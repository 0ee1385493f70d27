"""What speaks against an order, and what follows from it."""

from __future__ import annotations

from typing import Any

import pytest

from kontor.core.errors import InvalidInput
from kontor.risk import rules, scoring
from kontor.risk.values import Decision, Knowledge, Limits, ListKind, PaymentFacts, Reason, Subject

HOME = {"street": "Deichstraße 7", "postal_code": "20459", "city": "Hamburg", "country": "DE"}


def order(total: int = 5000, **given: Any) -> Subject:
    values: dict[str, Any] = {"billing": HOME, "shipping": None, "keys": {ListKind.EMAIL: "greta@fock.example"}}
    return Subject(total, "EUR", "DE", **(values | given))


def codes(subject: Subject, known: Knowledge | None = None, limits: Limits | None = None) -> list[str]:
    return [reason.code for reason in rules.reasons_of(subject, known or Knowledge(), limits or Limits())]


def test_ordinary_order_gives_no_reason() -> None:
    assert codes(order()) == []


@pytest.mark.parametrize(
    ("subject", "known", "expected"),
    [
        (order(150_001), Knowledge(), ["HIGH_AMOUNT"]),
        (order(150_000), Knowledge(), []),
        (order(20_001), Knowledge(usual_total=4000, earlier_orders=2), ["ABOVE_USUAL"]),
        (order(20_000), Knowledge(usual_total=10, earlier_orders=2), []),
        (order(shipping={**HOME, "country": "FR"}), Knowledge(), ["COUNTRIES_DIFFER"]),
        (order(shipping={**HOME, "street": "Packstation 112"}), Knowledge(), ["PARCEL_LOCKER"]),
        (order(shipping={**HOME, "street": "P.O. Box 7"}), Knowledge(), ["PARCEL_LOCKER"]),
        (order(shipping={**HOME, "street": "Boxhagener Straße 1"}), Knowledge(), []),
        (order(50_001, keys={ListKind.EMAIL: "x@gmx.de"}), Knowledge(), ["FREEMAIL_HIGH_AMOUNT"]),
        (order(50_001, keys={ListKind.EMAIL: "x@gmx.de"}), Knowledge(earlier_orders=1, usual_total=50_000), []),
        (order(), Knowledge(seen={ListKind.EMAIL: 6}), ["VELOCITY"]),
        (order(), Knowledge(seen={ListKind.EMAIL: 5}), []),
        (order(), Knowledge(payments=PaymentFacts(cards=3, declines=3)), ["DECLINES", "MANY_CARDS"]),
        (order(facts={"payment_declines": 4}), Knowledge(), ["DECLINES"]),
        (order(facts={"payment_declines": "many"}), Knowledge(), []),
        (order(), Knowledge(listed={ListKind.IP: True, ListKind.EMAIL: False}), ["BLOCKED"]),
        (order(), Knowledge(listed={ListKind.CUSTOMER: False}), ["TRUSTED"]),
    ],
)
def test_abnormality_is_named(subject: Subject, known: Knowledge, expected: list[str]) -> None:
    assert codes(subject, known) == expected


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (ListKind.EMAIL, " Greta@Fock.Example ", "greta@fock.example"),
        (ListKind.PHONE, "+49 (0)40 / 123-45", "+4904012345"),
        (ListKind.PHONE, "0049 40 12345", "+494012345"),
        (ListKind.ADDRESS, "Deichstraße 7, 20459, DE", "deichstrasse720459de"),
        (ListKind.IP, " 2001:DB8::1 ", "2001:db8::1"),
    ],
)
def test_values_are_compared_without_their_looks(kind: ListKind, value: str, expected: str) -> None:
    assert rules.key_of(kind, value) == expected


def test_address_of_an_order_matches_the_list() -> None:
    assert rules.address_key(HOME) == rules.key_of(ListKind.ADDRESS, "Deichstraße 7, 20459, DE")


def test_channel_sets_its_own_limits() -> None:
    limits = rules.limits_of({"risk.amount": 100, "risk.review_score": 10})
    assert (limits.amount, limits.review_score, limits.cards) == (100, 10, 3)
    with pytest.raises(InvalidInput):
        rules.limits_of({"risk.amount": "much"})


@pytest.mark.parametrize(
    ("reasons", "decision", "score"),
    [
        ([], Decision.ACCEPT, 0),
        ([Reason("A", 49)], Decision.ACCEPT, 49),
        ([Reason("A", 30), Reason("B", 20)], Decision.REVIEW, 50),
        ([Reason("A", 60), Reason("B", 40)], Decision.REJECT, 100),
        ([Reason("A", 1, decision=Decision.REVIEW)], Decision.REVIEW, 1),
        ([Reason("TRUSTED", -100, decision=Decision.ACCEPT), Reason("A", 150)], Decision.ACCEPT, 50),
        ([Reason("TRUSTED", -100, decision=Decision.ACCEPT), Reason("BLOCKED", 100, decision=Decision.REJECT)],
         Decision.REJECT, 0),
    ],
)  # fmt: skip
def test_verdict_follows_from_the_reasons(reasons: list[Reason], decision: Decision, score: int) -> None:
    found = scoring.verdict(reasons, Limits())
    assert (found.decision, found.score) == (decision, score)


def test_heaviest_reason_comes_first() -> None:
    assert [reason.code for reason in scoring.verdict([Reason("A", 1), Reason("B", 2)], Limits()).reasons] == ["B", "A"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Der Betrag 1.234,56 EUR liegt über der Grenze von 1.000,00 EUR."),
        ("en", "The amount of 1,234.56 EUR is above the limit of 1,000.00 EUR."),
        ("fr", "The amount of 1,234.56 EUR is above the limit of 1,000.00 EUR."),
    ],
)
def test_reason_is_told_in_words(language: str, text: str) -> None:
    kept = Reason("HIGH_AMOUNT", 50, {"amount": 123_456, "limit": 100_000, "currency": "EUR"}).as_json()
    assert scoring.describe(kept, language) == text


def test_own_rule_speaks_its_own_words() -> None:
    kept = Reason("ODD", 5, text={"de": "Seltsam", "en": "Odd"}).as_json()
    assert (scoring.describe(kept, "de"), scoring.describe(kept, "en")) == ("Seltsam", "Odd")
