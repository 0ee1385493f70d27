"""A day that law, a document or the books count is one where the seller is: nothing takes the UTC date of a moment.

`core.clock.local_day` is the one way from a moment to a day. `utc_day` is for what has no seller.
"""

import ast

import pytest

from architecture.source import Module, modules

# Pattern of `.date()` without arguments -> why what stands before it is no moment in UTC.
OWN_DATES: dict[str, str] = {
    "core/clock.py": "the helper itself",
    "locations/calendars.py": "a rule: it takes the day of the place's own clock",
    "imports/cells.py": "a cell without a time zone says its day itself",
    "imports/reading.py": "a cell of a workbook has no time zone",
    "documents/rendering.py": "a pick list bears the time of its own place",
    "ledger/cli.py": "the days that the command line was given",
}
UTC_DAYS: dict[str, str] = {
    "adapters/payments/http_gateway.py": "the gateway says so",
    "adapters/payments/stripe/payouts.py": "the gateway says so: a day of arrival is midnight in UTC",
    "core/clock.py": "the helper itself",
    "api/graphql/agreements.py": "terms with partners hold for places of several time zones",
    "audit/jobs.py": "the name of a night of checks",
    "care/late.py": "only what is over at every place of the earth",
    "care/watching.py": "invoices of sellers of every time zone, half paid for a week",
    "contacts/service.py": "only to say that a day is past or far off, with a day of grace",
    "dropship/deadlines.py": "a figure of places of several time zones, noted each day",
    "fulfillment/releasing.py": "the days of routing",
    "imports/dating.py": "the dates of prices and rates hold for sellers of every time zone",
    "locations/own.py": "only to say that a day is past everywhere",
    "partners/agreements.py": "a partner's places lie in several time zones",
    "returns/postage.py": "a partner's places lie in several time zones",
    "routing/basket.py": "a plan over places of several time zones",
    "routing/pricing.py": "a plan over places of several time zones",
    "routing/promise.py": "a plan over places of several time zones",
    "routing/sales.py": "a plan over places of several time zones",
    "routing/service.py": "a plan over places of several time zones",
}


def days(module: Module) -> list[tuple[str, str]]:
    """Where the module makes a day of a moment: `.date()` or `utc_day(...)`."""
    found: list[tuple[str, str]] = []
    if ".date(" not in module.text and "utc_day" not in module.text:
        return found
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr == "date" and not node.args:
            found.append(("date", module.place(node)))
        if isinstance(node.func, ast.Name) and node.func.id == "utc_day":
            found.append(("utc_day", module.place(node)))
    return found


def wrong(module: Module) -> list[str]:
    """Those that are not allowed where they stand. The bench measures, and sells nothing."""
    if module.package == "bench":
        return []
    lists = {"date": OWN_DATES, "utc_day": UTC_DAYS}
    return [place for kind, place in days(module) if module.path not in lists[kind]]


@pytest.mark.parametrize("line", ["today = now.date()", "x = f(db.now.date() + y)", "today = utc_day(now)"])
def test_utc_day_of_a_moment_is_found(line: str) -> None:
    assert wrong(Module("invoicing/dunning.py", line)) == ["invoicing/dunning.py:1"]


def test_days_of_a_time_zone_are_left_alone() -> None:
    assert wrong(Module("invoicing/dunning.py", "today = local_day(now, entity.timezone)\nday = sa.func.date(x)")) == []


def test_no_day_is_taken_from_a_moment_in_utc() -> None:
    assert [place for module in modules() for place in wrong(module)] == []


def test_no_exception_is_left_over() -> None:
    used = {(kind, module.path) for module in modules() for kind, _ in days(module)}
    allowed = {("date", path) for path in OWN_DATES} | {("utc_day", path) for path in UTC_DAYS}
    assert {path for _, path in allowed - used} - {"core/clock.py"} == set()
