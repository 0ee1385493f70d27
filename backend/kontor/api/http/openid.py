"""Signing in with the company: to the provider's page and back. The browser that went is the one that comes back."""

from __future__ import annotations

import hmac
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from kontor.api.http import access, session
from kontor.api.http.sign_in import way_back
from kontor.auth import limits, openid, secrets, service, steps
from kontor.auth.errors import IdentityRefused, ProviderAway, StepOver, TooManyAttempts
from kontor.auth.models import IdentityProvider
from kontor.auth.ports import OpenIdProvider
from kontor.auth.values import StepKind
from kontor.core.clock import wall
from kontor.core.errors import KontorError
from kontor.core.ids import is_uuid
from kontor.core.jobs import Runtime
from kontor.core.principal import ANONYMOUS

log = structlog.get_logger("kontor.auth")
CALLBACK = "/auth/openid/callback"
COOKIE = "kontor-openid"
# What the sign-in page is told; why exactly stands in the log.
TOLD = {
    "IDENTITY_UNKNOWN": "unknown", "IDENTITY_UNVERIFIED": "unverified", "IDENTITY_DOMAIN": "domain",
    "IDENTITY_PROVIDER_AWAY": "away", "SIGN_IN_STEP_OVER": "over", "IDENTITY_DENIED": "denied",
}  # fmt: skip


async def _providers(request: Request) -> Response:
    """With whom one can sign in; names only, they stand on the sign-in page."""
    runtime: Runtime = request.app.state.runtime
    async with runtime.database.read_only() as db:
        found = await openid.providers(db, all_of_them=True)
    return session.not_stored(JSONResponse({"providers": [{"id": str(each.id), "name": each.name} for each in found]}))


async def _go(request: Request) -> Response:
    runtime: Runtime = request.app.state.runtime
    provider_id, settings = request.path_params["provider_id"], runtime.settings
    try:
        await session.gate(runtime).limiter.take(limits.PASSKEY_ADDRESS, session.address_of(request))
        async with runtime.database.read_only() as db:
            provider = await db.get(IdentityProvider, UUID(provider_id)) if is_uuid(provider_id) else None
        if provider is None or not provider.active:
            raise IdentityRefused("There is no such provider.", code="IDENTITY_UNKNOWN")
        speaker = runtime.ports.get(OpenIdProvider)  # type: ignore[type-abstract]
        document = await speaker.discover(provider.issuer)
        # The state is the token of the step, so it is known before what the step remembers is complete.
        made = openid.redirection(document, provider.client_id, redirect_uri=_here(runtime), state="{state}")
        noted = {
            "provider": str(provider.id), "nonce": made.nonce, "verifier": made.verifier,
            "next": way_back(request.query_params.get("next")),
        }  # fmt: skip
        async with runtime.database.unit_of_work(ANONYMOUS) as db:
            state = steps.open_step(db, StepKind.OPENID, noted, now=wall())
    except KontorError as problem:
        return _refused(problem)
    response = RedirectResponse(made.url.replace("%7Bstate%7D", state), 303)
    response.set_cookie(
        COOKIE, secrets.digest(state), max_age=600, path=CALLBACK, secure=session.is_secure(settings), httponly=True,
        samesite="lax",
    )  # fmt: skip
    return session.not_stored(response)


async def _back(request: Request) -> Response:
    runtime: Runtime = request.app.state.runtime
    try:
        response = await _signed_in(request, runtime)
    except KontorError as problem:
        response = _refused(problem)
    response.delete_cookie(COOKIE, path=CALLBACK)
    return session.not_stored(response)


async def _signed_in(request: Request, runtime: Runtime) -> Response:
    given, now = request.query_params, wall()
    state = given.get("state", "")
    if not hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), secrets.digest(state).encode()):
        raise StepOver("This browser did not begin to sign in.")
    async with runtime.database.unit_of_work(ANONYMOUS) as db:
        begun = await steps.take(db, StepKind.OPENID, state, now=now)
        provider = await db.get(IdentityProvider, UUID(str(begun.data["provider"])))
    if provider is None or not provider.active:
        raise IdentityRefused("There is no such provider.", code="IDENTITY_UNKNOWN")
    if "error" in given or not given.get("code"):
        raise IdentityRefused("The provider refused.", code="IDENTITY_DENIED", error=given.get("error", "")[:100])
    if given.get("iss", provider.issuer).rstrip("/") != provider.issuer:  # RFC 9207: who answers is who was asked
        raise IdentityRefused("Another provider answered.", code="IDENTITY_TOKEN_INVALID")
    claims = await _claims(runtime, provider, given["code"], dict(begun.data))
    async with runtime.database.unit_of_work(ANONYMOUS) as db:
        user = await openid.person_of(db, provider, claims, now=now)
        await access.begin_onboarding(db, user)
        agent = request.headers.get("user-agent", "")
        token = service.start_session(db, user, user_agent=agent, now=now, way=f"openid {provider.name}")
    return session.remember(RedirectResponse(str(begun.data["next"]), 303), token, runtime.settings)


async def _claims(runtime: Runtime, provider: IdentityProvider, code: str, noted: dict[str, str]) -> dict[str, object]:
    speaker = runtime.ports.get(OpenIdProvider)  # type: ignore[type-abstract]
    tokens = await speaker.exchange(
        provider.issuer, code, verifier=noted["verifier"], redirect_uri=_here(runtime), client_id=provider.client_id,
        client_secret=provider.client_secret,
    )  # fmt: skip
    # As it writes itself: with many the name ends with a slash, and its tokens say the same.
    issuer = str((await speaker.discover(provider.issuer))["issuer"])
    for fresh in (False, True):  # a key that is not known yet may be new
        keys = await speaker.keys(provider.issuer, fresh=fresh)
        try:
            return openid.read_id_token(
                tokens, keys, issuer=issuer, client_id=provider.client_id, nonce=noted["nonce"], now=wall()
            )
        except IdentityRefused:
            if fresh:
                raise
    raise ProviderAway("The provider shows no keys.")


def _here(runtime: Runtime) -> str:
    return f"{runtime.settings.base_url.rstrip('/')}{CALLBACK}"


def _refused(problem: KontorError) -> Response:
    """Back to the sign-in page, which says why."""
    log.info("sign-in by provider refused", code=problem.code, **problem.params)
    word = "often" if isinstance(problem, TooManyAttempts) else TOLD.get(problem.code, "invalid")
    return RedirectResponse(f"/portal?refused={word}", 303)


routes: list[Route] = [
    Route("/auth/openid", _providers, methods=["GET"]),
    Route(CALLBACK, _back, methods=["GET"]),
    Route("/auth/openid/{provider_id}", _go, methods=["GET"]),
]
