"""Jobs of banking: write the files of payouts."""

from collections.abc import Sequence
from uuid import UUID

from kontor.banking import payouts
from kontor.banking.models import PayoutFile
from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.documents import service as documents
from kontor.documents.ports import DocumentStore


@job("banking.write_payout_file", queue="finance")
async def write_payout_file(ctx: JobContext, items: Sequence[Item]) -> None:
    """Write and keep the file of a payout: `file_id`."""
    for item in items:
        async with ctx.database.read_only() as db:
            document, digest = await payouts.document_of(db, UUID(item.args["file_id"]))
        await documents.put(ctx.ports.get(DocumentStore), document)  # type: ignore[type-abstract]
        async with ctx.claim(item) as (db, mine):
            if mine:
                [document_id] = await documents.add_all(db, [document], now=db.now)
                file = await db.get_one(PayoutFile, UUID(item.args["file_id"]), with_for_update=True)
                file.document_id, file.sha256 = document_id, digest
