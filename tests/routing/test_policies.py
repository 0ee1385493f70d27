"""Which version of a policy is in force, and which of those in force applies to an order."""

from datetime import UTC, datetime, timedelta

import pytest

from kontor.core.ids import new_id
from kontor.routing.policies import PolicyVersion, in_force
from kontor.routing.values import Policy

NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)
WEB, MARKET = new_id(), new_id()


def version(code: str, number: int = 1, *, days_ago: float = 1, **more: object) -> PolicyVersion:
    since = NOW - timedelta(days=days_ago)
    values: dict[str, object] = {"valid_from": since, **more}
    return PolicyVersion(code, number, Policy(f"{code}/{number}"), **values)  # type: ignore[arg-type]


def applied(*versions: PolicyVersion, country: str = "DE", kind: str = "SHIP") -> str | None:
    found = in_force(versions, NOW).of(WEB, country, kind)
    return None if found is None else found.policy.version


def test_newest_version_that_is_valid_counts() -> None:
    rows = [version("a", 1), version("a", 2, days_ago=0), version("a", 3, days_ago=-1)]
    assert applied(*rows) == applied(*reversed(rows)) == "a/2"


def test_draft_without_a_date_is_never_in_force() -> None:
    assert applied(version("a", 1, valid_from=None)) is None


def test_ended_code_leaves_the_others() -> None:
    assert applied(version("a"), version("b", 2, active=False, days_ago=0), version("b", days_ago=3)) == "a/1"


@pytest.mark.parametrize(
    ("narrow", "winner"),
    [
        ({"channel_id": WEB}, "narrow/1"),
        ({"channel_id": MARKET}, "wide/1"),
        ({"countries": frozenset({"DE", "AT"})}, "narrow/1"),
        ({"countries": frozenset({"FR"})}, "wide/1"),
        ({"kinds": frozenset({"SHIP"})}, "narrow/1"),
        ({"kinds": frozenset({"PICKUP"})}, "wide/1"),
    ],
)
def test_most_specific_one_that_applies_wins(narrow: dict[str, object], winner: str) -> None:
    assert applied(version("wide", days_ago=0), version("narrow", **narrow)) == winner  # type: ignore[arg-type]


def test_channel_counts_more_than_country_and_kind() -> None:
    by_channel = version("z", channel_id=WEB)
    by_both = version("a", countries=frozenset({"DE"}), kinds=frozenset({"SHIP"}))
    assert applied(by_channel, by_both) == "z/1"


def test_later_one_then_first_in_the_alphabet_breaks_ties() -> None:
    assert applied(version("b", days_ago=1), version("a", days_ago=2)) == "b/1"
    assert applied(version("b"), version("a")) == "a/1"
