"""Follow-ups whose day has come."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from kontor.channels.models import LegalEntity
from kontor.contacts import service
from kontor.core.clock import local_day
from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item


@job("contacts.raise_follow_ups", every=timedelta(minutes=30))
async def raise_follow_ups(ctx: JobContext, items: Sequence[Item]) -> None:
    """Raise what is to be followed up today, today being the day of the company."""
    async with ctx.claim(*items) as (db, mine):
        if not mine:
            return
        zone = await db.scalar(sa.select(LegalEntity.timezone).order_by(LegalEntity.code).limit(1))
        today = local_day(db.now, zone or "UTC")
        while await service.raise_follow_ups(db, today=today, now=db.now) == service.AT_ONCE:
            await db.flush()
