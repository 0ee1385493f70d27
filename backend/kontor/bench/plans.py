"""Which way PostgreSQL went: the plans that its module `auto_explain` logs, and those that would not scale.

The plans are those of the statements the product really ran, with their real parameters, triggers included.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

# A statement of the bench itself carries this mark, so that it is not taken for the product's.
OURS = "/* bench */"
# Reading more rows of a growing table than this in one statement is a finding, whatever the way.
MOST_ROWS = 5_000
# A table of so few rows is rightly read as it is.
FEW_ROWS = 500
SETTINGS = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_format": "json",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_nested_statements": "on",
}
_BEGIN = re.compile(r"duration: ([\d.]+) ms  plan:$")
_LIST = re.compile(r"\((?:\$\d+(?:::[\w ]+)?(?:, )?)+\)")
_PARAMETER = re.compile(r"\$\d+")


@dataclass(frozen=True, slots=True)
class Plan:
    """How one statement was run; `text` is the statement without its numbering of parameters."""

    text: str
    milliseconds: float
    tree: dict[str, Any]
    parameters: str = ""


@dataclass(slots=True)
class Ways:
    """All runs of one statement: how often, how it went, and what speaks against it."""

    text: str
    count: int = 0
    slowest: float = 0.0
    paths: set[str] = field(default_factory=set)
    findings: set[str] = field(default_factory=set)
    parameters: str = ""


def read(lines: Iterable[str]) -> Iterator[Plan]:
    """The plans in a server's log, the bench's own statements left out."""
    milliseconds: float = 0.0
    body: list[str] | None = None
    for line in lines:
        if body is not None and line.startswith("\t"):
            body.append(line[1:])
            continue
        if body:
            yield from _plan(milliseconds, "".join(body))
        found = _BEGIN.search(line.rstrip("\n"))
        milliseconds, body = (float(found[1]), []) if found else (0.0, None)
    if body:
        yield from _plan(milliseconds, "".join(body))


def _plan(milliseconds: float, body: str) -> Iterator[Plan]:
    # The server puts a tab before every line of a message, also before those inside a statement.
    said = json.loads(body.replace("\t", " "), strict=False)
    if OURS not in said["Query Text"]:
        yield Plan(normal(said["Query Text"]), milliseconds, said["Plan"], said.get("Query Parameters", ""))


def normal(text: str) -> str:
    """A statement in one line, whatever the number of its parameters."""
    return _PARAMETER.sub("?", _LIST.sub("(…)", " ".join(text.split())))


def nodes(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    yield tree
    for child in tree.get("Plans", ()):
        yield from nodes(child)


def rows_read(node: dict[str, Any]) -> float:
    """Rows that a node looked at, those it threw away included; 0 for a node that never ran."""
    away = sum(value for name, value in node.items() if name.startswith("Rows Removed by"))
    return float((node.get("Actual Rows", 0) + away) * node.get("Actual Loops", 0))


def findings(tree: dict[str, Any], growing: Collection[str], *, most_rows: int = MOST_ROWS) -> set[str]:
    """What in a plan takes longer the more rows the growing tables have."""
    found = set()
    for node in nodes(tree):
        table = node.get("Relation Name")
        if table not in growing:
            continue
        count, all_of_it = rows_read(node), node["Node Type"] == "Seq Scan"
        if count > (FEW_ROWS if all_of_it else most_rows):
            way = "reading all of it" if all_of_it else node.get("Index Name", node["Node Type"])
            found.add(f"looks at {count:,.0f} rows of {table} by {way}")
    return found


def paths(tree: dict[str, Any]) -> set[str]:
    """By which ways a plan reaches its tables."""
    found = set()
    for node in nodes(tree):
        if "Index Name" in node:
            found.add(node["Index Name"])
        elif node["Node Type"] == "Seq Scan":
            found.add(f"all of {node['Relation Name']}")
    return found


def summary(plans: Iterable[Plan], growing: Collection[str], *, most_rows: int = MOST_ROWS) -> list[Ways]:
    """The statements with all their runs taken together, the slowest first."""
    ways: dict[str, Ways] = {}
    for plan in plans:
        one = ways.setdefault(plan.text, Ways(plan.text))
        one.count += 1
        one.paths |= paths(plan.tree)
        against = findings(plan.tree, growing, most_rows=most_rows)
        if against and not one.findings:
            one.parameters = plan.parameters
        one.findings |= against
        one.slowest = max(one.slowest, plan.milliseconds)
    return sorted(ways.values(), key=lambda one: -one.slowest)
