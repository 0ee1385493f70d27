"""What routing shows: policies with weights and rules, and simulations with both of their sides."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from kontor.api.graphql.context import Info
from kontor.api.graphql.decision_words import place_names, words
from kontor.api.graphql.loaders import by_key
from kontor.api.graphql.master_rows import Given, shown
from kontor.api.graphql.scalars import Long
from kontor.routing.policies import row_of, weights_of
from kontor.routing.presets import Preset, Template, cost
from kontor.routing.ruling import Per, RuleKind
from kontor.routing.states import SimulationState

strawberry.enum(RuleKind, name="RoutingRuleKind")
strawberry.enum(Per, name="RoutingRulePer")
strawberry.enum(Preset, name="RoutingPreset")
strawberry.enum(SimulationState, name="RoutingSimulationState")


@strawberry.enum
class RoutingOrderKind(Enum):
    PICKUP = "PICKUP"
    SHIP = "SHIP"


@strawberry.enum(description="A draft has no date; one that is published is or was in force and never changes.")
class RoutingPolicyState(Enum):
    DRAFT = "DRAFT"
    SCHEDULED = "SCHEDULED"
    PUBLISHED = "PUBLISHED"
    WITHDRAWN = "WITHDRAWN"


@strawberry.type(description="What is weighed, in cents; priority factors multiply delay and shortage of an order.")
class RoutingWeights:
    split_cents: int
    late_parcel_day_cents: int
    late_unit_day_cents: int
    shortage_cents: int
    bulky_unit_cents: int
    distance_cents_per_100km: int = strawberry.field(name="distanceCentsPer100km")
    rejection_cents: int
    move_gain_cents: int
    move_cents: int
    move_percent: int
    shadow_prices: bool
    priority_factors: list[int]

    @classmethod
    def of(cls, weights: dict[str, Any]) -> RoutingWeights:
        """As the API shows stored weights; what is not stored is as in the default policy."""
        usual = weights_of(cost().weights)
        return cls(**{name: weights.get(name, usual[name]) for name in _WEIGHTS})


@strawberry.type(description="A rule; conditions and measures in CEL.")
class RoutingRule:
    name: str
    kind: RuleKind
    when: str
    amount: int
    per: Per
    times: str

    @classmethod
    def of(cls, row: dict[str, Any]) -> RoutingRule:
        """As the API shows it."""
        return cls(**{**row, "kind": RuleKind(row["kind"]), "per": Per(row["per"])})


@strawberry.type(description="One version of a policy. Null for channel, countries or kinds of order stands for all.")
class RoutingPolicy:
    id: UUID
    code: str
    version: int
    name: str
    channel_id: UUID | None
    countries: list[str] | None
    kinds: list[RoutingOrderKind] | None
    active: bool = strawberry.field(description="No: this version ends the policy.")
    valid_from: datetime | None
    created_at: datetime
    created_by: str
    updated_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    weights: RoutingWeights
    rules: list[RoutingRule]
    state: RoutingPolicyState

    @classmethod
    def of(cls, row: Any, now: datetime) -> RoutingPolicy:
        """As the API shows it at a moment."""
        state = RoutingPolicyState.DRAFT
        if row.withdrawn_at is not None:
            state = RoutingPolicyState.WITHDRAWN
        elif row.valid_from is not None:
            state = RoutingPolicyState.SCHEDULED if row.valid_from > now else RoutingPolicyState.PUBLISHED
        own = {name: getattr(row, name) for name in _POLICY_COLUMNS}
        return cls(
            **own,
            kinds=None if row.kinds is None else [RoutingOrderKind(kind) for kind in row.kinds],
            weights=RoutingWeights.of(row.weights),
            rules=[RoutingRule.of(rule) for rule in row.rules],
            state=state,
        )


_POLICY_COLUMNS = (
    "id", "code", "version", "name", "channel_id", "countries", "active", "valid_from", "created_at", "created_by",
    "updated_at", "withdrawn_at", "withdrawn_by",
)  # fmt: skip
_WEIGHTS = (
    "split_cents", "late_parcel_day_cents", "late_unit_day_cents", "shortage_cents", "bulky_unit_cents",
    "distance_cents_per_100km", "rejection_cents", "move_gain_cents", "move_cents", "move_percent", "shadow_prices",
    "priority_factors",
)  # fmt: skip


@strawberry.type(description="A policy to begin with: the cost model, or the rules that other systems route by.")
class RoutingPresetTemplate:
    preset: Preset
    description: str
    weights: RoutingWeights
    rules: list[RoutingRule]

    @classmethod
    def made(cls, preset: Preset, description: str, template: Template) -> RoutingPresetTemplate:
        """As the API shows it."""
        return cls(
            preset=preset, description=description, weights=RoutingWeights.of(weights_of(template.weights)),
            rules=[RoutingRule.of(row_of(rule)) for rule in template.rules],
        )  # fmt: skip


@strawberry.input(description="Weights in cents; what is absent stays as it is.")
class RoutingWeightsInput(Given):
    split_cents: int | None = UNSET
    late_parcel_day_cents: int | None = UNSET
    late_unit_day_cents: int | None = UNSET
    shortage_cents: int | None = UNSET
    bulky_unit_cents: int | None = UNSET
    distance_cents_per_100km: int | None = strawberry.field(default=UNSET, name="distanceCentsPer100km")
    rejection_cents: int | None = UNSET
    move_gain_cents: int | None = UNSET
    move_cents: int | None = UNSET
    move_percent: int | None = UNSET
    shadow_prices: bool | None = UNSET
    priority_factors: list[int] | None = UNSET


@strawberry.input(description="A rule. `when` and `times` are CEL and may be left out: always, and once.")
class RoutingRuleInput(Given):
    name: str
    kind: RuleKind
    when: str | None = UNSET
    amount: int | None = UNSET
    per: Per | None = UNSET
    times: str | None = UNSET


@strawberry.type(description="What a place would do: parcels and pieces.")
class RoutingLoad:
    location_id: UUID
    parcels: int
    units: int

    @strawberry.field
    async def name(self, info: Info) -> str:
        named = await by_key(info, place_names, "all")
        return named.names.get(str(self.location_id), "")


@strawberry.type(description="What one policy does over all orders of a simulation. Money in cents.")
class RoutingSimulationSide:
    orders: int
    cost: Long = strawberry.field(description="At the policy's own weights, rules included.")
    true_cost: Long = strawberry.field(
        description="The cost without what only steers: rules, prices of stock and room."
    )
    valued: Long = strawberry.field(description="At the weights of the policy that decided: what may be compared.")
    paid: Long = strawberry.field(description="Shipping, handling and bulky goods.")
    kept: int = strawberry.field(description="Orders that are whole with the customer on the promised day.")
    parcels: int
    units: int
    late_units: int
    unsent_units: int
    gap: Long = strawberry.field(description="How far all plans may be from the cheapest ones.")
    terms: JSON
    load: list[RoutingLoad]

    @classmethod
    def of(cls, row: dict[str, Any] | None) -> RoutingSimulationSide | None:
        """As the API shows it; the busiest places first."""
        if row is None:
            return None
        busy = sorted(row["load"].items(), key=lambda each: (-each[1][1], each[0]))
        load = [RoutingLoad(location_id=UUID(place), parcels=n, units=units) for place, (n, units) in busy]
        return cls(**{**row, "terms": JSON(row["terms"]), "load": load})


@strawberry.type(
    description="Past orders routed again under another policy, each on what there was when it was routed."
)
class RoutingSimulation:
    id: UUID
    state: SimulationState
    total: int
    done: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    finished_at: datetime | None
    error: str | None
    policy: str = strawberry.field(description="What is tried: code and version, a preset, or draft.")
    since: datetime
    until: datetime
    channel_ids: list[UUID] | None
    countries: list[str] | None
    limit: int
    changed: int = strawberry.field(description="Orders that would be served otherwise.")
    as_decided: int = strawberry.field(description="Orders that the old policy, asked again, serves as it did.")
    unreadable: int
    before: RoutingSimulationSide | None
    after: RoutingSimulationSide | None

    @classmethod
    def of(cls, row: Any) -> RoutingSimulation:
        """As the API shows it."""
        own = {name: getattr(row, name) for name in _SIMULATION_COLUMNS}
        request, result = row.request, row.result
        channels = request["channel_ids"]
        return cls(
            **own,
            policy=request["policy"]["name"],
            since=datetime.fromisoformat(request["since"]),
            until=datetime.fromisoformat(request["until"]),
            channel_ids=None if channels is None else [UUID(each) for each in channels],
            countries=request["countries"],
            limit=request["limit"],
            changed=result.get("changed", 0),
            as_decided=result.get("as_decided", 0),
            unreadable=result.get("unreadable", 0),
            before=RoutingSimulationSide.of(result.get("before")),
            after=RoutingSimulationSide.of(result.get("after")),
        )


_SIMULATION_COLUMNS = (
    "id", "state", "total", "done", "created_at", "created_by", "updated_at", "finished_at", "error",
)  # fmt: skip


@strawberry.type(description="An order that would be served otherwise, with both decisions.")
class RoutingSimulationOrder:
    id: UUID
    simulation_id: UUID
    decision_id: UUID
    order_id: UUID
    saving: Long = strawberry.field(description="What the change saves, in cents at the weights of the old policy.")
    before: JSON
    after: JSON

    @classmethod
    def of(cls, row: Any) -> RoutingSimulationOrder:
        """As the API shows it."""
        return cls(**shown(cls, row))

    @strawberry.field(description="The old policy's decision in words.")
    async def before_explanation(self, info: Info) -> list[str]:
        return await words(info, self.before)

    @strawberry.field(description="The other policy's decision in words.")
    async def after_explanation(self, info: Info) -> list[str]:
        return await words(info, self.after)
