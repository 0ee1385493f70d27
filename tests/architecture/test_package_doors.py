"""Packages meet at their doors: what is not a door is private to its package."""

import ast

import pytest

from architecture.source import EDGES, GROUND, Module, imported, known_modules, modules

DOORS = frozenset(["service", "queries", "models", "states", "events", "errors", "ports", "values", "permissions"])
# The edges put the application together, so they also name jobs and what the ground and the processes offer.
EDGE_DOORS = DOORS | {"jobs"}

# (importing package, imported module) or ("*", imported module) -> why this private module is opened.
EXCEPTIONS: dict[tuple[str, str], str] = {}


def trespasses(module: Module, known: frozenset[str]) -> list[str]:
    """Imports of another package's private modules. Rules may share value types, so they are left to purity."""
    doors = EDGE_DOORS if module.package in EDGES else DOORS
    found = []
    for node in ast.walk(module.tree):
        for name in imported(node, known):
            parts = name.split(".")
            if parts[0] != "kontor" or len(parts) < 3 or parts[1] in GROUND | EDGES | {module.package}:
                continue
            if parts[2] not in doors and not {("*", name), (module.package, name)} & EXCEPTIONS.keys():
                found.append(f"{module.place(node)} imports {name}")
    return found


KNOWN = frozenset({"kontor.orders.service", "kontor.orders.totals", "kontor.orders.jobs", "kontor.core.jobs"})


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("returns/service.py", "from kontor.orders import totals"),
        ("returns/service.py", "from kontor.orders.totals import add_up"),
        ("returns/service.py", "from kontor.orders import jobs"),
        ("api/graphql/orders.py", "from kontor.orders.totals import add_up"),
    ],
)
def test_private_module_of_another_package_is_found(path: str, line: str) -> None:
    assert len(trespasses(Module(path, line), KNOWN)) == 1


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("returns/service.py", "from kontor.orders import service as orders"),
        ("orders/service.py", "from kontor.orders.totals import add_up"),
        ("worker.py", "from kontor.orders import jobs"),
        ("orders/jobs.py", "from kontor.core.jobs import job"),
    ],
)
def test_doors_and_own_modules_are_open(path: str, line: str) -> None:
    assert trespasses(Module(path, line), KNOWN) == []


def test_packages_meet_at_their_doors() -> None:
    assert [place for module in modules() for place in trespasses(module, known_modules())] == []
