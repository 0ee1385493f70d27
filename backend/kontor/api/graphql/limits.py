"""What a document may ask for: its length, depth, aliases and cost. Parsed, validated and measured once per text.

The cost is the number of fields an answer may have: a list with `first` counts its fields that many times (a variable
is looked up in each call), any other list ten times.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLList,
    GraphQLNamedType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
    parse,
    validate,
)
from graphql.language import FieldNode, FragmentSpreadNode, InlineFragmentNode, IntValueNode, VariableNode
from graphql.type import get_nullable_type
from strawberry.extensions import SchemaExtension

MAX_TOKENS = 4000
MAX_DEPTH = 15
MAX_ALIASES = 100
MAX_COST = 50_000
USUAL_LIST = 10
USUAL_PAGE = 50
REMEMBERED = 1000  # documents, and the length of their texts together; what is kept of one is far longer
MOST_TEXT = 500_000


@dataclass(slots=True)
class Shape:
    """What a selection costs: its fields, and the parts that are repeated. Fragments are shared, not copied."""

    fields: int = 0
    depth: int = 0
    parts: list[tuple[int | str, Shape]] = field(default_factory=list)

    def cost(self, variables: Mapping[str, Any], known: dict[int, int]) -> int:
        """The fields of the answer; `known` keeps what fragments cost within one call."""
        if id(self) not in known:
            known[id(self)] = self.fields + sum(
                _times(times, variables) * part.cost(variables, known) for times, part in self.parts
            )
        return known[id(self)]


def _times(times: int | str, variables: Mapping[str, Any]) -> int:
    if isinstance(times, int):
        return times
    value = variables.get(times)
    return value if isinstance(value, int) and value > 0 else USUAL_PAGE


@dataclass(slots=True)
class Prepared:
    """A document that was parsed, validated and measured."""

    document: DocumentNode
    errors: list[GraphQLError]
    shapes: dict[str, Shape]
    defaults: dict[str, dict[str, Any]]


def refusal(code: str, message: str, **facts: int) -> GraphQLError:
    """An error that names its limit."""
    return GraphQLError(message, extensions={"code": code, "details": facts})


def plans_of(operation: OperationDefinitionNode) -> dict[Any, Any]:
    """What was made of an operation to execute it; it ends with the document."""
    plans: dict[Any, Any] = vars(operation).setdefault("plans", {})
    return plans


class Documents:
    """The documents used last, as long as their texts together are not too long."""

    def __init__(self, *, most: int = REMEMBERED, most_text: int = MOST_TEXT) -> None:
        self._most, self._most_text = most, most_text
        self._known: OrderedDict[tuple[GraphQLSchema, str], Prepared] = OrderedDict()
        self._text = 0

    def __len__(self) -> int:
        return len(self._known)

    def get(self, schema: GraphQLSchema, query: str) -> Prepared:
        """The prepared document; raises `GraphQLSyntaxError`."""
        key = (schema, query)
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
            return found
        found = self._known[key] = _prepared(schema, query)
        self._text += len(query)
        while len(self._known) > self._most or self._text > self._most_text:
            (_, oldest), _ = self._known.popitem(last=False)
            self._text -= len(oldest)
        return found


_documents = Documents()


def prepare(schema: GraphQLSchema, query: str) -> Prepared:
    """Parse, validate and measure, once for a text that is used often; raises `GraphQLSyntaxError`."""
    return _documents.get(schema, query)


def _prepared(schema: GraphQLSchema, query: str) -> Prepared:
    document = parse(query, max_tokens=MAX_TOKENS)
    errors = validate(schema, document)
    prepared = Prepared(document, errors, {}, {})
    if not errors:
        measured = _Measuring(schema, document)
        prepared.errors.extend(measured.refusals())
        prepared.shapes = measured.shapes
        prepared.defaults = measured.defaults
    return prepared


class _Measuring:
    """One walk over a valid document."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, Shape] = {}
        self._aliases = 0
        self.shapes: dict[str, Shape] = {}
        self.defaults: dict[str, dict[str, Any]] = {}
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                name = node.name.value if node.name else ""
                root = schema.get_root_type(node.operation)
                self.shapes[name] = self._shape(node.selection_set, root)
                self.defaults[name] = _defaults(node)

    def refusals(self) -> Iterator[GraphQLError]:
        depth = max((shape.depth for shape in self.shapes.values()), default=0)
        if depth > MAX_DEPTH:
            yield refusal(
                "QUERY_TOO_DEEP",
                f"The query is {depth} levels deep; {MAX_DEPTH} are allowed.",
                depth=depth,
                max=MAX_DEPTH,
            )
        if self._aliases > MAX_ALIASES:
            message = f"The query has {self._aliases} aliases; {MAX_ALIASES} are allowed."
            yield refusal("TOO_MANY_ALIASES", message, aliases=self._aliases, max=MAX_ALIASES)

    def _shape(self, selections: Any, parent: GraphQLNamedType | None) -> Shape:
        shape = Shape()
        for node in selections.selections if selections else ():
            if isinstance(node, FieldNode):
                self._add_field(shape, node, parent)
            elif isinstance(node, FragmentSpreadNode):
                self._include(shape, self._fragment(node.name.value))
            elif isinstance(node, InlineFragmentNode):
                narrowed = self._schema.get_type(node.type_condition.name.value) if node.type_condition else parent
                self._include(shape, self._shape(node.selection_set, narrowed))
        return shape

    def _include(self, shape: Shape, part: Shape) -> None:
        shape.parts.append((1, part))
        shape.depth = max(shape.depth, part.depth)

    def _fragment(self, name: str) -> Shape:
        if name not in self._known:
            node = self._fragments[name]
            self._known[name] = self._shape(node.selection_set, self._schema.get_type(node.type_condition.name.value))
        return self._known[name]

    def _add_field(self, shape: Shape, node: FieldNode, parent: GraphQLNamedType | None) -> None:
        self._aliases += node.alias is not None
        shape.fields += 1
        if node.selection_set is None or node.name.value.startswith("__"):
            shape.depth = max(shape.depth, 1)  # the schema's own description has a depth of its own and no data
            return
        definition = getattr(parent, "fields", {}).get(node.name.value)
        if definition is None:
            return
        part = self._shape(node.selection_set, get_named_type(definition.type))
        shape.parts.append((_repetition(node, definition), part))
        shape.depth = max(shape.depth, part.depth + 1)


def _repetition(node: FieldNode, definition: Any) -> int | str:
    """How often a field's selection is repeated: a number, or the variable that says it."""
    if "first" in definition.args:
        given = next((argument.value for argument in node.arguments or () if argument.name.value == "first"), None)
        if isinstance(given, VariableNode):
            return given.name.value
        return int(given.value) if isinstance(given, IntValueNode) else USUAL_PAGE
    # The edges of a page were counted with the page itself.
    if node.name.value in ("edges", "nodes"):
        return 1
    return USUAL_LIST if isinstance(get_nullable_type(definition.type), GraphQLList) else 1


def _defaults(node: OperationDefinitionNode) -> dict[str, Any]:
    return {
        item.variable.name.value: int(item.default_value.value)
        for item in node.variable_definitions or ()
        if isinstance(item.default_value, IntValueNode)
    }


class Gate(SchemaExtension):
    """Parser and validation cache and the limits, in one extension."""

    prepared: Prepared | None = None

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = MAX_TOKENS
        yield

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        if context.query:
            self.prepared = prepare(context.schema._schema, context.query)
            context.graphql_document = self.prepared.document
        yield

    def on_validate(self) -> Iterator[None]:
        context, prepared = self.execution_context, self.prepared
        if prepared is not None:
            errors = list(prepared.errors) or _refused(
                prepared, context._provided_operation_name, context.variables or {}
            )
            if not errors and context.context.socket:
                errors = _not_for_sockets(prepared, context._provided_operation_name, context.variables or {})
            # Errors are rewritten for each caller, so each call gets its own.
            context.pre_execution_errors = [_copy(error) for error in errors]
        yield


def _refused(prepared: Prepared, operation: str | None, variables: Mapping[str, Any]) -> list[GraphQLError]:
    if operation is None and len(prepared.shapes) > 1:
        return [refusal("WRONG_OPERATION", "Name the operation, there are several.", operations=len(prepared.shapes))]
    name = operation or next(iter(prepared.shapes), "")
    shape = prepared.shapes.get(name)
    if shape is None:
        return []
    cost = shape.cost({**prepared.defaults[name], **variables}, {})
    if cost <= MAX_COST:
        return []
    message = f"The query may return {cost} fields; {MAX_COST} are allowed. Ask for fewer rows with `first`."
    return [refusal("QUERY_TOO_COSTLY", message, cost=cost, max=MAX_COST)]


def _not_for_sockets(prepared: Prepared, operation: str | None, variables: Mapping[str, Any]) -> list[GraphQLError]:
    """A connection is for subscriptions: what it knows of its caller and has read is as old as the connection."""
    for node in prepared.document.definitions:
        if not isinstance(node, OperationDefinitionNode) or node.operation is OperationType.SUBSCRIPTION:
            continue
        if operation is None or (node.name is not None and node.name.value == operation):
            return [refusal("WRONG_OPERATION", "Queries and mutations are sent by POST, not over a websocket.")]
    return [refusal("INVALID_INPUT", "A text must not contain NUL.")] if "\x00" in str(dict(variables)) else []


def _copy(error: GraphQLError) -> GraphQLError:
    return GraphQLError(error.message, error.nodes, original_error=error.original_error, extensions=error.extensions)
