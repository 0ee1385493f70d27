"""Plain values of many records at once: from what is in an attribute to what stands in the answer.

Whatever is not plain raises `NotPlain`: it goes the library's own way, where errors are made.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any
from uuid import UUID

from graphql import GraphQLBoolean, GraphQLInt, GraphQLString, Undefined, is_enum_type

Column = Callable[[list[Any]], list[Any]]
PLAIN = frozenset({str, int, bool, float, UUID, datetime, date, Decimal, dict, list})  # those of JSON with them
AS_THEY_ARE: dict[Any, type] = {GraphQLString: str, GraphQLBoolean: bool, GraphQLInt: int}
SMALL = 2**31
NONE = type(None)


class NotPlain(Exception):
    """These values go the library's own way."""


@lru_cache(maxsize=512)
def leaf_column(kind: Any) -> Column:
    """From values of a scalar or enum, or None, to what stands in the answer."""
    coerce = kind.coerce_output_value
    alike = int if coerce is int else AS_THEY_ARE.get(kind)
    known: dict[int, Any] = {id(None): None}  # by identity: a text may equal a member and still be none

    def one(value: Any) -> Any:
        if isinstance(value, Enum):
            known[id(value)] = _present(coerce(value))
            return known[id(value)]
        if value is None:
            return None
        if type(value) not in PLAIN and not isinstance(value, UUID):
            raise NotPlain
        return _present(coerce(value))

    def complete(values: list[Any]) -> list[Any]:
        if alike is None:
            return list(map(one, values))
        found = set(map(type, values)) - {NONE}
        if found - {alike}:
            return list(map(one, values))
        if kind is GraphQLInt and found:
            numbers = [value for value in values if value is not None]
            if min(numbers) < -SMALL or max(numbers) >= SMALL:
                raise NotPlain
        return values

    def members(values: list[Any]) -> list[Any]:
        return [known[id(value)] if id(value) in known else one(value) for value in values]

    return members if is_enum_type(kind) else complete


def never_null(values: list[Any]) -> list[Any]:
    """The values, none of which may be missing."""
    if None in values:
        raise NotPlain
    return values


def _present(value: Any) -> Any:
    if value is None or value is Undefined:
        raise NotPlain
    return value
