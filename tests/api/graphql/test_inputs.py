"""The quick converters of input objects make what the library makes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    is_required_input_field,
)
from strawberry.types.arguments import convert_argument

from kontor.api.graphql.schema import schema

VALUES: dict[str, Any] = {
    "String": "text", "Int": 3, "Long": 2**40, "Float": 0.5, "Boolean": True, "UUID": UUID(int=5), "ID": "5",
    "DateTime": datetime(2026, 6, 15, tzinfo=UTC), "Date": date(2026, 6, 15), "Decimal": Decimal("1.5"),
    "JSON": {"a": 1},
}  # fmt: skip


def value_of(kind: Any, depth: int) -> Any:
    """A value as the library hands it to the converters."""
    if isinstance(kind, GraphQLNonNull):
        return value_of(kind.of_type, depth)
    if isinstance(kind, GraphQLList):
        return [value_of(kind.of_type, depth), value_of(kind.of_type, depth)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values.values())).value
    if isinstance(kind, GraphQLInputObjectType):
        return object_of(kind, depth + 1, full=depth < 3)
    return VALUES.get(kind.name, "text")


def object_of(kind: GraphQLInputObjectType, depth: int = 0, *, full: bool = True) -> dict[str, Any]:
    """All fields, or those that must be given."""
    return {
        name: value_of(field.type, depth)
        for name, field in kind.fields.items()
        if full or is_required_input_field(field)
    }


def inputs() -> list[GraphQLInputObjectType]:
    return [kind for kind in schema()._schema.type_map.values() if isinstance(kind, GraphQLInputObjectType)]


@pytest.mark.parametrize("kind", inputs(), ids=lambda kind: kind.name)
def test_objects_are_those_of_the_library(kind: GraphQLInputObjectType, monkeypatch: pytest.MonkeyPatch) -> None:
    made = schema()
    origin = kind.extensions["strawberry-definition"].origin
    values = [object_of(kind), object_of(kind, full=False), dict.fromkeys(kind.fields)]

    def converted() -> list[Any]:
        known = made.schema_converter.scalar_registry
        return [convert_argument(value, origin, known, made.config) for value in values]

    quick = converted()
    for each in inputs():
        monkeypatch.setattr(each.extensions["strawberry-definition"], "from_input", None)
    assert quick == converted()


def test_most_inputs_are_quick() -> None:
    own = {kind.name for kind in inputs() if kind.extensions["strawberry-definition"].from_input is None}
    assert "PlaceOrderInput" not in own
    assert len(own) < len(inputs()) / 2
