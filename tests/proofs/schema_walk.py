"""Walking the schema: documents for any root field, made from the schema alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from kontor.api.graphql.permissions import access_of
from kontor.api.graphql.schema import schema

Allowed = Callable[[GraphQLField], bool]


@cache
def core_schema() -> GraphQLSchema:
    """The schema as graphql-core has it."""
    return schema()._schema


@dataclass(frozen=True)
class Root:
    """A field of Query or Mutation and the permissions one of which it needs."""

    kind: str
    name: str
    field: GraphQLField
    permissions: tuple[str, ...] | None

    @property
    def is_list(self) -> bool:
        """Whether it answers rows: a connection or a plain list."""
        return self.is_connection or isinstance(bare(self.field.type), GraphQLList)

    @property
    def is_connection(self) -> bool:
        """Whether it answers a page of rows."""
        return str(get_named_type(self.field.type)).endswith("Connection")


def bare(kind: Any) -> Any:
    """The type without its outer not-null."""
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


def permissions_of(field: GraphQLField) -> tuple[str, ...] | None:
    """The permissions on a field's mark, empty for a public one; None when it bears no mark."""
    definition = field.extensions.get("strawberry-definition")
    access = access_of(definition) if definition is not None else None
    return None if access is None else access.permissions


def roots() -> Iterator[Root]:
    """Every field of Query and Mutation."""
    made = core_schema()
    for kind, kept in (("query", made.query_type), ("mutation", made.mutation_type)):
        assert kept is not None
        for name, field in kept.fields.items():
            yield Root(kind, name, field, permissions_of(field))


def followed() -> Iterator[Root]:
    """Every field of Subscription."""
    made = core_schema().subscription_type
    assert made is not None
    for name, field in made.fields.items():
        yield Root("subscription", name, field, permissions_of(field))


def guarded_fields() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Type, field and permissions of every field below the roots that needs one."""
    made = core_schema()
    outer = {made.query_type, made.mutation_type, made.subscription_type}
    for kind in made.type_map.values():
        if isinstance(kind, GraphQLObjectType) and kind not in outer:
            for name, field in kind.fields.items():
                needed = permissions_of(field)
                if needed:
                    yield kind.name, name, needed


def selection(kind: Any, depth: int, *, allowed: Allowed = lambda field: True) -> str:
    """Every field of a type that needs no argument, and its relations `depth` levels down.

    The parts of a page (edges, nodes) count as no level.
    """
    named = get_named_type(kind)
    if isinstance(named, GraphQLUnionType):
        parts = "".join(
            f" ... on {each.name} {{ {_fields(each, depth, allowed, label=True)} }}" for each in named.types
        )
        return f"{{ __typename{parts} }}"
    assert isinstance(named, (GraphQLObjectType, GraphQLInterfaceType))
    return f"{{ __typename {_fields(named, depth, allowed, label=False)} }}"


Kind = GraphQLObjectType | GraphQLInterfaceType


def _fields(named: Kind, depth: int, allowed: Allowed, *, label: bool) -> str:
    return " ".join(_shown(named, depth, allowed, label=label))


def _shown(named: Kind, depth: int, allowed: Allowed, *, label: bool) -> Iterator[str]:
    page = named.name.endswith("Connection")
    for name, field in named.fields.items():
        inner = get_named_type(field.type)
        needs = any(is_required_argument(argument) for argument in field.args.values())
        if needs or not allowed(field) or (page and name == "edges"):
            continue
        if is_leaf_type(inner):
            yield f"{_label(name, field)}: {name}" if label else name
        elif depth > 0 or page:
            inner_depth = depth if page else depth - 1
            shown = f"{_label(name, field)}: {name}" if label else name
            yield f"{shown} {selection(field.type, inner_depth, allowed=allowed)}"


def _label(name: str, field: GraphQLField) -> str:
    """Members of a union may have fields of one name and other types: a label per type keeps them apart."""
    return name + "_" + "".join(sign for sign in str(field.type).replace("!", "x").replace("[", "l") if sign.isalnum())


def document(root: Root, depth: int, variables: Mapping[str, Any], *, allowed: Allowed = lambda field: True) -> str:
    """An operation that calls the root field with these variables and selects `depth` levels."""
    given = [name for name in root.field.args if name in variables]
    head = ", ".join(f"${name}: {root.field.args[name].type}" for name in given)
    call = ", ".join(f"{name}: ${name}" for name in given)
    body = "" if is_leaf_type(get_named_type(root.field.type)) else selection(root.field.type, depth, allowed=allowed)
    return (
        f"{root.kind} Walk{f'({head})' if head else ''} {{ answer: {root.name}{f'({call})' if call else ''} {body} }}"
    )
