"""GraphQL over HTTP (POST) and over websockets (graphql-transport-ws)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.graphql import OperationType
from strawberry.types.unset import UNSET, UnsetType

from kontor.api.graphql.context import Context, make_context
from kontor.api.graphql.errors import text_of
from kontor.api.graphql.schema import schema
from kontor.api.http.session import gate
from kontor.auth import limits
from kontor.core.errors import InvalidInput, KontorError
from kontor.core.jobs import Runtime
from kontor.core.principal import Principal, PrincipalKind

Authenticate = Callable[[Mapping[str, str], Runtime], Awaitable[Principal]]
JSON_TYPE = "application/json"
OPERATIONS = frozenset({OperationType.QUERY, OperationType.MUTATION})
MAX_QUERY = 100_000  # characters; prepared queries are kept, so their texts are bounded as well
_NUL = re.compile(r"\\u0000|\\u\{0+\}|\x00")


class BadRequest(InvalidInput):
    """The request cannot be read as a GraphQL call."""

    default_code = "BAD_REQUEST"


async def post(request: Request) -> Response:
    """Answer one call. Errors of the document or of variables give 400, everything else 200."""
    context: Context | None = None
    try:
        context = make_context(
            request.app.state.runtime,
            request.state.principal,
            request.headers,
            request_id=request.state.request_id,
            feed=request.app.state.feed,
        )
        if context.principal.kind is PrincipalKind.CUSTOMER:
            limiter = gate(context.runtime).limiter
            await limiter.take(limits.CUSTOMER_CALLS, str(context.principal.customer_id))
        call = read(await request.body(), request.headers.get("content-type", ""))
        answer, status = await execute(call, context)
    except KontorError as problem:
        message = text_of(problem, context.language if context else "en")
        path = [str(part) for part in problem.path]
        answer = {"data": None, "errors": [{"message": message, "extensions": {"code": problem.code, "path": path}}]}
        status = 400
    return Response(orjson.dumps(answer, default=str), status, media_type=JSON_TYPE)


def read(body: bytes, content_type: str) -> dict[str, Any]:
    """The call in a request's body; raises `BadRequest`."""
    if content_type.partition(";")[0].strip().lower() != JSON_TYPE:
        raise BadRequest(f"The content type must be {JSON_TYPE}.", code="WRONG_CONTENT_TYPE")
    try:
        call = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise BadRequest(f"The body is no JSON: {problem}.") from problem
    if not isinstance(call, dict):
        raise BadRequest("The body must be an object with a query.")
    for name, kinds in (("query", str), ("variables", dict), ("operationName", str)):
        value = call.get(name)
        if not isinstance(value, kinds) and not (value is None and name != "query"):
            raise BadRequest(f"`{name}` must be {'an object' if kinds is dict else 'a text'}.", path=(name,))
    if not call["query"]:
        raise BadRequest("The query is empty.", path=("query",))
    if len(call["query"]) > MAX_QUERY:
        raise BadRequest(
            f"A query has at most {MAX_QUERY} characters.", code="QUERY_TOO_LONG", path=("query",), max=MAX_QUERY
        )
    # No database column can hold it, and no text of a person has it.
    if b"u0000" in body or b"u{0" in body:
        refuse_nul(call)
    return call


def refuse_nul(call: Mapping[str, Any]) -> None:
    if _NUL.search(call["query"]):
        raise BadRequest("A text must not contain NUL.", code="INVALID_INPUT", path=("query",))
    if (path := _nul_in(call.get("variables"))) is not None:
        raise BadRequest("A text must not contain NUL.", code="INVALID_INPUT", path=path)


def _nul_in(value: Any) -> tuple[str | int, ...] | None:
    """The path to a text with NUL."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            if "\x00" in value:
                return path
            continue
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        waiting += [((*path, key), item) for key, item in items]
    return None


async def execute(call: Mapping[str, Any], context: Context) -> tuple[dict[str, Any], int]:
    """The answer and its HTTP status."""
    try:
        result = await schema().execute(
            call["query"],
            variable_values=call.get("variables"),
            context_value=context,
            operation_name=call.get("operationName"),
            allowed_operation_types=OPERATIONS,
        )
    except (CannotGetOperationTypeError, InvalidOperationTypeError) as problem:
        raise BadRequest(str(problem) or "The operation cannot be run here.", code="WRONG_OPERATION") from problem
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [cast("dict[str, Any]", error.formatted) for error in result.errors]
    unread = result.data is None and all(error.path is None for error in result.errors or ())
    return answer, 400 if result.errors and unread else 200


class Socket(GraphQL[Context, None]):
    """Websockets: signed in by the session's cookie, or by `Authorization` in the connection's parameters."""

    def __init__(self, authenticate: Authenticate, *, allowed_origins: tuple[str, ...] = ()) -> None:
        self._authenticate = authenticate
        super().__init__(
            schema(),
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            max_subscriptions_per_connection=20,
            allowed_origins=allowed_origins,
        )

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """The context of a connection."""
        state = request.app.state
        principal = await self._authenticate(request.headers, state.runtime)
        context = make_context(
            state.runtime, principal, request.headers, request_id=request.state.request_id, feed=state.feed
        )
        context.again = lambda: self._authenticate(request.headers, state.runtime)
        return context

    async def on_ws_connect(self, context: Context) -> UnsetType | dict[str, object] | None:
        """Sign in; a connection of nobody is refused."""
        params = context.connection_params or {}
        token = next((value for name, value in params.items() if name.lower() == "authorization"), None)
        if isinstance(token, str):
            context.principal = await self._signed_in(token, context)
            context.again = lambda: self._authenticate({"authorization": token}, context.runtime)
        if context.principal.kind is PrincipalKind.ANONYMOUS:
            raise ConnectionRejectionError
        answer: UnsetType = UNSET
        return answer

    async def _signed_in(self, token: str, context: Context) -> Principal:
        try:
            return await self._authenticate({"authorization": token}, context.runtime)
        except KontorError as problem:
            raise ConnectionRejectionError from problem
