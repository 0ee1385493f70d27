"""How a refusal reads: as a member of a mutation's result, or as an error of the call with the same facts.

Resolvers raise and never catch. The five kinds of `core.errors` become union members where the field's type has
them; everything else is an error with `extensions.code`. What nobody foresaw is masked and logged with a reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

import strawberry
import structlog
from graphql import GraphQLError, GraphQLSyntaxError, parse
from graphql.language import (
    ArgumentNode,
    ListValueNode,
    Node,
    ObjectFieldNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from strawberry.scalars import JSON
from strawberry.types.field import StrawberryField

from kontor.api.graphql import messages_de, messages_en
from kontor.api.graphql.context import Context
from kontor.core.dbtroubles import is_unreachable
from kontor.core.errors import Conflict, Forbidden, InvalidInput, KontorError, NotFound, Unavailable
from kontor.core.ids import new_id

log = structlog.get_logger("kontor.api")
CATALOGS = {"de": messages_de.MESSAGES, "en": messages_en.MESSAGES}


@strawberry.interface(description="Why something was refused.")
class Error:
    code: str = strawberry.field(description="Stable and made for programs.")
    message: str = strawberry.field(description="Made for people, in the language asked for.")
    path: list[str] = strawberry.field(description="The input field at fault, from the mutation's arguments on.")
    details: JSON = strawberry.field(description="The facts behind it.")


@strawberry.type(description="It does not exist, or is not visible to the caller.")
class NotFoundError(Error):
    pass


@strawberry.type(description="The input is wrong in itself.")
class InvalidInputError(Error):
    pass


@strawberry.type(description="The present state does not allow it.")
class ConflictError(Error):
    pass


@strawberry.type(description="The caller lacks a permission.")
class ForbiddenError(Error):
    pass


@strawberry.type(description="Something needed is away; trying again later helps.")
class UnavailableError(Error):
    pass


Refusal: TypeAlias = NotFoundError | InvalidInputError | ConflictError | ForbiddenError | UnavailableError


def text_of(problem: KontorError, language: str) -> str:
    """The message in the language asked for, else the English one of the error."""
    template = CATALOGS[language].get(problem.code)
    if template is None:
        return problem.message
    try:
        return template.format_map(problem.params)
    except (KeyError, IndexError, ValueError):  # raised elsewhere under this code with other facts
        return problem.message


def plain(value: Any) -> Any:
    """Facts as JSON data; what JSON does not know, and numbers beyond 64 bits, become text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return str(value)
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def _shown(problem: KontorError, context: Context) -> dict[str, Any]:
    return {
        "code": problem.code,
        "message": text_of(problem, context.language),
        "path": [str(part) for part in problem.path],
        "details": plain(problem.params),
    }


class _NotFound(strawberry.ExceptionHandler[NotFound, NotFoundError]):
    def handle(
        self, exception: NotFound, *, field: StrawberryField, info: strawberry.Info[Context, None]
    ) -> NotFoundError:
        return NotFoundError(**_shown(exception, info.context))


class _InvalidInput(strawberry.ExceptionHandler[InvalidInput, InvalidInputError]):
    def handle(
        self, exception: InvalidInput, *, field: StrawberryField, info: strawberry.Info[Context, None]
    ) -> InvalidInputError:
        return InvalidInputError(**_shown(exception, info.context))


class _Conflict(strawberry.ExceptionHandler[Conflict, ConflictError]):
    def handle(
        self, exception: Conflict, *, field: StrawberryField, info: strawberry.Info[Context, None]
    ) -> ConflictError:
        return ConflictError(**_shown(exception, info.context))


class _Forbidden(strawberry.ExceptionHandler[Forbidden, ForbiddenError]):
    def handle(
        self, exception: Forbidden, *, field: StrawberryField, info: strawberry.Info[Context, None]
    ) -> ForbiddenError:
        return ForbiddenError(**_shown(exception, info.context))


class _Unavailable(strawberry.ExceptionHandler[Exception, UnavailableError]):
    def handle(
        self, exception: Exception, *, field: StrawberryField, info: strawberry.Info[Context, None]
    ) -> UnavailableError | None:
        problem = as_unavailable(exception)
        return None if problem is None else UnavailableError(**_shown(problem, info.context))


HANDLERS = (_NotFound(), _InvalidInput(), _Conflict(), _Forbidden(), _Unavailable())


def as_unavailable(problem: BaseException) -> Unavailable | None:
    """The refusal for a database that is away or too busy to give a connection."""
    if isinstance(problem, Unavailable):
        return problem
    if isinstance(problem, PoolTimeout) or is_unreachable(problem):
        log.warning("the database is away", error=repr(problem))
        return Unavailable("The database cannot be reached.")
    return None


def present(error: GraphQLError, context: Context) -> None:
    """Rewrite an error of the call into what the client may see: code, message, path of the input, facts."""
    original = error.original_error
    while isinstance(original, GraphQLError):
        original = original.original_error
    problem = original if isinstance(original, KontorError) else as_unavailable(original) if original else None
    if problem is not None:
        shown = _shown(problem, context)
    elif "code" in (error.extensions or {}):
        code, facts = str((error.extensions or {})["code"]), (error.extensions or {}).get("details") or {}
        shown = _shown(KontorError(error.message, code=code, **facts), context)
    elif original is None or (error.path is None and error.nodes):  # coercion wraps what a scalar raised
        shown = _of_the_document(error)
    else:
        shown = _unforeseen(original, context)
    error.message = shown.pop("message")
    error.extensions = shown


def _unforeseen(problem: BaseException, context: Context) -> dict[str, Any]:
    reference = str(new_id())
    log.error("unforeseen", reference=reference, request_id=context.request_id, exc_info=problem)
    masked = KontorError("Internal error", code="INTERNAL_ERROR", reference=reference)
    return _shown(masked, context)


_VARIABLE = re.compile(r"^Variable '\$(\w+)' has invalid value(?: at ([^:]*))?:")
_ARGUMENT = re.compile(r"^Argument '[\w.]+\((\w+):\)'")
_INNER = re.compile(r"include (?:required|unknown) field '(\w+)'")


def _of_the_document(error: GraphQLError) -> dict[str, Any]:
    """Parse, validation and coercion errors: their English message is graphql-core's own."""
    if isinstance(error, GraphQLSyntaxError):
        code = "TOO_MANY_TOKENS" if "tokens" in error.message else "GRAPHQL_PARSE_FAILED"
        return {"code": code, "message": error.message, "path": [], "details": {}}
    path = _input_path(error)
    code = "GRAPHQL_VALIDATION_FAILED" if path is None else "INVALID_INPUT"
    return {"code": code, "message": error.message, "path": path or [], "details": {}}


def _input_path(error: GraphQLError) -> list[str] | None:
    """The input field an error is about, from the argument on; None when it is not about a value."""
    node = error.nodes[0] if error.nodes else None
    inner = [found[1]] if (found := _INNER.search(error.message)) else []
    if found := _VARIABLE.match(error.message):
        return [found[1], *(part for part in re.split(r"[.\[\]]+", found[2] or "") if part), *inner]
    if found := _ARGUMENT.match(error.message):
        return [found[1]]
    if node is not None and (inner or (isinstance(node, ValueNode) and not isinstance(node, VariableNode))):
        return [*_place_of(node), *inner]
    return None


def _place_of(wanted: Node) -> list[str]:
    """Argument and field names that lead to a literal in the document."""
    if wanted.loc is None:
        return []
    target = (wanted.kind, wanted.loc.start, wanted.loc.end)

    def look(node: Node, names: list[str]) -> list[str] | None:
        if node.loc and (node.kind, node.loc.start, node.loc.end) == target:
            return names
        for key in node.keys:
            children = getattr(node, key, None)
            for index, child in enumerate(children if isinstance(children, (list, tuple)) else [children]):
                if isinstance(child, Node):
                    found = look(child, [*names, *_name_of(node, key, index)])
                    if found is not None:
                        return found
        return None

    return look(parse(wanted.loc.source.body), []) or []


def _name_of(node: Node, key: str, index: int) -> list[str]:
    if key == "value" and isinstance(node, (ArgumentNode, ObjectFieldNode)):
        return [node.name.value]
    if key == "default_value" and isinstance(node, VariableDefinitionNode):
        return [node.variable.name.value]
    return [str(index)] if isinstance(node, ListValueNode) else []
