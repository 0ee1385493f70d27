"""Routing: policies as versions, presets, the policy in force, and what another policy would have done."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.master_rows import Given
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.routing_types import (
    RoutingOrderKind,
    RoutingPolicy,
    RoutingPresetTemplate,
    RoutingRuleInput,
    RoutingSimulation,
    RoutingSimulationOrder,
    RoutingWeightsInput,
)
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import KontorError
from kontor.routing import queries, saving, simulating
from kontor.routing.presets import PRESETS, Preset
from kontor.routing.states import SimulationState


@strawberry.input
class RoutingPoliciesFilter(Given):
    codes: list[str] | None = UNSET
    channel_ids: list[UUID] | None = UNSET
    withdrawn: bool | None = UNSET
    changed_since: datetime | None = UNSET


@strawberry.input
class RoutingSimulationsFilter(Given):
    states: list[SimulationState] | None = UNSET
    changed_since: datetime | None = UNSET


@strawberry.enum
class RoutingPoliciesSort(Enum):
    CODE = "CODE"
    CODE_DESC = "CODE_DESC"
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"


@strawberry.enum
class RoutingSimulationsSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"


@strawberry.enum
class RoutingSimulationOrdersSort(Enum):
    SAVING = "SAVING"
    SAVING_DESC = "SAVING_DESC"


@strawberry.input(
    description="A version by the code of its policy; what is absent is as in the version before, first as in COST. "
    "With `version` that draft is changed. Without `validFrom` it is a draft; a moment that has passed means now."
)
class RoutingPolicyInput(Given):
    code: str
    version: int | None = UNSET
    name: str | None = UNSET
    channel: str | None = UNSET
    countries: list[str] | None = UNSET
    kinds: list[RoutingOrderKind] | None = UNSET
    preset: Preset | None = UNSET
    weights: RoutingWeightsInput | None = UNSET
    rules: list[RoutingRuleInput] | None = UNSET
    valid_from: datetime | None = UNSET
    active: bool | None = UNSET


@strawberry.input(
    description="Orders first routed from `since` to before `until`, under a stored version, a preset, or weights and "
    "rules given here."
)
class RoutingSimulationInput(Given):
    since: datetime
    until: datetime
    channels: list[str] | None = UNSET
    countries: list[str] | None = UNSET
    limit: int | None = UNSET
    policy_id: UUID | None = UNSET
    preset: Preset | None = UNSET
    weights: RoutingWeightsInput | None = UNSET
    rules: list[RoutingRuleInput] | None = UNSET


@strawberry.type
class RoutingQuery:
    @strawberry.field(extensions=[requires(Permission.ROUTING_READ)], description="Every version of every policy.")
    async def routing_policies(
        self,
        info: Info,
        filter: RoutingPoliciesFilter | None = None,
        sort: RoutingPoliciesSort = RoutingPoliciesSort.CREATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[RoutingPolicy]:
        wanted = queries.PolicyFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_policies(db, wanted, page_of(first, after), **sorting(sort))
            now = db.now
        return connect(page, lambda row: RoutingPolicy.of(row, now))

    @strawberry.field(extensions=[requires(Permission.ROUTING_READ)])
    async def routing_policy(self, info: Info, id: UUID) -> RoutingPolicy | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await queries.find_policy(db, id)
            return None if row is None else RoutingPolicy.of(row, db.now)

    @strawberry.field(
        extensions=[requires(Permission.ROUTING_READ)],
        description="The version that applies to such orders at a moment (now); null stands for the preset COST.",
    )
    async def routing_policy_in_force(
        self, info: Info, channel: str, country: str, kind: RoutingOrderKind, at: datetime | None = None
    ) -> RoutingPolicy | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await queries.policy_in_force(db, channel, country, kind.value, at=at or db.now)
            return None if row is None else RoutingPolicy.of(row, db.now)

    @strawberry.field(extensions=[requires(Permission.ROUTING_READ)], description="Policies to begin with.")
    def routing_presets(self) -> list[RoutingPresetTemplate]:
        return [RoutingPresetTemplate.made(preset, make.__doc__ or "", make()) for preset, make in PRESETS.items()]

    @strawberry.field(extensions=[requires(Permission.ROUTING_READ)])
    async def routing_simulations(
        self,
        info: Info,
        filter: RoutingSimulationsFilter | None = None,
        sort: RoutingSimulationsSort = RoutingSimulationsSort.CREATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[RoutingSimulation]:
        wanted = queries.SimulationFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_simulations(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, RoutingSimulation.of)

    @strawberry.field(extensions=[requires(Permission.ROUTING_READ)])
    async def routing_simulation(self, info: Info, id: UUID) -> RoutingSimulation | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await queries.find_simulation(db, id)
        return None if row is None else RoutingSimulation.of(row)

    @strawberry.field(
        extensions=[requires(Permission.ROUTING_READ)],
        description="Orders that a simulation would serve otherwise; what saves most comes first.",
    )
    async def routing_simulation_orders(
        self,
        info: Info,
        simulation_id: UUID | None = None,
        sort: RoutingSimulationOrdersSort = RoutingSimulationOrdersSort.SAVING_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[RoutingSimulationOrder]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_changed_orders(db, simulation_id, page_of(first, after), **sorting(sort))
        return connect(page, RoutingSimulationOrder.of)


@strawberry.type
class RoutingPolicyChanged:
    policy: RoutingPolicy


@strawberry.type(description="A simulation; its progress is asked for by its id.")
class RoutingSimulationChanged:
    simulation: RoutingSimulation


RoutingPolicyResult = Annotated[RoutingPolicyChanged | Refusal, strawberry.union("RoutingPolicyResult")]
RoutingSimulationResult = Annotated[RoutingSimulationChanged | Refusal, strawberry.union("RoutingSimulationResult")]


async def _policy_again(db: Session, ids: list[UUID]) -> RoutingPolicyChanged:
    row = await queries.find_policy(db, ids[0])
    return RoutingPolicyChanged(policy=RoutingPolicy.of(row, db.now))


async def _simulation_again(db: Session, ids: list[UUID]) -> RoutingSimulationChanged:
    row = await queries.find_simulation(db, ids[0])
    return RoutingSimulationChanged(simulation=RoutingSimulation.of(row))


def _policy_target(done: RoutingPolicyChanged) -> list[tuple[str, UUID]]:
    return [("routingPolicy", done.policy.id)]


def _simulation_target(done: RoutingSimulationChanged) -> list[tuple[str, UUID]]:
    return [("routingSimulation", done.simulation.id)]


@strawberry.type
class RoutingMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.ROUTING_WRITE)],
        description="Save a version of a policy; its rules are checked. What is in force never changes.",
    )
    async def save_routing_policy(self, info: Info, input: RoutingPolicyInput) -> RoutingPolicyResult:
        given = {name: value for name, value in input.values().items() if value is not None or name in _EMPTIED}
        if given.get("kinds"):
            given["kinds"] = [kind.value for kind in given["kinds"]]

        async def work(db: Session) -> RoutingPolicyChanged:
            try:
                row = await saving.save_policy(db, given)  # type: ignore[arg-type]
            except KontorError as problem:
                raise problem.within("input") from None
            return RoutingPolicyChanged(policy=RoutingPolicy.of(row, db.now))

        details = {"code": given["code"], "version": given.get("version")}
        return await change(info, work, body=given, again=_policy_again, targets=_policy_target, details=details)

    @strawberry.mutation(
        extensions=[requires(Permission.ROUTING_WRITE)], description="Take a version back before it is in force."
    )
    async def withdraw_routing_policy(self, info: Info, id: UUID) -> RoutingPolicyResult:
        async def work(db: Session) -> RoutingPolicyChanged:
            return RoutingPolicyChanged(policy=RoutingPolicy.of(await saving.withdraw_policy(db, id), db.now))

        return await change(info, work, body=[id], again=_policy_again, targets=_policy_target)

    @strawberry.mutation(
        extensions=[requires(Permission.ROUTING_WRITE)],
        description="Route past orders again under another policy, in the background; no order is touched.",
    )
    async def start_routing_simulation(self, info: Info, input: RoutingSimulationInput) -> RoutingSimulationResult:
        given = {name: value for name, value in input.values().items() if value is not None}

        async def work(db: Session) -> RoutingSimulationChanged:
            try:
                row = await simulating.start_simulation(db, simulating.SimulationInput(**given))
            except KontorError as problem:
                raise problem.within("input") from None
            return RoutingSimulationChanged(simulation=RoutingSimulation.of(row))

        return await change(info, work, body=given, again=_simulation_again, targets=_simulation_target)

    @strawberry.mutation(
        extensions=[requires(Permission.ROUTING_WRITE)], description="End a simulation; what it found so far stays."
    )
    async def cancel_routing_simulation(self, info: Info, id: UUID) -> RoutingSimulationResult:
        async def work(db: Session) -> RoutingSimulationChanged:
            return RoutingSimulationChanged(simulation=RoutingSimulation.of(await simulating.cancel_simulation(db, id)))

        return await change(info, work, body=[id], again=_simulation_again, targets=_simulation_target)


# What null empties; any other null is as if it were absent.
_EMPTIED = ("channel", "countries", "kinds", "valid_from")
