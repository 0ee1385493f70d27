import asyncio
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from prometheus_client import REGISTRY
from pypdf import PdfReader

from documents import samples
from kontor.core.errors import InvalidInput
from kontor.documents.rendering import Renderer
from kontor.documents.values import Attachment, Brand, Document, Language

KINDS: dict[str, Callable[[Language], Document]] = {
    "invoice": samples.invoice,
    "credit note": samples.credit_note,
    "delivery note": samples.delivery_note,
    "return slip": samples.return_slip,
    "pick list": samples.pick_list,
    "goods label": samples.goods_label,
}
TITLES = {
    ("invoice", "de"): "Rechnung RE-2026-000123",
    ("invoice", "en"): "Invoice RE-2026-000123",
    ("credit note", "de"): "Rechnungskorrektur RK-2026-000017",
    ("credit note", "en"): "Credit note RK-2026-000017",
    ("delivery note", "de"): "Lieferschein LS-2026-000987",
    ("delivery note", "en"): "Delivery note LS-2026-000987",
    ("return slip", "de"): "Rücksendeschein RMA-2026-000045",
    ("return slip", "en"): "Return slip RMA-2026-000045",
    ("pick list", "de"): "Pickliste PL-3321",
    ("pick list", "en"): "Pick list PL-3321",
    ("goods label", "de"): "Niedrigster Preis der letzten 30 Tage: 24,90 €",
    ("goods label", "en"): "Lowest price of the last 30 days: €24.90",
}


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer()


def text_of(pdf: bytes) -> str:
    pages = PdfReader(io.BytesIO(pdf)).pages
    return "\n".join(page.extract_text() for page in pages).replace("\xa0", " ")


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_it_is(renderer: Renderer, kind: str, language: Language) -> None:
    assert TITLES[kind, language] in text_of(renderer.render(KINDS[kind](language)))


@pytest.mark.parametrize("kind", KINDS)
def test_same_document_gives_same_bytes(renderer: Renderer, kind: str) -> None:
    first = renderer.render(KINDS[kind]("de"))
    assert Renderer().render(KINDS[kind]("de")) == first


def test_pdf_claims_archival_conformance_and_language(renderer: Renderer) -> None:
    reader = PdfReader(io.BytesIO(renderer.render(samples.invoice("en"))))
    metadata = reader.trailer["/Root"]["/Metadata"].get_data().decode()  # type: ignore[index]
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in metadata
    assert reader.trailer["/Root"]["/Lang"] == "en"  # type: ignore[index]


def test_date_of_document_is_date_of_file(renderer: Renderer) -> None:
    reader = PdfReader(io.BytesIO(renderer.render(samples.invoice())))
    assert reader.metadata is not None
    created = reader.metadata.creation_date
    assert created is not None
    assert created.date() == date(2026, 11, 22)


def test_attachment_can_be_read_back(renderer: Renderer) -> None:
    xml = Attachment(name="factur-x.xml", data=b"<a>\xc3\xbc</a>", media_type="text/xml", description="Rechnungsdaten")
    reader = PdfReader(io.BytesIO(renderer.render(samples.invoice(), attachments=[xml])))
    assert reader.attachments["factur-x.xml"] == [b"<a>\xc3\xbc</a>"]


def test_attachment_that_is_no_text_is_refused(renderer: Renderer) -> None:
    binary = Attachment(name="x.bin", data=b"\xff\xfe", media_type="application/octet-stream", description="")
    with pytest.raises(InvalidInput) as refusal:
        renderer.render(samples.invoice(), attachments=[binary])
    assert refusal.value.code == "ATTACHMENT_NOT_TEXT"


def test_characters_without_glyph_never_stop_a_document(renderer: Renderer) -> None:
    customer = replace(samples.CUSTOMER, name="山田 Tarō \x07🎉!")
    text = text_of(renderer.render(samples.invoice(recipient=customer)))
    assert "□□ Tarō !" in text


def test_markup_in_customer_text_stays_text(renderer: Renderer) -> None:
    customer = replace(samples.CUSTOMER, name='#read("/etc/passwd") *a* $x$')
    assert '#read("/etc/passwd") *a* $x$' in text_of(renderer.render(samples.invoice(recipient=customer)))


def test_broken_logo_is_refused_as_input(renderer: Renderer) -> None:
    with pytest.raises(InvalidInput) as refusal:
        renderer.render(samples.invoice(brand=Brand(name="Nordlicht", logo_svg="<svg")))
    assert refusal.value.code == "NOT_DRAWABLE"


def test_long_invoice_repeats_header_and_counts_pages(renderer: Renderer) -> None:
    lines = tuple(samples.coat(sku=f"NL-{number}") for number in range(60))
    pdf = renderer.render(samples.invoice(lines=lines))
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    assert len(pages) == 4
    assert all("Einzelpreis" in page for page in pages[:3])
    assert [f"Seite {number} von 4" in page for number, page in enumerate(pages, start=1)] == [True] * 4
    assert all("Rechnung RE-2026-000123" in page for page in pages)


def test_one_renderer_serves_many_threads(renderer: Renderer) -> None:
    documents = [samples.invoice(number=f"RE-{number}") for number in range(12)]
    with ThreadPoolExecutor(max_workers=4) as pool:
        parallel = list(pool.map(renderer.render, documents))
    assert parallel == [renderer.render(document) for document in documents]


def test_rendering_in_event_loop_gives_the_same() -> None:
    own = Renderer()
    assert asyncio.run(own.render_async(samples.invoice())) == own.render(samples.invoice())
    own.close()


def test_labels_are_as_many_as_ordered(renderer: Renderer) -> None:
    reader = PdfReader(io.BytesIO(renderer.render(samples.goods_label(copies=3, width_mm=62, height_mm=29))))
    assert len(reader.pages) == 3
    assert round(float(reader.pages[0].mediabox.width) / 72 * 25.4) == 62


def test_drawing_counts_the_pages_and_the_cpu_they_took() -> None:
    def counted(name: str) -> float:
        return REGISTRY.get_sample_value(name, {"template": "billing.typ"}) or 0.0

    drawn, seconds = counted("kontor_documents_drawn_total"), counted("kontor_document_cpu_seconds_total")
    Renderer().render(samples.invoice())
    assert counted("kontor_documents_drawn_total") == drawn + 1
    assert counted("kontor_document_cpu_seconds_total") > seconds
