"""What happens elsewhere and moves claims on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from kontor.claims import queries
from kontor.claims.claiming import reopen, resolve
from kontor.claims.goodwill import goodwill_of_refund
from kontor.claims.models import Claim
from kontor.claims.states import Remedy
from kontor.core.db import Session
from kontor.orders.queries import lock_orders
from kontor.returns.models import Return
from kontor.returns.states import ReturnState

_NOTHING_CAME = frozenset({"NOT_RETURNED", "WITHDRAWN", "DECLINED"})
_BY_RETURN = frozenset({"ReturnClosed", "ReturnCanceled", "ReturnDeclined"})
_CALLED_OFF = frozenset({"ReturnCanceled", "ReturnDeclined", "GoodwillDeclined", "GoodwillRecalled"})


async def follow_claims(db: Session, order_id: UUID, event: str, facts: Mapping[str, Any], *, now: datetime) -> None:
    """Resolve claims whose money has gone back, whose voucher is issued or whose replacement has left; reopen the
    decision where that does not come.

    A return that is closed, whatever of it was paid back, is the end of its claim as well.
    """
    if event == "RefundSucceeded" and not facts.get("return_id") and facts["kind"] != "GOODWILL":
        return
    await lock_orders(db, [order_id])
    if event.startswith("Exchange"):
        for claim in await queries.claims_of_exchange(db, UUID(str(facts["exchange_id"]))):
            await _follow_exchange(db, claim, event, str(facts.get("code", "")), now=now)
        return
    if event in _BY_RETURN or facts.get("return_id"):
        found = await queries.open_claims_of_returns(db, [UUID(str(facts["return_id"]))])
        claims = [claim for claim in found if claim.remedy is Remedy.REFUND]
    elif "goodwill_id" in facts:
        claims = await queries.claims_of_goodwill(db, [UUID(str(facts["goodwill_id"]))])
    else:
        given = await goodwill_of_refund(db, UUID(str(facts["refund_id"])))
        claims = await queries.claims_of_goodwill(db, [given.id]) if given is not None else []
    for claim in claims:
        if event in _CALLED_OFF:
            reopen(db, claim)
        else:
            resolve(db, claim, now=now)


async def _follow_exchange(db: Session, claim: Claim, event: str, code: str, *, now: datetime) -> None:
    """Goods that are back are paid back where no others can be given for them; otherwise it is decided again.

    A return that has ended already tells no more: one that was closed was paid back, of any other nothing came.
    """
    if event == "ExchangeFulfilled":
        resolve(db, claim, now=now)
        return
    back = None if claim.return_id is None else await db.get(Return, claim.return_id)
    gone = back is not None and back.state in (ReturnState.CANCELED, ReturnState.DECLINED)
    if code in _NOTHING_CAME or gone:
        reopen(db, claim)
        return
    claim.remedy = Remedy.REFUND
    if back is not None and back.state is ReturnState.CLOSED:
        resolve(db, claim, now=now)
