"""Plain values by a shorter way: most fields of an answer are attributes that hold a text, a number or a time.

For these the library would build a record of where it is, ask whether the value has to be awaited and take the type
apart, each time. Whatever is not such a value goes the library's own way, errors included.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from graphql import GraphQLField, GraphQLLeafType, GraphQLObjectType, is_leaf_type, is_non_null_type
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

PLAIN = frozenset({str, int, bool, float, UUID, datetime, date, Decimal})
Leaf = tuple[str, GraphQLLeafType] | None
_leaves: dict[tuple[GraphQLObjectType, str], Leaf] = {}


def _leaf(field: GraphQLField | None) -> Leaf:
    """How to read a field that only hands out an attribute of a leaf type; None for any other."""
    if field is None or field.args or not getattr(field.resolve, "_is_default", False):
        return None
    kind: Any = field.type.of_type if is_non_null_type(field.type) else field.type
    definition = field.extensions.get("strawberry-definition")
    return (definition.python_name, kind) if is_leaf_type(kind) and definition is not None else None


class ShortWay(StrawberryGraphQLCoreExecutionContext):
    """Executes an operation."""

    def execute_field(
        self, parent_type: GraphQLObjectType, source: Any, field_details_list: Any, path: Any, position_context: Any
    ) -> Any:
        """The value of one field."""
        key = (parent_type, field_details_list[0].node.name.value)
        try:
            leaf = _leaves[key]
        except KeyError:
            leaf = _leaves[key] = _leaf(self.schema.get_field(parent_type, key[1]))
        if leaf is not None and not field_details_list[0].node.arguments:
            name, kind = leaf
            try:
                value = getattr(source, name)
                if type(value) in PLAIN or isinstance(value, Enum):
                    return self.complete_leaf_value(kind, value)
            except Exception as problem:
                self.handle_field_error(problem, parent_type.fields[key[1]].type, field_details_list, path)
                return None
        return super().execute_field(parent_type, source, field_details_list, path, position_context)
