"""What is open: computed anew for orders whose money moved, so that items and journal always say the same."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from kontor.channels.models import SalesChannel
from kontor.channels.queries import days_of_sellers
from kontor.core.db import Session, chunks, in_key_order
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.invoicing import queries
from kontor.invoicing.models import DunningNotice, Invoice, JournalEntry, JournalLine, OpenItem
from kontor.invoicing.posting import Account
from kontor.orders.models import Order
from kontor.orders.states import CALLED_OFF, FulfillmentStatus

OPEN_ITEM_SORTS: dict[str, Any] = {
    "DUE_ON": OpenItem.due_on,
    "SINCE": OpenItem.since,
    "UPDATED_AT": OpenItem.updated_at,
}
_MORE_TO_COME = (FulfillmentStatus.UNFULFILLED, FulfillmentStatus.PARTIALLY_FULFILLED)
_CHANGING = ("kind", "open", "amount", "due_on", "updated_at")


@dataclass(frozen=True, slots=True)
class OpenItemFilter:
    """Which items are wanted; what is None does not narrow. Settled ones are left out unless `settled` says True."""

    legal_entity_id: UUID | None = None
    order_id: UUID | None = None
    kind: Sequence[str] | None = None
    number: str | None = None
    due_before: date | None = None
    due_from: date | None = None
    least: int | None = None
    settled: bool | None = None
    changed_since: datetime | None = None


async def note_open_items(db: Session, order_ids: Iterable[UUID], *, now: datetime) -> None:
    """Write what is open of the orders now; to be called once their entries are posted and invoices settled."""
    ids = in_key_order(order_ids)
    orders = await _orders(db, ids)
    wanted = {item["id"]: item for item in [*await _of_invoices(db, ids), *await _of_fees(db, ids)]}
    explained: dict[UUID, int] = {}
    for item in wanted.values():
        explained[item["order_id"]] = explained.get(item["order_id"], 0) + item["open"]
    balances = await receivables_of(db, ids)
    days = await days_of_sellers(db, now)
    for order_id in ids:
        rest = balances.get(order_id, 0) - explained.get(order_id, 0)
        wanted[order_id] = _unexplained(orders[order_id], rest, days[orders[order_id]["legal_entity_id"]], now=now)
    present = await _present(db, wanted)
    changed = []
    for item_id, item in wanted.items():
        known = present.get(item_id)
        if (known is None and not item["open"]) or (known is not None and _same(known, item)):
            continue
        entity_id = orders[item["order_id"]]["legal_entity_id"]
        changed.append({**item, "legal_entity_id": entity_id, "updated_at": now})
    await write_items(db, changed)


def _same(known: OpenItem, item: Mapping[str, Any]) -> bool:
    return all(getattr(known, name) == item[name] for name in ("open", "due_on", "amount"))


async def write_items(db: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write items by their id: new ones, and what has changed of those that are there."""
    insert: Any = sqlite.insert if db.sqlite else postgresql.insert
    for part in chunks(rows, 200):
        statement = insert(OpenItem).values([dict(row) for row in part])
        news = {name: statement.excluded[name] for name in _CHANGING}
        await db.execute(statement.on_conflict_do_update(index_elements=["id"], set_=news))


async def _orders(db: Session, ids: Sequence[UUID]) -> dict[UUID, Mapping[str, Any]]:
    found = sa.select(
        Order.id, Order.number, Order.currency, Order.state, Order.fulfillment_status, SalesChannel.legal_entity_id
    ).join(SalesChannel, SalesChannel.id == Order.channel_id)
    return {row["id"]: row for row in await queries.rows_of(db, found, Order.id, ids)}


async def _of_invoices(db: Session, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    found = sa.select(
        Invoice.id, Invoice.order_id, Invoice.number, Invoice.currency, Invoice.gross.label("amount"),
        (Invoice.gross - Invoice.credited - Invoice.paid - Invoice.written_off).label("open"),
        Invoice.issued_at.label("since"), Invoice.due_on,
    )  # fmt: skip
    return [{**row, "kind": "INVOICE"} for row in await queries.rows_of(db, found, Invoice.order_id, ids)]


async def _of_fees(db: Session, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    row = DunningNotice
    asked = row.fee + row.interest
    gone = row.fee_paid + row.interest_paid + row.waived_fee + row.waived_interest
    still = sa.case((row.fee_settled_at.is_(None), asked - gone), else_=0)
    found = (
        sa.select(
            DunningNotice.id, DunningNotice.order_id, Invoice.number, DunningNotice.currency,
            asked.label("amount"), still.label("open"), DunningNotice.issued_at.label("since"),
            DunningNotice.due_on,
        )
        .join(Invoice, Invoice.id == DunningNotice.invoice_id)
        .where(asked > 0)
    )  # fmt: skip
    return [{**row, "kind": "DUNNING_FEE"} for row in await queries.rows_of(db, found, DunningNotice.order_id, ids)]


def _unexplained(order: Mapping[str, Any], rest: int, today: date, *, now: datetime) -> dict[str, Any]:
    """Money of an order that no document explains."""
    waits = order["fulfillment_status"] in _MORE_TO_COME and order["state"] not in CALLED_OFF
    kind = "UNDERPAYMENT" if rest > 0 else "ADVANCE" if waits else "OVERPAYMENT"
    return {
        "id": order["id"],
        "order_id": order["id"],
        "kind": kind,
        "number": order["number"],
        "currency": order["currency"],
        "amount": rest,
        "open": rest,
        "since": now,
        "due_on": today,
    }


async def receivables_of(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What the journal says the customers of the orders owe, minor units by order."""
    found: dict[UUID, int] = {}
    for part in chunks(in_key_order(order_ids)):
        statement = (
            sa.select(JournalEntry.order_id, sa.func.sum(JournalLine.amount))
            .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
            .where(JournalEntry.order_id.in_(part), JournalLine.account == Account.RECEIVABLES)
            .group_by(JournalEntry.order_id)
        )
        found.update({order_id: int(amount) for order_id, amount in await db.execute(statement) if order_id})
    return found


async def _present(db: Session, ids: Iterable[UUID]) -> dict[UUID, OpenItem]:
    found: dict[UUID, OpenItem] = {}
    for part in chunks(in_key_order(ids)):
        rows = sa.select(OpenItem).where(OpenItem.id.in_(part)).execution_options(populate_existing=True)
        found.update({row.id: row for row in await db.scalars(rows)})
    return found


async def list_open_items(
    db: Session, wanted: OpenItemFilter, page: PageRequest, *, sort: str = "DUE_ON", descending: bool = False
) -> Page[OpenItem]:
    """A page of what is open; nothing for a principal with a scope."""
    row = OpenItem
    settled = row.open == 0 if wanted.settled else row.open != 0
    found = narrow(
        sa.select(row).where(sa.false() if db.principal.restricted else sa.true(), settled),
        (row.legal_entity_id.__eq__, wanted.legal_entity_id),
        (row.order_id.__eq__, wanted.order_id),
        (row.kind.in_, wanted.kind),
        (row.number.__eq__, wanted.number),
        (row.due_on.__lt__, wanted.due_before),
        (row.due_on.__ge__, wanted.due_from),
        (lambda least: sa.func.abs(row.open) >= least, wanted.least),
        (row.updated_at.__ge__, wanted.changed_since),
    )
    return await paginate(db, found, choose(OPEN_ITEM_SORTS, sort, descending=descending), row.id, page)
