"""Housekeeping of this package."""

from collections.abc import Sequence
from datetime import timedelta

from kontor.auth import service
from kontor.core.clock import wall
from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item


@job("auth.forget_expired", every=timedelta(hours=1))
async def forget_expired(ctx: JobContext, items: Sequence[Item]) -> None:
    """Delete sessions, tokens and rotated secrets that are over."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            await service.forget_expired(db, now=wall())
