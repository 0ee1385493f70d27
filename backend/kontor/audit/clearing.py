"""Invariant 5: what gateways hold of ours by the journal is what moved there less what was paid out and explained."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from kontor.audit.comparing import Difference
from kontor.banking.models import BankEntry, GatewayDifference, GatewayPayout, GatewayPayoutLine
from kontor.banking.suspense import DETAIL
from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.outbox import OutboxRow
from kontor.invoicing.models import JournalEntry, JournalLine
from kontor.invoicing.posting import Account, Via
from kontor.orders.models import Order
from kontor.payments.models import Payment, PaymentTransaction, Refund, TransactionKind, TransactionState
from kontor.payments.states import PaymentMethodKind, RefundState

K = TransactionKind
_METHODS = (
    PaymentMethodKind.CARD,
    PaymentMethodKind.WALLET,
    PaymentMethodKind.DIRECT_DEBIT,
    PaymentMethodKind.COLLECTED_BY_CHANNEL,
)
_IN = (K.CAPTURE, K.RECEIVE, K.REINSTATE, K.RECOVER, K.DISPUTE_FEE_BACK, K.REFUND_RETURN)
_OUT = (K.REFUND, K.CHARGEBACK, K.LOSS, K.DISPUTE_FEE)
Key = tuple[Any, str, str]


async def clearing_balances(db: Session) -> list[Difference]:
    """Clearing = captured − refunded − charged back − dispute fees − paid out − explained, by seller, currency, method.

    While entries still wait to be posted nothing is compared. A refund is booked as a whole once it has succeeded.
    """
    waiting = sa.exists().where(OutboxRow.job == "invoicing.post_journal", sa.not_(OutboxRow.dead))
    if await db.scalar(sa.select(waiting)):
        return []
    booked = await _booked(db)
    expected = await _moved(db)
    for statement in (_paid_out(), _explained()):
        for entity_id, currency, detail, amount in await db.execute(statement):
            key = (entity_id, currency, detail)
            expected[key] = expected.get(key, 0) - int(amount)
    return list(_compare(booked, expected))


def _compare(booked: dict[Key, int], expected: dict[Key, int]) -> Iterable[Difference]:
    for key in sorted({*booked, *expected}, key=str):
        recorded, computed = booked.get(key, 0), expected.get(key, 0)
        if recorded != computed:
            subject = f"clearing {key[2]} in {key[1]} of {key[0]}"
            yield Difference(5, "clearing against gateways", subject, str(recorded), str(computed))


async def _booked(db: Session) -> dict[Key, int]:
    rows = await db.execute(
        sa.select(
            JournalEntry.legal_entity_id, JournalEntry.currency, JournalLine.detail, sa.func.sum(JournalLine.amount)
        )
        .join(JournalLine, JournalLine.entry_id == JournalEntry.id)
        .where(JournalLine.account.in_((Account.GATEWAY, Account.CHANNEL)))
        .group_by(JournalEntry.legal_entity_id, JournalEntry.currency, JournalLine.detail)
    )
    return {(entity_id, currency, detail): int(amount) for entity_id, currency, detail, amount in rows}


async def _moved(db: Session) -> dict[Key, int]:
    row = PaymentTransaction
    signed = sa.case((row.kind.in_(_IN), row.amount), (row.kind.in_(_OUT), -row.amount), else_=0)
    told = sa.exists().where(
        Refund.id == row.refund_id, sa.or_(Refund.state == RefundState.SUCCEEDED, Refund.returned_at.is_not(None))
    )
    of_refund = row.kind.in_((K.REFUND, K.REFUND_RETURN))
    rows = await db.execute(
        sa.select(SalesChannel.legal_entity_id, Payment.currency, Payment.kind, Payment.gateway, sa.func.sum(signed))
        .join(Payment, Payment.id == row.payment_id)
        .join(Order, Order.id == row.order_id)
        .join(SalesChannel, SalesChannel.id == Order.channel_id)
        .where(Payment.kind.in_(_METHODS), row.outcome == TransactionState.SUCCEEDED, sa.or_(sa.not_(of_refund), told))
        .group_by(SalesChannel.legal_entity_id, Payment.currency, Payment.kind, Payment.gateway)
    )
    return {
        (entity_id, currency, Via(kind.value, gateway).detail): int(amount)
        for entity_id, currency, kind, gateway, amount in rows
    }


def _paid_out() -> Any:
    line, payout = GatewayPayoutLine, GatewayPayout
    return (
        sa.select(payout.legal_entity_id, line.cleared_currency, line.detail, sa.func.sum(line.cleared))
        .join(payout, payout.id == line.payout_id)
        .where(line.detail != "")
        .group_by(payout.legal_entity_id, line.cleared_currency, line.detail)
    )


def _explained() -> Any:
    row = GatewayDifference
    return (
        sa.select(row.legal_entity_id, row.currency, row.detail, sa.func.sum(row.cleared))
        .where(row.detail != "", row.cleared != 0)
        .group_by(row.legal_entity_id, row.currency, row.detail)
    )


async def suspended_entries(db: Session) -> list[Difference]:
    """What the journal has in suspense of our bank accounts is what their movements say, by seller and currency."""
    waiting = sa.exists().where(OutboxRow.job == "invoicing.post_journal", sa.not_(OutboxRow.dead))
    if await db.scalar(sa.select(waiting)):
        return []
    row, line, entry = BankEntry, JournalLine, JournalEntry
    said = sa.select(row.legal_entity_id, row.currency, sa.func.sum(row.suspended)).where(row.suspended != 0)
    booked = (
        sa.select(entry.legal_entity_id, entry.currency, sa.func.sum(line.amount))
        .join(line, line.entry_id == entry.id)
        .where(line.account == Account.SUSPENSE, line.detail == DETAIL)
    )
    expected: dict[tuple[Any, str], int] = {
        (entity_id, currency): int(amount)
        for entity_id, currency, amount in await db.execute(said.group_by(row.legal_entity_id, row.currency))
    }
    found: dict[tuple[Any, str], int] = {
        (entity_id, currency): -int(amount)
        for entity_id, currency, amount in await db.execute(booked.group_by(entry.legal_entity_id, entry.currency))
    }
    return [
        Difference(
            5, "suspense against bank", f"{key[1]} of {key[0]}", str(found.get(key, 0)), str(expected.get(key, 0))
        )
        for key in sorted({*found, *expected}, key=str)
        if found.get(key, 0) != expected.get(key, 0)
    ]


CHECKS = (clearing_balances, suspended_entries)
