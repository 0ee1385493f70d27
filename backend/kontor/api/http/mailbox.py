"""The mailbox pages: what Kontor would have mailed, where no mail server is set.

Messages hold names, addresses and codes, so the pages are for who may watch over operations everywhere. On a
developer's own machine (development, no Redis, called from the machine itself and through no proxy) nobody has to
sign in.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from kontor.adapters.messaging.mailbox import Mailbox, StoredMail
from kontor.api.graphql.context import language_of
from kontor.api.http.shell import POLICY
from kontor.auth.permissions import Permission
from kontor.core.errors import NotFound
from kontor.core.principal import Principal, PrincipalKind
from kontor.documents import formatting
from kontor.documents.values import Language
from kontor.notifications import people
from kontor.notifications.ports import MessageSender
from kontor.settings import Settings

SHOWN = 200
STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --soft: #566070; --paper: #f7f8fa; --card: #fff; --line: #d5dae2;
  --accent: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf0; --soft: #a8b1c0; --paper: #12161d; --card: #1b212b;
  --line: #333c4a; --accent: #8ab4f8; } }
* { box-sizing: border-box; }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
header { padding: .75rem 1.25rem; border-bottom: 1px solid var(--line); display: flex; gap: 1rem; }
main { max-width: 56rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere; }
a { color: var(--accent); }
a:focus-visible, input:focus-visible, button:focus-visible, pre:focus-visible, iframe:focus-visible
  { outline: 3px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .5rem 1rem; }
.sheet { display: grid; gap: .375rem; max-width: 24rem; }
.sheet button { margin-top: .75rem; }
.row { display: flex; gap: .5rem; max-width: 30rem; }
input { flex: 1; min-width: 0; }
input, button { font: inherit; min-height: 2.75rem; padding: 0 .75rem; border: 1px solid var(--soft);
  border-radius: .375rem; background: var(--card); color: inherit; }
ul { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line); }
li a { display: grid; gap: 0 1rem; grid-template-columns: 1fr auto; padding: .75rem .25rem; color: inherit;
  text-decoration: none; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
li a:hover strong { text-decoration: underline; }
li strong { grid-column: 1 / -1; color: var(--accent); }
li span, li time, dt { color: var(--soft); }
dl { margin: 0 0 1rem; }
dl div { display: grid; grid-template-columns: 7rem 1fr; gap: .5rem; }
dd { margin: 0; overflow-wrap: anywhere; }
nav { display: flex; gap: 1rem; margin: 0 0 .75rem; }
nav a { padding: .5rem 0; }
nav a[aria-current] { color: inherit; font-weight: 600; text-decoration: none; border-bottom: 3px solid var(--accent); }
iframe { width: 100%; height: 75vh; min-height: 24rem; border: 1px solid var(--line); border-radius: .375rem;
  background: #fff; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: 1rem; border: 1px solid var(--line);
  border-radius: .375rem; background: var(--card); font: .9375rem/1.5 ui-monospace, monospace; }
.code { font-family: ui-monospace, monospace; font-size: .875rem; }
@media (max-width: 30rem) { li a, dl div { grid-template-columns: 1fr; gap: 0; } dl div { margin-bottom: .5rem; } }
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
PAGE_POLICY = POLICY.replace("style-src 'self'", f"style-src 'sha256-{_HASH}'") + "; frame-src 'self'"
# A message shows itself and does nothing: no scripts, no forms, nothing fetched from anywhere.
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Mailbox", "skip": "To the content", "sender": "From", "to": "To", "sent": "Sent",
        "attachment": "Attachment", "view": "View", "formatted": "Formatted", "text": "Text",
        "search": "Recipient", "find": "Search", "none": "No messages.", "one": "1 message",
        "many": "{count} messages", "most": "The newest {count} messages",
        "sign_in": "Please sign in as somebody who watches over operations.",
        "forbidden": "The mailbox is for those who watch over operations.",
        "missing": "There is no such message.",
        "smtp": "Messages leave by the mail server that is set; none are kept here.",
    },
    "de": {
        "title": "Postfach", "skip": "Zum Inhalt", "sender": "Von", "to": "An", "sent": "Versandt",
        "attachment": "Anhang", "view": "Ansicht", "formatted": "Gestaltet", "text": "Text",
        "search": "Empfänger", "find": "Suchen", "none": "Keine Nachrichten.", "one": "1 Nachricht",
        "many": "{count} Nachrichten", "most": "Die neuesten {count} Nachrichten",
        "sign_in": "Bitte melden Sie sich mit Rechten für den Betrieb an.",
        "forbidden": "Das Postfach ist für die, die den Betrieb überwachen.",
        "missing": "Diese Nachricht gibt es nicht.",
        "smtp": "Nachrichten gehen über den eingestellten Mailserver; hier liegt keine.",
    },
}  # fmt: skip


@cache
def templates() -> Environment:
    """The pages beside GraphQL."""
    folder = FileSystemLoader(Path(__file__).parent / "templates")
    return Environment(loader=folder, autoescape=True, undefined=StrictUndefined, auto_reload=False)


def may_read(principal: Principal, settings: Settings, headers: Any, client: str | None) -> bool:
    """Whether the caller may read what customers are sent."""
    if principal.may(Permission.OPERATIONS_READ) and not principal.restricted:
        return True
    proxied = any(name in headers for name in ("forwarded", "x-forwarded-for", "x-real-ip"))
    return settings.development and settings.embedded and not proxied and _is_this_machine(client)


def may_read_person(name: str, principal: Principal, *, signed_in_needed: bool) -> bool:
    """Whether a mail may be read that leads into somebody's account: by those who could set the password themselves."""
    return not name.startswith(people.PREFIX) or not signed_in_needed or principal.may(Permission.USERS_WRITE)


def _signed_in(request: Request) -> bool:
    """Whether the mailbox is read by somebody who signed in, and not by the developer at the machine itself."""
    principal: Principal = request.state.principal
    return principal.kind is not PrincipalKind.ANONYMOUS


def _is_this_machine(client: str | None) -> bool:
    try:
        return client is not None and ipaddress.ip_address(client).is_loopback
    except ValueError:
        return False


def language(request: Request) -> Language:
    """The language of a page: what the browser asks for, if we speak it."""
    return "de" if language_of(request.headers.get("accept-language", "")) == "de" else "en"


def _page(request: Request, *, status: int = 200, **facts: Any) -> HTMLResponse:
    spoken = language(request)
    values: dict[str, Any] = {
        "language": spoken,
        "words": WORDS[spoken],
        "style": STYLE,
        "mail": None,
        "notice": None,
        "as_text": False,
        "quoted": lambda name: quote(name, safe="@"),
        "when": lambda moment: formatting.moment(moment.astimezone(UTC), spoken) + " UTC",
        "size": lambda data: f"{max(1, len(data) // 1024)} kB",
        **facts,
    }
    text = templates().get_template("mailbox.html").render(values)
    headers = {"content-security-policy": PAGE_POLICY, "cache-control": "no-store", "vary": "accept-language"}
    return HTMLResponse(text, status, headers=headers)


def _notice(request: Request, word: str, status: int) -> HTMLResponse:
    return _page(request, status=status, notice=WORDS[language(request)][word])


def _box(request: Request) -> Mailbox | Response:
    """The mailbox, or the page that says why it is not shown."""
    runtime, principal = request.app.state.runtime, request.state.principal
    client = request.client.host if request.client else None
    if not may_read(principal, runtime.settings, request.headers, client):
        if principal.kind is PrincipalKind.ANONYMOUS:
            return _notice(request, "sign_in", 401)
        return _notice(request, "forbidden", 403)
    sender = runtime.ports.get(MessageSender)
    return sender if isinstance(sender, Mailbox) else _notice(request, "smtp", 200)


async def _mail(request: Request) -> StoredMail | Response:
    box = _box(request)
    if isinstance(box, Response):
        return box
    name = request.path_params["name"]
    if not may_read_person(name, request.state.principal, signed_in_needed=_signed_in(request)):
        return _notice(request, "missing", 404)
    try:
        return await box.read_message(name)
    except NotFound:
        return _notice(request, "missing", 404)


async def _index(request: Request) -> Response:
    box = _box(request)
    if isinstance(box, Response):
        return box
    to = request.query_params.get("to", "").strip()[:254]
    known = _signed_in(request)
    found = await box.list_messages(to=to, limit=SHOWN)
    mails = [each for each in found if may_read_person(each.name, request.state.principal, signed_in_needed=known)]
    words, count = WORDS[language(request)], len(mails)
    word = {0: "none", 1: "one", SHOWN: "most"}.get(count, "many")
    return _page(request, mails=mails, to=to, found=words[word].format(count=count))


async def _one(request: Request) -> Response:
    mail = await _mail(request)
    if isinstance(mail, Response):
        return mail
    as_text = request.query_params.get("view") == "text"
    return _page(request, mail=mail, address=quote(mail.name, safe="@"), as_text=as_text)


async def _html(request: Request) -> Response:
    mail = await _mail(request)
    if isinstance(mail, Response):
        return mail
    return HTMLResponse(mail.html, headers={"content-security-policy": MAIL_POLICY, "cache-control": "no-store"})


async def _attachment(request: Request) -> Response:
    mail = await _mail(request)
    if isinstance(mail, Response):
        return mail
    number = request.path_params["number"]
    if number >= len(mail.attachments):
        return _notice(request, "missing", 404)
    attachment = mail.attachments[number]
    headers = {
        "content-disposition": f"attachment; filename*=utf-8''{quote(attachment.name, safe='')}",
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; sandbox",
    }
    return Response(attachment.data, media_type=attachment.media_type, headers=headers)


routes: list[Route] = [
    Route("/mailbox", _index, methods=["GET"]),
    Route("/mailbox/{name}", _one, methods=["GET"]),
    Route("/mailbox/{name}/html", _html, methods=["GET"]),
    Route("/mailbox/{name}/attachments/{number:int}", _attachment, methods=["GET"]),
]
