"""`kontor prove`: the long variants of the proofs that `make test` runs in small, on both databases.

Thousands of random lives of orders with every invariant checked after each step, a long fuzz over every query, mutation
and import, and the replay of the real orders when its data is there. Every failure names the seed that repeats it.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from kontor import bootstrap

app = typer.Typer(help="Prove at length what the tests prove in small; exit 1 when something does not hold.")
Seed = Annotated[int | None, typer.Option(help="The first seed; a new one each time unless given.")]
Databases = Annotated[str, typer.Option("--on", help="sqlite, postgresql or both.")]
LIVES = ("tests/proofs/test_order_machine.py",)
FUZZ = ("tests/api/test_fuzz.py", "tests/imports/test_import_fuzz.py")
OTHERS = (
    "tests/flows/test_parallel_buyers.py",
    "tests/api/graphql/test_rights.py",
    "tests/api/graphql/test_statements.py",
)
LONGEST_TEST = 3600


def _run(title: str, tests: tuple[str, ...], on: str, **settings: int) -> bool:
    """Run tests with settings from the environment; whether all held."""
    if on not in ("sqlite", "postgresql", "both"):
        raise typer.BadParameter("sqlite, postgresql or both", param_hint="--on")
    chosen = () if on == "both" else ("-k", on)
    command = [sys.executable, "-m", "pytest", *tests, *chosen, f"--timeout={LONGEST_TEST}", "-p", "no:cacheprovider"]
    environment = os.environ | {f"KONTOR_PROVE_{name.upper()}": str(value) for name, value in settings.items()}
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=bootstrap.project_root(), env=environment, check=False)
    told = ", ".join(f"{name} {value}" for name, value in settings.items())
    held = done.returncode == 0
    typer.echo(f"{title}: {'holds' if held else 'does NOT hold'} after {time.perf_counter() - begun:.0f} s ({told})")
    return held


def _finish(*held: bool) -> None:
    if not all(held):
        raise typer.Exit(1)


def _first(seed: int | None) -> int:
    return random.randrange(1, 2**31) if seed is None else seed


@app.command()
def lives(sequences: int = 2000, steps: int = 40, seed: Seed = None, on: Databases = "both") -> None:
    """Random lives of orders; `sequences` on each database, every invariant after each of their `steps`."""
    _finish(_run("Lives of orders", LIVES, on, sequences=sequences, steps=steps, seed=_first(seed)))


@app.command()
def fuzz(rounds: int = 200, seed: Seed = None, on: Databases = "both") -> None:
    """Hostile calls and files: every field of the API and every kind of import, `rounds` times."""
    _finish(_run("Hostile input", FUZZ, on, fuzz=rounds, seed=_first(seed)))


@app.command()
def everything(
    data: Annotated[Path | None, typer.Option(help="The folder with the real orders, for the full replay.")] = None,
    sequences: int = 2000,
    rounds: int = 200,
    seed: Seed = None,
) -> None:
    """All proofs one after the other; what fails does not stop the others."""
    first = _first(seed)
    held = [
        _run("Buyers, rights and statements", OTHERS, "both"),
        _run("Lives of orders", LIVES, "both", sequences=sequences, steps=40, seed=first),
        _run("Hostile input", FUZZ, "both", fuzz=rounds, seed=first),
    ]
    if data is not None:
        replay = [sys.executable, "-m", "kontor", "replay", "olist", "--data", str(data)]
        held.append(subprocess.run(replay, cwd=bootstrap.project_root(), check=False).returncode == 0)
    _finish(*held)
