"""Plans are read from the server's log as it writes them, and what does not scale is found in them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kontor.bench import plans
from kontor.bench.plans import OURS, Plan, findings, normal, paths, read, summary
from kontor.bench.services import PostgresServer

GROWING = frozenset({"orders", "event", "outbox"})


def scan(table: str, rows: int, *, loops: int = 1, removed: int = 0, index: str = "") -> dict[str, Any]:
    node = {"Node Type": "Index Scan" if index else "Seq Scan", "Relation Name": table, "Actual Rows": rows}
    node |= {"Actual Loops": loops, "Rows Removed by Filter": removed}
    return node | ({"Index Name": index} if index else {})


@pytest.mark.parametrize(
    ("node", "found"),
    [
        (scan("orders", 501), {"looks at 501 rows of orders by reading all of it"}),
        (scan("orders", 1, removed=600), {"looks at 601 rows of orders by reading all of it"}),
        (scan("orders", 500), set()),
        (scan("stock_location", 9000), set()),
        (scan("orders", 9000, loops=0), set()),
        (scan("event", 5000, index="pk_event"), set()),
        (scan("event", 51, loops=100, index="pk_event"), {"looks at 5,100 rows of event by pk_event"}),
        (scan("event", 1, removed=5000, index="ix_event"), {"looks at 5,001 rows of event by ix_event"}),
    ],
)
def test_reading_many_rows_of_a_growing_table_is_found(node: dict[str, Any], found: set[str]) -> None:
    assert findings({"Node Type": "Limit", "Plans": [{"Node Type": "Sort", "Plans": [node]}]}, GROWING) == found


def test_ways_are_the_indexes_and_the_tables_read_in_full() -> None:
    tree = {"Node Type": "Nested Loop", "Plans": [scan("orders", 1, index="pk_orders"), scan("outbox", 3)]}
    assert paths(tree) == {"pk_orders", "all of outbox"}


def test_runs_with_more_or_fewer_values_are_one_statement() -> None:
    one = normal("SELECT a FROM b\n WHERE a IN ($1::UUID, $2::UUID) AND c = $3")
    assert one == normal("SELECT a FROM b WHERE a IN ($1::UUID, $2::UUID, $3::UUID) AND c = $4")
    assert one == "SELECT a FROM b WHERE a IN (…) AND c = ?"


def test_runs_of_a_statement_are_taken_together_the_slowest_first() -> None:
    good, bad = scan("orders", 1, index="pk_orders"), scan("orders", 9000)
    found = summary(
        [Plan("A", 1.0, good), Plan("B", 2.0, good), Plan("A", 3.0, bad, "$1 = '7'"), Plan("A", 0.5, good)], GROWING
    )
    assert [(one.text, one.count, one.slowest, bool(one.findings)) for one in found] == [
        ("A", 3, 3.0, True),
        ("B", 1, 2.0, False),
    ]
    assert found[0].parameters == "$1 = '7'"


def test_a_log_is_read_between_other_lines_without_our_own_statements() -> None:
    def entry(text: str) -> list[str]:
        body = json.dumps({"Query Text": text, "Plan": scan("orders", 1)}, indent=2).splitlines()
        return ["2026 LOG:  duration: 1.250 ms  plan:\n", *[f"\t{line}\n" for line in body]]

    lines = ["2026 LOG:  ready\n", *entry("SELECT\n1"), *entry(f"SELECT {OURS} 2"), "2026 LOG:  end\n", *entry("B")]
    assert [(plan.text, plan.milliseconds) for plan in read(lines)] == [("SELECT 1", 1.25), ("B", 1.25)]


def test_a_server_logs_plans_that_can_be_read(postgres: PostgresServer) -> None:
    postgres.create_database("plans")
    try:
        postgres.execute("CREATE TABLE orders AS SELECT n AS id FROM generate_series(1, 600) n", database="plans")
        for name, value in plans.SETTINGS.items():
            postgres.execute(f"ALTER DATABASE plans SET {name} = '{value}'")
        log = postgres.folder / "server.log"
        begin = log.stat().st_size
        postgres.execute("SELECT id,\n\t'ä' FROM orders WHERE id = 7", database="plans")
        postgres.execute("SET enable_seqscan = off; SELECT 8", database="plans")
        with log.open(encoding="utf-8", errors="replace") as lines:
            lines.seek(begin)
            [scanned, plain] = sorted(summary(read(lines), {"orders"}), key=lambda one: one.text, reverse=True)
    finally:
        postgres.drop_database("plans")
    texts = {scanned.text: scanned.findings, plain.text: plain.findings}
    assert texts["SELECT id, 'ä' FROM orders WHERE id = 7"] == {"looks at 600 rows of orders by reading all of it"}
    assert list(texts.values()).count(set()) == 1
