"""`kontor bench [NAME …]`: measure and write docs/benchmarks.md."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated, Any

import typer

from kontor import bootstrap
from kontor.bench.report import write

app = typer.Typer(
    invoke_without_command=True,
    help="Measure, each figure with a baseline of the same run.",
    # Options may follow the names.
    context_settings={"allow_interspersed_args": True},
)
NAMES = (
    "intake",
    "life",
    "lists",
    "feeds",
    "growth",
    "sourcing",
    "routing",
    "geography",
    "pricing",
    "invoices",
    "exports",
    "documents",
    "portal",
    "search",
)
Wanted = Annotated[list[str] | None, typer.Argument(help=f"Which of {', '.join(NAMES)}; all when none is named.")]
Keep = Annotated[bool, typer.Option("--write/--no-write", help="Write the figures to the report.")]
Report = Annotated[Path | None, typer.Option(help="The report; docs/benchmarks.md unless given.")]
Orders = Annotated[
    int | None,
    typer.Option(
        help="Orders of intake, life, sourcing, routing, geography, pricing, exports, documents, portal, search, each "
        "size of growth.",
        min=1,
    ),
]
Burst = Annotated[int | None, typer.Option(help="Orders that life places at once; 0 for no burst.", min=0)]
Count = Annotated[int | None, typer.Option(help="Documents of invoices.", min=10)]
Seed = Annotated[int | None, typer.Option(help="The seed of the orders of invoices.")]
Out = Annotated[Path | None, typer.Option(help="Where invoices leaves every PDF and XML it makes.")]
Sizes = Annotated[str, typer.Option(help="Orders in the database that growth measures with, by commas.")]


@app.callback()
def run(
    names: Wanted = None,
    keep: Keep = True,
    report: Report = None,
    orders: Orders = None,
    burst: Burst = None,
    sizes: Sizes = "",
    count: Count = None,
    seed: Seed = None,
    out: Out = None,
) -> None:
    """Run the named benchmarks one after the other."""
    made = {name: value for name, value in (("count", count), ("seed", seed), ("out", out)) if value is not None}
    path = report or bootstrap.project_root() / "docs" / "benchmarks.md"
    for name in names or NAMES:
        if name not in NAMES:
            raise typer.BadParameter(f"{name} is none of {', '.join(NAMES)}")
        section = importlib.import_module(f"kontor.bench.{name}").measure(
            **options(name, orders, burst, sizes), **(made if name == "invoices" else {})
        )
        typer.echo(f"\n{section.name}\n{section.text()}\n{section.appendix}")
        if keep:
            write(section, path)


def options(name: str, orders: int | None, burst: int | None, sizes: str) -> dict[str, Any]:
    """What was asked for that the benchmark knows; raises `BadParameter` for sizes that are no numbers."""
    found: dict[str, Any] = {}
    if orders is not None and name not in ("lists", "feeds", "invoices"):
        found["orders"] = orders
    if burst is not None and name == "life":
        found["burst"] = burst
    if sizes and name == "growth":
        try:
            found["sizes"] = tuple(int(part.replace("_", "")) for part in sizes.split(","))
        except ValueError as problem:
            raise typer.BadParameter(f"{sizes} is no list of numbers") from problem
    return found
