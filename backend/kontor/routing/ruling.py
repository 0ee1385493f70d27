"""The rule layer of a policy: it changes what places offer before an order is planned, so the plan stays exact.

A rule keeps a place out, prefers it, weighs its costs, or makes it a fall-back. Its condition is asked of each place,
and of the stock there, variant by variant, where it names the stock or the goods. What it adds becomes part of the
offer's costs, and a plan shows it as a term of its own: the cost under rules less the cost without them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from kontor.core.errors import KontorError
from kontor.routing.candidates import available
from kontor.routing.costs import lightest_cents
from kontor.routing.values import Demand, Id, Lane, Offer, Policy, Reason, Ruled, Site, Stock, Supply

Evaluate: TypeAlias = Callable[[str, Mapping[str, Any]], Any]
Facts: TypeAlias = Mapping[str, Mapping[str, Any]]

MOST_CENTS = 10_000_000
"""What a rule adds to a parcel, line or unit at most."""

_MOST_KNOWN = 20_000
_ASK = object()
_MOST_NETWORKS = 64
_TEXTS = re.compile(r'"(?:\\.|[^"\\])*"|' r"'(?:\\.|[^'\\])*'")
_READ = re.compile(r"(?<![\w.])(order|place|goods)\b(?:\s*\.\s*([A-Za-z_]\w*))?")

# What conditions may ask, each with a value of its kind: what is not known of a place reads like this.
FIELDS: Facts = {
    "order": {
        "channel": "", "country": "", "kind": "SHIP", "priority": 0, "lines": 1, "units": 1, "weight_g": 0,
        "hazmat": False, "bulky": False, "located": False,
    },
    "place": {
        "code": "", "kind": "", "country": "", "priority": 0, "partner": "", "tags": (), "ships": True,
        "hands_over": False, "returns": False, "hazmat": True, "bulky": True, "located": False, "distance_km": 0,
        "stock": 0,
    },
    "goods": {"wanted": 1, "weight_g": 0, "hazmat": False, "bulky": False},
}  # fmt: skip


class RuleKind(StrEnum):
    """What a rule does with a place for which its condition holds."""

    KEEP_OUT = "KEEP_OUT"
    PREFER = "PREFER"
    WEIGH = "WEIGH"
    FALL_BACK = "FALL_BACK"


class Per(StrEnum):
    """What the amount of a rule counts: cents per parcel, line or unit, or percent of the place's own costs."""

    PARCEL = "PARCEL"
    LINE = "LINE"
    UNIT = "UNIT"
    PERCENT = "PERCENT"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; conditions in CEL.

    The amount is in cents, or percent for a WEIGH so counted, times the whole number `times`. PREFER takes it off a
    parcel, at most what the parcel costs. FALL_BACK puts it on each unit: dearer than any difference between ordinary
    places, cheaper than owing the unit; a larger amount is a later tier.
    """

    name: str
    kind: RuleKind
    when: str = "true"
    amount: int = 0
    per: Per = Per.PARCEL
    times: str = "1"

    @property
    def by_goods(self) -> bool:
        """Whether it is asked for each variant by itself."""
        return any(is_of_goods(subject, field) for text in (self.when, self.times) for subject, field in reads(text))


def reads(text: str) -> list[tuple[str, str]]:
    """What an expression reads, as (subject, field); the field is empty where a subject is taken whole.

    >>> reads('place.kind == "STORE" && order.units < 3')
    [('place', 'kind'), ('order', 'units')]
    """
    return _READ.findall(_TEXTS.sub('""', text))


def is_of_goods(subject: str, field: str) -> bool:
    """Whether the field differs from variant to variant."""
    return subject == "goods" or (subject, field) == ("place", "stock")


class _Expression:
    """An expression that remembers its answers: the same few values are asked again and again."""

    __slots__ = ("evaluate", "fields", "known", "text")

    def __init__(self, text: str, evaluate: Evaluate) -> None:
        self.text, self.evaluate = text, evaluate
        self.fields = tuple(dict.fromkeys(reads(text)))
        self.known: dict[tuple[Any, ...], Any] = {}

    def value(self, facts: Facts) -> Any:
        """The value over the facts; None where it has none."""
        key = tuple([facts[subject][field] for subject, field in self.fields])
        value = self.known.get(key, _ASK)
        if value is _ASK:
            if len(self.known) >= _MOST_KNOWN:
                self.known.clear()
            value = self.known[key] = self._evaluated(key)
        return value

    def _evaluated(self, values: tuple[Any, ...]) -> Any:
        facts: dict[str, dict[str, Any]] = {}
        for (subject, field), value in zip(self.fields, values, strict=True):
            facts.setdefault(subject, {})[field] = list(value) if isinstance(value, tuple) else value
        try:
            return self.evaluate(self.text, facts)
        except KontorError:
            return None


class _Compiled(NamedTuple):
    rule: Rule
    when: _Expression
    times: _Expression


class RuleBook:
    """The rules of a policy version, in their order, with what they ask; `evaluate` reads CEL.

    A rule whose condition or measure has no value for a place does nothing there; its name is kept in `failed`.
    """

    __slots__ = ("_hash", "by_goods", "by_place", "failed", "order_fields", "rules")

    def __init__(self, rules: Sequence[Rule], evaluate: Evaluate) -> None:
        self.rules = tuple(rules)
        compiled = [
            _Compiled(rule, _Expression(rule.when, evaluate), _Expression(rule.times, evaluate)) for rule in rules
        ]
        self.by_place = [each for each in compiled if not each.rule.by_goods]
        self.by_goods = [each for each in compiled if each.rule.by_goods]
        read = {name for each in compiled for name in (*each.when.fields, *each.times.fields)}
        self.order_fields = tuple(sorted(field for subject, field in read if subject == "order"))
        self.failed: set[str] = set()
        self._hash = hash(self.rules)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RuleBook) and (self is other or self.rules == other.rules)

    def holding(self, rules: Iterable[_Compiled], facts: Facts) -> list[tuple[Rule, int]]:
        """The rules that hold, each with its amount; nothing after one that keeps out."""
        found = []
        for rule, when, times in rules:
            holds = when.value(facts)
            if holds is False:
                continue
            measure = times.value(facts) if holds is True else None
            if isinstance(measure, bool) or not isinstance(measure, int | float) or not -1e12 < measure < 1e12:
                self.failed.add(rule.name)
                continue
            if rule.kind is RuleKind.KEEP_OUT:
                return [(rule, 0)]
            found.append((rule, _amount(rule, measure)))
        return found


def _amount(rule: Rule, measure: float) -> int:
    cents = round(rule.amount * measure)
    return max(-100, min(cents, 10_000)) if rule.per is Per.PERCENT else max(0, min(cents, MOST_CENTS))


def ruled(demand: Demand, supply: Supply, policy: Policy) -> Supply:
    """The supply as the policy's rules make it for this order; the same supply without rules, or under them already."""
    book = policy.rules
    if book is None or supply.before_rules is not None:
        return supply
    order = order_facts(demand)
    key = (book, *[order[field] for field in book.order_fields], "|" in demand.region)
    under = supply.network.under
    network = under.get(key)
    if network is None:
        if len(under) >= _MOST_NETWORKS:
            under.clear()
        network = under[key] = supply.network.ruled_by(_Layer(book, order, "|" in demand.region))
    assert isinstance(network.rule, _Layer)
    book = network.rule.book  # equal, and it remembers
    stock, kept_out = _ruled_stock(demand, supply, book, order) if book.by_goods else (supply.stock, {})
    return replace(supply, network=network, stock=stock, before_rules=supply, kept_out=kept_out)


def failed_rules(supply: Supply) -> list[str]:
    """The rules that had no value for some place, of supply under rules."""
    layer = supply.network.rule
    return sorted(layer.book.failed) if isinstance(layer, _Layer) else []


def only(own: Mapping[Id, Mapping[Id, Stock]], supply: Supply) -> Supply:
    """Supply under rules with nothing but `own` of its stock; the rules are asked of all there is."""
    if supply.before_rules is None:
        return replace(supply, stock=own)
    before, stock = supply.before_rules.stock, dict[Id, Mapping[Id, Stock]]()
    for variant_id, rows in own.items():
        now, then = supply.stock.get(variant_id) or {}, before.get(variant_id) or {}
        left = dict(rows)
        for location_id in rows.keys() & now.keys():
            if location_id in supply.kept_out and now[location_id] == Stock(0):
                left[location_id] = Stock(0)
            else:
                added = now[location_id].price_cents - then[location_id].price_cents
                left[location_id] = left[location_id]._replace(price_cents=left[location_id].price_cents + added)
        stock[variant_id] = left
    return replace(supply, stock=stock, before_rules=replace(supply.before_rules, stock=own))


def order_facts(demand: Demand) -> Mapping[str, Any]:
    """What conditions may ask of an order."""
    lines = demand.lines
    return {
        "channel": demand.channel,
        "country": country_of(demand),
        "kind": kind_of(demand),
        "priority": demand.priority,
        "lines": len(lines),
        "units": sum([line.quantity for line in lines]),
        "weight_g": sum([line.weight_g * line.quantity for line in lines]),
        "hazmat": any(line.hazmat for line in lines),
        "bulky": any(line.bulky for line in lines),
        "located": "|" in demand.region,
    }


def country_of(demand: Demand) -> str:
    """The country an order goes to: the first part of its region."""
    return demand.region.partition("|")[0]


def kind_of(demand: Demand) -> str:
    """PICKUP for goods that are collected, else SHIP."""
    return "SHIP" if demand.pickup_location_id is None else "PICKUP"


def place_facts(site: Site, lane: Lane, *, located: bool) -> dict[str, Any]:
    """What conditions may ask of a place; its distance counts only where both ends are known."""
    facts = {
        **FIELDS["place"],
        "code": str(site.location_id),
        "priority": site.priority,
        "ships": site.ships,
        "hands_over": site.hands_over,
        "hazmat": site.hazmat,
        "bulky": site.bulky,
        "distance_km": lane.distance_km,
        **site.facts,
    }
    facts["located"] = bool((facts["located"] and located) or lane.distance_km)
    return facts


class _Layer:
    """What the rules make of an offer, for orders that are the same in all that the rules ask."""

    __slots__ = ("book", "located", "order")

    def __init__(self, book: RuleBook, order: Mapping[str, Any], located: bool) -> None:
        self.book, self.order, self.located = book, order, located

    def __call__(self, offer: Offer) -> Offer:
        place = place_facts(offer.site, offer.lane, located=self.located)
        held = self.book.holding(self.book.by_place, {"order": self.order, "place": place})
        if not held:
            return offer
        if held[0][0].kind is RuleKind.KEEP_OUT:
            site = replace(offer.site, ruled=Ruled(offer, (held[0][0].name,), 0))
            return offer._replace(site=site, reason=Reason.RULED_OUT)
        return _weighed(offer, held)


def _weighed(offer: Offer, held: Sequence[tuple[Rule, int]]) -> Offer:
    """The offer with scaled costs, then surcharges, then the bonus, which leaves no parcel below nothing."""
    added = dict.fromkeys(Per, 0)
    bonus = fall_back = 0
    for rule, amount in held:
        if rule.kind is RuleKind.PREFER:
            bonus += amount
        elif rule.kind is RuleKind.FALL_BACK:
            fall_back = max(fall_back, amount)
        else:
            added[rule.per] += amount
    factor = max(0, 100 + added[Per.PERCENT])
    lane, site = offer.lane, offer.site
    if factor != 100:
        lane, site = _scaled(lane, site, factor)
    parcel = lightest_cents(lane) + site.handling_parcel_cents + added[Per.PARCEL]
    bonus = min(bonus, max(0, parcel))
    site = replace(
        site,
        handling_parcel_cents=site.handling_parcel_cents + added[Per.PARCEL] - bonus,
        handling_line_cents=site.handling_line_cents + added[Per.LINE],
        handling_unit_cents=site.handling_unit_cents + added[Per.UNIT] + fall_back,
        ruled=Ruled(offer, tuple(rule.name for rule, _ in held), fall_back),
    )
    return offer._replace(site=site, lane=lane, parcel_cents=parcel - bonus)


def _scaled(lane: Lane, site: Site, percent: int) -> tuple[Lane, Site]:
    """The place's own costs in percent, each rate and charge rounded half up to whole cents."""

    def scaled(cents: int) -> int:
        return (cents * percent + 50) // 100

    lane = lane._replace(
        parcel_cents=scaled(lane.parcel_cents),
        cents_per_kg=scaled(lane.cents_per_kg),
        weight_steps=tuple((grams, scaled(cents)) for grams, cents in lane.weight_steps),
        bulky_unit_cents=scaled(lane.bulky_unit_cents),
    )
    return lane, replace(
        site,
        handling_parcel_cents=scaled(site.handling_parcel_cents),
        handling_line_cents=scaled(site.handling_line_cents),
        handling_unit_cents=scaled(site.handling_unit_cents),
    )


def _ruled_stock(
    demand: Demand, supply: Supply, book: RuleBook, order: Mapping[str, Any]
) -> tuple[Mapping[Id, Mapping[Id, Stock]], dict[Id, str]]:
    """The wanted goods as the rules about them leave them: nothing where kept out, dearer where weighed."""
    sites, region, located = supply.network.sites, demand.region, "|" in demand.region
    far = any(("place", field) in each.when.fields + each.times.fields for each in book.by_goods for field in _FAR)
    places: dict[Id, dict[str, Any]] = {}
    kept_out: dict[Id, str] = {}
    stock: dict[Id, Mapping[Id, Stock]] = {}
    for variant_id, goods in goods_facts(demand).items():
        rows = dict(supply.stock.get(variant_id) or {})
        for location_id, row in rows.items():
            site = sites.get(location_id)
            if site is None:
                continue
            place = places.get(location_id)
            if place is None:
                lane = (
                    site.lanes[region] if far and demand.pickup_location_id is None and region in site.lanes else Lane()
                )
                place = places[location_id] = place_facts(site, lane, located=located)
            place["stock"] = available(row, demand.channel, supply.today)
            held = book.holding(book.by_goods, {"order": order, "place": place, "goods": goods})
            if held and held[0][0].kind is RuleKind.KEEP_OUT:
                rows[location_id], kept_out[location_id] = Stock(0), held[0][0].name
            elif held:
                rows[location_id] = row._replace(price_cents=row.price_cents + sum(amount for _, amount in held))
        stock[variant_id] = rows
    return stock, kept_out


_FAR = ("distance_km", "located")


def goods_facts(demand: Demand) -> dict[Id, dict[str, Any]]:
    """What conditions may ask of each wanted variant."""
    found: dict[Id, dict[str, Any]] = {}
    for line in demand.lines:
        goods = found.setdefault(
            line.variant_id, {"wanted": 0, "weight_g": line.weight_g, "hazmat": line.hazmat, "bulky": line.bulky}
        )
        goods["wanted"] += line.quantity
    return found
