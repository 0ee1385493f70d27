"""A list of fifty rows costs as many statements as a list of one: nothing below it is read row by row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from api.graphql.test_rights import Asker
from kontor.core.jobs import Runtime
from kontor.core.principal import SYSTEM
from proofs.filling import fill_rest
from proofs.schema_walk import Root, roots
from proofs.sides import Side, build
from support import Drain

ROWS = 50
DEPTH = 2

# Lists that cannot have fifty rows, or need arguments: the values to ask them with once for few and once for many.
WHOLE = {"legalEntities", "importKinds", "webhookEventTypes", "issuedCodes", "availability"}


@contextmanager
def counted(runtime: Runtime) -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    engine = runtime.database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


async def test_every_list_costs_as_many_statements_at_one_row_as_at_fifty(runtime: Runtime, drain: Drain) -> None:
    """Each list field of Query with all its fields and relations, two levels deep."""
    await build(runtime, drain, ("ANTON",), size=ROWS)
    await fill_rest(runtime.database, ROWS)
    asker = Asker("system", SYSTEM, runtime)
    wrong = []
    for root in roots():
        if not root.is_list or root.kind != "query" or root.name in WHOLE:
            continue
        few, many = [await _cost(asker, root, size) for size in (1, ROWS)]
        if many.rows < ROWS:
            wrong.append(f"{root.name}: only {many.rows} rows")
        elif few.statements != many.statements:
            extra = [each for each in set(many.sent) if many.sent.count(each) > few.sent.count(each)]
            wrong.append(f"{root.name}: {few.statements} statements for one row, {many.statements} for {ROWS}: {extra}")
    assert not wrong, "\n".join(wrong)


class _Cost:
    def __init__(self, sent: list[str], rows: int) -> None:
        self.sent, self.rows, self.statements = sent, rows, len(sent)


async def _cost(asker: Asker, root: Root, size: int) -> _Cost:
    await asker.ask(root, {"first": size}, DEPTH)  # what is cached per process is not counted
    with counted(asker.runtime) as sent:
        answer = await asker.ask(root, {"first": size}, DEPTH)
    assert answer["errors"] == [], (root.name, answer["errors"][:2])
    page = answer["data"]["answer"]
    return _Cost(sent, len(page["nodes"]))


async def test_plain_lists_cost_as_many_statements_for_many_rows(runtime: Runtime, drain: Drain) -> None:
    """What promises articles is asked for one and for many; what was issued and who sells is read at once."""
    [side] = await build(runtime, drain, ("ANTON",), size=3)
    asker = Asker("system", SYSTEM, runtime)
    by_name = {root.name: root for root in roots()}
    skus = [side.variant.sku, *(f"SKU-A-{index}" for index in (1, 2))]
    few, many = [await _promise(asker, by_name["availability"], side, part) for part in (skus[:1], skus)]
    assert (len(many[1]), few[0]) == (3, many[0])
    for name in sorted(WHOLE - {"availability", "issuedCodes"}):
        with counted(runtime) as sent:
            answer = await asker.ask(by_name[name], {}, DEPTH)
        assert answer["errors"] == []
        assert len(sent) <= 2, (name, sent)


async def _promise(asker: Asker, root: Root, side: Side, skus: list[str]) -> tuple[int, list[Any]]:
    wanted = {"channel": side.channel.code, "items": [{"sku": sku, "quantity": 1} for sku in skus]}
    await asker.ask(root, wanted, DEPTH)
    with counted(asker.runtime) as sent:
        answer = await asker.ask(root, wanted, DEPTH)
    assert answer["errors"] == [], answer["errors"]
    return len(sent), answer["data"]["answer"]
