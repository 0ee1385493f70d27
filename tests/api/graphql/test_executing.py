"""The shorter way to plain values answers as the long one does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from kontor.api.graphql.executing import ShortWay
from kontor.api.graphql.limits import plans_of


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
PLAIN = "__typename id name count at color note tags"
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
    assert asked == ["thing", "shout"]


@strawberry.type
class Box:
    label: str
    things: list[Thing]
    lid: Thing | None
    loose: list[Thing | None] | None

    @strawberry.field
    async def contents(self) -> list[Thing]:
        return self.things


def boxes_of(given: dict[str, Any], **options: Any) -> tuple[Any, list[Any]]:
    @strawberry.type
    class Query:
        @strawberry.field
        async def boxes(self) -> list[Box]:
            thing = Thing(**GIVEN)
            full: dict[str, Any] = {"label": "a", "things": [thing, thing], "lid": thing, "loose": [thing, None]}
            return [Box(**full), Box(**full | given)]

    asked = (
        f"{{ boxes {{ label things {{ {PLAIN} }} lid {{ {PLAIN} }} contents {{ {PLAIN} shout }} loose {{ id }} }} }}"
    )
    schema = strawberry.Schema(query=Query, config=StrawberryConfig(), **options)
    done = asyncio.run(schema.execute(asked))
    return done.data, [error.formatted for error in done.errors or ()]


BROKEN = Thing(**GIVEN | {"count": "three"})


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"lid": None, "loose": None, "things": []},
        {"things": (Thing(**GIVEN),)},
        {"things": [None]},
        {"things": [BROKEN]},
        {"lid": BROKEN},
        {"lid": "no thing"},
        {"loose": [BROKEN, Thing(**GIVEN)]},
        {"loose": 5},
        {"label": None},
        {"things": None},
    ],
)
def test_records_and_lists_are_those_of_the_long_way(given: dict[str, Any]) -> None:
    data, errors = boxes_of(given, execution_context_class=ShortWay)
    assert (data, errors) == boxes_of(given)
    assert data is None or list(data["boxes"][0]) == ["label", "things", "lid", "contents", "loose"]


def test_records_of_a_list_are_read_without_asking_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    long_way = ShortWay.build_resolve_info

    def noted(self: ShortWay, field: Any, nodes: Any, *others: Any) -> Any:
        asked.append(nodes[0].name.value)
        return long_way(self, field, nodes, *others)

    monkeypatch.setattr(ShortWay, "build_resolve_info", noted)
    assert boxes_of({}, execution_context_class=ShortWay)[1] == []
    assert asked == ["boxes", "contents", "contents", *["shout"] * 4]


async def test_an_open_subscription_remembers_nothing_of_its_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the plans of its document, which are made once."""
    executors: list[Any] = []
    made = ShortWay.build_per_event_executor

    def noted(self: ShortWay, payload: Any) -> ShortWay:
        executors.append(self)
        event = made(self, payload)
        executors.append(event)
        return event

    monkeypatch.setattr(ShortWay, "build_per_event_executor", noted)

    @strawberry.type
    class Query:
        name: str = "a"

    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def things(self) -> AsyncIterator[list[Thing]]:
            for _ in range(50):
                yield [Thing(**GIVEN)] * 2

    schema = strawberry.Schema(query=Query, subscription=Subscription, execution_context_class=ShortWay)
    answers: Any = await schema.subscribe(f"subscription {{ things {{ {PLAIN} shout }} }}")
    sizes = []
    async for answer in answers:
        assert answer.data["things"][1]["shout"] == "LAMP"
        base, event = executors[-2:]
        sizes.append((len(base._relevant_sub_fields), len(base._stream_usages), len(plans_of(base.operation))))
        assert event._relevant_sub_fields is not base._relevant_sub_fields
        assert not {"_kept", "_tried", "_plans"} & vars(base).keys()
    assert len(sizes) == 50
    assert set(sizes) == {sizes[0]}
    assert sizes[0][:2] == (0, 0)
    assert all(len(event._relevant_sub_fields) <= 2 for event in executors[1::2])
