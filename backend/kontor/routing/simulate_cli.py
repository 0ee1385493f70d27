"""`kontor simulate`: what another policy would have done with past orders."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
import typer

from kontor.core.db import Database, Session
from kontor.core.errors import KontorError
from kontor.routing import masters, simulating
from kontor.routing.errors import PolicyNotFound
from kontor.routing.models import RoutingPolicy, RoutingSimulation
from kontor.routing.presets import Preset
from kontor.routing.simulating import SimulationInput
from kontor.routing.states import SimulationState
from kontor.settings import from_environment

app = typer.Typer(help="Route past orders again under another policy; no order is touched.")
_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
_SHOWN = (
    ("cost at the old weights", "valued"),
    ("paid for shipping and handling", "paid"),
    ("cost at the policy's weights", "cost"),
    ("orders on time and whole", "kept"),
    ("parcels", "parcels"),
    ("pieces late", "late_units"),
    ("pieces not sent", "unsent_units"),
)
_CENTS = frozenset({"valued", "paid", "cost"})


@app.callback(invoke_without_command=True)
def simulate(
    since: Annotated[datetime, typer.Option(formats=_FORMATS, help="Orders first routed from then on (UTC).")],
    until: Annotated[datetime, typer.Option(formats=_FORMATS, help="And before then (UTC).")],
    policy: Annotated[str, typer.Option(help="A preset, a version as code/version, or a file with weights and rules.")],
    channel: Annotated[list[str] | None, typer.Option(help="Only orders of this channel; may be repeated.")] = None,
    country: Annotated[list[str] | None, typer.Option(help="Only orders to this country; may be repeated.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many orders.")] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="The whole result as JSON.")] = False,
) -> None:
    """Print both policies side by side; exit 2 with one line when what is asked makes no sense."""
    period = since.replace(tzinfo=UTC), until.replace(tzinfo=UTC)
    given = SimulationInput(*period, channels=channel or None, countries=country or None, limit=limit)
    tell: Callable[[str], None] = lambda text: typer.echo(text, err=True)  # noqa: E731 - handed on as it is
    try:
        row = asyncio.run(_run(from_environment().database_url, given, _named(policy), tell=tell))
    except KontorError as problem:
        where = ".".join(map(str, problem.path))
        typer.echo(f"{where}: {problem.message}" if where else problem.message, err=True)
        raise typer.Exit(2) from None
    typer.echo(json.dumps(_whole(row)) if as_json else "\n".join(_table(row)))
    if row.state is not SimulationState.DONE:
        raise typer.Exit(1)


async def _run(
    url: str, given: SimulationInput, named: dict[str, Any], *, tell: Callable[[str], None]
) -> RoutingSimulation:
    """Begin a simulation and carry it to its end here; a worker may take part in it."""
    database = Database(url)
    try:
        async with database.unit_of_work() as db:
            chosen = SimulationInput(**{**_fields(given), **await _stored(db, named)})
            simulation_id = (await simulating.start_simulation(db, chosen)).id
        while True:
            async with database.read_only() as db:
                portion = await simulating.read_portion(db, simulation_id, await masters.load(db))
            if portion is None:
                break
            tell(f"{portion.done} of {portion.total} orders")
            found = simulating.replay_portion(portion)
            async with database.unit_of_work() as db:
                await simulating.write_portion(db, portion, found)
        async with database.read_only() as db:
            row = await db.get(RoutingSimulation, simulation_id)
        assert row is not None
        return row
    finally:
        await database.close()


def _fields(given: SimulationInput) -> dict[str, Any]:
    return {name: value for name, value in asdict(given).items() if value is not None}


def _named(policy: str) -> dict[str, Any]:
    """What the option names: a preset, a file, or else a stored version."""
    if policy.upper() in Preset.__members__:
        return {"preset": Preset(policy.upper())}
    try:
        row = json.loads(Path(policy).read_text())
        return {"weights": dict(row.get("weights") or {}), "rules": list(row.get("rules") or [])}
    except OSError:
        code, _, version = policy.rpartition("/")
        if code and version.isdecimal():
            return {"code": code, "version": int(version)}
    except (ValueError, AttributeError, TypeError):
        raise typer.BadParameter("the file holds no weights and rules", param_hint="--policy") from None
    raise typer.BadParameter(
        f"neither one of {', '.join(Preset)}, nor a version, nor a readable file", param_hint="--policy"
    )


async def _stored(db: Session, named: dict[str, Any]) -> dict[str, Any]:
    """The id of a version that is named; raises `PolicyNotFound`."""
    if "code" not in named:
        return named
    wanted = RoutingPolicy.code == named["code"], RoutingPolicy.version == named["version"]
    found = await db.scalar(sa.select(RoutingPolicy.id).where(*wanted))
    if found is None:
        raise PolicyNotFound(f"There is no version {named['version']} of {named['code']}.", path=("policy",))
    return {"policy_id": found}


def _whole(row: RoutingSimulation) -> dict[str, Any]:
    return {"state": row.state.value, "orders": row.done, "total": row.total, **row.result}


def _table(row: RoutingSimulation) -> list[str]:
    """Both sides next to each other."""
    result = row.result
    if not result:
        return [f"{row.state.value}: no orders."]
    before, after = result["before"], result["after"]
    lines = [f"{'':32}{'as decided':>16}{row.request['policy']['name'][:24]:>26}{'difference':>16}"]
    for label, name in _SHOWN:
        money = name in _CENTS
        cells = [before[name], after[name], after[name] - before[name]]
        texts = [f"{cell / 100:,.2f}" if money else f"{cell:,}" for cell in cells]
        lines.append(f"{label:32}{texts[0]:>16}{texts[1]:>26}{texts[2]:>16}")
    lines.append(f"{row.done:,} orders, {result['changed']:,} of them served otherwise; {row.state.value.lower()}.")
    return lines
