"""Block or trust a customer: entries of the risk lists for who they are and the mail they write from."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kontor.care.errors import InvalidListing
from kontor.core.db import Session
from kontor.customers.errors import CustomerGone
from kontor.customers.models import Customer
from kontor.customers.queries import lock_customers
from kontor.risk.saving import RiskListEntryData, save_risk_list_entries
from kontor.risk.values import ListKind


async def list_customer(
    db: Session, customer_id: UUID, *, blocked: bool | None, reason: str, until: datetime | None = None
) -> Customer:
    """Block (`blocked`), trust (False) or take off the lists (None), with a reason and, if wanted, an end.

    New orders of the customer or from their mail address are assessed by it; orders taken before are not. Raises
    `CustomerNotFound`, `CustomerGone`, `InvalidListing` for a missing reason or an end that has passed.
    """
    (customer,) = await lock_customers(db, [customer_id])
    if customer.erased_at is not None or customer.merged_into_id is not None:
        raise CustomerGone("The customer is not there any more.", path=("id",))
    if not reason.strip() or len(reason) > 300:
        raise InvalidListing("A reason of at most 300 characters is needed.", path=("reason",))
    if until is not None and until <= db.now:
        raise InvalidListing("The end has passed already.", path=("until",))
    ends = db.now if blocked is None else until
    values = {ListKind.CUSTOMER: str(customer_id), ListKind.EMAIL: customer.email}
    rows: list[RiskListEntryData] = [
        {"kind": kind, "value": value, "blocked": bool(blocked), "reason": reason.strip(), "until": ends}
        for kind, value in values.items()
        if value
    ]
    for result in await save_risk_list_entries(db, rows, all_or_nothing=True):
        if result.problem is not None:
            raise result.problem
    return customer
