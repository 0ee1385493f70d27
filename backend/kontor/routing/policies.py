"""Policies as versions: which of them is in force, and which of those in force applies to an order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from kontor.routing.ruling import Evaluate, Per, Rule, RuleBook, RuleKind
from kontor.routing.values import Policy

KINDS = ("PICKUP", "SHIP")
"""The kinds of order a policy may be for: collected in a store, or sent."""

Key = tuple[UUID | None, str, str]


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version of the policy `code`: for whom, and from when; None serves all, or is in force never.

    A version that is not `active` ends its code.
    """

    code: str
    version: int
    policy: Policy
    channel_id: UUID | None = None
    countries: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    valid_from: datetime | None = None
    active: bool = True

    @property
    def specificity(self) -> tuple[bool, bool, bool]:
        """How narrow it is: a channel counts more than countries, those more than kinds of order."""
        return self.channel_id is not None, self.countries is not None, self.kinds is not None

    def applies(self, key: Key) -> bool:
        """Whether it is for orders of this channel, country and kind."""
        channel_id, country, kind = key
        return (
            self.channel_id in (None, channel_id)
            and (self.countries is None or country in self.countries)
            and (self.kinds is None or kind in self.kinds)
        )


@dataclass(slots=True)
class InForce:
    """The version of each code that is in force at one moment, the most specific first."""

    versions: tuple[PolicyVersion, ...] = ()
    _known: dict[Key, PolicyVersion | None] = field(default_factory=dict)

    def of(self, channel_id: UUID | None, country: str, kind: str) -> PolicyVersion | None:
        """The one that applies to an order; None leaves it to the built-in policy."""
        key = (channel_id, country, kind)
        if key not in self._known:
            self._known[key] = next((each for each in self.versions if each.applies(key)), None)
        return self._known[key]


def in_force(versions: Iterable[PolicyVersion], at: datetime) -> InForce:
    """The newest version of each code that is valid at a moment.

    Of two codes that are equally narrow the one in force since later counts, then the first in the alphabet.
    """
    newest: dict[str, PolicyVersion] = {}
    for each in versions:
        if each.valid_from is not None and each.valid_from <= at:
            known = newest.get(each.code)
            if known is None or _since(known) < _since(each):
                newest[each.code] = each
    found = sorted((each for each in newest.values() if each.active), key=lambda each: each.code)
    found.sort(key=lambda each: (each.specificity, each.valid_from), reverse=True)
    return InForce(tuple(found))


def _since(version: PolicyVersion) -> tuple[datetime | None, int]:
    return version.valid_from, version.version


def policy_of(name: str, weights: Mapping[str, Any], rules: Iterable[Mapping[str, Any]], evaluate: Evaluate) -> Policy:
    """A stored or given policy as the planner takes it; `name` is shown with its decisions."""
    given = dict(weights)
    factors = given.pop("priority_factors", None)
    if factors is not None:
        given["priority_factors"] = tuple(factors)
    found = [rule_of(row) for row in rules]
    return Policy(version=name, rules=RuleBook(found, evaluate) if found else None, **given)


def rule_of(row: Mapping[str, Any]) -> Rule:
    """A rule from its stored row."""
    return Rule(
        row["name"], RuleKind(row["kind"]), row.get("when", "true"), row.get("amount", 0),
        Per(row.get("per", Per.PARCEL)), row.get("times", "1"),
    )  # fmt: skip


def row_of(rule: Rule) -> dict[str, Any]:
    """A rule as it is stored."""
    return {
        "name": rule.name, "kind": rule.kind.value, "when": rule.when, "amount": rule.amount, "per": rule.per.value,
        "times": rule.times,
    }  # fmt: skip


def weights_of(policy: Policy) -> dict[str, Any]:
    """The weights of a policy as they are stored."""
    names = [name for name in Policy.__dataclass_fields__ if name not in ("version", "rules")]
    found = {name: getattr(policy, name) for name in names}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}
