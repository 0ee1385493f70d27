"""Work on uploaded files, and forget them when their time is over."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.core.principal import SYSTEM
from kontor.imports import forgetting
from kontor.imports.ports import FileStore
from kontor.imports.uploads import JOB
from kontor.imports.working import work_on


@job(JOB)
async def work(ctx: JobContext, items: Sequence[Item]) -> None:
    """Check or apply the file; its portions are transactions of their own."""
    store = ctx.ports.get(FileStore)  # type: ignore[type-abstract]
    for item in items:
        await work_on(ctx.database, store, UUID(item.args["upload_id"]))


@job("imports.forget", every=timedelta(days=1))
async def forget(ctx: JobContext, items: Sequence[Item]) -> None:
    """Uploaded files hold names and addresses: they go `KONTOR_UPLOAD_DAYS_KEPT` days after their end; 0 keeps them."""
    store = ctx.ports.get(FileStore)  # type: ignore[type-abstract]
    days = ctx.runtime.settings.upload_days_kept
    async with ctx.claim(*items) as (db, mine):
        before = db.now - timedelta(days=days)
    if not mine or days <= 0:
        return
    async with ctx.database.read_only(SYSTEM) as db:
        old = await forgetting.old_uploads(db, before=before)
    for upload_id in old:
        if await ctx.database.in_unit(SYSTEM, partial(forgetting.end_abandoned, upload_id=upload_id, before=before)):
            await forgetting.remove_files(store, upload_id)
            await ctx.database.in_unit(SYSTEM, partial(forgetting.forget_lines, upload_id=upload_id))
