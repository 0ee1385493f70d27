"""Payouts of gateways on our bank account: found on the statement, matched by hand, and taken back."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from kontor.banking import gateway_queries, suspense
from kontor.banking.errors import PayoutNotArrived
from kontor.banking.events import GatewayPayoutArrived, GatewayPayoutUndone
from kontor.banking.models import BankEntry, GatewayPayout
from kontor.banking.queries import get_entry
from kontor.core.db import Session
from kontor.core.outbox import record

EARLY, LATE = timedelta(days=3), timedelta(days=10)
"""How long before and after its announced day a payout is looked for at the bank."""


async def match_entry(db: Session, payout_id: UUID, entry_id: UUID, *, now: datetime) -> GatewayPayout:
    """Say by which movement of our account a payout arrived; the entry is used up. The same twice changes nothing.

    Locks the payout, then the entry. Raises `PayoutNotArrived` where amount or seller differ, or one of them is taken.
    """
    payout = await gateway_queries.get_payout(db, payout_id, lock=True)
    entry = await get_entry(db, entry_id, db.principal, lock=True)
    if payout.entry_id == entry.id:
        return payout
    free = entry.assigned == 0 and not entry.set_aside and payout.entry_id is None
    same = (entry.amount, entry.currency, entry.legal_entity_id) == (
        payout.amount, payout.currency, payout.legal_entity_id,
    )  # fmt: skip
    if not free or not same:
        raise PayoutNotArrived("This movement is not the payout.", path=("entryId",), expected=payout.amount)
    _arrive(db, payout, entry, now=now)
    await db.flush()
    await suspense.note_items(db, [entry])
    return payout


async def undo_match(db: Session, payout_id: UUID, *, now: datetime) -> GatewayPayout:
    """Take back that a payout arrived by a movement of our account: it is on its way again, the movement open.

    From then on only a person matches it. One that has not arrived stays as it is. Locks the payout, then the entry.
    """
    payout = await gateway_queries.get_payout(db, payout_id, lock=True)
    if payout.entry_id is None:
        return payout
    entry = await get_entry(db, payout.entry_id, db.principal, lock=True)
    sides = [("TRANSIT", payout.amount, payout.gateway), ("BANK", -payout.amount, "")]
    undone = GatewayPayoutUndone(
        stream_id=payout.id, legal_entity_id=payout.legal_entity_id, reference=payout.reference, entry_id=entry.id,
        amount=payout.amount, currency=payout.currency, lines=sides,
    )  # fmt: skip
    record(db, undone)
    payout.entry_id, payout.by_hand, payout.updated_at, entry.updated_at = None, True, now, now
    entry.assigned, entry.set_aside = 0, False
    suspense.open_again(db, entry, max(0, entry.amount))
    await db.flush()
    await suspense.note_items(db, [entry])
    return payout


def _arrive(db: Session, payout: GatewayPayout, entry: BankEntry, *, now: datetime) -> None:
    payout.entry_id, payout.updated_at, entry.updated_at = entry.id, now, now
    if entry.amount > 0:
        suspense.explain(db, entry, entry.amount)
        entry.assigned = entry.amount
    else:
        entry.set_aside = True  # what went out is assigned to nothing
    sides = [("BANK", payout.amount, ""), ("TRANSIT", -payout.amount, payout.gateway)]
    arrived = GatewayPayoutArrived(
        stream_id=payout.id, legal_entity_id=payout.legal_entity_id, reference=payout.reference, entry_id=entry.id,
        amount=payout.amount, currency=payout.currency, lines=sides,
    )  # fmt: skip
    record(db, arrived)


async def find_arrivals(db: Session, *, now: datetime, limit: int = 200) -> int:
    """Match payouts with movements of just their amount that name them or their gateway's descriptor; how many.

    At most `limit` at once, the others the next time. Only where one movement fits and no other payout fits it: the
    rest is for a person.
    """
    sure = _sure(await gateway_queries.fitting_entries(db))[:limit]
    if not sure:
        return 0
    await gateway_queries.lock_pairs(db, sure)
    arrived: list[BankEntry] = []
    for payout, entry in sure:
        if payout.entry_id is None and not payout.by_hand and not entry.assigned and not entry.set_aside:
            _arrive(db, payout, entry, now=now)
            arrived.append(entry)
    await db.flush()
    await suspense.note_items(db, arrived)
    return len(arrived)


def _sure(pairs: Iterable[tuple[GatewayPayout, BankEntry]]) -> list[tuple[GatewayPayout, BankEntry]]:
    """Of what fits by amount, what is meant beyond doubt."""
    payouts: dict[UUID, GatewayPayout] = {}
    fitting: dict[UUID, list[BankEntry]] = {}
    wanted: dict[UUID, int] = {}
    for payout, entry in pairs:
        if payout.arrives_on - EARLY <= entry.booked_on <= payout.arrives_on + LATE:
            payouts[payout.id] = payout
            fitting.setdefault(payout.id, []).append(entry)
            wanted[entry.id] = wanted.get(entry.id, 0) + 1
    found = []
    for payout_id, entries in fitting.items():
        payout = payouts[payout_id]
        named = [entry for entry in entries if _names(entry, payout)]
        meant = [entry for entry in named if payout.reference.casefold() in _text(entry)] or named
        if len(meant) == 1 and (wanted[meant[0].id] == 1 or payout.reference.casefold() in _text(meant[0])):
            found.append((payout, meant[0]))
    return found


def _text(entry: BankEntry) -> str:
    return f"{entry.name} {entry.purpose} {entry.end_to_end}".casefold()


def _names(entry: BankEntry, payout: GatewayPayout) -> bool:
    words = [word.casefold() for word in (payout.reference, payout.descriptor) if word]
    return any(word in _text(entry) for word in words)
