"""Executes an operation, lists a level at a time: most of an answer are records of lists and what belongs to them.

For each field of each record the library would note where it is, ask whether the value has to be awaited, take its type
apart and often make a task. Here a selection becomes a plan once, which completes all records of a list together.
Whatever a plan does not cover, and whatever goes wrong on the short way, goes the library's own way: errors, and where
nulls end up, are made there.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any, TypeVar

from graphql import DocumentNode, GraphQLObjectType, OperationDefinitionNode, get_named_type, get_operation_ast
from graphql.pyutils import Path, RefMap
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from kontor.api.graphql.inputs import quick_values
from kontor.api.graphql.limits import plans_of
from kontor.api.graphql.relations import Need, read
from kontor.api.graphql.selections import Compiler, Incomplete, Plan, Selected, columns_of

T = TypeVar("T")
# What an execution remembers, by the ids of field lists that are made anew each time.
_OF_ONE_EXECUTION = ("_kept", "_tried", "_plans")


class ShortWay(StrawberryGraphQLCoreExecutionContext):
    """Executes an operation."""

    @classmethod
    def build(
        cls,
        schema: Any,
        document: DocumentNode,
        root_value: Any = None,
        context_value: Any = None,
        raw_variable_values: dict[str, Any] | None = None,
        operation_name: str | None = None,
        *args: Any,
        **options: Any,
    ) -> Any:
        """An executor, or what is wrong with the document and the variables."""

        def made(document: DocumentNode, variables: dict[str, Any] | None) -> Any:
            return super(ShortWay, cls).build(
                schema, document, root_value, context_value, variables, operation_name, *args, **options
            )

        operation = get_operation_ast(document, operation_name)
        values = quick_values(schema, operation, plans_of(operation), raw_variable_values or {}) if operation else None
        if operation is None or values is None:
            return made(document, raw_variable_values)
        executor = made(_without_variables(document, operation), {})
        if isinstance(executor, ShortWay):
            executor.operation, executor.variable_values = operation, values
        return executor

    def build_per_event_executor(self, payload: Any) -> ShortWay:
        """The executor of one event of a subscription, which remembers for itself: a subscription may last for days.

        The library's copy shares what it remembers with all other events.
        """
        made: Any = super().build_per_event_executor(payload)
        made._relevant_sub_fields, made._stream_usages = {}, RefMap()
        for name in _OF_ONE_EXECUTION:
            made.__dict__.pop(name, None)
        executor: ShortWay = made
        return executor

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Any,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        """The selected fields of one record."""

        def long_way(known: dict[str, Any]) -> Any:
            rest = {name: details for name, details in grouped_field_set.items() if name not in known}
            if not rest:
                return known
            results = {name: known.get(name) for name in grouped_field_set}  # keeps the order of the selection
            others: Any = super(ShortWay, self).execute_fields(parent_type, source_value, path, rest, position_context)
            return _joined(results, rest, others) if self.is_awaitable(others) else _merged(results, rest, others)

        kept = self.__dict__.get("_kept", {}).get((id(source_value), id(grouped_field_set)))
        if kept is not None:
            return long_way(kept[1])
        fields = self._fields(parent_type, grouped_field_set)
        if not fields:
            return long_way({})
        steps = columns_of(fields, [source_value], self.context_value)
        try:
            needs = next(steps)
        except StopIteration as done:
            return long_way(_first(done.value))
        return self._finished(steps, needs, lambda found: long_way(_first(found)), lambda _: long_way({}))

    def complete_value(
        self, return_type: Any, field_details_list: Any, info: Any, path: Path, result: Any, position_context: Any
    ) -> Any:
        """The value of a field as it goes into the answer."""

        def long_way(reason: Exception | None = None) -> Any:
            if isinstance(reason, Incomplete):
                self._keep(return_type, field_details_list, reason)
            return super(ShortWay, self).complete_value(
                return_type, field_details_list, info, path, result, position_context
            )

        if type(result) is not list or not result:
            return long_way()
        tried = self.__dict__.setdefault("_tried", {})
        here = (id(result), id(field_details_list))
        plan = None if here in tried else self._plan(return_type, field_details_list)
        if plan is None:
            return long_way()
        tried[here] = result  # when it fails, the library comes again with the same list, without its "!"
        steps = plan.run([result], self.context_value)
        try:
            needs = next(steps)
        except StopIteration as done:
            return done.value[0]
        except Exception as reason:
            return long_way(reason)
        return self._finished(steps, needs, lambda values: values[0], long_way)

    async def _finished(
        self,
        steps: Generator[list[Need], list[Any], Any],
        needs: list[Need],
        end: Callable[[Any], Any],
        failed: Callable[[Exception], Any],
    ) -> Any:
        """Read what a plan needs until it is through; `end` makes the answer of what it returns."""
        try:
            while True:
                needs = steps.send(await read(needs, self.context_value))
        except StopIteration as done:
            outcome = end(done.value)
        except Exception as reason:
            outcome = failed(reason)
        return await outcome if self.is_awaitable(outcome) else outcome

    def _keep(self, kind: Any, details: Any, part: Incomplete) -> None:
        """What is known of the records of a list, for when the library comes to each of them."""
        record = get_named_type(kind)
        assert isinstance(record, GraphQLObjectType)
        grouped, *_ = self.collect_subfields(record, details)
        kept = self.__dict__.setdefault("_kept", {})
        names = tuple(part.columns)
        rows = zip(*part.columns.values(), strict=True) if names else [()] * len(part.records)
        for source, row in zip(part.records, rows, strict=True):
            kept[id(source), id(grouped)] = (source, dict(zip(names, row, strict=True)))

    def _fields(self, parent_type: GraphQLObjectType, grouped: Any) -> list[Selected]:
        """How the fields of a single record are completed."""

        def nodes() -> Any:
            return tuple([(name, *[id(each.node) for each in details]) for name, details in grouped.items()])

        def make(compiler: Compiler) -> list[Selected]:
            return [field for field in compiler.fields(parent_type, grouped) if field.plan]

        return self._made(parent_type, grouped, nodes, make)

    def _plan(self, kind: Any, details: Any) -> Plan | None:
        """How a list is completed."""
        return self._made(
            kind,
            details,
            lambda: tuple([id(each.node) for each in details]),
            lambda compiler: compiler.values(kind, details),
        )

    def _made(self, kind: Any, part: Any, nodes: Callable[[], Any], make: Callable[[Compiler], T]) -> T:
        """A plan, made once per request, and once per document where nothing in the document changes its fields.

        The plans of a document are kept with its operation and end with it, so the ids of its nodes stand for them.
        """
        plans = self.__dict__.setdefault("_plans", {})
        found = plans.get((kind, id(part)))
        if found is None:
            kept = plans_of(self.operation) if self._unchanging() else {}
            key = (kind, nodes())
            if key not in kept:
                kept[key] = make(Compiler(self.schema, self.collect_subfields))
            found = plans[kind, id(part)] = (part, kept[key])
        made: T = found[1]
        return made

    def _unchanging(self) -> bool:
        """Whether the document has no directives, by which variables would choose fields."""
        location = self.operation.loc
        return location is not None and "@" not in location.source.body


def _without_variables(document: DocumentNode, operation: OperationDefinitionNode) -> DocumentNode:
    """The document for an executor that is given the values of its variables."""
    plans = plans_of(operation)
    if "bare" not in plans:
        bare = replace(operation, variable_definitions=())
        definitions = tuple(bare if each is operation else each for each in document.definitions)
        plans["bare"] = DocumentNode(definitions=definitions)
    bare_document: DocumentNode = plans["bare"]
    return bare_document


def _first(columns: dict[str, list[Any]]) -> dict[str, Any]:
    return {name: values[0] for name, values in columns.items()}


def _merged(results: dict[str, Any], rest: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    for name in rest:
        if name in others:
            results[name] = others[name]
        else:
            del results[name]
    return results


async def _joined(results: dict[str, Any], rest: dict[str, Any], others: Any) -> dict[str, Any]:
    return _merged(results, rest, await others)
