"""What happens elsewhere and moves claims on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from kontor.claims import queries
from kontor.claims.claiming import resolve
from kontor.claims.states import Remedy
from kontor.core.db import Session
from kontor.orders.queries import lock_orders


async def follow_claims(db: Session, order_id: UUID, event: str, facts: Mapping[str, Any], *, now: datetime) -> None:
    """Resolve claims whose money has gone back or whose goodwill is granted; reopen the decision where it is not.

    A return that is closed, whatever of it was paid back, is the end of its claim as well.
    """
    if event in ("RefundSucceeded", "ReturnClosed"):
        if not facts.get("return_id"):
            return
        await lock_orders(db, [order_id])
        for claim in await queries.open_claims_of_returns(db, [UUID(str(facts["return_id"]))]):
            if claim.remedy is Remedy.REFUND:
                resolve(db, claim, now=now)
        return
    await lock_orders(db, [order_id])
    for claim in await queries.claims_of_goodwill(db, [UUID(str(facts["goodwill_id"]))]):
        if event == "GoodwillGranted":
            resolve(db, claim, now=now)
        else:
            claim.remedy, claim.goodwill_id = None, None
