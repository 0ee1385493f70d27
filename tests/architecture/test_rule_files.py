"""Rules are pure: they decide from their arguments and import nothing that could read or write.

In the packages of the trade every file without a role name and without coroutines is a rule, unless IMPURE says why
not; a file with coroutines is a part of a service, split by phase of life. The decisions in DECISIONS are rules always.
"""

import ast
import sys
from fnmatch import fnmatch

import pytest

from architecture.source import Module, imported, known_modules, modules, without_type_checking

ROLES = frozenset(["__init__", "models", "queries", "service", "jobs", "ports", "events", "errors"])
# The names of rights decide nothing by themselves.
GROUND_FOR_RULES = frozenset({"kontor.core.money", "kontor.core.errors", "kontor.auth.permissions"})
# A transition table is made of the type that checks it.
GROUND_FOR_STATES = GROUND_FOR_RULES | {"kontor.core.statemachine"}
# Neighbors without I/O of their own: a rule may use the states and refusals of its own or a lower package.
PURE_ROLES = frozenset({"states", "errors"})
IMPURE_LIBRARY = frozenset(
    {"asyncio", "io", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil", "socket", "sqlite3"}
    | {"subprocess", "tempfile", "threading", "time", "urllib", "http", "logging"}
)
CLOCKS = frozenset({"datetime.now", "datetime.utcnow", "date.today", "time.time"})

# Pattern -> libraries beyond the standard one that decide without I/O, with the reason.
LIBRARIES: dict[str, tuple[frozenset[str], str]] = {
    "*": (frozenset({"orjson"}), "JSON to values and back"),
    "banking/*.py": (frozenset({"lxml"}), "statements and transfers are XML: text to values and back"),
    "processes/bpmn/*.py": (frozenset({"lxml"}), "BPMN is XML: text to graph and back"),
    "locations/*.py": (frozenset({"opening_hours"}), "reads opening hours in the OpenStreetMap notation"),
    "catalog/*.py": (frozenset({"stdnum"}), "check digits of article numbers"),
    "channels/*.py": (frozenset({"lxml"}), "logos are SVG: text to the shapes that may stay, and back"),
    "customers/*.py": (frozenset({"stdnum"}), "check digits of VAT numbers"),
    "notifications/limiting.py": (frozenset({"jinja2"}), "what templates may say: values to text"),
    "payments/mandates.py": (frozenset({"stdnum"}), "check digits of creditor identifiers"),
    "routing/*.py": (frozenset({"highspy", "numpy"}), "solves programs from arrays; seeded, without files or clock"),
    "tax/*.py": (frozenset({"stdnum"}), "check digits of VAT numbers"),
}

# Pattern -> why these files are no rules although they have neither a role name nor coroutines.
IMPURE: dict[str, str] = {
    "auth/*.py": "the ground that reads sessions, secrets and limits",
    "documents/*.py": "the ground that renders and stores files",
    "imports/*.py": "the ground that reads files",
    "*/files.py": "names the columns of files for the ground that reads them",
    "care/asking.py": "reads a term as customers keep theirs, whose writing stands in one file with its reading",
    "care/personal.py": "names the tables and columns that say something of a person",
    "care/scope.py": "refuses who sees only a part of the company",
    "care/subjects.py": "names conditions by which cases are looked for: parts of statements",
    "care/values.py": "names who may decide which kind of case",
    "timeline/kinds.py": "names who may read which kind of entry",
    "timeline/telling.py": "reads the words it tells with",
    "catalog/values.py": "names the ground's checks of each field",
    "*/tasks.py": "names the functions that process tasks call",
    "fulfillment/finding.py": "names the conditions by which lists are read: parts of statements, sent by queries",
    "routing/gathering.py": "plans houses as batches, which look at the clock",
    "printing/pages.py": "fills the ground's pages with what was frozen",
    "routing/season.py": "plans evenings as batches, which look at the clock",
    "routing/season_cli.py": "the command that answers lines on standard input",
    "orders/progress.py": "changes the counters of an order in memory and records what follows",
    "payments/ledger.py": "writes the books, though it waits for nothing",
    "notifications/rendering.py": "reads the templates it fills",
    "notifications/samples.py": "names the brand in which samples are written",
    "notifications/wording.py": "reads templates with the parser of their language, to refuse what is not allowed",
    "routing/batch.py": "looks at the clock to know when to stop, and starts the random numbers of its seed",
    "routing/checking.py": "tries conditions as they will be evaluated",
    "routing/cli.py": "reads the file it is given",
    "webhooks/signing.py": "draws new secrets",
}

# What decides about goods, money and the next step stays pure whatever else grows around it.
DECISIONS = (
    "*/states.py",
    "catalog/bundles.py",
    "catalog/gtin.py",
    "customers/matching.py",
    "fulfillment/packing.py",
    "inventory/availability.py",
    "invoicing/build.py",
    "invoicing/en16931.py",
    "locations/calendars.py",
    "locations/distance.py",
    "orders/cancellation.py",
    "orders/statuses.py",
    "orders/totals.py",
    "payments/capture_plan.py",
    "payments/refund_due.py",
    "payments/refund_split.py",
    "pricing/calculation.py",
    "processes/bpmn/*.py",
    "processes/engine.py",
    "returns/best_place.py",
    "returns/eligibility.py",
    "returns/inspection.py",
    "risk/rules.py",
    "risk/scoring.py",
    "routing/candidates.py",
    "routing/costs.py",
    "routing/covering.py",
    "routing/explanation.py",
    "routing/joining.py",
    "routing/mixing.py",
    "routing/planner.py",
    "routing/ranking.py",
    "routing/recreating.py",
    "routing/relaxing.py",
    "routing/seeking.py",
    "routing/sharing.py",
    "routing/values.py",
    "tax/determination.py",
    "tax/rounding.py",
)


def is_rule(module: Module) -> bool:
    """Whether the file holds a decision and nothing else."""
    name = module.path.rpartition("/")[2].removesuffix(".py")
    if not module.is_domain or name in ROLES:
        return False
    if any(fnmatch(module.path, pattern) for pattern in DECISIONS):
        return True
    return not any(fnmatch(module.path, pattern) for pattern in IMPURE) and not has_coroutines(module)


def has_coroutines(module: Module) -> bool:
    """Whether anything in the file waits for the outside."""
    return any(isinstance(node, ast.AsyncFunctionDef) for node in ast.walk(module.tree))


def impurities(module: Module, rules: frozenset[str], known: frozenset[str]) -> list[str]:
    """What keeps the module from being pure: imports, coroutines, and looks at the clock."""
    found = []
    for node in without_type_checking(module.tree):
        names = imported(node, known)
        found += [f"{module.place(node)} imports {name}" for name in names if not _allowed(module, name, rules)]
        if isinstance(node, ast.AsyncFunctionDef | ast.Await):
            found.append(f"{module.place(node)} waits")
        if isinstance(node, ast.Call) and any(ast.unparse(node.func).endswith(clock) for clock in CLOCKS):
            found.append(f"{module.place(node)} reads the clock")
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "open":
            found.append(f"{module.place(node)} opens a file")
    return found


def _allowed(module: Module, name: str, rules: frozenset[str]) -> bool:
    top = name.split(".")[0]
    if top == "kontor":
        ground = GROUND_FOR_STATES if module.path.endswith("/states.py") else GROUND_FOR_RULES
        return name in ground or name in rules or name.rpartition(".")[2] in PURE_ROLES
    if top in sys.stdlib_module_names:
        return top not in IMPURE_LIBRARY
    return any(top in libraries for pattern, (libraries, _) in LIBRARIES.items() if fnmatch(module.path, pattern))


KNOWN = frozenset(
    {"kontor.core.db", "kontor.core.money", "kontor.core.clock", "kontor.orders.models", "kontor.orders.service"}
)


@pytest.mark.parametrize(
    "line",
    [
        "import sqlalchemy as sa",
        "from kontor.core import db",
        "from kontor.core.clock import wall",
        "from kontor.orders.models import Order",
        "import random",
        "from kontor.settings import Settings",
        "async def decide(): ...",
        "now = datetime.now(UTC)",
        "text = open('rates.csv')",
    ],
)
def test_impure_rule_is_found(line: str) -> None:
    assert len(impurities(Module("orders/totals.py", line), frozenset(), KNOWN)) == 1


def test_pure_rule_may_use_money_values_and_types() -> None:
    text = """
from decimal import Decimal
from kontor.core import money
from kontor.core.errors import Conflict
from kontor.tax.rounding import spread
from kontor.orders.states import OrderState
if TYPE_CHECKING:
    from kontor.orders.models import Order
"""
    assert impurities(Module("orders/totals.py", text), frozenset({"kontor.tax.rounding"}), KNOWN) == []


def test_files_without_a_role_are_rules() -> None:
    paths = ["orders/cancellation.py", "orders/service.py", "orders/states.py", "core/db.py", "api/graphql/orders.py"]
    assert [path for path in paths if is_rule(Module(path, ""))] == ["orders/cancellation.py", "orders/states.py"]
    assert is_rule(Module("orders/numbers.py", "def spell(): ..."))


def test_coroutines_make_a_service_of_a_file_but_never_of_a_decision() -> None:
    text = "async def place(db): ..."
    assert not is_rule(Module("orders/placing.py", text))
    assert is_rule(Module("orders/cancellation.py", text))


def test_rule_files_are_pure() -> None:
    rules = frozenset(module.dotted for module in modules() if is_rule(module))
    found = [text for module in modules() if is_rule(module) for text in impurities(module, rules, known_modules())]
    assert found == []
