"""The OAuth endpoints: /oauth/token (client credentials) and /oauth/revoke."""

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kontor.api.http.session import address_of, gate
from kontor.auth import clients, limits, oauth, queries, secrets
from kontor.auth.errors import TooManyAttempts
from kontor.auth.oauth import Answer, TokenRequest
from kontor.auth.queries import KnownClient
from kontor.core.clock import wall
from kontor.core.jobs import Runtime
from kontor.core.principal import Principal, PrincipalKind

MAX_BODY = 10_000


class _Unreadable(Exception):
    """The body is not what RFC 6749 section 4.4.2 asks for."""


async def _post_token(request: Request) -> Response:
    runtime: Runtime = request.app.state.runtime
    now = wall()
    try:
        asked = await _read(request)
        limiter, address = gate(runtime).limiter, address_of(request)
        await limiter.take(limits.TOKEN_ADDRESS, address)
        await limiter.take(limits.TOKEN_PAIR, asked.client_id, address)
    except _Unreadable as problem:
        return _refuse("invalid_request", str(problem))
    except TooManyAttempts as problem:
        response = _refuse("temporarily_unavailable", problem.message, status=429)
        response.headers["Retry-After"] = str(problem.params["retry_after"])
        return response
    async with runtime.database.read_only() as db:
        client = await queries.find_known_client(db, asked.client_id, now=now)
    answer = oauth.answer_token_request(asked, client)
    if answer.issued is not None and client is not None:
        async with runtime.database.unit_of_work(_as(client)) as db:
            clients.save_access_token(
                db, client.id, answer.issued, scopes=answer.scopes, now=now, expires_at=now + answer.life
            )
    return _respond(answer)


async def _post_revoke(request: Request) -> Response:
    runtime: Runtime = request.app.state.runtime
    now = wall()
    try:
        asked = await _read(request)
        await gate(runtime).limiter.take(limits.TOKEN_ADDRESS, address_of(request))
    except _Unreadable as problem:
        return _refuse("invalid_request", str(problem))
    except TooManyAttempts as problem:
        return _refuse("temporarily_unavailable", problem.message, status=429)
    token_hash = secrets.digest(asked.form.get("token", ""))
    async with runtime.database.read_only() as db:
        client = await queries.find_known_client(db, asked.client_id, now=now)
        token = await queries.find_token_of_client(db, token_hash)
    own = client is not None and token is not None and token.api_client_id == client.id
    answer = oauth.answer_revocation(asked, client, own_token=own)
    if answer.revoked and client is not None:
        async with runtime.database.unit_of_work(_as(client)) as db:
            await clients.revoke_access_token(db, token_hash, now=now)
        gate(runtime).cache.forget(token_hash)
    return _respond(answer)


async def _read(request: Request) -> TokenRequest:
    """The form as it was sent; raises `_Unreadable` for anything else and for a field that comes twice."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise _Unreadable("Send application/x-www-form-urlencoded.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise _Unreadable("The body is too large.")
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20)
    except (UnicodeDecodeError, ValueError) as problem:
        raise _Unreadable("The form cannot be read.") from problem
    form = dict(fields)
    if len(form) != len(fields):
        raise _Unreadable("A field is there twice.")
    runtime: Runtime = request.app.state.runtime
    return TokenRequest(runtime.settings.base_url + request.url.path, request.headers, form)


def _as(client: KnownClient) -> Principal:
    return Principal(PrincipalKind.CLIENT, id=client.id, name=client.client_id)


def _respond(answer: Answer) -> Response:
    response = JSONResponse(answer.body, status_code=answer.status)
    for name, value in answer.headers:
        response.headers[name] = value
    return response


def _refuse(error: str, description: str, *, status: int = 400) -> Response:
    response = JSONResponse({"error": error, "error_description": description}, status_code=status)
    response.headers["Cache-Control"] = "no-store"
    return response


routes: list[Route] = [
    Route("/oauth/token", _post_token, methods=["POST"]),
    Route("/oauth/revoke", _post_revoke, methods=["POST"]),
]
