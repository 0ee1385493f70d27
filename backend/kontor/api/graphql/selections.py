"""A selection as a plan that completes all records of a level at once, column by column.

A plan is a generator: it gives out what has to be read before it can go on, gets the values, and returns what stands
in the answer. So all fields of a level that follow relations are read together. A field without such a plan, or whose
plan meets something unusual, is left to the library, for all records of the list; errors are made there.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, NamedTuple

from graphql import (
    GraphQLObjectType,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)

from kontor.api.graphql.columns import Column, NotPlain, leaf_column, never_null
from kontor.api.graphql.context import Context
from kontor.api.graphql.relations import Need, Relation, relation_of
from kontor.api.graphql.shown import reader_of

Steps = Generator[list[Need], list[Any], list[Any]]
Run = Callable[[list[Any], Context], Steps]
Collect = Callable[[GraphQLObjectType, Any], Any]
FAILED = object()


class Plan(NamedTuple):
    """How to complete many values; `whole` unless some fields of the records are left to the library.

    `columns` are those of the records' rows that this takes, None for records that are made of something else.
    """

    run: Run
    whole: bool = True
    columns: frozenset[str] | None = None


class Incomplete(Exception):
    """Some fields of these records are left to the library; `columns` are the others."""

    def __init__(self, records: list[Any], columns: dict[str, list[Any]]) -> None:
        super().__init__()
        self.records, self.columns = records, columns


class Selected(NamedTuple):
    """A field of the selection: its name in the answer, and how it is completed for many records.

    The `columns` of its plan are those of the records it belongs to.
    """

    name: str
    plan: Plan | None


def together(plans: Sequence[Steps]) -> Generator[list[Need], list[Any], list[Any]]:
    """What each of these plans returns, `FAILED` for one that raised; what they need is asked for at once."""
    results: list[Any] = [FAILED] * len(plans)
    waiting: dict[int, Any] = dict.fromkeys(range(len(plans)))
    while waiting:
        asked: list[tuple[int, int]] = []
        needs: list[Need] = []
        for index, answer in list(waiting.items()):
            try:
                wanted = plans[index].send(answer)
            except StopIteration as done:
                results[index] = done.value
                del waiting[index]
            except Exception:  # the library's own way says what is wrong
                del waiting[index]
            else:
                asked.append((index, len(wanted)))
                needs += wanted
        if needs:
            found = iter((yield needs))
            waiting = {index: list(islice(found, count)) for index, count in asked}
    return results


class Compiler:
    """Makes plans; `collect` gives the fields selected of a type, as the library groups them."""

    def __init__(self, schema: Any, collect: Collect) -> None:
        self._schema, self._collect = schema, collect

    def values(self, kind: Any, details: Any) -> Plan | None:
        """How values of a type are completed; None where that may need more than reading."""
        if is_non_null_type(kind):
            inner = self.values(kind.of_type, details)
            return inner and _never_null(inner)
        if is_leaf_type(kind):
            return at_once(leaf_column(kind))
        if any(each.node.directives for each in details):
            return None
        if is_list_type(kind):
            item = self.values(kind.of_type, details)
            return item and _lists(item)
        return self._records(kind, details) if is_object_type(kind) else None

    def fields(self, kind: GraphQLObjectType, grouped: Any) -> list[Selected]:
        """How each field of a selection is completed."""
        return [Selected(name, self._field(kind, details)) for name, details in grouped.items()]

    def _records(self, kind: GraphQLObjectType, details: Any) -> Plan | None:
        definition = kind.extensions.get("strawberry-definition")
        grouped, deferred, *_ = self._collect(kind, details)
        if definition is None or deferred:
            return None
        fields = self.fields(kind, grouped)
        return _records(definition.origin, fields) if any(field.plan for field in fields) else None

    def _field(self, kind: GraphQLObjectType, details: Any) -> Plan | None:
        node = details[0].node
        if node.name.value == "__typename":
            return Plan(at_once(lambda records: [kind.name] * len(records)).run, columns=frozenset())
        field = self._schema.get_field(kind, node.name.value)
        if field is None or node.arguments or field.args:
            return None
        complete = self.values(field.type, details)
        definition = field.extensions.get("strawberry-definition")
        if complete is None or not complete.whole or definition is None:
            return None
        if getattr(field.resolve, "_is_default", False):
            return _attributes(kind.extensions["strawberry-definition"].origin, definition.python_name, complete)
        relation = relation_of(definition)
        return None if relation is None else _related(relation, definition.extensions, complete)


def at_once(complete: Column) -> Plan:
    """A plan that needs nothing."""

    def run(values: list[Any], context: Context) -> Steps:
        yield from ()
        return complete(values)

    return Plan(run)


def _attributes(origin: type, name: str, complete: Plan) -> Plan:
    known = reader_of(origin, name)
    value = attrgetter(name) if known is None else known.value

    def run(records: list[Any], context: Context) -> Steps:
        return (yield from complete.run(list(map(value, records)), context))

    return Plan(run, columns=known and known.columns)


def _related(relation: Relation, extensions: Sequence[Any], complete: Plan) -> Plan:
    def run(records: list[Any], context: Context) -> Steps:
        for access in extensions:
            access.check(context.principal)
        (values,) = yield [Need(relation, records, complete.columns)]
        return (yield from complete.run(values, context))

    return Plan(run, columns=relation.needs)


def _never_null(inner: Plan) -> Plan:
    def run(values: list[Any], context: Context) -> Steps:
        return never_null((yield from inner.run(values, context)))

    return Plan(run, inner.whole, inner.columns)


def _lists(item: Plan) -> Plan:
    def run(values: list[Any], context: Context) -> Steps:
        if set(map(type, values)) - {list, tuple, type(None)}:
            raise NotPlain
        items = iter((yield from item.run([each for value in values if value for each in value], context)))
        return [None if value is None else list(islice(items, len(value))) for value in values]

    return Plan(run, item.whole, item.columns)


def _records(origin: type, fields: list[Selected]) -> Plan:
    names = [field.name for field in fields]

    def run(values: list[Any], context: Context) -> Steps:
        records = [value for value in values if value is not None]
        if not records:
            return values
        if set(map(type, records)) != {origin}:
            raise NotPlain
        columns = yield from columns_of(fields, records, context)
        if len(columns) < len(fields):
            raise Incomplete(records, columns)
        made = (dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True))
        return [None if value is None else next(made) for value in values]

    return Plan(run, all(field.plan for field in fields), _columns(fields))


def _columns(fields: Sequence[Selected]) -> frozenset[str] | None:
    """The columns of the records' rows that the fields take; None when one of them does not say."""
    found = [field.plan.columns if field.plan else None for field in fields]
    return None if None in found else frozenset().union(*[columns for columns in found if columns is not None])


def columns_of(
    fields: Sequence[Selected], records: list[Any], context: Context
) -> Generator[list[Need], list[Any], dict[str, list[Any]]]:
    """The completed values of the fields for all records; those that could not be had are missing."""
    planned = [(field.name, field.plan.run(records, context)) for field in fields if field.plan is not None]
    results = yield from together([steps for _, steps in planned])
    return {name: result for (name, _), result in zip(planned, results, strict=True) if result is not FAILED}
