"""What `kontor prove payments` runs on one database."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from pathlib import Path

import typer

from kontor import bootstrap
from kontor.bench.services import PostgresServer
from kontor.bench.takeover.running import Report, take_over
from kontor.core import logging


def take_over_on(name: str, folder: Path, *, most: int | None = None) -> bool:
    """Take payments over into a database of our own, `sqlite` or `postgresql`, and tell; whether all ended right."""
    logging.configure("WARNING", "console")
    with contextlib.ExitStack() as stack:
        if name == "sqlite":
            place = stack.enter_context(tempfile.TemporaryDirectory(prefix="kontor-takeover-"))
            url = f"sqlite+aiosqlite:///{place}/kontor.db"
        else:
            url = stack.enter_context(PostgresServer()).create_database("takeover")
        bootstrap.migrate(url)
        report = asyncio.run(take_over(folder, url, typer.echo, most=most))
    typer.echo(f"Payments taken over on {name}: {'does NOT hold' if report.differences else 'holds'}")
    typer.echo(readable(report))
    return not report.differences


def readable(report: Report) -> str:
    """A report as lines of text."""
    lines = [f"  {name}: {value}" for name, value in report.figures.items()]
    lines += ["  accounted for by name:", *[f"    {name}: {count}" for name, count in sorted(report.accounted.items())]]
    return "\n".join([*lines, *[f"  DIFFERENCE {each}" for each in report.differences]])
