"""Variables and input objects by functions made once per type: the library takes every type apart in each call.

An order of three lines has some fifty fields. From a variable such a function makes the object itself, at once; what
is written into a document is a mapping before. Types that hold a `Maybe` keep the library's way, which tells "not
given" from null, and so does every value that is not valid: the library says what is wrong with it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING
from typing import Any, NamedTuple

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities import coerce_input_value
from strawberry.schema.config import StrawberryConfig
from strawberry.types.base import StrawberryMaybe

Convert = Callable[[Any], Any]
_KEY = "kontor-inputs"
_MOST = 2**31 - 1


class _Own(Exception):
    """The type keeps the library's way."""


class _Invalid(Exception):
    """The value is not one of the type."""


class Inputs:
    """The functions of a schema's input types."""

    def __init__(self, schema: GraphQLSchema, config: StrawberryConfig, leafs: dict[object, Any]) -> None:
        self._schema = schema
        self._from_json = _Maker(config, _leaf, _library)
        literals = _Maker(config, lambda _: _as_it_is, _refuse)
        for kind in schema.type_map.values():
            if isinstance(kind, GraphQLInputObjectType):
                _take_over(kind, literals, leafs)

    def of(self, operation: OperationDefinitionNode) -> list[_Variable] | None:
        """The variables of an operation; None where the library has to look."""
        variables = []
        for node in operation.variable_definitions or ():
            signature = get_variable_signature(self._schema, node)
            if isinstance(signature, GraphQLError):
                return None
            variables.append(_Variable(signature, self._from_json.nullable(signature.type), node.default_value is None))
        return variables


class _Variable(NamedTuple):
    """What is known of a variable before it has a value; the library fills in written defaults."""

    signature: GraphQLVariableSignature
    convert: Convert
    without_default: bool


def quicken(schema: GraphQLSchema, config: StrawberryConfig, leafs: dict[object, Any]) -> None:
    """Make the functions of the schema's input types; `leafs` are what the library hands to resolvers as it is."""
    schema.extensions[_KEY] = Inputs(schema, config, leafs)


def quick_values(
    schema: GraphQLSchema, operation: OperationDefinitionNode, plans: dict[Any, Any], given: Mapping[str, Any]
) -> VariableValues | None:
    """The values of an operation's variables; None when the library has to look: something is wrong or left out."""
    if _KEY not in plans:
        inputs: Inputs | None = schema.extensions.get(_KEY)
        plans[_KEY] = inputs and inputs.of(operation)
    if plans[_KEY] is None:
        return None
    sources: dict[str, VariableValueSource] = {}
    coerced: dict[str, Any] = {}
    for signature, convert, without_default in plans[_KEY]:
        name, value = signature.name, given.get(signature.name, Undefined)
        if value is not Undefined:
            try:
                coerced[name] = convert(value)
            except Exception:  # whatever it is, the library finds it again and names the place
                return None
        elif not without_default or isinstance(signature.type, GraphQLNonNull):
            return None
        sources[name] = VariableValueSource(signature, value)
    return VariableValues(sources, coerced)


def _take_over(kind: GraphQLInputObjectType, literals: _Maker, leafs: dict[object, Any]) -> None:
    """Objects of the type are made where its values are read, and from there on handed on as they are."""
    with contextlib.suppress(_Own):
        kind.out_type = literals.object(kind)  # type: ignore[assignment]
        leafs[kind.extensions["strawberry-definition"].origin] = kind


class _Maker:
    """Makes the function of each type: `leaf` gives that of a scalar or enum, `own` that of a type with a `Maybe`."""

    def __init__(self, config: StrawberryConfig, leaf: Callable[[Any], Convert], own: Callable[[Any], Convert]) -> None:
        self._config, self._leaf, self._own = config, leaf, own
        self._made: dict[str, Convert] = {}

    def nullable(self, kind: Any) -> Convert:
        """From a value that may be null, if the type allows it."""
        if isinstance(kind, GraphQLNonNull):
            return self.certain(kind.of_type)
        convert = self.certain(kind)
        return lambda value: None if value is None else convert(value)

    def certain(self, kind: Any) -> Convert:
        """From a value; raises for null."""
        if isinstance(kind, GraphQLList):
            return _list(self.nullable(kind.of_type))
        if not isinstance(kind, GraphQLInputObjectType):
            return self._leaf(kind)
        try:
            return self.object(kind)
        except _Own:
            return self._own(kind)

    def object(self, kind: GraphQLInputObjectType) -> Convert:
        """From a mapping to an object of the type; types that hold themselves are looked up when they are met."""
        if kind.name in self._made:
            return self._made[kind.name]
        definition = kind.extensions.get("strawberry-definition")
        if definition is None or kind.is_one_of or any(_is_maybe(field, definition) for field in definition.fields):
            raise _Own
        # What is neither given nor has a default is null; the object itself misses what is required.
        fields: list[tuple[str, str, Convert]] = []
        blank: dict[str, None] = {}
        self._made[kind.name] = convert = _object(definition.origin, fields, blank)
        try:
            for field in definition.fields:
                name = self._config.name_converter.from_field(field)
                kind_of_field = kind.fields[name].type
                fields.append((name, field.python_name, self.nullable(kind_of_field)))
                if not isinstance(kind_of_field, GraphQLNonNull) and not _has_default(field):
                    blank[field.python_name] = None
        except _Own:
            del self._made[kind.name]
            raise
        return convert


def _is_maybe(field: Any, definition: Any) -> bool:
    return isinstance(field.resolve_type(type_definition=definition), StrawberryMaybe)


def _has_default(field: Any) -> bool:
    return field.default_value is not MISSING or field.default_factory is not MISSING


def _object(kind: type, fields: Sequence[tuple[str, str, Convert]], blank: Mapping[str, None]) -> Convert:
    def convert(value: Any) -> Any:
        if type(value) is not dict:
            if isinstance(value, kind):  # a variable inside a literal is an object already
                return value
            raise _Invalid
        values: dict[str, Any] = dict(blank)
        known = 0
        for name, python_name, inner in fields:
            if name in value:
                known += 1
                values[python_name] = inner(value[name])
        if known != len(value):
            raise _Invalid
        return kind(**values)

    return convert


def _list(item: Convert) -> Convert:
    def convert(values: Any) -> Any:
        if type(values) is list:
            return [item(each) for each in values]
        if values is None:
            raise _Invalid
        return [item(values)]  # one value is a list of one (GraphQL, 3.11 Input Coercion)

    return convert


def _leaf(kind: Any) -> Convert:
    """From a JSON value to that of a scalar or enum."""
    coerce: Convert = kind.coerce_input_value
    if kind is GraphQLString:
        return lambda value: value if type(value) is str else coerce(value)
    if kind is GraphQLInt:
        return lambda value: value if type(value) is int and -_MOST <= value <= _MOST else coerce(value)
    return coerce


def _library(kind: GraphQLInputObjectType) -> Convert:
    """From a JSON value to a mapping, as the library makes it; the object is made of it later."""

    def convert(value: Any) -> Any:
        made = coerce_input_value(value, GraphQLNonNull(kind))
        if made is Undefined:
            raise _Invalid
        return made

    return convert


def _refuse(_kind: GraphQLInputObjectType) -> Convert:
    raise _Own


def _as_it_is(value: Any) -> Any:
    return value
