"""Draw the papers of a file and put them together."""

import asyncio
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pypdf import PdfReader, PdfWriter

from kontor.core.db import Database
from kontor.documents import service as documents
from kontor.documents.frozen import address_of, brand_of, seller_of
from kontor.documents.models import Document
from kontor.documents.ports import DocumentStore
from kontor.documents.rendering import Renderer
from kontor.documents.service import NewDocument
from kontor.documents.values import DeliveryLine, DeliveryNote, PickLine, PickList
from kontor.documents.values import Document as Page
from kontor.printing import queries
from kontor.printing.models import PrintBatch, PrintedPaper
from kontor.printing.values import PaperKind

AT_ONCE = 20
FOLDERS = {PaperKind.PICK_LIST: "pick-lists", PaperKind.DELIVERY_NOTE: "delivery-notes"}


@dataclass(slots=True)
class Drawn:
    """A file put together: its bytes and pages, and the papers that were drawn for it."""

    data: bytes = b""
    pages: int = 0
    papers: list[tuple[UUID, NewDocument]] = field(default_factory=list)


def page_of(paper: PrintedPaper, logos: Mapping[str, str]) -> Page:
    """What a paper says as its page shows it."""
    content = paper.content
    brand = brand_of(content["brand"], logos.get(content["brand"].get("entity", ""), ""))
    if paper.kind is PaperKind.PICK_LIST:
        return PickList(
            number=paper.number,
            location=content["location"],
            created_at=datetime.fromisoformat(content["created_at"]),
            language=content["language"],
            brand=brand,
            lines=tuple(
                PickLine(
                    name=line["name"], quantity=line["quantity"], sku=line["sku"], gtin=line["gtin"],
                    order_number=line["order"],
                )
                for line in content["lines"]
            ),
        )  # fmt: skip
    return DeliveryNote(
        **_letter(content, brand),
        lines=tuple(DeliveryLine(**line) for line in content["lines"]),
        gift_message=content["gift_message"],
    )


def _letter(content: Mapping[str, Any], brand: Any) -> dict[str, Any]:
    return {
        "number": content["number"],
        "issued_on": date.fromisoformat(content["issued_on"]),
        "language": content["language"],
        "seller": seller_of(content["seller"]),
        "brand": brand,
        "recipient": address_of(content["recipient"]),
        "order_number": content["order_number"],
        "notes": tuple(content["notes"]),
    }


async def draw(database: Database, renderer: Renderer, store: DocumentStore, batch: PrintBatch) -> Drawn:
    """The file of a batch. Papers that were drawn before are taken as they are; the others are kept."""
    drawn, writer = Drawn(), PdfWriter()
    for start in range(0, len(batch.items), AT_ONCE):
        items = batch.items[start : start + AT_ONCE]
        sheets = await _sheets(database, renderer, store, items, drawn)
        await asyncio.to_thread(_append, writer, sheets)
        if start + AT_ONCE < len(batch.items):
            await _note_progress(database, batch.id, start + len(items))
    drawn.data, drawn.pages = await asyncio.to_thread(_written, writer)
    return drawn


async def _sheets(
    database: Database, renderer: Renderer, store: DocumentStore, items: Sequence[Mapping[str, str]], drawn: Drawn
) -> list[bytes]:
    async with database.read_only() as db:
        papers = await queries.papers_by_id(db, [UUID(item["paper"]) for item in items if "paper" in item])
        kept = [UUID(item["document"]) for item in items if "document" in item]
        kept += [paper.document_id for paper in papers.values() if paper.document_id is not None]
        files = await queries.documents_by_id(db, kept)
        entities = {paper.content["brand"].get("entity") for paper in papers.values()}
        logos = await queries.logos_of(db, [each for each in entities if each])

    async def sheet(item: Mapping[str, str]) -> bytes:
        if "document" in item:
            return await documents.read(store, files[UUID(item["document"])])
        return await _sheet(papers[UUID(item["paper"])], files, logos, renderer, store, drawn)

    return await asyncio.gather(*(sheet(item) for item in items))


async def _sheet(
    paper: PrintedPaper,
    files: Mapping[UUID, Document],
    logos: Mapping[str, str],
    renderer: Renderer,
    store: DocumentStore,
    drawn: Drawn,
) -> bytes:
    if paper.document_id is not None:
        return await documents.read(store, files[paper.document_id])
    page = page_of(paper, logos)
    data = await renderer.render_async(page)
    new = NewDocument(
        kind=paper.kind.value,
        number=paper.number,
        key=f"{FOLDERS[paper.kind]}/{paper.id}.pdf",
        data=data,
        order_id=paper.order_id,
        subject_id=paper.subject_id,
        channel_id=paper.channel_id,
        customer_id=paper.customer_id,
        language=page.language,
    )
    await documents.put(store, new)
    drawn.papers.append((paper.id, new))
    return data


def _append(writer: PdfWriter, sheets: Sequence[bytes]) -> None:
    for data in sheets:
        for page in PdfReader(io.BytesIO(data)).pages:
            writer.add_page(page)


def _written(writer: PdfWriter) -> tuple[bytes, int]:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue(), len(writer.pages)


async def _note_progress(database: Database, batch_id: UUID, done: int) -> None:
    async with database.unit_of_work() as db:
        batch = await db.get(PrintBatch, batch_id)
        if batch is not None:
            batch.done = done
