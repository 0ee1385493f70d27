"""`kontor bench [NAME …]`: measure and write docs/benchmarks.md."""

from __future__ import annotations

import importlib
from typing import Annotated

import typer

from kontor import bootstrap
from kontor.bench.report import write

app = typer.Typer(invoke_without_command=True, help="Measure, each figure with a baseline of the same run.")
NAMES = ("intake", "life", "lists", "feeds", "growth")
Wanted = Annotated[list[str] | None, typer.Argument(help=f"Which of {', '.join(NAMES)}; all when none is named.")]
Keep = Annotated[bool, typer.Option("--write/--no-write", help="Write the figures to docs/benchmarks.md.")]


@app.callback()
def run(names: Wanted = None, keep: Keep = True) -> None:
    """Run the named benchmarks one after the other."""
    for name in names or NAMES:
        if name not in NAMES:
            raise typer.BadParameter(f"{name} is none of {', '.join(NAMES)}")
        section = importlib.import_module(f"kontor.bench.{name}").measure()
        typer.echo(f"\n{section.name}\n{section.text()}")
        if keep:
            write(section, bootstrap.project_root() / "docs" / "benchmarks.md")
