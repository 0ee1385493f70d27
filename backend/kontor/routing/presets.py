"""Policies to begin with: the cost model, and the rules that other systems route by, as weights and rules.

A preset that goes by a rule of thumb takes a place's own costs off (they are still shown and count as true cost) and
puts the rule in their stead. Parcels cost a cent in it, so that of equal ways the one with fewer parcels is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple

from kontor.routing.ruling import Per, Rule, RuleKind
from kontor.routing.values import Policy

_UNKNOWN_KM = 20_000
"""How far a place counts as away whose distance nobody knows: behind all others."""

_DISTANCE = f"place.located ? place.distance_km : {_UNKNOWN_KM}"
_FREE = Rule("own costs do not count", RuleKind.WEIGH, "true", -100, Per.PERCENT)
_TIER = 50_000
_STEP = 2  # cents for each step of a rule: more than a further parcel costs


class Preset(StrEnum):
    """A policy to begin with."""

    COST = "COST"
    PRIORITY = "PRIORITY"
    DISTANCE = "DISTANCE"
    HIGH_STOCK = "HIGH_STOCK"
    FEWEST_SPLITS = "FEWEST_SPLITS"
    RULE_CHAIN = "RULE_CHAIN"


class Template(NamedTuple):
    """Weights in the form of a policy, and rules."""

    weights: Policy
    rules: tuple[Rule, ...] = ()


def cost() -> Template:
    """Everything in cents: shipping, handling, delay, further parcels, what stays unsent. The default."""
    return Template(
        Policy(
            "default/1",
            split_cents=50,
            late_parcel_day_cents=120,
            late_unit_day_cents=40,
            shortage_cents=100_000,
            rejection_cents=300,
            priority_factors=(1, 2, 4),
        )
    )


def _by(*rules: Rule, split_cents: int = 1) -> Template:
    """Goods go by rules alone: nothing is weighed but them and what stays unsent."""
    return Template(Policy("preset", split_cents=split_cents, shortage_cents=200_000), (_FREE, *rules))


def priority() -> Template:
    """Places in the order of their priority; each sends what it has of each article until nothing is missing."""
    return _by(Rule("in the order of priority", RuleKind.WEIGH, "true", _STEP, Per.UNIT, "place.priority"))


def distance() -> Template:
    """Nearest first; each sends what it has of each article. Places whose distance is not known come last."""
    return _by(Rule("nearest first", RuleKind.WEIGH, "true", _STEP, Per.UNIT, _DISTANCE))


def high_stock() -> Template:
    """Each article from the place that has most of it, then from the next."""
    more = "place.stock < 20000 ? 20000 - place.stock : 0"
    return _by(Rule("highest stock first", RuleKind.WEIGH, "true", _STEP, Per.UNIT, more))


def fewest_splits() -> Template:
    """As few parcels as can be; of equally many the nearest places."""
    near = Rule("nearest of the fewest", RuleKind.WEIGH, "true", 1, Per.PARCEL, _DISTANCE)
    return _by(near, split_cents=_TIER)


def rule_chain() -> Template:
    """Own warehouses, then stores, which keep their last two units, then partners; in each group the nearest first."""
    stores, partners = 'place.kind in ["STORE", "FRANCHISE"]', 'place.kind in ["DROPSHIPPER", "MARKETPLACE"]'
    return _by(
        Rule(
            "stores keep their last units", RuleKind.KEEP_OUT, f'order.kind == "SHIP" && {stores} && place.stock <= 2'
        ),
        Rule("stores after warehouses", RuleKind.FALL_BACK, stores, _TIER, Per.UNIT),
        Rule("partners last", RuleKind.FALL_BACK, partners, 2 * _TIER, Per.UNIT),
        Rule("nearest first", RuleKind.WEIGH, "true", _STEP, Per.UNIT, _DISTANCE),
    )


PRESETS: Mapping[Preset, Callable[[], Template]] = {
    Preset.COST: cost,
    Preset.PRIORITY: priority,
    Preset.DISTANCE: distance,
    Preset.HIGH_STOCK: high_stock,
    Preset.FEWEST_SPLITS: fewest_splits,
    Preset.RULE_CHAIN: rule_chain,
}
