"""`kontor serve-routing`: answer the messages of a season on standard input, one JSON object per line."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from kontor.core.errors import KontorError
from kontor.routing.season import POLICIES, SeasonRouter

app = typer.Typer(help="Answer the messages of a season on standard input, one JSON object per line.")
Chosen = Annotated[str, typer.Option("--policy", help=f"{', '.join(POLICIES[:-1])} or {POLICIES[-1]}.")]


@app.callback(invoke_without_command=True)
def serve(policy: Chosen = "evening") -> None:
    """One answer per line on standard output; exit 2 when a message is wrong."""
    if policy not in POLICIES:
        raise typer.BadParameter(f"one of {', '.join(POLICIES)}", param_hint="--policy")
    router = SeasonRouter(policy)
    for number, line in enumerate(sys.stdin, 1):
        try:
            answer = router.answer(json.loads(line))
        except json.JSONDecodeError as wrong:
            _refuse(number, f"this is no JSON: {wrong}")
        except KontorError as wrong:
            _refuse(number, f"{wrong.code} {'.'.join(map(str, wrong.path))}: {wrong.message}")
        sys.stdout.write(json.dumps(answer, separators=(",", ":")) + "\n")
        sys.stdout.flush()


def _refuse(number: int, why: str) -> None:
    typer.echo(f"Message {number}: {why}", err=True)
    raise typer.Exit(2)
