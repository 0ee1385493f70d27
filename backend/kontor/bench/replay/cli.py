"""The command `kontor replay`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

if TYPE_CHECKING:
    from kontor.bench.replay.replaying import Report

app = typer.Typer(help="Play recorded orders through an installation and check where they end.", no_args_is_help=True)
CHAOS_SECONDS = 6.0
SHOWN = 20
RETURNED = 50


@app.callback()
def commands() -> None:
    """Play recorded orders through an installation and check where they end."""


@app.command()
def olist(
    data: Annotated[Path, typer.Option(help="Folder with the CSV files of the data set.", exists=True)],
    orders: Annotated[int | None, typer.Option(help="Only the first orders by time of purchase.", min=1)] = None,
    database: Annotated[str, typer.Option(help="Address of an empty database; else a server is started.")] = "",
    redis: Annotated[str, typer.Option(help="Address of a Redis server; else one is started.")] = "",
    sqlite: Annotated[bool, typer.Option(help="Embedded: SQLite, the web process does all the work.")] = False,
    chaos: Annotated[bool, typer.Option(help="Kill and restart processes and Redis at random all the time.")] = False,
    chaos_every: Annotated[float, typer.Option(help="Mean number of seconds between two kills.")] = CHAOS_SECONDS,
    clients: Annotated[int, typer.Option(help="Calls under way at the same time.", min=1)] = 16,
    workers: Annotated[int, typer.Option(help="Worker processes.", min=1)] = 2,
    step: Annotated[int, typer.Option(help="Acts that are due before the clock moves on.", min=1)] = 600,
    expect: Annotated[str, typer.Option(help="The digest of a run that this one has to end like.")] = "",
    report: Annotated[Path | None, typer.Option(help="Write the figures to this file as JSON.")] = None,
    ends: Annotated[Path | None, typer.Option(help="Write where each order and article ended to this file.")] = None,
    like: Annotated[Path | None, typer.Option(help="The `ends` of a run that this one has to end like.")] = None,
) -> None:
    """Load sellers, products and just enough stock, play the orders, compare, audit; exit 1 if anything differs."""
    from kontor.bench.replay.installation import Wanted
    from kontor.bench.replay.replaying import Options, replay

    wanted = Wanted(database_url=database, redis_url=redis, embedded=sqlite, workers=workers, clients=clients)
    options = Options(data, orders, wanted, chaos_every if chaos else 0.0, acts_per_window=step)

    def keep(made: Report) -> None:
        if expect and expect != made.digest:
            made.differences.append(f"the end has digest {made.digest} instead of {expect}")
        if like is not None:
            made.differences += otherwise(orjson.loads(like.read_bytes()), made.ends)
        typer.echo(readable(made))
        if ends is not None:
            ends.write_bytes(orjson.dumps(made.ends, option=orjson.OPT_INDENT_2))
        if report is not None:
            report.write_bytes(as_json(made))

    made = asyncio.run(replay(options, typer.echo, keep))
    if made.differences:
        raise typer.Exit(1)


@app.command()
def sellers(
    data: Annotated[Path, typer.Option(help="Folder with the CSV files of the data set.", exists=True)],
    day: Annotated[
        datetime | None, typer.Option(help="The day; the busiest unless given.", formats=["%Y-%m-%d"])
    ] = None,
    sqlite: Annotated[bool, typer.Option(help="Embedded: SQLite, the web process does all the work.")] = False,
    returned: Annotated[int, typer.Option(help="Delivered orders of a thousand that come back.", min=0)] = RETURNED,
) -> None:
    """Load every seller as a partner and play the orders of one day, worked by the sellers with their own keys."""
    from kontor.bench.replay.dataset import busiest_day
    from kontor.bench.replay.installation import Wanted
    from kontor.bench.replay.replaying import Options, replay

    chosen = day.date() if day else busiest_day(data)
    options = Options(data, wanted=Wanted(embedded=sqlite), returned_per_thousand=returned, day=chosen)
    made = asyncio.run(replay(options, typer.echo, lambda made: typer.echo(readable(made))))
    if made.differences:
        raise typer.Exit(1)


@app.command()
def retail(
    data: Annotated[
        Path | None, typer.Option(help="Folder with online_retail.csv.gz; else below KONTOR_TESTDATA.")
    ] = None,
    first: Annotated[str, typer.Option("--from", help="The first month that is played, as 2010-12.")] = "2010-12",
    last: Annotated[str | None, typer.Option("--to", help="The last one; the first alone unless given.")] = None,
    database: Annotated[str, typer.Option(help="Address of an empty database; else a server is started.")] = "",
    redis: Annotated[str, typer.Option(help="Address of a Redis server; else one is started.")] = "",
    sqlite: Annotated[bool, typer.Option(help="Embedded: SQLite, the web process does all the work.")] = False,
    refused: Annotated[Path, typer.Option(help="Write the refused rows to this file.")] = Path("refused.csv"),
) -> None:
    """Play invoices as sales and cancellations as returns; explain every row, audit; exit 1 if anything differs."""
    from kontor.bench.replay.installation import Wanted
    from kontor.bench.retail.rows import span
    from kontor.bench.retail.running import Options, replay

    try:
        months = span(first, last)
    except ValueError as wrong:
        raise typer.BadParameter(f"Months as 2010-12, the first one first: {wrong}", param_hint="--from") from wrong
    wanted = Wanted(database_url=database, redis_url=redis, embedded=sqlite)
    made = asyncio.run(replay(Options(retail_folder(data), months, wanted, refused), typer.echo))
    figures = [f"{name}: {_plain(value)}" for name, value in made.figures.items()]
    typer.echo("\n".join([*figures, "", *made.totals, "", f"Differences: {len(made.differences) or 'none'}"]))
    for each in made.differences[:SHOWN]:
        typer.echo(f"  {each}")
    if made.differences:
        raise typer.Exit(1)


def retail_folder(data: Path | None) -> Path:
    """The folder of the invoices, given or below KONTOR_TESTDATA; raises `BadParameter` when neither is there."""
    named = os.environ.get("KONTOR_TESTDATA", "")
    folder = data or (Path(named) / "online-retail" if named else None)
    if folder is None or not folder.is_dir():
        raise typer.BadParameter("name a folder, or set KONTOR_TESTDATA", param_hint="--data")
    return folder


def otherwise(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What ended in another way than in the run before, the first of them."""
    other = [key for key in sorted({*before, *now}) if before.get(key) != now.get(key)]
    said = [f"{key} ended as {now.get(key)} and before as {before.get(key)}" for key in other[:SHOWN]]
    return said + ([f"{len(other) - SHOWN} more ended otherwise than before"] if len(other) > SHOWN else [])


def as_json(made: Report) -> bytes:
    """A report as JSON, without the ends; what was counted by number, such as answers by status, gets text for keys."""
    said = asdict(replace(made, ends={}))
    del said["ends"]
    return orjson.dumps(said, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)


def readable(made: Report) -> str:
    """A report as lines of text."""
    lines = [f"{name}: {_plain(value)}" for name, value in made.figures.items()]
    lines += ["", "Accounted for by name:", *[f"  {name}: {count}" for name, count in sorted(made.accounted.items())]]
    lines += ["", f"Digest of the end: {made.digest}", f"Differences: {len(made.differences) or 'none'}"]
    return "\n".join([*lines, *[f"  {each}" for each in made.differences]])


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items()) or "none"
    return str(value)
