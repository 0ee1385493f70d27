"""What a customer agreed to, and when they said so or took it back."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kontor.core import outbox
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.customers.errors import InvalidConsent
from kontor.customers.events import CustomersSaved
from kontor.customers.models import ConsentChange, Customer
from kontor.customers.queries import lock_customers, refuse_gone

LONGEST_PURPOSE, LONGEST_SOURCE = 60, 200
_COLUMNS = ("id", "customer_id", "purpose", "granted", "source", "at", "by")


async def set_consent(
    db: Session, customer_id: UUID, purpose: str, *, granted: bool, source: str, stream_id: UUID
) -> Customer:
    """Note that the customer gave or took back a consent; the same again changes nothing. Records CustomersSaved.

    Raises `CustomerNotFound`, `CustomerGone`, `InvalidConsent`.
    """
    purpose, source = purpose.strip(), source.strip()
    if not 0 < len(purpose) <= LONGEST_PURPOSE:
        raise InvalidConsent("A purpose is needed.", path=("purpose",), most=LONGEST_PURPOSE)
    if not 0 < len(source) <= LONGEST_SOURCE:
        raise InvalidConsent("How it was said is needed.", path=("how",), most=LONGEST_SOURCE)
    (customer,) = await lock_customers(db, [customer_id])
    refuse_gone(customer.erased_at, customer.merged_into_id, path="id")
    after = {**customer.consents, purpose: granted}
    if note_changes(db, customer_id, customer.consents, after, source=source):
        customer.consents = after
        outbox.record(db, CustomersSaved(stream_id=stream_id, ids=(customer_id,)))
    return customer


def note_changes(
    db: Session, customer_id: UUID, before: Mapping[str, Any], after: Mapping[str, Any], *, source: str
) -> int:
    """Keep what differs between two states of consents; how much it is. What is gone counts as taken back."""
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    rows = [
        (new_id(), customer_id, name[:LONGEST_PURPOSE], bool(after.get(name)), source, db.now, db.by)
        for name in changed
    ]
    db.insert_last(ConsentChange, _COLUMNS, rows)
    return len(rows)
