"""Around every request: its id, who calls, what browsers may do, how large it may be, and one log line."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from kontor.api.graphql.errors import as_unavailable
from kontor.api.http.refusals import refusal
from kontor.core.errors import Forbidden, InvalidInput, KontorError, Unavailable
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.principal import ANONYMOUS, Principal
from kontor.settings import Settings

Authenticate = Callable[[Mapping[str, str], Runtime], Awaitable[Principal]]

log = structlog.get_logger("kontor.http")
REQUESTS = Counter("kontor_http_requests_total", "Requests answered", ["area", "method", "status"])
SECONDS = Histogram("kontor_http_seconds", "Time of a request", ["area"])
AREAS = frozenset(
    {"graphql", "auth", "oauth", "health", "metrics", "webhooks", "documents", "mailbox", "files", "branding"}
)
OPEN = (
    "/health",
    "/metrics",
    "/vendor",
    "/explorer",
    "/assets",
    "/portal",
    "/care",
    "/admin",
    "/branding",
)  # for these nobody needs to be known
MAX_CALL, MAX_UPLOAD = 2_000_000, 50_000_000  # bytes
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(), microphone=()",
}


class TooLarge(InvalidInput):
    """The body is larger than this address takes."""

    default_code = "BODY_TOO_LARGE"


class Shell:
    """ASGI middleware around everything; `authenticate` tells who calls."""

    def __init__(self, app: ASGIApp, *, authenticate: Authenticate, settings: Settings) -> None:
        self._app, self._authenticate = app, authenticate
        here = urlsplit(settings.base_url)
        self._origin = f"{here.scheme}://{here.netloc}"
        self._headers = dict(HEADERS)
        if here.scheme == "https":
            self._headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        scope.setdefault("state", {}).update(request_id=request_id, principal=ANONYMOUS)
        with bound_contextvars(request_id=request_id):
            if scope["type"] == "http":
                await self._http(scope, receive, send, headers)
            else:
                await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        started, request_id = perf_counter(), scope["state"]["request_id"]
        answer = _Answer(send, {**self._headers, "x-request-id": request_id})
        try:
            if not await self._refused(scope, receive, answer, headers):
                await self._app(scope, _limited(receive, scope, headers), answer)
        except Exception as problem:
            await answer.instead(_instead_of(problem, scope, headers), scope, receive)
        _record(scope, answer.status, perf_counter() - started)

    async def _refused(self, scope: Scope, receive: Receive, answer: _Answer, headers: Headers) -> bool:
        """Who calls is put into the state; True when the call was answered with a refusal."""
        if scope["path"].startswith(OPEN):
            return False
        if scope["method"] not in SAFE and "cookie" in headers and not self._of_our_pages(headers):
            foreign = Forbidden("Another site may not act with this session.", code="FOREIGN_ORIGIN")
            await answer.instead(refusal(foreign, 403, headers), scope, receive)
            return True
        try:
            scope["state"]["principal"] = await self._authenticate(headers, scope["app"].state.runtime)
        except Unavailable:
            raise
        except KontorError as problem:
            response = refusal(problem, 401, headers)
            response.headers["www-authenticate"] = 'Bearer error="invalid_token"'
            await answer.instead(response, scope, receive)
            return True
        return False

    def _of_our_pages(self, headers: Headers) -> bool:
        """Browsers say where a request comes from; what is no browser says nothing and has no session to misuse."""
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is not None and site not in ("same-origin", "none"):
            return False
        return origin is None or origin == self._origin or _host_of(origin) == headers.get("host")


class _Answer:
    """Adds our headers to the answer and remembers its status."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self._send, self._headers = send, headers
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(raw=message.setdefault("headers", []))
            for name, value in self._headers.items():
                headers.setdefault(name, value)
            if "content-security-policy" not in headers:
                headers["content-security-policy"] = POLICY
        await self._send(message)

    async def instead(self, response: JSONResponse, scope: Scope, receive: Receive) -> None:
        """Answer with this, unless an answer has begun."""
        if not self.status:
            await response(scope, receive, self)


def _instead_of(problem: Exception, scope: Scope, headers: Headers) -> JSONResponse:
    """The answer in place of one that failed; what nobody foresaw is logged under the request's id."""
    known = problem if isinstance(problem, KontorError) else as_unavailable(problem)
    if known is not None:
        return refusal(known, _status_of(known), headers)
    reference = scope["state"]["request_id"]
    log.exception("unforeseen", reference=reference, path=scope["path"], exc_info=problem)
    masked = KontorError("Something went wrong on our side.", code="INTERNAL_ERROR", reference=reference)
    return refusal(masked, 500, headers)


def _status_of(problem: KontorError) -> int:
    if isinstance(problem, TooLarge):
        return 413
    return 503 if isinstance(problem, Unavailable) else 400


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # no address at all, so not ours
        return None


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else str(new_id())


def _limited(receive: Receive, scope: Scope, headers: Headers) -> Receive:
    """Stop reading where the body grows too large."""
    most = MAX_UPLOAD if scope["path"].startswith(("/files", "/imports")) else MAX_CALL
    announced = headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > most:
        raise TooLarge(f"At most {most} bytes are taken here.", max=most)
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most:
            raise TooLarge(f"At most {most} bytes are taken here.", max=most)
        return message

    return counted


def _record(scope: Scope, status: int, seconds: float) -> None:
    first = scope["path"].split("/")[1]
    area = first if first in AREAS else "pages"
    REQUESTS.labels(area, scope["method"] if scope["method"] in (*SAFE, "POST") else "OTHER", status).inc()
    SECONDS.labels(area).observe(seconds)
    principal: Any = scope["state"]["principal"]
    level = log.debug if area in ("health", "metrics") else log.info
    level(
        "request",
        method=scope["method"],
        path=scope["path"],
        status=status,
        ms=round(seconds * 1000, 1),
        principal=str(principal.id or principal.kind),
    )
