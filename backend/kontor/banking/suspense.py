"""Money on our account that nobody has explained: in the books against suspense, an open item until it is assigned."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from kontor.banking.events import BankEntryExplained, BankEntrySuspended
from kontor.banking.models import BankEntry, BankStatement
from kontor.core.db import Session
from kontor.core.outbox import record
from kontor.invoicing.open_items import write_items
from kontor.invoicing.posting import Account

WAIT = timedelta(days=1)
"""How long people have to assign what came in before it is booked as unexplained."""
AT_ONCE = 500
DETAIL = "BANK"


async def suspend(db: Session, *, now: datetime) -> int:
    """Book what came in at least a day ago and is not assigned in full or set aside; how many entries. Locks them."""
    found = (
        sa.select(BankEntry)
        .join(BankStatement, BankStatement.id == BankEntry.statement_id)
        .where(
            BankEntry.amount > BankEntry.assigned + BankEntry.suspended, sa.not_(BankEntry.set_aside),
            BankStatement.imported_at <= now - WAIT,
        )
        .order_by(BankEntry.id)
        .limit(AT_ONCE)
        .with_for_update(of=BankEntry)
    )  # fmt: skip
    entries = list(await db.scalars(found.execution_options(populate_existing=True)))
    for entry in entries:
        _book(db, entry, entry.amount - entry.assigned - entry.suspended)
        entry.kept_in_suspense, entry.updated_at = True, now
    await db.flush()
    await note_items(db, entries)
    return len(entries)


def explain(db: Session, entry: BankEntry, amount: int) -> None:
    """A part of a locked entry is known: what of it is in suspense leaves it, minor units."""
    _book(db, entry, -min(amount, entry.suspended))


def open_again(db: Session, entry: BankEntry, amount: int) -> None:
    """A part of a locked entry is unexplained again; back into suspense if the entry has been there."""
    if entry.kept_in_suspense and not entry.set_aside:
        _book(db, entry, amount)


def _book(db: Session, entry: BankEntry, amount: int) -> None:
    if not amount:
        return
    entry.suspended += amount
    sides = [(Account.BANK.value, amount, ""), (Account.SUSPENSE.value, -amount, DETAIL)]
    event = BankEntrySuspended if amount > 0 else BankEntryExplained
    told = event(
        stream_id=entry.id, legal_entity_id=entry.legal_entity_id, reference=entry.reference, amount=abs(amount),
        currency=entry.currency, lines=sides,
    )  # fmt: skip
    record(db, told)


async def note_items(db: Session, entries: Sequence[BankEntry]) -> None:
    """What is open of entries that have been in suspense: money that somebody has with us, so below zero."""
    rows = [
        {
            "id": entry.id, "kind": "SUSPENSE", "legal_entity_id": entry.legal_entity_id, "order_id": None,
            "number": entry.reference[:40], "currency": entry.currency, "amount": -entry.amount,
            "open": -entry.suspended, "since": db.now, "due_on": entry.booked_on, "updated_at": db.now,
        }
        for entry in entries
        if entry.kept_in_suspense
    ]  # fmt: skip
    await write_items(db, rows)
