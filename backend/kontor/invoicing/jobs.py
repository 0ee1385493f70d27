"""Jobs of invoicing: draw documents, post the journal, credit what was refunded."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import structlog

from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.documents import hybrid
from kontor.documents import service as documents
from kontor.documents.ports import DocumentStore
from kontor.documents.rendering import Renderer
from kontor.documents.service import NewDocument
from kontor.invoicing import dunning, journal, late_interest, service
from kontor.invoicing.electronic import InvoiceForm, written
from kontor.invoicing.errors import NotExpressible
from kontor.invoicing.open_items import note_open_items
from kontor.invoicing.papers import Paper, attach, papers_of

_log = structlog.get_logger(__name__)


@job("invoicing.render", queue="documents", batch=20)
async def render(ctx: JobContext, items: Sequence[Item]) -> None:
    """Draw and keep the page of an invoice or credit note. Drawn again, it is the same to the byte."""
    invoices = [UUID(item.args["invoice_id"]) for item in items if item.event != "CreditNoteIssued"]
    notes = [UUID(item.args["credit_note_id"]) for item in items if item.event == "CreditNoteIssued"]
    async with ctx.database.read_only() as db:
        papers = await papers_of(db, invoices, notes)
    renderer, store = ctx.ports.get(Renderer), ctx.ports.get(DocumentStore)  # type: ignore[type-abstract]

    async def keep(paper: Paper) -> list[NewDocument]:
        drawn = await _draw(renderer, paper)
        for each in drawn:
            await documents.put(store, each)
        return drawn

    kept = await asyncio.gather(*(keep(paper) for paper in papers))
    async with ctx.claim(*items) as (db, mine):
        subjects = {UUID(item.args.get("credit_note_id") or item.args["invoice_id"]) for item in mine}
        ours = [(paper, new) for paper, new in zip(papers, kept, strict=True) if paper.row_id in subjects]
        ids = await documents.add_all(db, [new[0] for _, new in ours], now=db.now)
        await documents.add_all(db, [each for _, new in ours for each in new[1:]], now=db.now)
        await attach(db, [paper for paper, _ in ours], ids)


async def _draw(renderer: Renderer, paper: Paper) -> list[NewDocument]:
    """The page with its data inside, and the data beside it; the page alone where the standard has no terms for it."""
    try:
        data = written(paper, InvoiceForm.CII).data
    except NotExpressible as refusal:
        _log.warning("no electronic invoice", number=paper.page.number, terms=refusal.params["terms"])
        return [_document(paper, await renderer.render_async(paper.page))]
    inside = [hybrid.attachment(data, paper.page.number)]
    page = _document(paper, await renderer.render_async(paper.page, attachments=inside))
    key = f"{paper.key.removesuffix('.pdf')}.xml"
    beside = replace(page, kind=f"{paper.kind}_XML", key=key, data=data, content_type="application/xml")
    return [page, beside]


def _document(paper: Paper, data: bytes) -> NewDocument:
    return NewDocument(
        kind=paper.kind,
        number=paper.page.number,
        key=paper.key,
        data=data,
        order_id=paper.order_id,
        subject_id=paper.row_id,
        channel_id=paper.channel_id,
        customer_id=paper.customer_id,
        language=paper.page.language,
    )


@job("invoicing.post_journal", queue="finance", batch=200)
async def post_journal(ctx: JobContext, items: Sequence[Item]) -> None:
    """Post what financial events move, lay the income over the invoices, and note what is open."""
    async with ctx.claim(*items) as (db, mine):
        order_ids = {order_id for item in mine if (order_id := journal.order_of(item)) is not None}
        await journal.post(db, mine)
        await service.settle_invoices(db, order_ids, now=db.now)
        await db.flush()
        await note_open_items(db, order_ids, now=db.now)


@job("invoicing.credit", queue="finance", batch=50)
async def credit(ctx: JobContext, items: Sequence[Item]) -> None:
    """Credit the invoiced goods that a refund was for: `refund_id`."""
    async with ctx.claim(*items) as (db, mine):
        await service.issue_credit_notes(db, [UUID(item.args["refund_id"]) for item in mine], now=db.now)


@job("invoicing.remind", queue="finance", every=timedelta(hours=1))
async def remind(ctx: JobContext, items: Sequence[Item]) -> None:
    """Mark what is overdue and send reminders, a few hundred invoices in a unit of work of their own.

    And book interest whose base rate has become known.
    """
    await _remind(ctx)
    await _book_late_interest(ctx)


async def _remind(ctx: JobContext) -> None:
    after: UUID | None = None
    while True:
        async with ctx.database.unit_of_work() as db:
            ids = await dunning.overdue(db, now=db.now, after=after)
            await dunning.remind(db, ids, now=db.now)
        if len(ids) < dunning.AT_ONCE:
            break
        after = ids[-1]


async def _book_late_interest(ctx: JobContext) -> None:
    after: UUID | None = None
    while True:
        async with ctx.database.unit_of_work() as db:
            ids = await late_interest.behind(db, after)
            await late_interest.catch_up(db, ids)
        if len(ids) < late_interest.AT_ONCE:
            break
        after = ids[-1]
