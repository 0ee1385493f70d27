"""Statements over routing policies and simulations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.imports.errors import UnknownReference
from kontor.routing import masters
from kontor.routing.models import RoutingPolicy, RoutingSimulation, RoutingSimulationOrder
from kontor.routing.policies import in_force
from kontor.routing.states import SimulationState

POLICY_SORTS: dict[str, Any] = {"CODE": RoutingPolicy.code, "CREATED_AT": RoutingPolicy.created_at}
SIMULATION_SORTS: dict[str, Any] = {"CREATED_AT": RoutingSimulation.created_at}
CHANGED_SORTS: dict[str, Any] = {"SAVING": RoutingSimulationOrder.saving}


@dataclass(frozen=True, slots=True)
class PolicyFilter:
    """Which versions are wanted; what is None does not narrow."""

    codes: Sequence[str] | None = None
    channel_ids: Sequence[UUID] | None = None
    withdrawn: bool | None = None
    changed_since: datetime | None = None


async def list_policies(
    db: Session, wanted: PolicyFilter, page: PageRequest, *, sort: str = "CREATED_AT", descending: bool = True
) -> Page[Any]:
    """A page of policy versions."""
    found = narrow(
        sa.select(RoutingPolicy),
        (RoutingPolicy.code.in_, wanted.codes),
        (RoutingPolicy.channel_id.in_, wanted.channel_ids),
        (RoutingPolicy.updated_at.__ge__, wanted.changed_since),
    )
    if wanted.withdrawn is not None:
        gone = RoutingPolicy.withdrawn_at.is_not(None)
        found = found.where(gone if wanted.withdrawn else sa.not_(gone))
    order = choose(POLICY_SORTS, sort, descending=descending)
    return await paginate(db, found, order, RoutingPolicy.id, page, plain=True)


async def find_policy(db: Session, policy_id: UUID) -> RoutingPolicy | None:
    """One version."""
    return await db.get(RoutingPolicy, policy_id)


async def policy_in_force(db: Session, channel: str, country: str, kind: str, *, at: datetime) -> RoutingPolicy | None:
    """The version that applies to orders of a channel (code), country and kind at a moment; None for the built-in one.

    Raises `UnknownReference` for a channel that is none.
    """
    known = await masters.load(db)
    if channel not in known.channels:
        raise UnknownReference(f"There is no sales channel {channel}.", path=("channel",))
    found = in_force(known.policies, at).of(known.channels[channel].id, country, kind)
    if found is None:
        return None
    wanted = sa.select(RoutingPolicy).where(RoutingPolicy.code == found.code, RoutingPolicy.version == found.version)
    return await db.scalar(wanted)


@dataclass(frozen=True, slots=True)
class SimulationFilter:
    """Which simulations are wanted; what is None does not narrow."""

    states: Sequence[SimulationState] | None = None
    changed_since: datetime | None = None


async def list_simulations(
    db: Session, wanted: SimulationFilter, page: PageRequest, *, sort: str = "CREATED_AT", descending: bool = True
) -> Page[Any]:
    """A page of simulations."""
    found = narrow(
        sa.select(RoutingSimulation),
        (RoutingSimulation.state.in_, wanted.states),
        (RoutingSimulation.updated_at.__ge__, wanted.changed_since),
    )
    order = choose(SIMULATION_SORTS, sort, descending=descending)
    return await paginate(db, found, order, RoutingSimulation.id, page, plain=True)


async def find_simulation(db: Session, simulation_id: UUID) -> RoutingSimulation | None:
    """One simulation."""
    return await db.get(RoutingSimulation, simulation_id)


async def list_changed_orders(
    db: Session, simulation_id: UUID | None, page: PageRequest, *, sort: str = "SAVING", descending: bool = True
) -> Page[Any]:
    """A page of the orders that a simulation would serve otherwise."""
    found = narrow(sa.select(RoutingSimulationOrder), (RoutingSimulationOrder.simulation_id.__eq__, simulation_id))
    order = choose(CHANGED_SORTS, sort, descending=descending)
    return await paginate(db, found, order, RoutingSimulationOrder.id, page, plain=True)
