"""Packages meet at their doors: what is not a door is private to its package."""

import ast

import pytest

from architecture.source import EDGES, GROUND, Module, imported, known_modules, modules
from architecture.test_rule_files import has_coroutines, is_rule

DOORS = frozenset(["service", "queries", "models", "states", "events", "errors", "ports", "values", "permissions"])
# The ground offers skills (signing in, rendering, reading files), not use cases: all of it is there to be used.
OPEN_PACKAGES = frozenset({"auth", "documents", "imports"})
# The edges put the application together, so they also name jobs and the tasks of processes.
EDGE_DOORS = DOORS | {"jobs", "tasks"}

# Private module -> why every package may use it.
OPENED: dict[str, str] = {
    "kontor.care.asking": "what a term of a search may be, as the API shows it, a pure function",
    "kontor.care.masking": "what is left of a person for who may not see them, pure functions",
    "kontor.care.personal": "what is kept of a person and why, as the API shows it",
    "kontor.care.scope": "refuses who sees only a part of the company, for whoever shows tasks",
    "kontor.changes.tokens": "how a token stands for a preview, pure functions, for whoever previews more",
    "kontor.channels.colors": "the shades of a color and its contrast, pure functions, for whoever shows them",
    "kontor.channels.logos": "the forms in which logos are kept, pure functions, for whoever shows them",
    "kontor.invoicing.posting": "the accounts of the journal and what each event moves, pure functions",
    "kontor.locations.distance": "the one way to measure between two places, a pure function of coordinates",
    "kontor.locations.calendars": "the one way to count working days and cut-off times, a pure function",
    "kontor.customers.matching": "how mails and postal codes are compared, pure functions",
    "kontor.fulfillment.amounts": "the value of pieces of a line, pure functions, for whoever changes an order",
    "kontor.orders.bounds": "the limits of what an order may say, pure functions, for whoever changes one",
    "kontor.orders.intake": "the value types of an order as it is given to us",
    "kontor.orders.progress": "the one way to change an order's counters, for the packages that execute",
    "kontor.fulfillment.tracking": "the form of carriers' parcel numbers, pure functions, for whoever reads one",
    "kontor.mailroom.reading": "what a mail that came in is, a pure function",
    "kontor.notifications.known": "how addresses, links and ways to pay read in messages, pure functions",
    "kontor.notifications.rendering": "which messages there are, in which languages, and what each may tell",
    "kontor.notifications.wording": "the form in which a retailer's own words are given, kept and shown",
    "kontor.orders.totals": "how lines and charges add up, pure functions, for whoever changes an order",
    "kontor.payments.ledger": "whether a gateway moves the money of a payment",
    "kontor.payments.mandates": "the value types of a mandate as it is given to us",
    "kontor.payments.evidence": "what may be said in a dispute and what its reasons mean, pure functions",
    "kontor.payments.refund_due": "the rules that withhold part of a refund, which documents and journal tell apart",
    "kontor.payments.methods": "which ways to pay are offered where, pure functions",
    "kontor.pricing.calculation": "which price counts for a buyer, pure functions, for whoever prices baskets",
    "kontor.promotions.book": "promotions by what a basket must hold for them, for whoever prices baskets",
    "kontor.promotions.definition": "the form in which promotions are given, kept and shown, pure functions",
    "kontor.catalog.vouchers": "the kinds of gift cards, and the tax class of those that are money",
    "kontor.promotions.engine": "what promotions take off a basket, a pure function, for whoever prices baskets",
    "kontor.promotions.rechecking": "what kept goods no longer earn, a pure function, for whoever refunds",
    "kontor.promotions.texts": "the one way to put into words what promotions gave and why not",
    "kontor.returns.eligibility": "what may come back and in which time, pure functions",
    "kontor.returns.explaining": "the one way to put the rules of a refund into words",
    "kontor.returns.inspection": "the value types and the decision of an inspection, which the process repeats",
    "kontor.returns.places": "the value types of a choice of places, and the one way to put it into words",
    "kontor.risk.rules": "the form in which lists keep what they block, a pure function",
    "kontor.risk.scoring": "the value types in which an assessment is kept and shown",
    "kontor.routing.candidates": "what places offer an order, pure functions, for whoever prices a plan anew",
    "kontor.routing.costs": "the cost of a parcel, pure functions, for whoever prices a plan anew",
    "kontor.routing.explanation": "the one way to put a routing decision into words",
    "kontor.routing.gathering": "the one way to plan many orders jointly, for whoever holds them",
    "kontor.routing.integer": "one order as a program for a solver, which the bench compares the planner with",
    "kontor.routing.planner": "the cheapest plan of one order, a pure function, which benchmarks measure",
    "kontor.routing.policies": "the form in which policies are kept and shown, a pure function",
    "kontor.routing.presets": "the policies to begin with, as they are shown",
    "kontor.routing.ruling": "the value types of rules, as they are kept and shown",
    "kontor.selfservice.policy": "the form in which rules of self-service are given, kept and shown, pure functions",
    "kontor.tax.shipped": "the regions that count where none are entered",
    "kontor.tax.territories": "the one way to tell the tax territory of an address, a pure function",
    "kontor.tax.rounding": "the one way to round and spread tax, pure functions",
    "kontor.tax.vat_ids": "what a VAT id stands for, pure functions",
    "kontor.tax.determination": "the one way to tell which tax a line bears, a pure function",
    "kontor.webhooks.payload": "the one form in which an event leaves the house",
}


def is_private(name: str, doors: frozenset[str]) -> bool:
    """Whether a module is a rule, a job or else no door; parts of a service, split by phase of life, are doors."""
    parts = name.split(".")
    if parts[2] in doors or name in OPENED:
        return False
    source = next((module for module in modules() if module.dotted == name), None)
    return source is None or parts[2] == "jobs" or not has_coroutines(source)


def trespasses(module: Module, known: frozenset[str]) -> list[str]:
    """Imports of another package's private modules; rules may build on each other, which purity and layers bound."""
    doors = EDGE_DOORS if module.package in EDGES else DOORS
    found = []
    for node in ast.walk(module.tree):
        for name in imported(node, known):
            parts = name.split(".")
            if parts[0] != "kontor" or len(parts) < 3 or parts[1] in GROUND | EDGES | OPEN_PACKAGES | {module.package}:
                continue
            target = Module("/".join(parts[1:]) + ".py", "")
            if is_private(name, doors) and not (is_rule(module) and is_rule(target)):
                found.append(f"{module.place(node)} imports {name}")
    return found


KNOWN = frozenset(
    {"kontor.orders.service", "kontor.orders.cancellation", "kontor.orders.jobs", "kontor.core.jobs"}
    | {"kontor.tax.rounding", "kontor.auth.limits"}
)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("returns/service.py", "from kontor.orders import cancellation"),
        ("returns/service.py", "from kontor.orders.cancellation import spread"),
        ("returns/service.py", "from kontor.orders import jobs"),
        ("api/graphql/orders.py", "from kontor.orders.cancellation import spread"),
    ],
)
def test_private_module_of_another_package_is_found(path: str, line: str) -> None:
    assert len(trespasses(Module(path, line), KNOWN)) == 1


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("returns/service.py", "from kontor.orders import service as orders"),
        ("orders/service.py", "from kontor.orders.cancellation import spread"),
        ("worker.py", "from kontor.orders import jobs"),
        ("orders/totals.py", "from kontor.tax.rounding import spread"),
        ("api/http/session.py", "from kontor.auth import limits"),
        ("orders/jobs.py", "from kontor.core.jobs import job"),
    ],
)
def test_doors_and_own_modules_are_open(path: str, line: str) -> None:
    assert trespasses(Module(path, line), KNOWN) == []


def test_packages_meet_at_their_doors() -> None:
    assert [place for module in modules() for place in trespasses(module, known_modules())] == []
