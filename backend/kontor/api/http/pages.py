"""The start page and, in development, the API explorer."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from kontor.api.graphql.context import language_of
from kontor.api.http.shell import POLICY

STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --soft: #566070; --paper: #f7f8fa; --card: #fff; --line: #d5dae2;
  --accent: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf0; --soft: #a8b1c0; --paper: #12161d; --card: #1b212b;
  --line: #333c4a; --accent: #8ab4f8; } }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
main { max-width: 44rem; margin: 0 auto; padding: 3rem 1.25rem; }
h1 { font-size: 2rem; margin: 0; }
p { color: var(--soft); margin: .25rem 0 2rem; }
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem;
  grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); }
a { display: block; padding: 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--card);
  color: inherit; text-decoration: none; }
a:hover strong { text-decoration: underline; }
a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
strong { display: block; color: var(--accent); }
span { color: var(--soft); }
"""
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
PAGE_POLICY = POLICY.replace("style-src 'self'", f"style-src 'self' 'sha256-{STYLE_HASH}'")
# The explorer's editor sets styles from its script, its style sheet holds fonts.
EXPLORER_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'").replace(
    "font-src 'self'", "font-src 'self' data:"
)

Link = tuple[str, str, str]
TEXTS: dict[str, tuple[str, tuple[Link, ...]]] = {
    "en": (
        "Distributed order management",
        (
            ("/care", "Customer care", "Every order with what is true about it, and what needs somebody"),
            ("/portal", "Partner portal", "Orders that dropshippers answer and send"),
            ("/admin", "Administration", "Partners: what is agreed, what they offer, how they do"),
            ("/graphql", "API explorer", "Ask and change everything with GraphQL"),
            ("/mailbox", "Mailbox", "The messages Kontor has sent"),
            ("/documents", "Documents", "Invoices, credit notes and labels"),
            ("/sign-in", "Sign in", "As one of the people of this company"),
            ("/health/ready", "Health", "Database, migrations, relay and queue"),
        ),
    ),
    "de": (
        "Verteilte Auftragsabwicklung",
        (
            ("/care", "Kundenservice", "Jeder Auftrag mit allem, was für ihn gilt, und was jemanden braucht"),
            ("/portal", "Partnerportal", "Aufträge, die Lieferanten beantworten und versenden"),
            ("/admin", "Verwaltung", "Partner: was vereinbart ist, was sie anbieten, wie gut sie sind"),
            ("/graphql", "API-Explorer", "Alles abfragen und ändern mit GraphQL"),
            ("/mailbox", "Postfach", "Die Nachrichten, die Kontor versandt hat"),
            ("/documents", "Dokumente", "Rechnungen, Gutschriften und Etiketten"),
            ("/sign-in", "Anmelden", "Als eine der Personen dieses Unternehmens"),
            ("/health/ready", "Zustand", "Datenbank, Migrationen, Zusteller und Warteschlange"),
        ),
    ),
}
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b57d0"/>'
    '<path d="M10 7v18M22 7l-9 9 9 9" fill="none" stroke="#fff" stroke-width="4"/></svg>'
)
EXPLORER = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kontor: API explorer</title>
<link rel="stylesheet" href="/vendor/graphiql/graphiql.min.css">
<link rel="stylesheet" href="/explorer/explorer.css">
<script defer src="/vendor/graphiql/react.production.min.js"></script>
<script defer src="/vendor/graphiql/react-dom.production.min.js"></script>
<script defer src="/vendor/graphiql/graphiql.min.js"></script>
<script defer src="/explorer/explorer.js"></script>
</head>
<body><main id="explorer">…</main></body>
</html>
"""


async def _start(request: Request) -> Response:
    language = language_of(request.headers.get("accept-language", ""))
    development: bool = request.app.state.settings.development
    page = start_page(language, explorer_there=development)
    return HTMLResponse(page, headers={"content-security-policy": PAGE_POLICY, "vary": "accept-language"})


def start_page(language: str, *, explorer_there: bool = True) -> str:
    """The page in a language we speak; it leads nowhere that is not there."""
    claim, links = TEXTS[language]
    links = tuple(link for link in links if explorer_there or link[0] != "/graphql")
    items = "".join(
        f'<li><a href="{href}"><strong>{escape(name)}</strong><span>{escape(text)}</span></a></li>'
        for href, name, text in links
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Kontor</title>'
        f"<style>{STYLE}</style></head><body><main><h1>Kontor</h1><p>{escape(claim)}</p>"
        f"<nav><ul>{items}</ul></nav></main></body></html>"
    )


async def explorer(_request: Request) -> Response:
    """The API explorer, for development."""
    return HTMLResponse(EXPLORER, headers={"content-security-policy": EXPLORER_POLICY})


async def _icon(_request: Request) -> Response:
    return Response(ICON, media_type="image/svg+xml", headers={"cache-control": "public, max-age=86400"})


routes: list[Route] = [Route("/", _start, methods=["GET"]), Route("/favicon.ico", _icon, methods=["GET"])]
