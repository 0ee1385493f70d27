"""The command `kontor route`: a routing problem from a file in, the decision out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from kontor.core.errors import KontorError
from kontor.routing.batch import optimize
from kontor.routing.instances import Instance, InvalidInstance, decision_json, read_instance
from kontor.routing.planner import plan
from kontor.routing.values import Demand, Id

app = typer.Typer(help="Decide a routing problem given as a file.")


@app.callback(invoke_without_command=True, context_settings={"allow_interspersed_args": True})
def route(
    file: Annotated[Path, typer.Argument(help="The problem as JSON (routing-instance/1); - reads it from the input.")],
    seconds: Annotated[float, typer.Option(min=0, help="How long a batch may take to get better.")] = 30.0,
    seed: Annotated[int, typer.Option(help="A batch of the same seed is searched in the same way.")] = 1,
) -> None:
    """Print the decision as JSON; exit 2 with one line that names the field when the file is no such problem."""
    try:
        instance = read_instance(_read(file))
    except KontorError as error:
        where = ".".join(map(str, error.path))
        typer.echo(f"{file}: {where}: {error.message}" if where else f"{file}: {error.message}", err=True)
        raise typer.Exit(2) from None
    typer.echo(orjson.dumps(decide(instance, seconds=seconds, seed=seed)).decode())


def _read(file: Path) -> Any:
    try:
        return orjson.loads(sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes())
    except OSError as error:
        raise InvalidInstance(f"The file cannot be read ({error.strerror}).") from error
    except orjson.JSONDecodeError as error:
        raise InvalidInstance(f"The file is no JSON ({error}).") from error


def decide(instance: Instance, *, seconds: float, seed: int) -> dict[str, Any]:
    """The decision of an instance: each order by itself, or all of them jointly with the bound and the gap."""
    if instance.mode == "independent":
        alone = {name: plan(each, instance.supply, instance.policy) for name, each in instance.demands.items()}
        return decision_json(alone)
    demands: dict[Id, Demand] = dict(instance.demands.items())
    batch = optimize(demands, instance.supply, instance.policy, seconds=seconds, seed=seed)
    return {
        **decision_json({str(name): chosen for name, chosen in batch.plans.items()}),
        "cost_cents": batch.cost_cents,
        "bound_cents": batch.bound_cents,
        "gap": round(batch.gap, 6),
    }
