"""The page to sign in with, for the plain pages and the API explorer; works without scripts."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from kontor.api.http import access, mailbox, session
from kontor.auth.errors import SecondFactorNeeded, SignInRefused, StepOver, TooManyAttempts, WrongCode
from kontor.core.jobs import Runtime
from kontor.core.principal import Principal, PrincipalKind

LONGEST_FORM = 10_000
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Sign in", "skip": "To the content", "email": "Email", "password": "Password", "enter": "Sign in",
        "leave": "Sign out", "code": "Code of your app, or a recovery code", "wrong_code": "This code does not fit.",
        "over": "This took too long. Please sign in again.", "who": "You are signed in as {name}.",
        "refused": "Email or password is wrong, or the account is closed.",
        "often": "Too many attempts. Please try again in {seconds} seconds.",
        "astray": "This form was sent from another page. Please sign in here.",
    },
    "de": {
        "title": "Anmelden", "skip": "Zum Inhalt", "email": "E-Mail", "password": "Passwort", "enter": "Anmelden",
        "leave": "Abmelden", "code": "Code Ihrer App oder ein Ersatzcode", "wrong_code": "Dieser Code passt nicht.",
        "over": "Das hat zu lange gedauert. Bitte melden Sie sich neu an.", "who": "Sie sind angemeldet als {name}.",
        "refused": "E-Mail oder Passwort ist falsch, oder das Konto ist geschlossen.",
        "often": "Zu viele Versuche. Bitte in {seconds} Sekunden noch einmal versuchen.",
        "astray": "Dieses Formular kam von einer anderen Seite. Bitte hier anmelden.",
    },
}  # fmt: skip


def way_back(wanted: str | None) -> str:
    """Where to go after signing in: a page of ours, else the start page."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\")) or not wanted.isprintable():
        return "/"
    parts = urlsplit(wanted)
    return "/" if parts.scheme or parts.netloc else wanted


def _page(
    request: Request,
    back: str,
    *,
    status: int = 200,
    notice: str | None = None,
    email: str = "",
    step: str = "",
) -> Response:
    principal: Principal = request.state.principal
    language = mailbox.language(request)
    words = WORDS[language]
    known = principal.kind is PrincipalKind.USER
    values: dict[str, Any] = {
        "language": language, "words": words, "style": mailbox.STYLE, "notice": notice, "next": back, "email": email,
        "step": step,
        "known": words["who"].format(name=principal.name) if known else None,
    }  # fmt: skip
    text = mailbox.templates().get_template("sign_in.html").render(values)
    headers = {"content-security-policy": mailbox.PAGE_POLICY, "cache-control": "no-store", "vary": "accept-language"}
    return HTMLResponse(text, status, headers=headers)


async def _show(request: Request) -> Response:
    return _page(request, way_back(request.query_params.get("next")))


async def _enter(request: Request) -> Response:
    words = WORDS[mailbox.language(request)]
    given = await _form(request)
    back = way_back(given.get("next"))
    # A foreign page must not sign somebody in as somebody else.
    if not session.comes_from_here(request.headers, request.app.state.settings):
        return _page(request, back, status=400, notice=words["astray"])
    runtime: Runtime = request.app.state.runtime
    email, step, agent = given.get("email", ""), given.get("step", ""), request.headers.get("user-agent", "")
    try:
        if step:
            _, token = await access.give_code(runtime, step, given.get("code", ""), user_agent=agent)
        else:
            _, token = await session.sign_in(
                runtime, email, given.get("password", ""), address=session.address_of(request), user_agent=agent
            )
    except SecondFactorNeeded as needed:
        return _page(request, back, step=needed.params["step"])
    except WrongCode:
        return _page(request, back, status=401, notice=words["wrong_code"], step=step)
    except StepOver:
        return _page(request, back, status=401, notice=words["over"])
    except SignInRefused:
        return _page(request, back, status=401, notice=words["refused"], email=email)
    except TooManyAttempts as problem:
        notice = words["often"].format(seconds=problem.params["retry_after"])
        return _page(request, back, status=429, notice=notice, email=email)
    return session.remember(RedirectResponse(back, 303), token, runtime.settings)


async def _leave(request: Request) -> Response:
    return await session.sign_out(request, RedirectResponse("/sign-in", 303))


async def _form(request: Request) -> dict[str, str]:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            return {}
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10)
    except ValueError:  # more fields than any form of ours has
        return {}
    return {name: values[0].replace("\0", "") for name, values in fields.items()}


routes = [
    Route("/sign-in", _show, methods=["GET"]),
    Route("/sign-in", _enter, methods=["POST"]),
    Route("/sign-out", _leave, methods=["POST"]),
]
