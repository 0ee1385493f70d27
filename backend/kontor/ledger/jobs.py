"""Jobs of the ledger: write the files of exports, close days."""

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import LegalEntity
from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.documents import service as documents
from kontor.documents.ports import DocumentStore
from kontor.ledger import cards, closing
from kontor.ledger.models import LedgerExport
from kontor.ledger.writing import document_of, write_files


@job("ledger.write_export", queue="finance")
async def write_export(ctx: JobContext, items: Sequence[Item]) -> None:
    """Write and keep the files of an export: `export_id`. Written again, they are the same to the byte.

    They lie in a folder of their own until they are kept. A try that fails leaves its reason on the export.
    """
    for item in items:
        export_id = UUID(item.args["export_id"])
        await _note(ctx, export_id, started=True)
        try:
            with tempfile.TemporaryDirectory(prefix="kontor-ledger-") as folder:
                await _write(ctx, item, export_id, Path(folder))
        except Exception as problem:
            await _note(ctx, export_id, problem=str(problem))
            raise


async def _write(ctx: JobContext, item: Item, export_id: UUID, folder: Path) -> None:
    export, files = await write_files(ctx.database, export_id, folder)
    kept = [document_of(export, file) for file in files]
    store = ctx.ports.get(DocumentStore)  # type: ignore[type-abstract]
    for document in kept:
        await documents.put(store, document)
    async with ctx.claim(item) as (db, mine):
        if mine:
            ids = await documents.add_all(db, kept, now=db.now)
            row = await db.get_one(LedgerExport, export_id, with_for_update=True)
            row.files = [file.note(document_id) for file, document_id in zip(files, ids, strict=True)]
            row.size = sum(file.content.size for file in files)
            row.finished_at = db.now


async def _note(ctx: JobContext, export_id: UUID, *, started: bool = False, problem: str | None = None) -> None:
    """How far an export is that has no files yet."""
    async with ctx.database.unit_of_work() as db:
        row = await db.get_one(LedgerExport, export_id, with_for_update=True)
        if row.finished_at is None:
            row.started_at = db.now if started else row.started_at
            row.problem = problem[:300] if problem else None


@job("ledger.close_days", queue="finance", every=timedelta(hours=1))
async def close_days(ctx: JobContext, items: Sequence[Item]) -> None:
    """Close the days that are over, each entity's by its own clock."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            for entity in list(await db.scalars(sa.select(LegalEntity).order_by(LegalEntity.id))):
                await closing.close_days(db, entity, now=db.now)


@job("ledger.expire_cards", queue="finance", every=timedelta(hours=6))
async def expire_cards(ctx: JobContext, items: Sequence[Item]) -> None:
    """Book off what is left on gift cards that nobody can claim any more, a few hundred in a unit of work of their own.

    Each card once: what is booked off is not found again.
    """
    async with ctx.database.read_only() as db:
        entities = list(await db.scalars(sa.select(LegalEntity.id).order_by(LegalEntity.id)))
    for entity_id in entities:
        done = cards.AT_ONCE
        while done == cards.AT_ONCE:
            async with ctx.database.unit_of_work() as db:
                done = await cards.expire_due(db, await db.get_one(LegalEntity, entity_id), now=db.now)
