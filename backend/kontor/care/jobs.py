"""Cases that follow from what happens elsewhere."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from kontor.care import closing, exporting, late, leftovers, service, waking, watching
from kontor.care.raising import case_of, settled_last, without_place, wrong_articles
from kontor.channels.models import SalesChannel
from kontor.core.errors import NotFound
from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item, schedule
from kontor.core.principal import SYSTEM
from kontor.customers.queries import get_customer, lock_customers
from kontor.documents import service as documents
from kontor.documents.models import Document
from kontor.documents.ports import DocumentStore
from kontor.imports import forgetting
from kontor.imports.ports import FileStore


@job("care.raise", batch=50)
async def raise_cases(ctx: JobContext, items: Sequence[Item]) -> None:
    """Lines without stock, money that is not where it should be, what is held or switched off need somebody."""
    async with ctx.claim(*items) as (db, mine):
        wanted = [case for item in mine if (case := case_of(item)) is not None]
        announced = [item for item in mine if item.event == "ReturnRequested"]
        wanted += [*await wrong_articles(db, announced), *await without_place(db, announced)]
        if wanted:
            await service.open_cases(db, wanted, now=db.now)
        gone = settled_last(mine)
        if gone:
            await service.settle_cases(db, gone, now=db.now)


@job("care.watch", every=timedelta(minutes=15))
async def watch(ctx: JobContext, items: Sequence[Item]) -> None:
    """What nobody tells but the time: promises and deadlines that passed, parcels that stand still."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            await watching.raise_overdue(db, now=db.now)
            await watching.settle_gone(db, now=db.now)
            await waking.wake(db, now=db.now)
            await watching.escalate(db, now=db.now)


@job("care.settle_late", every=timedelta(minutes=15))
async def settle_late(ctx: JobContext, items: Sequence[Item]) -> None:
    """Late work that has left, or is with nobody any more, needs nobody either."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            await late.settle_late(db, now=db.now)


@job("care.close_orders", every=timedelta(hours=6))
async def close_orders(ctx: JobContext, items: Sequence[Item]) -> None:
    """Close orders of which nothing is open any more, each few hundred in a unit of work of their own."""
    async with ctx.database.read_only(SYSTEM) as db:
        channels = [each for each in await db.scalars(sa.select(SalesChannel)) if closing.days_of(each) is not None]
    for channel in channels:
        count = closing.AT_ONCE
        while count == closing.AT_ONCE:
            async with ctx.database.unit_of_work(SYSTEM) as db:
                count = await closing.close_orders(db, channel, now=db.now)


@job("care.export_customer")
async def export_customer(ctx: JobContext, items: Sequence[Item]) -> None:
    """Put together what is kept of a person; a customer who was erased meanwhile gets no file."""
    store = ctx.ports.get(DocumentStore)  # type: ignore[type-abstract]
    for item in items:
        customer_id, request_id = UUID(item.args["customer_id"]), UUID(item.args["request_id"])
        async with ctx.database.read_only() as db:
            customer = await get_customer(db, customer_id)
            data, files = ({}, ()) if customer.erased_at else await exporting.data_of(db, customer_id)
            now = db.now
        contents = {f"files/{file.kind}-{file.number}-{file.id}"[:180]: await _content(store, file) for file in files}
        present = {name: content for name, content in contents.items() if content is not None}
        archive = exporting.packed(data, present, now=now)
        document = exporting.document_of(customer_id, request_id, customer.number, archive, now=now)
        if data:
            await documents.put(store, document)
        async with ctx.claim(item) as (db, mine):
            if mine:
                # Locked: who is being erased while the file is made gets none either, and what was stored goes.
                (locked,) = await lock_customers(db, [customer_id])
                if data and locked.erased_at is None:
                    await documents.add_all(db, [document], now=db.now)
                else:
                    schedule(db, "care.remove_file", {"key": document.key}, unique_key=f"remove/{request_id}")


async def _content(store: DocumentStore, file: Document) -> bytes | None:
    try:
        return await documents.read(store, file)
    except NotFound:
        return None


@job("care.remove_file", batch=20)
async def remove_files(ctx: JobContext, items: Sequence[Item]) -> None:
    """A file whose row is gone follows it."""
    store = ctx.ports.get(DocumentStore)  # type: ignore[type-abstract]
    for item in items:
        await store.delete(item.args["key"])
    async with ctx.claim(*items):
        pass


@job("care.forget_upload", batch=20)
async def forget_upload(ctx: JobContext, items: Sequence[Item]) -> None:
    """An uploaded file that names an erased person goes, and every line that is kept of it."""
    files = ctx.ports.get(FileStore)  # type: ignore[type-abstract]
    for item in items:
        await forgetting.remove_files(files, UUID(item.args["upload_id"]))
    async with ctx.claim(*items) as (db, mine):
        for item in sorted(mine, key=lambda each: str(each.args["upload_id"])):
            await forgetting.forget_lines(db, upload_id=UUID(item.args["upload_id"]))


@job("care.forget_mandates", every=timedelta(days=1))
async def forget_mandates(ctx: JobContext, items: Sequence[Item]) -> None:
    """Mandates of erased people whose last debit is long ago lose name and account."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            await leftovers.forget_mandates(db, now=db.now)
