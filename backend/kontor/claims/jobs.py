"""Jobs of claims and goodwill."""

from collections.abc import Sequence
from uuid import UUID

from kontor.claims.following import follow_claims
from kontor.claims.vouchers import issue_vouchers
from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item


@job("claims.issue_voucher", batch=20)
async def issue_voucher(ctx: JobContext, items: Sequence[Item]) -> None:
    """The seconds in which a voucher could be recalled are over."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            await issue_vouchers(db, [UUID(item.args["goodwill_id"]) for item in mine], now=db.now)


@job("claims.follow", batch=20)
async def follow(ctx: JobContext, items: Sequence[Item]) -> None:
    """What claims waited for has happened, or will not happen."""
    async with ctx.claim(*items) as (db, mine):
        for item in mine:
            if item.key is not None:
                await follow_claims(db, item.key, item.event or "", item.args, now=db.now)
