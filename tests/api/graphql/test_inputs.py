"""The quick converters of input objects make what the library makes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_operation_ast,
    is_required_input_field,
    parse,
)
from strawberry.types.arguments import convert_argument

from kontor.api.graphql.inputs import quick_values
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
        return kind.coerce_input_value(next(iter(kind.values)))
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


def quick(kind: GraphQLInputObjectType, value: Any) -> Any:
    """What is made of a variable of the type; None when it is left to the library."""
    document = parse(f"query Ask($value: {kind.name}!) {{ version }}")
    operation = get_operation_ast(document)
    assert operation is not None
    values = quick_values(schema()._schema, operation, {}, {"value": value})
    return None if values is None else values.coerced["value"]


def json_of(value: Any) -> Any:
    """The value as a caller sends it."""
    return orjson.loads(orjson.dumps(value, default=str))


@pytest.mark.parametrize("kind", inputs(), ids=lambda kind: kind.name)
def test_objects_are_those_of_the_library(kind: GraphQLInputObjectType) -> None:
    made = schema()
    known = made.schema_converter.scalar_registry
    slow = {name: leaf for name, leaf in known.items() if not isinstance(leaf, GraphQLInputObjectType)}
    nulls = {name: None for name, field in kind.fields.items() if not isinstance(field.type, GraphQLNonNull)}
    for value in (object_of(kind), object_of(kind, full=False), object_of(kind, full=False) | nulls):
        origin = kind.extensions["strawberry-definition"].origin
        expected = convert_argument(value, origin, slow, made.config)
        assert convert_argument(kind.out_type(dict(value)), origin, known, made.config) == expected
        assert convert_argument(quick(kind, json_of(value)), origin, known, made.config) == expected


@pytest.mark.parametrize("kind", inputs(), ids=lambda kind: kind.name)
def test_what_is_not_valid_is_left_to_the_library(kind: GraphQLInputObjectType) -> None:
    valid = json_of(object_of(kind, full=False))
    assert quick(kind, valid) is not None
    assert quick(kind, valid | {"noSuchField": 1}) is None
    assert quick(kind, [valid]) is None
    for name, field in kind.fields.items():
        assert quick(kind, valid | {name: {"no": 1}}) is None or "JSON" in str(field.type)
        if isinstance(field.type, GraphQLNonNull):
            assert quick(kind, valid | {name: None}) is None
        if is_required_input_field(field):
            assert quick(kind, {key: value for key, value in valid.items() if key != name}) is None


def test_variables_left_out_are_null_or_filled_in_by_the_library() -> None:
    document = parse("query Ask($count: Int = 3, $text: String, $must: Int!) { version }")
    operation = get_operation_ast(document)
    assert operation is not None

    def values(**given: Any) -> Any:
        found = quick_values(schema()._schema, operation, {}, given)
        return None if found is None else found.coerced

    assert values(count=1, must=2) == {"count": 1, "must": 2}
    assert values(count=None, text=None, must=2) == {"count": None, "text": None, "must": 2}
    assert values(must=2) is None  # the default is written in the document
    assert values(count=1) is None
    assert values(count=1, must=2**31) is None
    assert values(count=1, must=True) is None
    assert values(count=1, must=2, text=5) is None


def test_most_inputs_are_quick() -> None:
    leafs = schema().schema_converter.scalar_registry.values()
    quick_ones = {leaf.name for leaf in leafs if isinstance(leaf, GraphQLInputObjectType)}
    assert "PlaceOrderInput" in quick_ones
    assert len(quick_ones) > len(inputs()) / 2
