"""Jobs of printing: draw files, and forget them when their day is over."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.documents import service as documents
from kontor.documents.ports import DocumentStore
from kontor.documents.rendering import Renderer
from kontor.printing.drawing import Drawn, draw
from kontor.printing.models import PrintBatch, PrintedPaper
from kontor.printing.service import DRAW, KEPT_FOR

FORGOTTEN_AT_ONCE = 500


@job(DRAW, queue="documents")
async def draw_batch(ctx: JobContext, items: Sequence[Item]) -> None:
    """Draw the file of a batch: `batch_id`. Drawn again, its papers are the same to the byte."""
    renderer, store = ctx.ports.get(Renderer), ctx.ports.get(DocumentStore)  # type: ignore[type-abstract]
    for item in items:
        batch_id = UUID(item.args["batch_id"])
        async with ctx.database.read_only() as db:
            batch = await db.get(PrintBatch, batch_id)
        if batch is None or batch.finished_at is not None:
            continue
        try:
            drawn = await draw(ctx.database, renderer, store, batch)
        except Exception as problem:
            await _note_problem(ctx, batch_id, str(problem))
            raise
        key = f"print/{batch_id}.pdf"
        await store.put(key, drawn.data, "application/pdf")
        async with ctx.claim(item) as (db, mine):
            if mine:
                await _finish(db, batch_id, key, drawn)


async def _finish(db: Session, batch_id: UUID, key: str, drawn: Drawn) -> None:
    # What another file drew meanwhile is the same paper, and is noted already.
    papers = [paper_id for paper_id, _ in drawn.papers]
    noted = set(await db.scalars(_unnoted(papers))) if papers else set()
    new = [(paper_id, document) for paper_id, document in drawn.papers if paper_id in noted]
    ids = await documents.add_all(db, [document for _, document in new], now=db.now)
    for (paper_id, _), document_id in zip(new, ids, strict=True):
        await db.execute(sa.update(PrintedPaper).where(PrintedPaper.id == paper_id).values(document_id=document_id))
    batch = await db.get_one(PrintBatch, batch_id)
    batch.key, batch.pages, batch.bytes = key, drawn.pages, len(drawn.data)
    batch.done, batch.problem, batch.finished_at = len(batch.items), None, db.now


def _unnoted(papers: Sequence[UUID]) -> sa.Select[UUID]:
    """The papers that have no file yet, locked in key order."""
    return (
        sa.select(PrintedPaper.id)
        .where(PrintedPaper.id.in_(papers), PrintedPaper.document_id.is_(None))
        .order_by(PrintedPaper.id)
        .with_for_update()
    )


async def _note_problem(ctx: JobContext, batch_id: UUID, problem: str) -> None:
    async with ctx.database.unit_of_work() as db:
        batch = await db.get_one(PrintBatch, batch_id)
        batch.problem = problem[:300]


@job("printing.forget", queue="documents", every=timedelta(hours=1))
async def forget(ctx: JobContext, items: Sequence[Item]) -> None:
    """Remove files whose day is over: they hold addresses, and their papers make them anew."""
    store = ctx.ports.get(DocumentStore)  # type: ignore[type-abstract]
    async with ctx.database.read_only() as db:
        old = sa.select(PrintBatch.id, PrintBatch.key).where(PrintBatch.created_at < db.now - KEPT_FOR)
        batches = (await db.execute(old.order_by(PrintBatch.created_at).limit(FORGOTTEN_AT_ONCE))).all()
    for batch in batches:
        if batch.key:
            await store.delete(batch.key)
    async with ctx.database.unit_of_work() as db:
        await db.execute(sa.delete(PrintBatch).where(PrintBatch.id.in_([batch.id for batch in batches])))
