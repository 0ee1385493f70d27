"""`kontor prove`: the long variants of the proofs that `make test` runs in small, on both databases.

Parallel buyers, killed processes, thousands of random lives of orders and of their money with every invariant checked
after each step, a long fuzz over every query, mutation and import, random invoices under the official rules, money at
a gateway that fails, the replay of the recorded orders when their folder is named, and the benches. Every failure of a
random proof names the seed that repeats it.
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

app = typer.Typer(
    invoke_without_command=True,
    help="Prove at length what the tests prove in small; exit 1 when something does not hold.",
)
Seed = Annotated[int | None, typer.Option(help="The first seed; a new one each time unless given.")]
Databases = Annotated[str, typer.Option("--on", help="sqlite, postgresql or both.")]
Data = Annotated[Path | None, typer.Option(help="The folder with the recorded orders; else KONTOR_TESTDATA.")]
LIVES = ("tests/proofs/test_order_machine.py",)
MONEY = ("tests/proofs/test_money.py",)
CHANGES = ("tests/proofs/test_changes.py",)
FUZZ = ("tests/api/test_fuzz.py", "tests/imports/test_import_fuzz.py")
RACES = ("tests/proofs/test_same_second.py",)
GATEWAY = ("tests/proofs/test_gateway.py",)
OTHERS = (
    "tests/flows/test_parallel_buyers.py",
    "tests/api/graphql/test_rights.py",
    "tests/api/graphql/test_statements.py",
)
KILLED = ("tests/flows/test_replay.py::test_every_order_ends_as_recorded_though_workers_die_all_the_time",)
INVOICES = ("tests/einvoice/test_documents.py", "tests/einvoice/test_pdfa.py", "tests/flows/test_parallel_invoices.py")
EMBEDDED_ORDERS = 5000
ISSUERS = 12
"""Processes that issue invoices at once, all but one of them killed."""
LONGEST_TEST = 3600


def _run(title: str, tests: tuple[str, ...], on: str, **settings: int) -> bool:
    """Run tests with settings from the environment; whether all held."""
    chosen = () if len(_databases(on)) > 1 else ("-k", on)
    command = [sys.executable, "-m", "pytest", *tests, *chosen, f"--timeout={LONGEST_TEST}", "-p", "no:cacheprovider"]
    environment = os.environ | {f"KONTOR_PROVE_{name.upper()}": str(value) for name, value in settings.items()}
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=bootstrap.project_root(), env=environment, check=False)
    told = ", ".join(f"{name} {value}" for name, value in settings.items())
    held = done.returncode == 0
    typer.echo(f"{title}: {'holds' if held else 'does NOT hold'} after {time.perf_counter() - begun:.0f} s ({told})")
    return held


def _databases(on: str) -> tuple[str, ...]:
    if on not in ("sqlite", "postgresql", "both"):
        raise typer.BadParameter("sqlite, postgresql or both", param_hint="--on")
    return ("sqlite", "postgresql") if on == "both" else (on,)


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
def money(sequences: int = 2000, steps: int = 20, seed: Seed = None, on: Databases = "both") -> None:
    """Random lives of money, promotions and payments of every kind mixed; at the end of each everything comes back."""
    _finish(_run("Money of orders", MONEY, on, money=sequences, steps=steps, seed=_first(seed)))


@app.command()
def changes(sequences: int = 1000, steps: int = 20, seed: Seed = None, on: Databases = "both") -> None:
    """Random changes of orders amid random money: each preview is compared with what is booked, to the cent."""
    _finish(_run("Changes of orders", CHANGES, on, changes=sequences, steps=steps, seed=_first(seed)))


@app.command()
def races(rounds: int = 200, seed: Seed = None, on: Databases = "both") -> None:
    """A customer, two agents and a dropshipper at the same second on one order, `rounds` times on each database."""
    _finish(_run("Four at the same second", RACES, on, races=rounds, seed=_first(seed)))


@app.command()
def fuzz(rounds: int = 200, seed: Seed = None, on: Databases = "both") -> None:
    """Hostile calls and files: every field of the API and every kind of import, `rounds` times."""
    _finish(_run("Hostile input", FUZZ, on, fuzz=rounds, seed=_first(seed)))


@app.command()
def invoices(orders: int = 10_000, seed: Seed = None) -> None:
    """Random orders in every form of electronic invoice, each checked officially; and invoices issued at once."""
    _finish(_run("Electronic invoices", INVOICES, "both", invoices=orders, workers=ISSUERS, seed=_first(seed)))


@app.command()
def gateway(orders: int = 500, seed: Seed = None, on: Databases = "both") -> None:
    """Payments over a gateway that loses answers and repeats and mixes up its notices, by workers that die."""
    _finish(_run("Money at the gateway", GATEWAY, on, orders=orders, seed=_first(seed)))


@app.command()
def replay(data: Data = None) -> None:
    """The recorded orders: all with services, all while processes are killed, the first 5,000 on SQLite; payments."""
    folder = recorded_orders(data)
    if folder is None:
        raise typer.BadParameter("name a folder, or set KONTOR_TESTDATA", param_hint="--data")
    _finish(*_replays(folder))


@app.command()
def payments(
    data: Data = None,
    orders: Annotated[int | None, typer.Option(help="So many, differing ones first; else all.", min=1)] = None,
    on: Databases = "both",
) -> None:
    """The recorded payments: taken over with their orders, captured on shipment, the journal balanced every day."""
    from kontor.bench.takeover.cli import take_over_on

    folder = recorded_orders(data)
    if folder is None:
        raise typer.BadParameter("name a folder, or set KONTOR_TESTDATA", param_hint="--data")
    names = _databases(on)
    _finish(*[take_over_on(name, folder, most=orders) for name in names])


@app.callback()
def everything(
    context: typer.Context,
    data: Data = None,
    sequences: int = 2000,
    rounds: int = 200,
    invoiced: int = 10_000,
    seed: Seed = None,
    bench: Annotated[bool, typer.Option(help="Measure too; nothing is written to docs/benchmarks.md.")] = True,
) -> None:
    """Without a command: all proofs one after the other; what fails does not stop the others."""
    if context.invoked_subcommand is not None:
        return
    first, folder = _first(seed), recorded_orders(data)
    held = [
        _run("Buyers, rights and statements", OTHERS, "both"),
        _run("Processes that are killed", KILLED, "both"),
        _run("Lives of orders", LIVES, "both", sequences=sequences, steps=40, seed=first),
        _run("Money of orders", MONEY, "both", money=sequences, steps=20, seed=first),
        _run("Changes of orders", CHANGES, "both", changes=sequences // 2, steps=20, seed=first),
        _run("Four at the same second", RACES, "both", races=rounds, seed=first),
        _run("Hostile input", FUZZ, "both", fuzz=rounds, seed=first),
        _run("Electronic invoices", INVOICES, "both", invoices=invoiced, workers=ISSUERS, seed=first),
        _run("Money at the gateway", GATEWAY, "both", orders=500, seed=first),
    ]
    if folder is None:
        typer.echo("Recorded orders: not replayed; name their folder by --data or KONTOR_TESTDATA")
    else:
        held += _replays(folder)
    if bench:
        held.append(_kontor("Benches", "bench", "--no-write"))
    _finish(*held)


def recorded_orders(data: Path | None) -> Path | None:
    """The folder of the recorded orders, given or below KONTOR_TESTDATA; raises `BadParameter` when there is none."""
    named = data or (Path(os.environ["KONTOR_TESTDATA"]) if os.environ.get("KONTOR_TESTDATA") else None)
    if named is None:
        return None
    folder = next((each for each in (named / "olist", named) if each.is_dir()), None)
    if folder is None:
        raise typer.BadParameter(f"{named} is no folder", param_hint="--data")
    return folder.resolve()


def _replays(folder: Path) -> list[bool]:
    """The full replay plain and under faults, a part of it the embedded way, a day worked by its sellers, all payments
    taken over, and a month of invoices where they lie beside; whether each ended as recorded."""
    command, invoices = ("replay", "olist", "--data", str(folder)), folder.parent / "online-retail"
    retail = ("replay", "retail", "--data", str(invoices), "--refused", os.devnull)
    return [
        _kontor("Replay", *command),
        _kontor("Replay with faults", *command, "--chaos"),
        _kontor("Replay on SQLite", *command, "--sqlite", "--orders", str(EMBEDDED_ORDERS)),
        _kontor("A day worked by its sellers", "replay", "sellers", "--data", str(folder)),
        _kontor("Payments taken over", "prove", "payments", "--data", str(folder), "--on", "postgresql"),
        _kontor(
            "Payments taken over on SQLite", "prove", "payments", "--data", str(folder), "--on", "sqlite",
            "--orders", str(EMBEDDED_ORDERS),
        ),
        *([_kontor("A month of invoices and cancellations", *retail)] if invoices.is_dir() else []),
    ]  # fmt: skip


def _kontor(title: str, *words: str) -> bool:
    """Run a command of its own; whether it ended well."""
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "kontor", *words], cwd=bootstrap.project_root(), check=False)
    held = done.returncode == 0
    typer.echo(f"{title}: {'holds' if held else 'does NOT hold'} after {time.perf_counter() - begun:.0f} s")
    return held
