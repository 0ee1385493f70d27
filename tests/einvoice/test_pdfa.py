"""Pages are PDF/A-3b by the judgment of others, with data inside and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from documents import samples
from einvoice.contents import credit_note, invoice
from einvoice.pdfa import judged
from einvoice.played import played
from einvoice.test_documents import ORDERS, SEED
from kontor.core.db import Database
from kontor.documents import hybrid
from kontor.documents.rendering import Renderer
from kontor.documents.values import Document
from kontor.invoicing.cii import cii
from kontor.invoicing.electronic import InvoiceForm, written

# The documents of one order in so many are judged: a file takes a third of a second.
ONE_IN = 40
LEAST = 4
PAGES: dict[str, Document] = {
    "invoice de": samples.invoice("de"),
    "invoice en": samples.invoice("en"),
    "credit note de": samples.credit_note("de"),
    "delivery note de": samples.delivery_note("de"),
    "return slip en": samples.return_slip("en"),
    "pick list": samples.pick_list(),
    "goods label": samples.goods_label(),
}
# What is changed in a good file without moving a byte, and the clause of ISO 19005-3 that it breaks.
BROKEN = {
    "a font that is not inside": (b"/FontFile3", b"/FontFilx3", "6.2.11.4.1-1"),
    "no metadata": (b"0 R/Metadata", b"0 R/Metadatx", "6.6.2.1-1"),
    "a property not described": (b"Property:name>DocumentType<", b"Property:name>DocumentTypo<", "6.6.2.3.1-1"),
    "another part of the standard": (b"<pdfaid:part>3<", b"<pdfaid:part>2<", "6.6.4-2"),
    "another level": (b"<pdfaid:conformance>B<", b"<pdfaid:conformance>X<", "6.6.4-3"),
    "data of no stated type": (b"/Subtype/text#2Fxml", b"/Subtypo/text#2Fxml", "6.8-1"),
    "data of no stated relationship": (b"/AFRelationship", b"/AFRelationshiq", "6.8-3"),
}  # fmt: skip


def test_every_kind_of_page_is_pdf_a(tmp_path: Path) -> None:
    renderer = Renderer()
    files = {name: renderer.render(page) for name, page in PAGES.items()}
    for name, page, content in (
        ("invoice with data", samples.invoice(), invoice()),
        ("credit note with data", samples.credit_note(), credit_note()),
    ):
        files[name] = renderer.render(page, attachments=[hybrid.attachment(cii(content), "R-1")])
    verdicts = judged(files, tmp_path)
    assert {name: verdict.faults for name, verdict in verdicts.items()} == dict.fromkeys(files, ())
    assert min(verdict.checks for verdict in verdicts.values()) > 1000


def test_faults_are_found(tmp_path: Path) -> None:
    good = Renderer().render(samples.invoice(), attachments=[hybrid.attachment(cii(invoice()), "R-1")])
    assert all(before in good for before, _, _ in BROKEN.values())
    files = {name: good.replace(before, after) for name, (before, after, _) in BROKEN.items()}
    verdicts = judged(files, tmp_path)
    for name, (_, _, clause) in BROKEN.items():
        assert any(fault.startswith(f"{clause} ") for fault in verdicts[name].faults), (name, verdicts[name])


@pytest.mark.engine("sqlite")
async def test_pages_of_random_orders_are_pdf_a(database: Database, tmp_path: Path) -> None:
    renderer, files = Renderer(), {}
    wanted = max(LEAST, ORDERS // ONE_IN)
    async for papers in played(database, SEED, wanted):
        for paper in papers:
            data = written(paper, InvoiceForm.CII).data
            files[paper.page.number] = renderer.render(
                paper.page, attachments=[hybrid.attachment(data, paper.page.number)]
            )
    verdicts = judged(files, tmp_path)
    assert len(verdicts) >= wanted
    assert {name: verdict.faults for name, verdict in verdicts.items()} == dict.fromkeys(files, ())
