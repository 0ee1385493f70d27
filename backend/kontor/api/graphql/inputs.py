"""Input objects by functions made once per type: the library resolves types and names of each field in each call.

An order of three lines has some fifty fields, and most of what an order cost was their conversion. Types that hold a
`Maybe` keep the library's way, which tells "not given" from null.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING
from typing import Any

from graphql import GraphQLInputObjectType, GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import InputContext, _is_leaf_type
from strawberry.types.base import StrawberryList, StrawberryMaybe, StrawberryOptional, has_object_definition
from strawberry.types.enum import has_enum_definition
from strawberry.types.lazy_type import LazyType
from strawberry.types.unset import UNSET

Convert = Callable[[Any], Any]


class _Own(Exception):
    """The type keeps the library's way."""


def quicken(schema: GraphQLSchema, config: StrawberryConfig, scalars: Mapping[object, Any]) -> None:
    """Give every input type of the schema that allows it a converter of its own."""
    made: dict[int, Convert] = {}
    for kind in schema.type_map.values():
        definition = kind.extensions.get("strawberry-definition")
        if not isinstance(kind, GraphQLInputObjectType) or definition is None or definition.from_input is not None:
            continue
        try:
            convert = _object(definition, config, scalars, made)
        except _Own:
            continue
        definition.from_input = _hook(convert)


def _hook(convert: Convert) -> Callable[[type, Mapping[str, Any], InputContext], Any]:
    def from_input(_kind: type, value: Mapping[str, Any], _context: InputContext) -> Any:
        return convert(value)

    return from_input


def _object(definition: Any, config: StrawberryConfig, scalars: Mapping[object, Any], made: dict[int, Convert]) -> Any:
    """From a mapping to an object of the type; types that hold themselves are looked up when they are met."""
    if id(definition) in made:
        return made[id(definition)]
    kind = definition.origin
    given: list[tuple[str, str, Convert]] = []
    # What is required is there, the library has seen to that; anything else without a default is null.
    blank = {field.python_name: None for field in definition.fields if not _has_default(field)}
    made[id(definition)] = convert = lambda value: kind(**_values(value, given, blank))
    try:
        for field in definition.fields:
            inner = _converter(field.resolve_type(type_definition=definition), config, scalars, made)
            given.append((config.name_converter.from_field(field), field.python_name, inner))
    except _Own:
        del made[id(definition)]
        raise
    return convert


def _has_default(field: Any) -> bool:
    return field.default_value is not MISSING or field.default_factory is not MISSING


def _values(value: Mapping[str, Any], fields: Iterable[tuple[str, str, Convert]], blank: dict[str, None]) -> Any:
    values: dict[str, Any] = dict(blank)
    for name, python_name, convert in fields:
        if name in value:
            item = value[name]
            values[python_name] = item if item is None or item is UNSET else convert(item)
    return values


def _converter(kind: Any, config: StrawberryConfig, scalars: Mapping[object, Any], made: dict[int, Convert]) -> Convert:
    if isinstance(kind, StrawberryMaybe):
        raise _Own
    if isinstance(kind, StrawberryOptional):
        return _converter(kind.of_type, config, scalars, made)
    if isinstance(kind, LazyType):
        return _converter(kind.resolve_type(), config, scalars, made)
    if isinstance(kind, StrawberryList):
        item = _converter(kind.of_type, config, scalars, made)
        return lambda values: [each if each is None else item(each) for each in values]
    if has_enum_definition(kind) or _is_leaf_type(kind, scalars):
        return _as_it_is
    if has_object_definition(kind):
        definition = kind.__strawberry_definition__
        if definition.from_input is None or id(definition) in made:
            convert: Convert = _object(definition, config, scalars, made)
            return convert
    raise _Own


def _as_it_is(value: Any) -> Any:
    return value
