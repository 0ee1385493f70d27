"""What-if: past decisions made again under another policy, in the background, without touching any order.

A simulation reads decisions with the situation they were made on, in their order, a few at a time: reading, planning
and writing are three steps, so that planning holds nothing up. Of each order its first decision in the period counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import SalesChannel
from kontor.core import expressions, outbox
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.sets import any_of
from kontor.core.statemachine import transition
from kontor.imports.errors import UnknownReference
from kontor.routing import checking
from kontor.routing.errors import InvalidSimulation, PolicyNotFound, SimulationDone, SimulationNotFound
from kontor.routing.masters import Masters, version_of
from kontor.routing.models import RoutingDecision, RoutingPolicy, RoutingSimulation, RoutingSimulationOrder
from kontor.routing.policies import PolicyVersion, in_force, policy_of, row_of, weights_of
from kontor.routing.presets import PRESETS, Preset, cost
from kontor.routing.replaying import Replay, Replayed, Side, taken_of
from kontor.routing.ruling import country_of, kind_of
from kontor.routing.service import DEFAULT_POLICY
from kontor.routing.situations import unpack
from kontor.routing.states import SIMULATION, SimulationState
from kontor.routing.values import Demand, Policy

MOST_ORDERS = 100_000
CHUNK = 40
JOB = "routing.simulate"


@dataclass(frozen=True, slots=True)
class SimulationInput:
    """What to replay: orders first routed from `since` to before `until`, of these channels (codes) and countries.

    Under a stored version, a preset, or weights and rules given here; exactly one of them. At most `limit` orders.
    """

    since: datetime
    until: datetime
    channels: Sequence[str] | None = None
    countries: Sequence[str] | None = None
    limit: int = 1000
    policy_id: UUID | None = None
    preset: Preset | None = None
    weights: Mapping[str, Any] | None = None
    rules: Sequence[Mapping[str, Any]] | None = None


async def start_simulation(db: Session, given: SimulationInput) -> RoutingSimulation:
    """Begin a simulation; a job carries it on. Raises `InvalidSimulation`, `InvalidPolicy` or `PolicyNotFound`."""
    if given.since >= given.until:
        raise InvalidSimulation("The period ends before it begins.", path=("until",))
    if not 1 <= given.limit <= MOST_ORDERS:
        raise InvalidSimulation(f"1 to {MOST_ORDERS} orders are replayed.", path=("limit",), max=MOST_ORDERS)
    channels = await _channel_ids(db, given.channels)
    request = {
        "since": given.since.isoformat(),
        "until": given.until.isoformat(),
        "channel_ids": None if channels is None else [str(each) for each in channels],
        "countries": None if given.countries is None else list(given.countries),
        "limit": given.limit,
        "policy": await _policy_row(db, given),
    }
    row = RoutingSimulation(
        id=new_id(), state=SimulationState.RUNNING, request=request, result={}, carried=[{}, {}], done=0,
        created_at=db.now, created_by=db.by[:200], updated_at=db.now,
    )  # fmt: skip
    count = await db.scalar(sa.select(sa.func.count()).select_from(_decisions(request).subquery()))
    row.total = min(given.limit, count or 0)
    db.add(row)
    await db.flush()
    outbox.schedule(db, JOB, {"simulation_id": row.id}, key=row.id)
    return row


async def _channel_ids(db: Session, codes: Sequence[str] | None) -> list[UUID] | None:
    if codes is None:
        return None
    rows = await db.execute(sa.select(SalesChannel.code, SalesChannel.id).where(SalesChannel.code.in_(list(codes))))
    found: dict[str, UUID] = {row.code: row.id for row in rows}
    for index, code in enumerate(codes):
        if code not in found:
            raise UnknownReference(f"There is no sales channel {code}.", path=("channels", index))
    return sorted(found.values())


async def _policy_row(db: Session, given: SimulationInput) -> dict[str, Any]:
    """The policy to try, as it is now: a change of the draft while it is tried changes nothing."""
    drafted = given.weights is not None or given.rules is not None
    if (given.policy_id is not None) + (given.preset is not None) + drafted != 1:
        raise InvalidSimulation("Name a stored version, a preset, or weights and rules.", path=("policyId",))
    if given.policy_id is not None:
        row = await db.get(RoutingPolicy, given.policy_id)
        if row is None:
            raise PolicyNotFound("There is no such version.", path=("policyId",))
        return {
            "name": f"{row.code}/{row.version}", "weights": row.weights, "rules": row.rules,
            "channel_id": None if row.channel_id is None else str(row.channel_id), "countries": row.countries,
            "kinds": row.kinds,
        }  # fmt: skip
    if given.preset is not None:
        weights, rules = PRESETS[given.preset]()
        return {"name": given.preset.value, "weights": weights_of(weights), "rules": [row_of(rule) for rule in rules]}
    usual = weights_of(cost().weights) | checking.checked_weights(given.weights or {})
    checked = checking.checked_rules(given.rules or [], usual["shortage_cents"])
    return {"name": "draft", "weights": usual, "rules": [row_of(rule) for rule in checked]}


def _decisions(request: Mapping[str, Any]) -> sa.Select[Any]:
    """The first decision of each order in the period, of the wanted channels and countries."""
    row, earlier = RoutingDecision, sa.orm.aliased(RoutingDecision)
    before = sa.or_(
        earlier.decided_at < row.decided_at, sa.and_(earlier.decided_at == row.decided_at, earlier.id < row.id)
    )
    found = sa.select(row.id, row.order_id, row.policy, row.record, row.decided_at, row.situation).where(
        row.decided_at >= datetime.fromisoformat(request["since"]),
        row.decided_at < datetime.fromisoformat(request["until"]),
        row.situation.is_not(None),
        ~sa.exists().where(earlier.order_id == row.order_id, earlier.situation.is_not(None), before),
    )
    if request["channel_ids"] is not None:
        found = found.where(row.channel_id.in_([UUID(each) for each in request["channel_ids"]]))
    if request["countries"] is not None:
        found = found.where(row.country.in_(request["countries"]))
    return found


@dataclass(slots=True)
class Portion:
    """The next decisions of a simulation, and all that is needed to make them again."""

    simulation_id: UUID
    done: int
    total: int
    rows: Sequence[Any]
    replay: Replay
    unreadable: int
    masters: Masters
    trial: PolicyVersion
    versions: Mapping[str, Policy]


async def read_portion(db: Session, simulation_id: UUID, masters: Masters) -> Portion | None:
    """What comes next; None when the simulation has ended."""
    row = await db.get(RoutingSimulation, simulation_id)
    if row is None or row.state is not SimulationState.RUNNING:
        return None
    found = _decisions(row.request).order_by(RoutingDecision.decided_at, RoutingDecision.id)
    if last := row.result.get("last"):
        moment, decision_id = datetime.fromisoformat(last[0]), UUID(last[1])
        later = sa.and_(RoutingDecision.decided_at == moment, RoutingDecision.id > decision_id)
        found = found.where(sa.or_(RoutingDecision.decided_at > moment, later))
    rows = (await db.execute(found.limit(max(0, min(CHUNK, row.total - row.done))))).all()
    names = {each.policy for each in rows}
    codes = sorted({name.rpartition("/")[0] for name in names})
    stored = [
        version_of(each) for each in await db.scalars(sa.select(RoutingPolicy).where(RoutingPolicy.code.in_(codes)))
    ]
    return Portion(
        row.id, row.done, row.total, rows, _replay_of(row), row.result.get("unreadable", 0), masters,
        _trial_of(row.request["policy"]), {each.policy.version: each.policy for each in stored},
    )  # fmt: skip


def _trial_of(row: Mapping[str, Any]) -> PolicyVersion:
    channel_id, countries, kinds = row.get("channel_id"), row.get("countries"), row.get("kinds")
    return PolicyVersion(
        row["name"], 1, policy_of(row["name"], row["weights"], row["rules"], expressions.evaluate),
        None if channel_id is None else UUID(channel_id), None if countries is None else frozenset(countries),
        None if kinds is None else frozenset(kinds),
    )  # fmt: skip


def _replay_of(row: RoutingSimulation) -> Replay:
    kept = row.result
    if not kept:
        return Replay()
    carried = tuple(
        {UUID(variant): {UUID(place): units for place, units in places.items()} for variant, places in side.items()}
        for side in row.carried
    )
    before, after = Side(**kept["before"]), Side(**kept["after"])
    return Replay(before, after, carried, kept["changed"], kept["as_decided"])  # type: ignore[arg-type]


def replay_portion(portion: Portion) -> list[tuple[Any, Replayed]]:
    """Make the decisions of a portion again; those that differ, each with its row. Plans only: nothing is read."""
    differing = []
    for row in portion.rows:
        try:
            demand, supply = unpack(row.situation, portion.masters.network)
        except ValueError:
            portion.unreadable += 1
            continue
        decided = taken_of(row.record["parcels"], UUID)
        policies = _policies(portion, demand, row)
        found = portion.replay.step(demand, supply, policies, decided)
        if found.records is not None:
            differing.append((row, found))
    return differing


def _policies(portion: Portion, demand: Demand, row: Any) -> tuple[Policy, Policy]:
    """The policy that decided, and the one to try where it is for such orders.

    Where the one that decided is not kept, it is what was in force then.
    """
    channel = portion.masters.channels.get(demand.channel)
    key = (None if channel is None else channel.id, country_of(demand), kind_of(demand))
    before = DEFAULT_POLICY if row.policy == DEFAULT_POLICY.version else portion.versions.get(row.policy)
    if before is None:
        found = in_force(portion.masters.policies, row.decided_at).of(*key)
        before = DEFAULT_POLICY if found is None else found.policy
    return before, portion.trial.policy if portion.trial.applies(key) else before


async def write_portion(db: Session, portion: Portion, differing: Sequence[tuple[Any, Replayed]]) -> None:
    """Keep what was found, and go on or end; nothing when somebody else was faster or it was canceled."""
    row = await db.scalar(
        sa.select(RoutingSimulation).where(RoutingSimulation.id == portion.simulation_id).with_for_update()
    )
    if row is None or row.state is not SimulationState.RUNNING or row.done != portion.done:
        return
    replay = portion.replay
    last = [portion.rows[-1].decided_at.isoformat(), str(portion.rows[-1].id)] if portion.rows else None
    row.result = {
        "before": asdict(replay.before), "after": asdict(replay.after), "changed": replay.changed,
        "as_decided": replay.as_decided, "unreadable": portion.unreadable, "last": last,
    }  # fmt: skip
    row.done = portion.done + len(portion.rows)
    row.updated_at = db.now
    await db.bulk_insert(
        RoutingSimulationOrder,
        ("id", "simulation_id", "decision_id", "order_id", "saving", "before", "after"),
        [
            (new_id(), portion.simulation_id, each.id, each.order_id, found.saving, *(found.records or ({}, {})))
            for each, found in differing
        ],
    )
    if row.done >= row.total or not portion.rows:
        row.carried, row.finished_at = [], db.now
        transition(db, row, SimulationState.DONE, table=SIMULATION, now=db.now)
        return
    row.carried = [
        {
            str(variant): {str(place): units for place, units in places.items()}
            for variant, places in side.items()
            if places
        }
        for side in replay.carried
    ]
    outbox.schedule(db, JOB, {"simulation_id": row.id}, key=row.id)


async def cancel_simulation(db: Session, simulation_id: UUID) -> RoutingSimulation:
    """End a simulation before its time; what was found so far stays. Raises `SimulationNotFound`, `SimulationDone`."""
    row = await db.scalar(sa.select(RoutingSimulation).where(RoutingSimulation.id == simulation_id).with_for_update())
    if row is None:
        raise SimulationNotFound("There is no such simulation.", path=("id",))
    if row.state is not SimulationState.RUNNING:
        raise SimulationDone("The simulation has ended.", state=row.state.value)
    row.carried, row.finished_at = [], db.now
    transition(db, row, SimulationState.CANCELED, table=SIMULATION, now=db.now)
    await db.flush()
    return row


async def fail_simulation(db: Session, simulation_id: UUID, why: str) -> None:
    """End a simulation that cannot go on, with the reason."""
    row = await db.scalar(sa.select(RoutingSimulation).where(RoutingSimulation.id == simulation_id).with_for_update())
    if row is not None and row.state is SimulationState.RUNNING:
        row.error, row.carried, row.finished_at = why[:500], [], db.now
        transition(db, row, SimulationState.FAILED, table=SIMULATION, now=db.now)


async def forget_simulations(db: Session, *, before: datetime, most: int) -> int:
    """Delete simulations that ended before a moment with their orders, at most `most` of them; how many."""
    row = RoutingSimulation
    ids = list(await db.scalars(sa.select(row.id).where(row.finished_at < before).order_by(row.created_at).limit(most)))
    kept = RoutingSimulationOrder.simulation_id
    await db.execute(sa.delete(RoutingSimulationOrder).where(any_of(kept, ids)))
    await db.execute(sa.delete(row).where(any_of(row.id, ids)))
    return len(ids)
