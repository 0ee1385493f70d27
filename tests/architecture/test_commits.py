"""A transaction ends in one place: commit and rollback stand in core/db.py only."""

import ast
import re

import pytest

from architecture.source import Module, modules

HOME = "core/db.py"
ENDINGS = {"commit", "rollback", "begin"}
STATEMENT = re.compile(r"(?i)\s*(begin|commit|rollback|end)(\s+(immediate|exclusive|work|transaction))?\s*;?\s*")

# File -> why it ends transactions itself.
EXCEPTIONS: dict[str, str] = {
    "adapters/payments/simulator/ledger.py": "the simulated bank's own file, as foreign to us as a real bank's",
    "bench/search_world.py": "millions of rows without triggers, as fast as the database can write them",
    "bench/baseline.py": "the same work by bare SQL, to measure against",
    "core/sharedclock.py": "a replay moves the clock of all processes outside of any business transaction",
}


def endings(module: Module) -> list[str]:
    """Where the module opens or ends a transaction, by call or by statement text."""
    found = []
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr in ENDINGS:
            found.append(f"{module.place(node)} {node.func.attr}")
        found += [
            f"{module.place(argument)} {argument.value}"
            for argument in node.args
            if isinstance(argument, ast.Constant)
            and isinstance(argument.value, str)
            and STATEMENT.fullmatch(argument.value)
        ]
    return found


@pytest.mark.parametrize(
    "line",
    [
        "db.commit()",
        "await session.rollback()",
        "conn.execute(text('commit'))",
        "conn.execute('BEGIN IMMEDIATE')",
        "engine.begin()",
    ],
)
def test_ending_outside_its_home_is_found(line: str) -> None:
    module = Module("orders/service.py", f"async def save(db, session, conn, engine, text):\n    {line}\n")
    assert len(endings(module)) == 1


def test_ordinary_calls_are_not_endings() -> None:
    assert endings(Module("orders/service.py", "db.begin_nested()\nlog('commit is done')\ndb.add(committed)\n")) == []


def test_transactions_end_in_one_place_only() -> None:
    found = [place for module in modules() if module.path not in {HOME, *EXCEPTIONS} for place in endings(module)]
    assert found == []


def test_every_exception_is_still_needed() -> None:
    present = {module.path: module for module in modules()}
    assert [path for path in EXCEPTIONS if path in present and not endings(present[path])] == []
