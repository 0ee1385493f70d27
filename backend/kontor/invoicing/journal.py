"""Write what financial events move: one balanced entry per event, whatever happens to its delivery.

An entry follows from its event and from rows that do not change any more, so the whole journal can be computed anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.outbox import Item
from kontor.invoicing import queries
from kontor.invoicing.models import CreditNote, Invoice, JournalEntry, JournalLine
from kontor.invoicing.posting import Line, Paid, Via, posting_of
from kontor.orders.models import Order
from kontor.payments.models import Payment, PaymentTransaction, Refund, TransactionKind, TransactionState
from kontor.payments.refund_due import Withheld

_ENTRY = ("id", "source_key", "kind", "legal_entity_id", "order_id", "reference", "currency", "posted_at")
_LINE = ("entry_id", "position", "account", "detail", "amount")


@dataclass(frozen=True, slots=True)
class Happened:
    """A financial event, as the log keeps it; of an order, or of a payout, whose facts name seller and order."""

    id: UUID
    name: str
    order_id: UUID
    occurred_at: datetime
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the journal without its id: the same event always gives the same."""

    source_key: str
    kind: str
    legal_entity_id: UUID
    order_id: UUID | None
    reference: str
    currency: str
    posted_at: datetime
    lines: tuple[Line, ...]


async def post(db: Session, items: Sequence[Item]) -> None:
    """Post the events that the rows react to; what an event posted before is not posted again."""
    known = await _known(db, [str(item.event_id) for item in items])
    fresh = [_happened(item) for item in items if str(item.event_id) not in known]
    await write(db, await entries_of(db, fresh))


def order_of(item: Item) -> UUID | None:
    """The order that an event moves something of; payouts of gateways are of none, unless their facts name one."""
    if "legal_entity_id" not in item.args:
        return item.key
    order_id = item.args.get("order_id")
    return UUID(order_id) if order_id else None


def _happened(item: Item) -> Happened:
    assert item.occurred_at is not None
    assert item.event_id is not None
    assert item.key is not None
    return Happened(item.event_id, item.event or "", item.key, item.occurred_at, item.args)


async def write(db: Session, found: Sequence[Entry]) -> None:
    """Write entries that are not in the journal yet."""
    entries: list[tuple[Any, ...]] = []
    lines: list[tuple[Any, ...]] = []
    for entry in found:
        entry_id = new_id()
        entries.append(
            (entry_id, entry.source_key, entry.kind, entry.legal_entity_id, entry.order_id, entry.reference,
             entry.currency, entry.posted_at)
        )  # fmt: skip
        lines.extend(
            (entry_id, position, line.account.value, line.detail, line.amount)
            for position, line in enumerate(entry.lines)
        )
    await db.bulk_insert(JournalEntry, _ENTRY, entries)
    await db.bulk_insert(JournalLine, _LINE, lines)


async def entries_of(db: Session, events: Sequence[Happened]) -> list[Entry]:
    """What the events move, in their order; those that moved nothing have no entry."""
    refunds = [UUID(each.facts["refund_id"]) for each in events if each.name == "RefundSucceeded"]
    paid, said = await _paid(db, refunds), await _said(db, refunds)
    vias = await _vias(db, _ids(events, "payment_id"))
    invoices = await _contents(db, Invoice, _ids((e for e in events if e.name == "InvoiceIssued"), "invoice_id"))
    notes = await _contents(db, CreditNote, _ids(events, "credit_note_id"))
    sellers = await _sellers(db, [each.order_id for each in events])
    found = []
    for event in events:
        facts, refund_id = event.facts, str(event.facts.get("refund_id", ""))
        document = notes if event.name == "CreditNoteIssued" else invoices
        posting = posting_of(
            event.name,
            facts,
            paid=[part for known, part in paid.get(refund_id, ()) if known <= (event.occurred_at, event.id)],
            credited=bool(said.get(refund_id)),
            set_off=_set_off(said.get(refund_id, ())),
            via=vias.get(str(facts.get("payment_id", ""))),
            content=document.get(str(facts.get("credit_note_id") or facts.get("invoice_id", ""))),
        )
        if posting is not None:
            seller, order_id = _whose(event, sellers)
            found.append(
                Entry(
                    str(event.id), posting.kind, seller, order_id, posting.reference, facts["currency"],
                    event.occurred_at, posting.lines,
                )
            )  # fmt: skip
    return found


def _whose(event: Happened, sellers: Mapping[UUID, UUID]) -> tuple[UUID, UUID | None]:
    """Seller and order. A payout is of no order; what explains a difference may be."""
    if "legal_entity_id" not in event.facts:
        return sellers[event.order_id], event.order_id
    order_id = event.facts.get("order_id")
    return UUID(event.facts["legal_entity_id"]), UUID(order_id) if order_id else None


def _ids(events: Iterable[Happened], name: str) -> list[UUID]:
    return [UUID(each.facts[name]) for each in events if each.facts.get(name)]


async def _known(db: Session, keys: Sequence[str]) -> set[str]:
    return set(await db.scalars(sa.select(JournalEntry.source_key).where(JournalEntry.source_key.in_(keys))))


async def _paid(db: Session, refund_ids: Sequence[UUID]) -> dict[str, list[tuple[tuple[datetime, UUID], Paid]]]:
    """How refunds went back, each part with moment and id: what is paid later belongs to a later event."""
    kind = TransactionKind
    found = (
        sa.select(PaymentTransaction.id, PaymentTransaction.refund_id, PaymentTransaction.kind,
                  PaymentTransaction.amount, PaymentTransaction.rounding,
                  PaymentTransaction.finished_at,
                  Payment.kind.label("method"), Payment.gateway)
        .join(Payment, Payment.id == PaymentTransaction.payment_id)
        .where(
            PaymentTransaction.outcome == TransactionState.SUCCEEDED,
            PaymentTransaction.kind.in_((kind.REFUND, kind.CREDIT, kind.REFUND_RETURN, kind.TRANSFER)),
        )
    )  # fmt: skip
    paid: dict[str, list[tuple[tuple[datetime, UUID], Paid]]] = {}
    for row in await queries.rows_of(db, found, PaymentTransaction.refund_id, refund_ids):
        amount = -row["amount"] if row["kind"] is kind.REFUND_RETURN else row["amount"]
        if row["kind"] is kind.TRANSFER:
            part = Paid(kind.TRANSFER.value, amount)
        else:
            credit = row["kind"] is kind.CREDIT
            part = Paid(row["method"].value, amount, credited=credit, gateway=row["gateway"], rounding=row["rounding"])
        paid.setdefault(str(row["refund_id"]), []).append(((row["finished_at"], row["id"]), part))
    return paid


async def _said(db: Session, refund_ids: Sequence[UUID]) -> dict[str, list[Any]]:
    rows = await queries.rows_of(db, sa.select(Refund.id, Refund.lines), Refund.id, refund_ids)
    return {str(row["id"]): row["lines"] for row in rows}


def _set_off(lines: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """What a refund for goods kept because it had been given without goods before, by the kind it was given as."""
    named = {Withheld.GOODWILL_GIVEN: "GOODWILL", Withheld.CORRECTION_GIVEN: "CORRECTION"}
    return {named[line["name"]]: -int(line["gross"]) for line in lines if line.get("name") in named}


async def _vias(db: Session, payment_ids: Sequence[UUID]) -> dict[str, Via]:
    found = sa.select(Payment.id, Payment.kind, Payment.gateway)
    rows = await queries.rows_of(db, found, Payment.id, payment_ids)
    return {str(row["id"]): Via(row["kind"].value, row["gateway"]) for row in rows}


async def _contents(db: Session, model: Any, ids: Sequence[UUID]) -> dict[str, Mapping[str, Any]]:
    rows = await queries.rows_of(db, sa.select(model.id, model.content), model.id, ids)
    return {str(row["id"]): row["content"] for row in rows}


async def _sellers(db: Session, order_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    found = sa.select(Order.id, SalesChannel.legal_entity_id).join(SalesChannel, SalesChannel.id == Order.channel_id)
    rows = await queries.rows_of(db, found, Order.id, order_ids)
    return {row["id"]: row["legal_entity_id"] for row in rows}
