"""The command `kontor audit`."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

import orjson
import typer

from kontor.audit.comparing import Difference
from kontor.settings import Settings, from_environment

app = typer.Typer(help="Recompute what must always hold; exit 1 when something does not.")


@app.callback(invoke_without_command=True)
def audit(json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False) -> None:
    """Recompute every invariant from the ledgers, print each difference, exit 1 when there is one."""
    found = asyncio.run(_differences(from_environment()))
    for each in found:
        typer.echo(orjson.dumps(asdict(each)).decode() if json else str(each))
    if found:
        typer.echo(f"{len(found)} differences", err=True)
        raise typer.Exit(1)
    if not json:
        typer.echo("No differences.")


async def _differences(settings: Settings) -> list[Difference]:
    from kontor import bootstrap
    from kontor.audit import running

    runtime = bootstrap.build(settings)
    try:
        return await running.differences(runtime.database)
    finally:
        await bootstrap.close(runtime)
