"""The shorter way to plain values answers as the long one does."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from kontor.api.graphql.executing import ShortWay


@strawberry.enum
class Color(Enum):
    RED = "red"


@strawberry.type
class Thing:
    id: UUID
    name: str
    count: int
    at: datetime
    color: Color
    note: str | None
    tags: list[str]

    @strawberry.field
    def shout(self, times: int = 1) -> str:
        return self.name.upper() * times


GIVEN: dict[str, Any] = {
    "id": UUID(int=7), "name": "lamp", "count": 3, "at": datetime(2026, 6, 15, tzinfo=UTC), "color": Color.RED,
    "note": None, "tags": ["a"],
}  # fmt: skip
QUERY = "{ thing { __typename id label: name count at color note tags shout(times: 2) } }"


def schema_of(given: dict[str, Any], **options: Any) -> strawberry.Schema:
    @strawberry.type
    class Query:
        @strawberry.field
        def thing(self) -> Thing | None:
            return Thing(**GIVEN | given)

    return strawberry.Schema(query=Query, config=StrawberryConfig(), **options)


def answer(given: dict[str, Any], **options: Any) -> tuple[Any, list[Any]]:
    done = schema_of(given, **options).execute_sync(QUERY)
    return done.data, [error.formatted for error in done.errors or ()]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"note": "n", "count": 0, "name": ""},
        {"name": None},
        {"count": "three"},
        {"count": 2**40},
        {"color": "RED"},
        {"note": ValueError("broken")},
        {"id": "no id"},
    ],
)
def test_values_and_errors_are_those_of_the_long_way(given: dict[str, Any]) -> None:
    assert answer(given, execution_context_class=ShortWay) == answer(given)


def test_the_short_way_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    long_way = ShortWay.build_resolve_info

    def noted(self: ShortWay, field: Any, nodes: Any, *others: Any) -> Any:
        asked.append(nodes[0].name.value)
        return long_way(self, field, nodes, *others)

    monkeypatch.setattr(ShortWay, "build_resolve_info", noted)
    data, errors = answer({}, execution_context_class=ShortWay)
    assert errors == []
    assert data["thing"]["shout"] == "LAMPLAMP"
    assert asked == ["thing", "__typename", "note", "tags", "shout"]
