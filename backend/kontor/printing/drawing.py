"""Draw the papers of a file and put them together."""

import asyncio
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from pypdf import PdfReader, PdfWriter, Transformation

from kontor.core.db import Database
from kontor.documents import service as documents
from kontor.documents.models import Document
from kontor.documents.ports import DocumentStore
from kontor.documents.rendering import Renderer
from kontor.documents.service import NewDocument
from kontor.printing import queries
from kontor.printing.models import PrintBatch, PrintedPaper
from kontor.printing.pages import page_of
from kontor.printing.values import LABELS, PaperSize

AT_ONCE = 20
MILLIMETER = 72 / 25.4  # in points
FITS = 1.02  # as large as the paper, but for the rounding of printers' drivers


class Sheet(NamedTuple):
    """A paper as it goes into the file; labels are fitted to the paper in the printer."""

    data: bytes
    label: bool = False


@dataclass(slots=True)
class Drawn:
    """A file put together: its bytes and pages, and the papers that were drawn for it."""

    data: bytes = b""
    pages: int = 0
    papers: list[tuple[UUID, NewDocument]] = field(default_factory=list)


async def draw(database: Database, renderer: Renderer, store: DocumentStore, batch: PrintBatch) -> Drawn:
    """The file of a batch. Papers that were drawn before are taken as they are; the others are kept."""
    drawn, writer = Drawn(), PdfWriter()
    for start in range(0, len(batch.items), AT_ONCE):
        items = batch.items[start : start + AT_ONCE]
        sheets = await _sheets(database, renderer, store, items, drawn)
        await asyncio.to_thread(_append, writer, sheets, batch.size)
        if start + AT_ONCE < len(batch.items):
            await _note_progress(database, batch.id, start + len(items))
    drawn.data, drawn.pages = await asyncio.to_thread(_written, writer)
    return drawn


async def _sheets(
    database: Database, renderer: Renderer, store: DocumentStore, items: Sequence[Mapping[str, str]], drawn: Drawn
) -> list[Sheet]:
    async with database.read_only() as db:
        papers = await queries.papers_by_id(db, [UUID(item["paper"]) for item in items if "paper" in item])
        kept = [UUID(item["document"]) for item in items if "document" in item]
        kept += [paper.document_id for paper in papers.values() if paper.document_id is not None]
        files = await queries.documents_by_id(db, kept)
        logos = await queries.logos_of(db, [paper.content["brand"] for paper in papers.values()])

    async def sheet(item: Mapping[str, str]) -> Sheet:
        if "document" in item:
            file = files[UUID(item["document"])]
            return Sheet(await documents.read(store, file), file.kind in LABELS)
        paper = papers[UUID(item["paper"])]
        return Sheet(await _sheet(paper, files, logos, renderer, store, drawn), paper.kind in LABELS)

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
    brand = paper.content["brand"]
    page = page_of(paper.kind, paper.content, logos.get(brand.get("id") or brand.get("entity", ""), ""))
    data = await renderer.render_async(page)
    new = NewDocument(
        kind=paper.kind.value,
        number=paper.number,
        key=f"papers/{paper.kind.lower().replace('_', '-')}s/{paper.id}.pdf",
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


def _append(writer: PdfWriter, sheets: Sequence[Sheet], size: PaperSize) -> None:
    width, height = (side * MILLIMETER for side in size.millimeters)
    for sheet in sheets:
        for page in PdfReader(io.BytesIO(sheet.data)).pages:
            own = float(page.mediabox.width), float(page.mediabox.height)
            if not sheet.label or all(
                one / FITS <= other <= one * FITS for one, other in zip(own, (width, height), strict=True)
            ):
                writer.add_page(page)
                continue
            # In its own size at the upper left, where it is cut off; smaller only where the paper is smaller.
            scale = min(1.0, width / own[0], height / own[1])
            place = Transformation().scale(scale).translate(0, height - own[1] * scale)
            writer.add_blank_page(width, height).merge_transformed_page(page, place)


def _written(writer: PdfWriter) -> tuple[bytes, int]:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue(), len(writer.pages)


async def _note_progress(database: Database, batch_id: UUID, done: int) -> None:
    async with database.unit_of_work() as db:
        batch = await db.get(PrintBatch, batch_id)
        if batch is not None:
            batch.done = done
