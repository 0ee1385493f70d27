"""Document values to PDF/A-3b. The same value gives the same bytes, on any machine: fonts are ours, time is the
document's own."""

import asyncio
import json
import re
import threading
import time
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import typst
from prometheus_client import Counter

from kontor.core.errors import InvalidInput
from kontor.documents import hybrid
from kontor.documents.billing import credit_note_view, invoice_view
from kontor.documents.formatting import TEMPLATES
from kontor.documents.labels import parcel_label_view
from kontor.documents.papers import (
    delivery_note_view,
    evidence_view,
    goods_label_view,
    pick_list_view,
    return_slip_view,
)
from kontor.documents.values import (
    Attachment,
    CreditNoteDocument,
    DeliveryNote,
    Document,
    EvidencePack,
    GoodsLabel,
    InvoiceDocument,
    ParcelLabel,
    PickList,
    ReturnSlip,
)

_PAGES: dict[type, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    InvoiceDocument: ("billing.typ", invoice_view),
    CreditNoteDocument: ("billing.typ", credit_note_view),
    DeliveryNote: ("delivery_note.typ", delivery_note_view),
    ReturnSlip: ("return_slip.typ", return_slip_view),
    PickList: ("pick_list.typ", pick_list_view),
    GoodsLabel: ("goods_label.typ", goods_label_view),
    ParcelLabel: ("parcel_label.typ", parcel_label_view),
    EvidencePack: ("evidence.typ", evidence_view),
}
CPU_SECONDS = Counter("kontor_document_cpu_seconds_total", "CPU spent on drawing documents", ["template"])
DRAWN = Counter("kontor_documents_drawn_total", "Documents drawn", ["template"])
_UNPRINTABLE = re.compile(r'the text `"(.*?)"` could not be displayed')
_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}")
_MARKUP_ONLY = frozenset({"logo", "code", "sscc_code"})


class Renderer:
    """Renders documents; safe to share between threads, each of which keeps its own warm compilers.

    `font_folders` adds fonts for scripts that ours (Latin, Greek, Cyrillic) do not have.
    """

    def __init__(self, *, font_folders: Sequence[Path] = (), workers: int = 1) -> None:
        folders = [TEMPLATES / "fonts", *font_folders]
        self._fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(folder) for folder in folders])
        self._local = threading.local()
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="render")

    def render(self, document: Document, *, attachments: Sequence[Attachment] = ()) -> bytes:
        """The document as PDF/A-3b. Blocks for some 10 ms. Invoice data inside are declared as Factur-X wants it.

        Characters without a glyph never stop a document: symbols are left out, letters become "□". `InvalidInput`
        when the logo is no SVG, an attachment no UTF-8 text, or the color or language not ours.
        """
        template, view_of = _PAGES[type(document)]
        # All of it runs in this thread, the page's setting included.
        begun = time.thread_time()
        try:
            return self._draw(template, view_of(document), _date_of(document), attachments)
        finally:
            CPU_SECONDS.labels(template).inc(time.thread_time() - begun)
            DRAWN.labels(template).inc()

    def _draw(self, template: str, view: dict[str, Any], day: date, attachments: Sequence[Attachment]) -> bytes:
        view["date"] = [day.year, day.month, day.day]
        view["attachments"] = [_attachment(attachment) for attachment in attachments]
        timestamp = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        pdf = self._compile(template, view, timestamp)
        return hybrid.declared(pdf) if any(each.name == hybrid.FILE_NAME for each in attachments) else pdf

    async def render_async(self, document: Document, *, attachments: Sequence[Attachment] = ()) -> bytes:
        """`render` in a thread of this renderer, so that the event loop stays free."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: self.render(document, attachments=attachments))

    def close(self) -> None:
        """Let the threads of `render_async` end."""
        self._pool.shutdown()

    def _compile(self, template: str, view: dict[str, Any], timestamp: int) -> bytes:
        compiler, data, tried = self._compiler(template), view, ""
        while True:
            try:
                pdf = compiler.compile(
                    format="pdf", sys_inputs={"data": json.dumps(data)}, pdf_standards="a-3b", timestamp=timestamp
                )
            except typst.TypstError as error:
                unprintable = _unprintable(f"{error.message}\n{error.diagnostic}")
                if not unprintable or unprintable <= set(tried):
                    raise InvalidInput(f"the document cannot be drawn: {error.message}", code="NOT_DRAWABLE") from error
                tried += "".join(sorted(unprintable))
                data = _replaced(view, {ord(character): _substitute(character) for character in tried})
            else:
                assert isinstance(pdf, bytes)
                return pdf

    def _compiler(self, template: str) -> typst.Compiler:
        compilers: dict[str, typst.Compiler] | None = getattr(self._local, "compilers", None)
        if compilers is None:
            compilers = self._local.compilers = {}
        if template not in compilers:
            # A path, not bytes: a compiler made from bytes loses its main file at the second compile.
            compilers[template] = typst.Compiler(
                str(TEMPLATES / template), root=str(TEMPLATES), font_paths=self._fonts, ignore_system_fonts=True
            )
        return compilers[template]


def _date_of(document: Document) -> date:
    if isinstance(document, PickList):
        return document.created_at.date()
    return document.printed_on if isinstance(document, GoodsLabel | ParcelLabel) else document.issued_on


def _attachment(attachment: Attachment) -> dict[str, str]:
    try:
        text = attachment.data.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{attachment.name} is not UTF-8 text", code="ATTACHMENT_NOT_TEXT") from error
    return {
        "name": attachment.name,
        "text": text,
        "media_type": attachment.media_type,
        "description": attachment.description,
        "relationship": attachment.relationship,
    }


def _unprintable(diagnostic: str) -> set[str]:
    clusters = _UNPRINTABLE.findall(diagnostic)
    plain = "".join(_ESCAPE.sub(lambda found: chr(int(found[1], 16)), cluster) for cluster in clusters)
    return {character for character in plain if not " " <= character <= "~"}


def _substitute(character: str) -> str:
    """Letters and digits leave a visible gap; emoji, joiners and control characters just go."""
    return "□" if unicodedata.category(character)[0] in "LN" else ""


def _replaced(node: Any, table: dict[int, str]) -> Any:
    if isinstance(node, str):
        return node.translate(table)
    if isinstance(node, list | tuple):
        return [_replaced(child, table) for child in node]
    if isinstance(node, dict):
        # Attachments and pictures are not set in type and stay as they are.
        return {k: v if k in _MARKUP_ONLY or k == "attachments" else _replaced(v, table) for k, v in node.items()}
    return node
