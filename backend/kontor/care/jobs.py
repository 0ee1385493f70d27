"""Cases that follow from what happens elsewhere."""

from collections.abc import Sequence

from kontor.care import service
from kontor.care.values import CaseKind, NewCase
from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item


@job("care.raise", batch=50)
async def raise_cases(ctx: JobContext, items: Sequence[Item]) -> None:
    """Lines without stock, refunds that failed and webhook endpoints that were switched off need somebody."""
    async with ctx.claim(*items) as (db, mine):
        wanted = [case for item in mine if (case := _case_of(item)) is not None]
        if wanted:
            await service.open_cases(db, wanted, now=db.now)


def _case_of(item: Item) -> NewCase | None:
    if item.key is None:
        return None
    match item.event:
        case "LinesUnallocated":
            facts = {"lines": item.args["lines"], "reason": item.args["reason"]}
            return NewCase(CaseKind.UNALLOCATED, str(item.key), item.key, facts)
        case "RefundFailed":
            facts = {name: item.args[name] for name in ("refund_id", "code", "message")}
            return NewCase(CaseKind.REFUND_FAILED, item.args["refund_id"], item.key, facts)
        case "WebhookEndpointDisabled":
            facts = {name: item.args[name] for name in ("endpoint_name", "reason")}
            return NewCase(CaseKind.WEBHOOK_DISABLED, str(item.key), facts=facts)
    return None
