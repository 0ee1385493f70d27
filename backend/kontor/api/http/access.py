"""The ways in besides a password: links by mail, the second factor, passkeys. JSON in, JSON out, the session as cookie.

Signing in takes several calls where it must; a token names what was begun (`auth.steps`). Nothing here tells whether
an address has an account.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kontor.api.http import session
from kontor.api.http.refusals import refusal
from kontor.auth import limits, links, passkeys, queries, second_factor, service, steps
from kontor.auth.errors import InvalidPasskey, SecondFactorNeeded, TooManyAttempts, WrongCode
from kontor.auth.models import User
from kontor.auth.values import LinkPurpose, StepKind
from kontor.core.clock import wall
from kontor.core.db import Session
from kontor.core.errors import Conflict, InvalidInput, KontorError, NotFound
from kontor.core.jobs import Runtime
from kontor.core.principal import ANONYMOUS, Principal, PrincipalKind
from kontor.partners import queries as partners
from kontor.partners.service import start_onboarding
from kontor.partners.states import PartnerState

Handler = Callable[[Request, dict[str, Any]], Awaitable[Response]]
STATUS: tuple[tuple[type[KontorError], int], ...] = (
    (TooManyAttempts, 429), (InvalidInput, 400), (NotFound, 404), (Conflict, 409),
)  # fmt: skip


def _told(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """A route that reads JSON and tells refusals as JSON."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request, await session.read_json(request))
        except SecondFactorNeeded as needed:
            return session.not_stored(JSONResponse({"secondFactor": needed.params["step"]}, 202))
        except KontorError as problem:
            status = next((code for kind, code in STATUS if isinstance(problem, kind)), 401)
            response = refusal(problem, status, request.headers)
            if isinstance(problem, TooManyAttempts):
                response.headers["Retry-After"] = str(problem.params["retry_after"])
            return response

    return answer


def _text(given: dict[str, Any], name: str, longest: int = 500) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise InvalidInput(f"The {name} is missing.", code="REQUIRED", path=(name,))
    return value


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


async def _take(request: Request, limit: limits.Limit, *key: str) -> None:
    await session.gate(_runtime(request)).limiter.take(limit, *key)


def _agent(request: Request) -> str:
    return request.headers.get("user-agent", "")


# --- links by mail --------------------------------------------------------------------------------------------------


async def _ask_reset(request: Request, given: dict[str, Any]) -> Response:
    """Always the same answer: whether there is such a person is seen by the job alone that writes the mail."""
    email = _text(given, "email")
    await _take(request, limits.LINK_ADDRESS, session.address_of(request))
    await _take(request, limits.LINK_ACCOUNT, queries.normalize_email(email))
    async with _runtime(request).database.unit_of_work(ANONYMOUS) as db:
        links.ask_reset(db, email)
    return session.not_stored(Response(status_code=202))


async def _look_at_link(request: Request, given: dict[str, Any]) -> Response:
    await _take(request, limits.LINK_ADDRESS, session.address_of(request))
    async with _runtime(request).database.read_only() as db:
        link = await links.find(db, _text(given, "token"), now=wall())
    user = link.user
    facts = {"purpose": str(link.purpose), "email": user.email, "name": user.name, "language": user.language}
    return session.not_stored(JSONResponse(facts))


async def _renew_link(request: Request, given: dict[str, Any]) -> Response:
    token = _text(given, "token")
    await _take(request, limits.LINK_ADDRESS, session.address_of(request))
    await _take(request, limits.LINK_ACCOUNT, token)
    async with _runtime(request).database.unit_of_work(ANONYMOUS) as db:
        await links.renew(db, token)
    return session.not_stored(Response(status_code=202))


async def _link_passkey(request: Request, given: dict[str, Any]) -> Response:
    """What the browser needs to make a passkey for whoever holds the link of an invitation."""
    runtime, token = _runtime(request), _text(given, "token")
    await _take(request, limits.LINK_ADDRESS, session.address_of(request))
    async with runtime.database.unit_of_work(ANONYMOUS) as db:
        link = await links.find(db, token, now=wall())
        await _check_passkey_by_link(db, link)
        options, challenge = passkeys.registration_options(
            passkeys.party_of(runtime.settings.base_url), link.user, await passkeys.known_ids(db, link.user.id)
        )
        step = steps.open_step(db, StepKind.PASSKEY_NEW, {"challenge": challenge}, now=wall(), user_id=link.user.id)
    return session.not_stored(JSONResponse({"step": step, "options": options}))


async def _use_link(request: Request, given: dict[str, Any]) -> Response:
    """Choose a password, or keep a passkey that was made, and be signed in; a second factor is asked for as ever."""
    runtime, token, now = _runtime(request), _text(given, "token"), wall()
    credential = given.get("credential")
    password = None if credential else _text(given, "password", 100_000)
    await _take(request, limits.LINK_ADDRESS, session.address_of(request))
    async with runtime.database.read_only() as db:
        found = await links.find(db, token, now=now)
    async with runtime.database.unit_of_work(_as(found.user)) as db:
        if credential:
            await _check_passkey_by_link(db, found)
        user = await links.use(db, token, password=password, now=now)
        if credential:
            await _keep_passkey(db, runtime, user, given)
        await begin_onboarding(db, user)
        needs_code = not credential and await second_factor.is_on(db, user.id)
        outcome = await _opened(db, user, request, way="link", needs_code=needs_code)
    session.gate(runtime).cache.clear()
    return await _answer(request, user, *outcome)


async def _check_passkey_by_link(db: Session, link: links.OpenLink) -> None:
    """A passkey is both factors in one, a mailbox is none: only who begins makes one by a link alone."""
    if link.purpose is not LinkPurpose.INVITATION or await second_factor.is_on(db, link.user.id):
        raise InvalidPasskey("Choose a password; add the passkey once you are signed in.", path=("credential",))


async def _keep_passkey(db: Session, runtime: Runtime, user: User, given: dict[str, Any]) -> None:
    step = await steps.take(db, StepKind.PASSKEY_NEW, _text(given, "step"), now=wall())
    if step.user_id != user.id or not isinstance(given["credential"], dict):
        raise InvalidInput("The passkey cannot be used here.", code="INVALID_PASSKEY", path=("credential",))
    await passkeys.add(
        db, user, passkeys.party_of(runtime.settings.base_url), given["credential"],
        challenge=str(step.data["challenge"]), name=str(given.get("name") or "Passkey"), now=wall(),
    )  # fmt: skip


async def begin_onboarding(db: Session, user: User) -> None:
    """The first one of a partner who comes accepts its invitation, by whatever way they come."""
    if user.partner_id is None:
        return
    partner = await partners.lock_partner(db, id=user.partner_id)
    if partner.state is PartnerState.INVITED:
        await start_onboarding(db, partner)


# --- the second factor ----------------------------------------------------------------------------------------------


async def _second_factor(request: Request, given: dict[str, Any]) -> Response:
    user, token = await give_code(
        _runtime(request), _text(given, "step"), _text(given, "code"), user_agent=_agent(request)
    )
    return await _answer(request, user, token, "")


async def give_code(runtime: Runtime, step: str, code: str, *, user_agent: str) -> tuple[User, str]:
    """Finish a sign-in by a code of the app or a recovery code; returns the person and the session's token.

    Raises `WrongCode`, after which the step stays open, `StepOver` and `TooManyAttempts`.
    """
    now = wall()
    async with runtime.database.read_only() as db:
        known = await steps.look(db, StepKind.SECOND_FACTOR, step, now=now)
        assert known.user_id is not None
        user_id, user = known.user_id, await queries.get_user(db, known.user_id)
    limiter = session.gate(runtime).limiter
    await limiter.take(limits.SECOND_FACTOR, str(user_id))
    try:
        async with runtime.database.unit_of_work(_as(user)) as db:
            user = await queries.lock_user(db, user_id)
            if not user.active:
                raise service.refused()
            await second_factor.check(db, user_id, code, now=now)
            known = await steps.take(db, StepKind.SECOND_FACTOR, step, now=now)
            token = service.start_session(db, user, user_agent=user_agent, now=now, way=str(known.data["way"]))
    except WrongCode:
        async with runtime.database.unit_of_work(ANONYMOUS) as db:
            await service.note_failed_sign_in(db, user_id, now=now)
        raise
    await limiter.forget(limits.SECOND_FACTOR, str(user_id))
    return user, token


# --- passkeys -------------------------------------------------------------------------------------------------------


async def _begin_passkey(request: Request, given: dict[str, Any]) -> Response:
    runtime = _runtime(request)
    await _take(request, limits.PASSKEY_ADDRESS, session.address_of(request))
    options, challenge = passkeys.sign_in_options(passkeys.party_of(runtime.settings.base_url))
    async with runtime.database.unit_of_work(ANONYMOUS) as db:
        step = steps.open_step(db, StepKind.PASSKEY, {"challenge": challenge}, now=wall())
    return session.not_stored(JSONResponse({"step": step, "options": options}))


async def _passkey(request: Request, given: dict[str, Any]) -> Response:
    runtime, credential, now = _runtime(request), given.get("credential"), wall()
    await _take(request, limits.PASSKEY_ADDRESS, session.address_of(request))
    if not isinstance(credential, dict):
        raise InvalidInput("The credential is missing.", code="REQUIRED", path=("credential",))
    party = passkeys.party_of(runtime.settings.base_url)
    async with runtime.database.unit_of_work(ANONYMOUS) as db:
        step = await steps.take(db, StepKind.PASSKEY, _text(given, "step"), now=now)
    async with runtime.database.unit_of_work(ANONYMOUS) as db:
        found = await passkeys.recognize(db, party, credential, challenge=str(step.data["challenge"]), now=now)
        user = await queries.lock_user(db, found.id)
        outcome = await _opened(db, user, request, way="passkey", needs_code=False)
    return await _answer(request, user, *outcome)


# --- what all have in common ----------------------------------------------------------------------------------------


async def _opened(db: Session, user: User, request: Request, *, way: str, needs_code: bool) -> tuple[str, str]:
    """A session's token, or that of the step that waits for a code; the other is empty."""
    if needs_code:
        return "", steps.open_step(db, StepKind.SECOND_FACTOR, {"way": way}, now=wall(), user_id=user.id)
    return service.start_session(db, user, user_agent=_agent(request), now=wall(), way=way), ""


async def _answer(request: Request, user: User, token: str, step: str) -> Response:
    if step:
        return session.not_stored(JSONResponse({"secondFactor": step}, 202))
    return await session.welcome(request, user, token)


def _as(user: User) -> Principal:
    return Principal(PrincipalKind.USER, id=user.id, name=user.name)


routes: list[Route] = [
    Route(path, _told(handler), methods=["POST"])
    for path, handler in (
        ("/auth/reset", _ask_reset),
        ("/auth/link", _look_at_link),
        ("/auth/link/renew", _renew_link),
        ("/auth/link/passkey", _link_passkey),
        ("/auth/link/use", _use_link),
        ("/auth/second-factor", _second_factor),
        ("/auth/passkey/begin", _begin_passkey),
        ("/auth/passkey", _passkey),
    )
]
