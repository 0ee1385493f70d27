"""Who is calling, and signing in and out by cookie.

`authenticate` answers from a memory of five seconds; a sign-out or revocation therefore reaches every process within
five seconds, and the process that did it at once.
"""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kontor.api.http.refusals import refusal
from kontor.auth import customer_tokens, limits, queries, second_factor, secrets, service, steps
from kontor.auth.cache import PrincipalCache
from kontor.auth.clients import USED_EVERY, note_used
from kontor.auth.errors import InvalidToken, SecondFactorNeeded, SignInRefused, TooManyAttempts
from kontor.auth.models import User
from kontor.auth.values import StepKind
from kontor.core.clock import wall
from kontor.core.errors import InvalidInput, KontorError, Unavailable
from kontor.core.jobs import Runtime
from kontor.core.principal import ANONYMOUS, Principal, PrincipalKind
from kontor.customers import queries as customers
from kontor.settings import Settings

log = structlog.get_logger("kontor.auth")
MAX_BODY = 20_000


class Gate:
    """What one event loop remembers of callers: whom it let in, and how often they tried."""

    def __init__(self, settings: Settings) -> None:
        self.cache = PrincipalCache()
        self.limiter = limits.RateLimiter(settings)

    async def aclose(self) -> None:
        """Close the connection to Redis."""
        await self.limiter.aclose()


def gate(runtime: Runtime) -> Gate:
    """The gate of this runtime, made when it is first asked for."""
    try:
        return runtime.ports.get(Gate)
    except Unavailable:
        made = Gate(runtime.settings)
        runtime.ports.register(Gate, made)
        return made


# --- who is calling -------------------------------------------------------------------------------------------------


async def authenticate(headers: Mapping[str, str], runtime: Runtime) -> Principal:
    """The principal of a request by its headers (names in lower case, or a mapping that ignores case).

    Looks at a bearer token first, then at the session cookie; without either, and with a session that is over, the
    caller is anonymous. Raises `InvalidToken` for a bearer token that is unknown, expired or revoked, so that a
    machine learns that it needs a new one (RFC 6750: answer 401).
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        found = await _by_token(runtime, token.strip())
        if found is None:
            raise InvalidToken("The access token is unknown, expired or revoked.")
        return found
    session = session_token(headers, runtime.settings)
    if session is None or not _of_our_pages(headers, runtime.settings):
        return ANONYMOUS
    cached = await gate(runtime).cache.get(secrets.digest(session), lambda: _look_up_session(runtime, session))
    return cached or ANONYMOUS


def session_token(headers: Mapping[str, str], settings: Settings) -> str | None:
    """The session's token from the cookie, if there is one."""
    raw = headers.get("cookie")
    if not raw:
        return None
    try:
        cookie = SimpleCookie(raw).get(cookie_name(settings))
    except CookieError:
        return None
    return cookie.value if cookie is not None and cookie.value else None


def cookie_name(settings: Settings) -> str:
    """Over https the name binds the cookie to this very host; a browser takes such a name over https only."""
    return "__Host-kontor" if is_secure(settings) else "kontor"


def is_secure(settings: Settings) -> bool:
    """Whether people reach this installation over https."""
    return settings.base_url.startswith("https://")


def _of_our_pages(headers: Mapping[str, str], settings: Settings) -> bool:
    """A cookie counts for requests of our own pages only, also where SameSite would let a neighbor's through."""
    return headers.get("origin") is None or comes_from_here(headers, settings)


def comes_from_here(headers: Mapping[str, str], settings: Settings) -> bool:
    """Whether the browser says that the request comes from a page of ours."""
    here = urlsplit(settings.base_url)
    ours = (f"{here.scheme}://{here.netloc}", f"{here.scheme}://{headers.get('host', '')}")
    return headers.get("origin") in ours


async def _by_token(runtime: Runtime, token: str) -> Principal | None:
    lookup = _look_up_customer if customer_tokens.looks_like_one(token) else _look_up_client
    return await gate(runtime).cache.get(secrets.digest(token), lambda: lookup(runtime, token))


async def _look_up_session(runtime: Runtime, token: str) -> Principal | None:
    now = wall()
    async with runtime.database.read_only() as db:
        found = await queries.find_session(db, secrets.digest(token), now=now)
    if found is None:
        return None
    if found.last_seen_at is not None and found.last_seen_at <= now - service.SEEN_EVERY:
        async with runtime.database.unit_of_work(found.principal) as db:
            await service.note_seen(db, found.token_id, now=now)
    return found.principal


async def _look_up_client(runtime: Runtime, token: str) -> Principal | None:
    now = wall()
    async with runtime.database.read_only() as db:
        found = await queries.find_access_token(db, secrets.digest(token), now=now)
    if found is None or found.principal.id is None:
        return None
    if found.last_seen_at is None or found.last_seen_at <= now - USED_EVERY:
        async with runtime.database.unit_of_work(found.principal) as db:
            await note_used(db, found.principal.id, now=now)
    return found.principal


async def _look_up_customer(runtime: Runtime, token: str) -> Principal | None:
    now = wall()
    try:
        said = customer_tokens.read(runtime.settings, token, now=now)
    except InvalidToken:
        return None
    async with runtime.database.read_only() as db:
        permissions = await queries.find_customer_scope(db, said.api_client_id, said.channel_id, now=now)
        # Whoever was merged meanwhile acts as who they are now; who was erased acts no more.
        customer_id = None if permissions is None else await customers.now_called(db, said.customer_id)
    if permissions is None or customer_id is None:
        return None
    return Principal(
        PrincipalKind.CUSTOMER,
        id=customer_id,
        name=f"customer {customer_id}",
        permissions=permissions,
        channel_ids=frozenset({said.channel_id}),
        customer_id=customer_id,
    )


# --- signing in and out ---------------------------------------------------------------------------------------------


async def sign_in(runtime: Runtime, email: str, password: str, *, address: str, user_agent: str) -> tuple[User, str]:
    """Check a password and open a session; returns the person and the session's token.

    Raises `SignInRefused`, the same for every reason and as slow for unknown people as for known ones,
    `TooManyAttempts`, and `SecondFactorNeeded` with the `step` that waits for a code. The slow hashing is done between
    two short transactions.
    """
    limiter, account, now = gate(runtime).limiter, queries.normalize_email(email), wall()
    await limiter.take(limits.SIGN_IN_ADDRESS, address)
    await limiter.take(limits.SIGN_IN_PAIR, account, address)
    await limiter.take(limits.SIGN_IN_ACCOUNT, account)
    async with runtime.database.read_only() as db:
        user = await queries.find_user_by_email(db, account)
    fits = await secrets.verify_password(user.password_hash if user else None, password)
    if user is None or not fits or not user.active:
        if user is not None:
            async with runtime.database.unit_of_work(ANONYMOUS) as db:
                await service.note_failed_sign_in(db, user.id, now=now)
        log.info("sign-in refused", user=str(user.id) if user else None, address=address)
        raise service.refused()
    new_hash = await secrets.hash_password(password) if secrets.needs_rehash(user.password_hash) else None
    step = token = ""
    async with runtime.database.unit_of_work(_as(user)) as db:
        if await second_factor.is_on(db, user.id):
            step = steps.open_step(db, StepKind.SECOND_FACTOR, {"way": "password and code"}, now=now, user_id=user.id)
        else:
            token = await service.open_session(
                db, user, verified_hash=user.password_hash, user_agent=user_agent, now=now, new_hash=new_hash
            )
    await limiter.forget(limits.SIGN_IN_PAIR, account, address)
    await limiter.forget(limits.SIGN_IN_ACCOUNT, account)
    if step:
        raise SecondFactorNeeded("A code of the second factor is needed.", step=step)
    return user, token


def _as(user: User) -> Principal:
    return Principal(PrincipalKind.USER, id=user.id, name=user.name)


async def _post_sign_in(request: Request) -> Response:
    runtime: Runtime = request.app.state.runtime
    try:
        email, password = await _credentials(request)
        user, token = await sign_in(
            runtime, email, password, address=address_of(request), user_agent=request.headers.get("user-agent", "")
        )
    except SecondFactorNeeded as needed:
        return not_stored(JSONResponse({"secondFactor": needed.params["step"]}, 202))
    except (SignInRefused, TooManyAttempts, InvalidInput) as problem:
        return _refused(problem, request)
    return await welcome(request, user, token)


async def welcome(request: Request, user: User, token: str) -> Response:
    """Who is signed in now, and the session's cookie."""
    runtime: Runtime = request.app.state.runtime
    async with runtime.database.read_only() as db:
        locations = (await queries.locations_of(db, [user.id]))[user.id]
    return remember(JSONResponse(describe(queries.user_principal(user, locations), user)), token, runtime.settings)


def remember(response: Response, token: str, settings: Settings) -> Response:
    """Let the browser keep the session."""
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=int(service.SESSION_LIFE.total_seconds()),
        path="/",
        secure=is_secure(settings),
        httponly=True,
        samesite="lax",
    )
    return not_stored(response)


async def _post_sign_out(request: Request) -> Response:
    return await sign_out(request, Response(status_code=204))


async def sign_out(request: Request, response: Response) -> Response:
    """End the session of the request's cookie; `response` takes it from the browser."""
    runtime: Runtime = request.app.state.runtime
    token = session_token(request.headers, runtime.settings)
    if token is not None and _of_our_pages(request.headers, runtime.settings):
        principal = await authenticate({"cookie": request.headers["cookie"]}, runtime)
        async with runtime.database.unit_of_work(principal) as db:
            await service.sign_out(db, token)
        gate(runtime).cache.forget(secrets.digest(token))
    response.delete_cookie(
        cookie_name(runtime.settings), path="/", secure=is_secure(runtime.settings), httponly=True, samesite="lax"
    )
    return not_stored(response)


async def _get_me(request: Request) -> Response:
    runtime: Runtime = request.app.state.runtime
    try:
        principal = await authenticate(request.headers, runtime)
    except InvalidToken as problem:
        return _refused(problem, request)
    if principal.kind is PrincipalKind.ANONYMOUS:
        return _refused(SignInRefused("Nobody is signed in.", code="UNAUTHENTICATED"), request)
    user = None
    if principal.kind is PrincipalKind.USER and principal.id is not None:
        async with runtime.database.read_only() as db:
            user = await queries.get_user(db, principal.id)
    return not_stored(JSONResponse(describe(principal, user)))


async def read_json(request: Request) -> dict[str, Any]:
    """The object of a JSON body; JSON, because a foreign page's form cannot send that without asking."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise InvalidInput("Send application/json.", code="INVALID_BODY")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise InvalidInput("The body is too large.", code="INVALID_BODY", max=MAX_BODY)
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise InvalidInput("The body is no JSON.", code="INVALID_BODY") from problem
    return given if isinstance(given, dict) else {}


async def _credentials(request: Request) -> tuple[str, str]:
    """Email and password of a JSON body."""
    given = await read_json(request)
    for name in ("email", "password"):
        if not isinstance(given.get(name), str) or not given[name]:
            raise InvalidInput(f"The {name} is missing.", code="REQUIRED", path=(name,))
    return given["email"], given["password"]


def address_of(request: Request) -> str:
    """The caller's address; the server has replaced a trusted proxy's by the one it stands for."""
    return request.client.host if request.client else "unknown"


def describe(principal: Principal, user: User | None) -> dict[str, Any]:
    """Who acts, as pages need it: `null` scopes are unrestricted."""
    return {
        "kind": str(principal.kind),
        "id": str(principal.id),
        "name": principal.name,
        "email": user.email if user else None,
        "role": str(user.role) if user else None,
        "language": user.language if user else None,
        "permissions": sorted(principal.permissions),
        "partnerId": str(principal.partner_id) if principal.partner_id else None,
        "locationIds": None if principal.location_ids is None else sorted(map(str, principal.location_ids)),
        "channelIds": None if principal.channel_ids is None else sorted(map(str, principal.channel_ids)),
        "customerId": str(principal.customer_id) if principal.customer_id else None,
    }


def _refused(problem: KontorError, request: Request) -> Response:
    """A refusal as JSON: 400 for bad input, 429 for too many tries, 401 otherwise."""
    response = refusal(problem, 400 if isinstance(problem, InvalidInput) else 401, request.headers)
    if isinstance(problem, TooManyAttempts):
        response.status_code = 429
        response.headers["Retry-After"] = str(problem.params["retry_after"])
    elif isinstance(problem, InvalidToken):
        response.headers["WWW-Authenticate"] = f'Bearer error="invalid_token", error_description="{problem.message}"'
    return response


def not_stored(response: Response) -> Response:
    """What is about one person is kept by nobody on the way."""
    response.headers["Cache-Control"] = "no-store"
    return response


routes: list[Route] = [
    Route("/auth/sign-in", _post_sign_in, methods=["POST"]),
    Route("/auth/sign-out", _post_sign_out, methods=["POST"]),
    Route("/auth/me", _get_me, methods=["GET"]),
]
