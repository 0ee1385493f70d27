"""What weights and rules of a policy must be to be kept; every refusal names its field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kontor.core import expressions
from kontor.core.errors import KontorError, Path, camel
from kontor.routing.errors import InvalidPolicy
from kontor.routing.ruling import FIELDS, MOST_CENTS, Per, Rule, RuleKind, is_of_goods, reads
from kontor.routing.values import Policy

MOST_RULES = 50
_MOST_PERCENT = 1_000
_MOST_FACTORS = 10
_NAMES = tuple(name for name in Policy.__dataclass_fields__ if name not in ("version", "rules"))
_USUAL_PER = {RuleKind.FALL_BACK: Per.UNIT}

# Conditions are tried on two places: one of which nothing is known, and one with a value for everything.
_BARE = {subject: dict(known) for subject, known in FIELDS.items()}
_FULL: dict[str, dict[str, Any]] = {
    "order": {
        "channel": "web", "country": "DE", "kind": "SHIP", "priority": 2, "lines": 3, "units": 5, "weight_g": 1200,
        "hazmat": True, "bulky": True, "located": True,
    },
    "place": {
        "code": "berlin", "kind": "STORE", "country": "DE", "priority": 100, "partner": "partner", "tags": ["outlet"],
        "ships": True, "hands_over": True, "returns": True, "hazmat": True, "bulky": True, "located": True,
        "distance_km": 120, "stock": 7,
    },
    "goods": {"wanted": 2, "weight_g": 500, "hazmat": True, "bulky": True},
}  # fmt: skip


def checked_weights(given: Mapping[str, Any]) -> dict[str, Any]:
    """The given weights as they are stored, in cents; raises `InvalidPolicy` naming weights.<name>."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        path = ("weights", camel(name))
        if name not in _NAMES:
            raise InvalidPolicy(f"There is no weight {name}.", path=path)
        if name == "priority_factors":
            if not value or len(value) > _MOST_FACTORS or not all(_is_whole(each, 1, 1000) for each in value):
                raise InvalidPolicy(f"1 to {_MOST_FACTORS} factors of 1 to 1000 are needed.", path=path)
            found[name] = list(value)
        elif isinstance(getattr(_USUAL, name), bool):
            if not isinstance(value, bool):
                raise InvalidPolicy("Yes or no is needed.", path=path)
            found[name] = value
        elif not _is_whole(value, 0, MOST_CENTS):
            raise InvalidPolicy(f"Whole cents from 0 to {MOST_CENTS} are needed.", path=path)
        else:
            found[name] = value
    return found


_USUAL = Policy("usual")


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def checked_rules(given: Sequence[Mapping[str, Any]], shortage_cents: int) -> list[Rule]:
    """The given rules; raises `InvalidPolicy` naming rules[i].<field>.

    A fall-back must stay cheaper than `shortage_cents`, what a unit costs that nobody sends.
    """
    if len(given) > MOST_RULES:
        raise InvalidPolicy(f"A policy has at most {MOST_RULES} rules.", path=("rules",), max=MOST_RULES)
    rules = [_rule(row, ("rules", index)) for index, row in enumerate(given)]
    seen: set[str] = set()
    for index, rule in enumerate(rules):
        if rule.name in seen:
            raise InvalidPolicy(f"Two rules are named {rule.name}.", path=("rules", index, "name"))
        seen.add(rule.name)
        if rule.kind is RuleKind.FALL_BACK and rule.amount >= shortage_cents:
            raise InvalidPolicy(
                f"A fall-back is never used when it costs as much as owing the unit, {shortage_cents} cents.",
                code="FALL_BACK_TOO_DEAR", path=("rules", index, "amount"), shortage=shortage_cents,
            )  # fmt: skip
    return rules


def _rule(row: Mapping[str, Any], path: Path) -> Rule:
    name = str(row.get("name") or "").strip()
    if not 0 < len(name) <= 80 or not name.isprintable():
        raise InvalidPolicy("A rule needs a name of at most 80 printable characters.", path=(*path, "name"))
    try:
        kind = RuleKind(row["kind"])
        per = Per(row.get("per") or _USUAL_PER.get(kind, Per.PARCEL))
    except (KeyError, ValueError) as problem:
        raise InvalidPolicy("There is no such kind of rule.", path=(*path, "kind")) from problem
    when, times = row.get("when") or "true", row.get("times") or "1"
    rule = Rule(name, kind, when, 0 if kind is RuleKind.KEEP_OUT else row.get("amount") or 0, per, times)
    _check_amount(rule, path)
    for value in _values_of(when, (*path, "when")):
        if not isinstance(value, bool):
            raise InvalidPolicy(
                "A condition must be true or false.", code="EXPRESSION_NOT_BOOLEAN", path=(*path, "when"),
                expression=when,
            )  # fmt: skip
    for value in _values_of(times, (*path, "times")):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidPolicy("What an amount is multiplied by is a number.", path=(*path, "times"))
    _check_goods(rule, path)
    return rule


def _check_amount(rule: Rule, path: Path) -> None:
    fits = {
        RuleKind.KEEP_OUT: {Per.PARCEL},
        RuleKind.PREFER: {Per.PARCEL},
        RuleKind.FALL_BACK: {Per.UNIT},
        RuleKind.WEIGH: set(Per),
    }
    if rule.per not in fits[rule.kind]:
        raise InvalidPolicy(f"{rule.kind} does not count per {rule.per.lower()}.", path=(*path, "per"))
    if rule.kind is RuleKind.KEEP_OUT:
        return
    if rule.per is Per.PERCENT:
        if not _is_whole(rule.amount, -100, _MOST_PERCENT) or not rule.amount:
            raise InvalidPolicy(f"Percent from -100 to {_MOST_PERCENT} are needed, not 0.", path=(*path, "amount"))
    elif not _is_whole(rule.amount, 1, MOST_CENTS):
        raise InvalidPolicy(f"Whole cents from 1 to {MOST_CENTS} are needed.", path=(*path, "amount"))


def _check_goods(rule: Rule, path: Path) -> None:
    """Only what counts per unit, or keeps goods out, may differ from variant to variant."""
    if rule.kind is RuleKind.KEEP_OUT or (rule.kind is RuleKind.WEIGH and rule.per is Per.UNIT):
        return
    for name, text in (("when", rule.when), ("times", rule.times)):
        for subject, field in reads(text):
            if is_of_goods(subject, field):
                raise InvalidPolicy(
                    f"{subject}.{field} may only be asked where goods are kept out or weighed per unit.",
                    code="RULE_NOT_BY_GOODS", path=(*path, name), field=f"{subject}.{field}",
                )  # fmt: skip
    if rule.kind is RuleKind.FALL_BACK and rule.times != "1":
        raise InvalidPolicy("A fall-back has one price for all orders.", path=(*path, "times"))


def _values_of(text: str, path: Path) -> Iterable[Any]:
    """The expression's values on the places it is tried on; raises when it cannot be read or has none."""
    expressions.check(text, path=path)
    for subject, field in reads(text):
        if field not in FIELDS[subject]:
            known = ", ".join(f"{subject}.{name}" for name in FIELDS[subject])
            raise InvalidPolicy(
                f"{subject}{'.' if field else ''}{field} is not known. Known are {known}.",
                code="UNKNOWN_FACT", path=path, fact=f"{subject}.{field}".rstrip("."),
            )  # fmt: skip
    found = []
    for facts in (_FULL, _BARE):
        plain = {subject: {**known, **_lists(known)} for subject, known in facts.items()}
        try:
            found.append(expressions.evaluate(text, plain))
        except KontorError as problem:
            problem.path = path
            raise
    return found


def _lists(known: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) for name, value in known.items() if isinstance(value, tuple)}
