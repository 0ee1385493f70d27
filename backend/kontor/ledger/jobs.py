"""Jobs of the ledger: write the files of exports, close days."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import LegalEntity
from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.documents import service as documents
from kontor.documents.ports import DocumentStore
from kontor.ledger import closing
from kontor.ledger.exporting import document_of, files_of
from kontor.ledger.models import LedgerExport


@job("ledger.write_export", queue="finance")
async def write_export(ctx: JobContext, items: Sequence[Item]) -> None:
    """Write and keep the files of an export: `export_id`. Written again, they are the same to the byte."""
    for item in items:
        async with ctx.database.read_only() as db:
            export, files = await files_of(db, UUID(item.args["export_id"]))
        kept = [document_of(export, file) for file in files]
        store = ctx.ports.get(DocumentStore)  # type: ignore[type-abstract]
        for document in kept:
            await documents.put(store, document)
        async with ctx.claim(item) as (db, mine):
            if mine:
                ids = await documents.add_all(db, kept, now=db.now)
                row = await db.get_one(LedgerExport, export.id, with_for_update=True)
                row.files = [file.note(document_id) for file, document_id in zip(files, ids, strict=True)]
                row.finished_at = db.now


@job("ledger.close_days", queue="finance", every=timedelta(hours=1))
async def close_days(ctx: JobContext, items: Sequence[Item]) -> None:
    """Close the days that are over, each entity's by its own clock."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            for entity in list(await db.scalars(sa.select(LegalEntity).order_by(LegalEntity.id))):
                await closing.close_days(db, entity, now=db.now)
