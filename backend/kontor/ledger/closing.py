"""The day of a legal entity in figures: what was taken in, earned, paid back, and what is open at its end."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from kontor.channels.models import LegalEntity, SalesChannel
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.invoicing.models import JournalEntry, JournalLine
from kontor.invoicing.posting import Account
from kontor.ledger import queries
from kontor.ledger.models import LedgerDay
from kontor.orders.models import Order
from kontor.payments.models import Payment, PaymentTransaction, TransactionKind, TransactionState

_EARNED = (Account.REVENUE, Account.CHARGES, Account.KEPT_FEES)
_IN, _BACK = (
    ("CAPTURE", "RECEIPT", "WITHDRAWAL"),
    ("REFUND", "CHARGEBACK", "REINSTATEMENT", "REFUND_RETURNED", "REFUND_REPAID"),
)
_LOST = ("WRITE_OFF", "WRITE_OFF_REVERSED")
_MONEY = (Account.BANK, Account.GATEWAY, Account.STORED_VALUE, Account.CHANNEL, Account.CASH)
Moments = tuple[datetime, datetime]


@dataclass(slots=True)
class Figures:
    """A day in one currency, minor units. Revenue by how it is taxed, money by method; `receivables` at its end,
    and `clearing`: what gateways hold of ours by method.

    `differences` are texts about what the books and the payments do not agree on: none on a good day.
    """

    currency: str
    orders: int = 0
    order_total: int = 0
    entries: int = 0
    revenue: dict[str, dict[str, int]] = field(default_factory=dict)
    captured: dict[str, int] = field(default_factory=dict)
    refunded: dict[str, int] = field(default_factory=dict)
    receivables: int = 0
    clearing: dict[str, int] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)


async def figures_of(db: Session, entity: LegalEntity, day: date) -> list[Figures]:
    """The figures of a day in the entity's time zone, one for each currency."""
    first, last = queries.bounds(entity, day, day)
    assert first is not None
    found: dict[str, Figures] = {}
    await _orders(db, entity, (first, last), found)
    await _entries(db, entity, (first, last), found)
    await _receivables(db, entity, last, found)
    await _clearing(db, entity, last, found)
    await _differences(db, entity, (first, last), found)
    return [found[currency] for currency in sorted(found)]


def _of(found: dict[str, Figures], currency: str) -> Figures:
    return found.setdefault(currency, Figures(currency))


async def _orders(db: Session, entity: LegalEntity, moments: Moments, found: dict[str, Figures]) -> None:
    rows = await db.execute(
        sa.select(Order.currency, sa.func.count(), sa.func.sum(Order.total))
        .join(SalesChannel, SalesChannel.id == Order.channel_id)
        .where(SalesChannel.legal_entity_id == entity.id, Order.placed_at >= moments[0], Order.placed_at < moments[1])
        .group_by(Order.currency)
    )
    for currency, count, total in rows:
        figures = _of(found, currency)
        figures.orders, figures.order_total = int(count), int(total)


def _on_the_day(entity: LegalEntity, moments: Moments) -> sa.ColumnElement[bool]:
    return sa.and_(
        JournalEntry.legal_entity_id == entity.id,
        JournalEntry.posted_at >= moments[0],
        JournalEntry.posted_at < moments[1],
    )


async def _entries(db: Session, entity: LegalEntity, moments: Moments, found: dict[str, Figures]) -> None:
    rows = await db.execute(
        sa.select(
            JournalEntry.currency, JournalEntry.kind, JournalLine.account, JournalLine.detail,
            sa.func.sum(JournalLine.amount).label("amount"),
        )
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .where(_on_the_day(entity, moments))
        .group_by(JournalEntry.currency, JournalEntry.kind, JournalLine.account, JournalLine.detail)
    )  # fmt: skip
    for row in rows:
        _count(_of(found, row.currency), row)
    counts = sa.select(JournalEntry.currency, sa.func.count()).where(_on_the_day(entity, moments))
    for currency, count in await db.execute(counts.group_by(JournalEntry.currency)):
        _of(found, currency).entries = int(count)


def _count(figures: Figures, row: Any) -> None:
    amount = int(row.amount)
    if row.kind in _LOST:
        return  # the revenue was earned; that it is never paid is a loss of another day
    if row.account in (*_EARNED, Account.TAX):
        taxed = figures.revenue.setdefault(row.detail, {"net": 0, "tax": 0})
        taxed["tax" if row.account == Account.TAX else "net"] -= amount
    elif row.account in _MONEY and row.kind in _IN:
        figures.captured[row.detail] = figures.captured.get(row.detail, 0) + amount
    elif row.account in _MONEY and row.kind in _BACK:
        figures.refunded[row.detail] = figures.refunded.get(row.detail, 0) - amount


async def _receivables(db: Session, entity: LegalEntity, last: datetime, found: dict[str, Figures]) -> None:
    rows = await db.execute(
        sa.select(JournalEntry.currency, sa.func.sum(JournalLine.amount))
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .where(
            JournalEntry.legal_entity_id == entity.id,
            JournalEntry.posted_at < last,
            JournalLine.account == Account.RECEIVABLES,
        )
        .group_by(JournalEntry.currency)
    )
    for currency, amount in rows:
        if amount or currency in found:
            _of(found, currency).receivables = int(amount)


async def _clearing(db: Session, entity: LegalEntity, last: datetime, found: dict[str, Figures]) -> None:
    """What gateways and marketplaces still hold of ours, by method; what is on its way to the bank is `TRANSIT`."""
    rows = await db.execute(
        sa.select(JournalEntry.currency, JournalLine.account, JournalLine.detail, sa.func.sum(JournalLine.amount))
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .where(
            JournalEntry.legal_entity_id == entity.id,
            JournalEntry.posted_at < last,
            JournalLine.account.in_((Account.GATEWAY, Account.CHANNEL, Account.TRANSIT)),
        )
        .group_by(JournalEntry.currency, JournalLine.account, JournalLine.detail)
    )
    for currency, account, detail, amount in rows:
        if amount:
            name = f"{Account.TRANSIT}/{detail}" if account == Account.TRANSIT else detail
            _of(found, currency).clearing[name] = int(amount)


async def _differences(db: Session, entity: LegalEntity, moments: Moments, found: dict[str, Figures]) -> None:
    """The payments' own books against the journal, by currency; refunds taken off a debt move no money."""
    row, kind = PaymentTransaction, TransactionKind
    into = sa.case(
        (row.kind.in_((kind.CAPTURE, kind.RECEIVE)), row.amount + row.rounding),
        (row.kind == kind.WITHDRAW, -row.amount),
        else_=0,
    )
    back = sa.case(
        (row.kind.in_((kind.REFUND, kind.CHARGEBACK, kind.TRANSFER)), row.amount + row.rounding),
        (row.kind.in_((kind.REINSTATE, kind.REFUND_RETURN)), -row.amount),
        else_=0,
    )
    moved = await db.execute(
        sa.select(Payment.currency, sa.func.sum(into), sa.func.sum(back))
        .join(Payment, Payment.id == row.payment_id)
        .join(Order, Order.id == Payment.order_id)
        .join(SalesChannel, SalesChannel.id == Order.channel_id)
        .where(
            SalesChannel.legal_entity_id == entity.id,
            row.outcome == TransactionState.SUCCEEDED,
            row.finished_at >= moments[0],
            row.finished_at < moments[1],
        )
        .group_by(Payment.currency)
    )
    sums = {currency: (int(taken), int(gone)) for currency, taken, gone in moved}
    for currency in {*sums, *found}:
        figures = _of(found, currency)
        for name, by_payments, booked in zip(
            ("captured", "refunded"),
            sums.get(currency, (0, 0)),
            (sum(figures.captured.values()), sum(figures.refunded.values())),
            strict=True,
        ):
            if by_payments != booked:
                figures.differences.append(f"{name}: {by_payments} by the payments, {booked} in the journal")


def plain(figures: Figures) -> Mapping[str, Any]:
    """As a closed day keeps it."""
    return asdict(figures)


async def close_days(db: Session, entity: LegalEntity, *, now: datetime) -> list[date]:
    """Close every day that is over and not closed yet, from the last closed one on; without one, only yesterday.

    What is kept does not change any more; figures asked for later show what was posted late.
    """
    await queries.lock_settings(db, entity)
    yesterday = local_day(now, entity.timezone) - timedelta(days=1)
    last: date | None = await db.scalar(
        sa.select(sa.func.max(LedgerDay.day)).where(LedgerDay.legal_entity_id == entity.id)
    )
    day = yesterday if last is None else last + timedelta(days=1)
    closed = []
    while day <= yesterday:
        content = [plain(each) for each in await figures_of(db, entity, day)]
        db.add(LedgerDay(id=new_id(), legal_entity_id=entity.id, day=day, content=content, closed_at=now))
        closed.append(day)
        day += timedelta(days=1)
    return closed
