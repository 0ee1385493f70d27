"""The page of documents: the newest first, by kind and number, for those who may read them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from kontor.api.http import mailbox
from kontor.api.http.files import PERMISSIONS, permission_for, readable
from kontor.api.http.shell import POLICY
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.jobs import Runtime
from kontor.core.pagination import Page, PageRequest, Sort, paginate
from kontor.core.principal import Principal, PrincipalKind
from kontor.documents import formatting
from kontor.documents.models import Document
from kontor.documents.queries import narrowed, visible_to
from kontor.documents.values import Language
from kontor.orders.models import Order

SHOWN = 50
LONGEST_NUMBER = 60
STYLE = (
    mailbox.STYLE
    + """
form { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; }
form div { flex: 1 1 12rem; min-width: 0; display: grid; gap: .25rem; }
select { font: inherit; min-height: 2.75rem; padding: 0 .5rem; border: 1px solid var(--soft); border-radius: .375rem;
  background: var(--card); color: inherit; width: 100%; min-width: 0; }
select:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.more { padding: .75rem 0; display: inline-block; }
"""
)
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
PAGE_POLICY = POLICY.replace("style-src 'self'", f"style-src 'sha256-{_HASH}'")
KINDS: dict[Language, dict[str, str]] = {
    "en": {
        "INVOICE": "Invoice", "CREDIT_NOTE": "Credit note", "DELIVERY_NOTE": "Delivery note",
        "RETURN_SLIP": "Return slip", "RETURN_LABEL": "Return label", "PICK_LIST": "Pick list",
        "GOODS_LABEL": "Goods label", "RETURN_PHOTO": "Photo of a return",
        "CLAIM_PHOTO": "Photo of a claim",
        "INVOICE_XML": "Invoice (XML)", "CREDIT_NOTE_XML": "Credit note (XML)",
        "CUSTOMER_EXPORT": "Data of a customer", "EVIDENCE": "Evidence for a bank",
    },
    "de": {
        "INVOICE": "Rechnung", "CREDIT_NOTE": "Rechnungskorrektur", "DELIVERY_NOTE": "Lieferschein",
        "RETURN_SLIP": "Rücksendeschein", "RETURN_LABEL": "Rücksendeetikett", "PICK_LIST": "Pickliste",
        "GOODS_LABEL": "Warenetikett", "RETURN_PHOTO": "Foto einer Retoure",
        "CLAIM_PHOTO": "Foto einer Reklamation",
        "INVOICE_XML": "Rechnung (XML)",
        "CREDIT_NOTE_XML": "Rechnungskorrektur (XML)",
        "CUSTOMER_EXPORT": "Daten eines Kunden", "EVIDENCE": "Belege für eine Bank",
    },
}  # fmt: skip
WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Documents", "enter": "Sign in", "skip": "To the content", "kind": "Kind",
        "every": "All kinds", "number": "Number",
        "find": "Search", "order": "Order", "none": "No documents.", "one": "1 document",
        "many": "{count} documents", "page": "{count} documents on this page", "pages": "Pages", "next": "Older",
        "first": "Newest",
        "sign_in": "Please sign in as somebody who may read invoices, returns or orders.",
        "forbidden": "Documents are for those who may read invoices, returns or orders.",
        "astray": "This page of the list does not exist. The search starts from the newest again.",
    },
    "de": {
        "title": "Dokumente", "enter": "Anmelden", "skip": "Zum Inhalt", "kind": "Art",
        "every": "Alle Arten", "number": "Nummer",
        "find": "Suchen", "order": "Bestellung", "none": "Keine Dokumente.", "one": "1 Dokument",
        "many": "{count} Dokumente", "page": "{count} Dokumente auf dieser Seite", "pages": "Seiten",
        "next": "Ältere", "first": "Neueste",
        "sign_in": "Bitte melden Sie sich mit Leserechten für Rechnungen, Retouren oder Bestellungen an.",
        "forbidden": "Dokumente sind für die, die Rechnungen, Retouren oder Bestellungen lesen dürfen.",
        "astray": "Diese Seite der Liste gibt es nicht. Die Suche beginnt wieder mit den neuesten.",
    },
}  # fmt: skip


def kinds_of(principal: Principal, language: Language) -> dict[str, str]:
    """The kinds the principal may read, by their names in the language."""
    return {kind: name for kind, name in KINDS[language].items() if principal.may(permission_for(kind))}


def _size(length: int, language: Language) -> str:
    return f"{formatting.number(max(1, length // 1024), language)} kB"


def _render(request: Request, *, status: int = 200, **facts: Any) -> HTMLResponse:
    language = mailbox.language(request)
    values: dict[str, Any] = {
        "language": language,
        "words": WORDS[language],
        "style": STYLE,
        "names": KINDS[language],
        "notice": None,
        "refused": False,
        "size": lambda length: _size(length, language),
        "when": lambda moment: formatting.moment(moment.astimezone(UTC), language) + " UTC",
        **facts,
    }
    text = mailbox.templates().get_template("documents.html").render(values)
    headers = {"content-security-policy": PAGE_POLICY, "cache-control": "no-store", "vary": "accept-language"}
    return HTMLResponse(text, status, headers=headers)


async def _index(request: Request) -> Response:
    principal: Principal = request.state.principal
    words = WORDS[mailbox.language(request)]
    if principal.kind is PrincipalKind.ANONYMOUS:
        return _render(request, status=401, notice=words["sign_in"], refused=True)
    if not any(principal.may(each) for each in (Permission.ORDERS_READ, *PERMISSIONS.values())):
        return _render(request, status=403, notice=words["forbidden"], refused=True)
    wanted = _wanted(request.query_params)
    try:
        return await _listed(request, principal, wanted, request.query_params.get("after"))
    except InvalidInput:
        return await _listed(request, principal, wanted, None, status=400, notice=words["astray"])


def _wanted(given: Mapping[str, str]) -> dict[str, str]:
    """What the form asked for; PostgreSQL keeps no text with a zero byte."""
    number = given.get("number", "").replace("\0", "").strip()[:LONGEST_NUMBER]
    return {"kind": given.get("kind", "").replace("\0", "")[:30], "number": number}


async def _listed(
    request: Request, principal: Principal, wanted: dict[str, str], after: str | None, **facts: Any
) -> Response:
    runtime: Runtime = request.app.state.runtime
    async with runtime.database.read_only(principal) as db:
        found = visible_to(principal).where(readable(principal))
        found = narrowed(found, kind=wanted["kind"] or None, number=wanted["number"] or None)
        order = Sort(Document.created_at, descending=True)
        page: Page[Document] = await paginate(db, found, order, Document.id, PageRequest(SHOWN, after))
        orders = await _order_numbers(db, principal, page)
    language = mailbox.language(request)
    count, paged = len(page.items), page.has_next or after is not None
    word = "none" if not count else "page" if paged else "one" if count == 1 else "many"
    chosen = {name: value for name, value in wanted.items() if value}
    return _render(
        request,
        documents=page.items,
        orders=orders,
        wanted=wanted,
        kinds=kinds_of(principal, language),
        found=WORDS[language][word].format(count=count),
        older=f"/documents?{urlencode({**chosen, 'after': page.cursors[-1]})}" if page.has_next else None,
        newest=f"/documents?{urlencode(chosen)}" if after is not None else None,
        **facts,
    )


async def _order_numbers(db: Session, principal: Principal, page: Page[Document]) -> dict[UUID | None, str]:
    """The numbers of the documents' orders, for those who may read orders."""
    ids = {document.order_id for document in page.items if document.order_id is not None}
    if not ids or not principal.may(Permission.ORDERS_READ):
        return {}
    rows = await db.execute(sa.select(Order.id, Order.number).where(Order.id.in_(ids)))
    return {row.id: row.number for row in rows}


routes: list[Route] = [Route("/documents", _index, methods=["GET"])]
