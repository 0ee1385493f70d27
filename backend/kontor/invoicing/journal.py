"""Write what financial events move: one balanced entry per event, whatever happens to its delivery."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.outbox import Item
from kontor.invoicing import queries
from kontor.invoicing.models import JournalEntry, JournalLine
from kontor.invoicing.posting import Paid, Posting, posting_of
from kontor.payments.models import Payment, PaymentTransaction, Refund, TransactionKind, TransactionState

_ENTRY = ("id", "source_key", "kind", "order_id", "reference", "currency", "posted_at")
_LINE = ("entry_id", "position", "account", "amount")


async def post(db: Session, items: Sequence[Item]) -> None:
    """Post the events that the rows react to; what an event posted before is not posted again."""
    known = await _known(db, [str(item.event_id) for item in items])
    fresh = [item for item in items if str(item.event_id) not in known]
    refunds = [UUID(item.args["refund_id"]) for item in fresh if item.event == "RefundSucceeded"]
    paid, credited = await _paid(db, refunds), await _with_lines(db, refunds)
    methods = await _methods(db, [UUID(item.args["payment_id"]) for item in fresh if item.event == "PaymentReceived"])
    entries: list[tuple[Any, ...]] = []
    lines: list[tuple[Any, ...]] = []
    for item in fresh:
        facts: Mapping[str, Any] = item.args
        refund_id = str(facts.get("refund_id", ""))
        posting = posting_of(
            item.event or "",
            facts,
            paid=paid.get(refund_id, ()),
            credited=refund_id in credited,
            method=methods.get(str(facts.get("payment_id", "")), ""),
        )
        if posting is not None:
            _write(item, posting, entries, lines)
    await db.bulk_insert(JournalEntry, _ENTRY, entries)
    await db.bulk_insert(JournalLine, _LINE, lines)


def _write(item: Item, posting: Posting, entries: list[tuple[Any, ...]], lines: list[tuple[Any, ...]]) -> None:
    assert item.occurred_at is not None
    entry_id = new_id()
    entries.append(
        (entry_id, str(item.event_id), posting.kind, item.key, posting.reference, item.args["currency"],
         item.occurred_at)
    )  # fmt: skip
    lines.extend(
        (entry_id, position, account.value, amount) for position, (account, amount) in enumerate(posting.lines)
    )


async def _known(db: Session, keys: Sequence[str]) -> set[str]:
    return set(await db.scalars(sa.select(JournalEntry.source_key).where(JournalEntry.source_key.in_(keys))))


async def _paid(db: Session, refund_ids: Sequence[UUID]) -> dict[str, list[Paid]]:
    found = (
        sa.select(PaymentTransaction.refund_id, PaymentTransaction.kind, PaymentTransaction.amount,
                  Payment.kind.label("method"))
        .join(Payment, Payment.id == PaymentTransaction.payment_id)
        .where(
            PaymentTransaction.outcome == TransactionState.SUCCEEDED,
            PaymentTransaction.kind.in_((TransactionKind.REFUND, TransactionKind.CREDIT)),
        )
    )  # fmt: skip
    paid: dict[str, list[Paid]] = {}
    for row in await queries.rows_of(db, found, PaymentTransaction.refund_id, refund_ids):
        part = Paid(row["method"].value, row["amount"], credited=row["kind"] is TransactionKind.CREDIT)
        paid.setdefault(str(row["refund_id"]), []).append(part)
    return paid


async def _with_lines(db: Session, refund_ids: Sequence[UUID]) -> set[str]:
    rows = await queries.rows_of(db, sa.select(Refund.id, Refund.lines), Refund.id, refund_ids)
    return {str(row["id"]) for row in rows if row["lines"]}


async def _methods(db: Session, payment_ids: Sequence[UUID]) -> dict[str, str]:
    rows = await queries.rows_of(db, sa.select(Payment.id, Payment.kind), Payment.id, payment_ids)
    return {str(row["id"]): row["kind"].value for row in rows}
