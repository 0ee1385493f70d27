"""Work on uploaded files."""

from collections.abc import Sequence
from uuid import UUID

from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.imports.ports import FileStore
from kontor.imports.uploads import JOB
from kontor.imports.working import work_on


@job(JOB)
async def work(ctx: JobContext, items: Sequence[Item]) -> None:
    """Check or apply the file; its portions are transactions of their own."""
    store = ctx.ports.get(FileStore)  # type: ignore[type-abstract]
    for item in items:
        await work_on(ctx.database, store, UUID(item.args["upload_id"]))
