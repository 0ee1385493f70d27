"""Invariants 3 to 5: payments are their transactions, orders their lines, and the books balance."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kontor.audit.comparing import Difference, or_zero, rows, text, total, unequal
from kontor.channels.models import SalesChannel
from kontor.claims.models import Goodwill
from kontor.core.db import Session
from kontor.core.outbox import OutboxRow
from kontor.fulfillment.models import Shipment, ShipmentLine
from kontor.giftcards.models import GiftCard, GiftCardMovement, MovementKind
from kontor.giftcards.values import GATEWAY, TAXED_METHOD
from kontor.invoicing.models import CreditNote, Invoice, JournalEntry, JournalLine
from kontor.orders.models import Order, OrderCharge, OrderLine, PriceAdjustment
from kontor.orders.states import OrderState
from kontor.payments.models import (
    Payment,
    PaymentTransaction,
    Refund,
    RefundAllocation,
    TransactionKind,
    TransactionState,
)
from kontor.payments.states import PaymentMethodKind, RefundState

PAYMENT = (text("order"), Order.number, text("payment"), Payment.position)
ORDER = (text("order"), Order.number)


async def payment_limits(db: Session) -> list[Difference]:
    """No more is taken than was promised, and no more paid back than was taken."""
    found: list[Difference] = []
    for check, amount, limit in (
        ("captured against authorized", Payment.captured, Payment.authorized),
        ("refunded against captured", Payment.refunded, Payment.captured),
    ):
        beyond = sa.select(*PAYMENT, amount, limit).join(Order, Order.id == Payment.order_id).where(amount > limit)
        found += await rows(db, 3, check, beyond)
    return found


async def payment_ledgers(db: Session) -> list[Difference]:
    """Every amount of a payment is the sum of its transactions that succeeded."""
    row, kind = PaymentTransaction, TransactionKind
    in_advance = [each for each in PaymentMethodKind if each.money_in_advance]
    received_promise = sa.and_(row.kind == kind.RECEIVE, Payment.kind.in_(in_advance))
    amounts = {
        "authorized": sa.case(
            (row.kind == kind.AUTHORIZE, row.amount), (row.kind.in_((kind.VOID, kind.TAKEOVER)), -row.amount),
            (received_promise, row.amount), else_=0,
        ),
        "captured": sa.case(
            (row.kind.in_((kind.CAPTURE, kind.RECEIVE)), row.amount), (row.kind == kind.WITHDRAW, -row.amount), else_=0
        ),
        "refunded": sa.case(
            (row.kind.in_((kind.REFUND, kind.CHARGEBACK, kind.TRANSFER)), row.amount),
            (row.kind.in_((kind.REINSTATE, kind.REFUND_RETURN)), -row.amount), else_=0,
        ),
        "billed": sa.case((row.kind == kind.BILL, row.amount), (row.kind == kind.TAKEOVER, -row.amount), else_=0),
        "credited": sa.case((row.kind == kind.CREDIT, row.amount), else_=0),
    }  # fmt: skip
    ledger = (
        sa.select(row.payment_id, *[total(amount, name) for name, amount in amounts.items()])
        .join(Payment, Payment.id == row.payment_id)
        .where(row.outcome == TransactionState.SUCCEEDED)
        .group_by(row.payment_id)
        .subquery()
    )
    found = sa.join(Payment, Order, Order.id == Payment.order_id).join(
        ledger, ledger.c.payment_id == Payment.id, isouter=True
    )
    differences: list[Difference] = []
    for name in amounts:
        pair = (getattr(Payment, name), or_zero(ledger.c[name]))
        check = f"{name} against transactions"
        differences += await unequal(db, 3, check, found=found, subject=PAYMENT, pair=pair)
    return differences


async def order_totals(db: Session) -> list[Difference]:
    """An order's totals are those of its lines and charges, a line's discount that of its adjustments."""
    lines = (
        sa.select(
            OrderLine.order_id, total(OrderLine.gross_total, "gross"), total(OrderLine.discount_total, "discount")
        )
        .group_by(OrderLine.order_id)
        .subquery()
    )
    # With net prices a charge is taxed anew on the day of supply, so only its net amount stays what was agreed.
    agreed = sa.case((sa.or_(Order.gross, OrderCharge.shipment_id.is_(None)), OrderCharge.gross), else_=0)
    changed = sa.case((sa.or_(Order.gross, OrderCharge.shipment_id.is_(None)), 0), else_=1)
    charges = (
        sa.select(OrderCharge.order_id, total(agreed), total(changed, "changed"))
        .join(Order, Order.id == OrderCharge.order_id)
        .group_by(OrderCharge.order_id)
        .subquery()
    )
    found = sa.join(Order, lines, lines.c.order_id == Order.id, isouter=True).join(
        charges, charges.c.order_id == Order.id, isouter=True
    )
    of_charges = sa.case((or_zero(charges.c.changed) > 0, Order.charges_total), else_=or_zero(charges.c.total))
    pairs: tuple[tuple[str, Any, Any], ...] = (
        ("goods against lines", Order.goods_total, or_zero(lines.c.gross)),
        ("charges against their rows", Order.charges_total, of_charges),
        ("discount against lines", Order.discount_total, or_zero(lines.c.discount)),
        ("total against goods and charges", Order.total, Order.goods_total + Order.charges_total),
    )
    differences: list[Difference] = []
    for check, recorded, computed in pairs:
        differences += await unequal(db, 4, check, found=found, subject=ORDER, pair=(recorded, computed))
    return differences + await _adjustments(db)


async def _adjustments(db: Session) -> list[Difference]:
    given = (
        sa.select(PriceAdjustment.order_line_id, total(PriceAdjustment.amount))
        .group_by(PriceAdjustment.order_line_id)
        .subquery()
    )
    found = sa.join(OrderLine, Order, Order.id == OrderLine.order_id).join(
        given, given.c.order_line_id == OrderLine.id, isouter=True
    )
    pair = (OrderLine.discount_total, or_zero(given.c.total))
    subject = (*ORDER, text("line"), OrderLine.position)
    return await unequal(db, 4, "discount against adjustments", found=found, subject=subject, pair=pair)


def _shipped_value() -> Any:
    return (
        sa.select(Shipment.order_id, total(Shipment.amount))
        .where(Shipment.recalled_at.is_(None))
        .group_by(Shipment.order_id)
        .subquery()
    )


async def shipped_value(db: Session) -> list[Difference]:
    """A shipment is worth its lines and charges; the pieces of a line are worth no more than the line."""
    lines = sa.select(ShipmentLine.shipment_id, total(ShipmentLine.gross)).group_by(ShipmentLine.shipment_id).subquery()
    charges = (
        sa.select(OrderCharge.shipment_id, total(OrderCharge.gross))
        .where(OrderCharge.shipment_id.is_not(None))
        .group_by(OrderCharge.shipment_id)
        .subquery()
    )
    worth = or_zero(lines.c.total) + or_zero(charges.c.total)
    found = sa.join(Shipment, lines, lines.c.shipment_id == Shipment.id, isouter=True).join(
        charges, charges.c.shipment_id == Shipment.id, isouter=True
    )
    statement = (
        sa.select(text("shipment"), Shipment.number, Shipment.amount, worth)
        .select_from(found)
        .where(Shipment.recalled_at.is_(None), Shipment.amount != worth)
    )
    differences = await rows(db, 4, "amount against lines and charges", statement)
    beyond = (
        sa.select(text("shipment"), Shipment.number, ShipmentLine.refunded_gross, ShipmentLine.gross)
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(ShipmentLine.refunded_gross > ShipmentLine.gross)
    )
    return differences + await rows(db, 4, "paid back against the value of the pieces", beyond)


async def captured_value(db: Session) -> list[Difference]:
    """What Kontor captured of an order is at most the value shipped, but for methods paid in advance.

    Where a channel takes what was agreed beyond an order's total (`capture_surplus`), that much more.
    """
    advance = [kind for kind in PaymentMethodKind if not kind.captured_by_kontor]
    sent = _shipped_value()
    taken = (
        sa.select(Payment.order_id, total(Payment.captured))
        .join(Order, Order.id == Payment.order_id)
        .where(Payment.kind.not_in(advance), sa.not_(await _taken_at_once(db)))
        .group_by(Payment.order_id)
        .subquery()
    )
    limit = or_zero(sent.c.total) + await _agreed_beyond_total(db)
    statement = (
        sa.select(*ORDER, taken.c.total, limit)
        .join(taken, taken.c.order_id == Order.id)
        .outerjoin(sent, sent.c.order_id == Order.id)
        .where(taken.c.total > limit)
    )
    return await rows(db, 4, "captured against shipped", statement)


async def _agreed_beyond_total(db: Session) -> Any:
    """What a channel takes with an order's last shipment beyond its total, because its customer agreed to pay it."""
    found = await db.execute(sa.select(SalesChannel.id, SalesChannel.settings))
    chosen = [channel_id for channel_id, settings in found if settings.get("capture_surplus")]
    if not chosen:
        return sa.literal(0)
    agreed = sa.select(sa.func.sum(Payment.amount)).where(Payment.order_id == Order.id, Payment.settles_id.is_(None))
    surplus = or_zero(agreed.scalar_subquery()) - Order.total
    return sa.case((sa.and_(Order.channel_id.in_(chosen), surplus > 0), surplus), else_=0)


async def _taken_at_once(db: Session) -> sa.ColumnElement[bool]:
    """Methods whose money a channel or gateway takes at once are paid in advance: their capture names no shipment."""
    found = await db.execute(sa.select(SalesChannel.id, SalesChannel.settings))
    chosen = [(channel_id, settings.get("immediate_capture") or []) for channel_id, settings in found]
    immediate = sa.or_(
        Payment.kind == PaymentMethodKind.WALLET,
        *(sa.and_(Order.channel_id == channel_id, Payment.kind.in_(kinds)) for channel_id, kinds in chosen if kinds),
    )
    at_once = sa.select(PaymentTransaction.payment_id).where(
        PaymentTransaction.kind == TransactionKind.CAPTURE,
        PaymentTransaction.outcome == TransactionState.SUCCEEDED,
        PaymentTransaction.shipment_id.is_(None),
    )
    return sa.and_(immediate, Payment.id.in_(at_once))


async def refunds(db: Session) -> list[Difference]:
    """A refund goes back over payments to the cent, and no order is paid back more than was taken."""
    shares = (
        sa.select(RefundAllocation.refund_id, total(RefundAllocation.amount))
        .group_by(RefundAllocation.refund_id)
        .subquery()
    )
    found = sa.join(Refund, Order, Order.id == Refund.order_id).join(
        shares, shares.c.refund_id == Refund.id, isouter=True
    )
    statement = (
        sa.select(*ORDER, Refund.kind, Refund.amount, or_zero(shares.c.total))
        .select_from(found)
        .where(Refund.state == RefundState.SUCCEEDED, Refund.amount != or_zero(shares.c.total))
    )
    differences = await rows(db, 4, "refund against its shares", statement)
    done = (
        sa.select(Refund.order_id, total(RefundAllocation.amount))
        .join(Refund, Refund.id == RefundAllocation.refund_id)
        .where(RefundAllocation.done)
        .group_by(Refund.order_id)
        .subquery()
    )
    row = PaymentTransaction
    disputed = (  # what banks took back was never granted
        sa.select(row.order_id, total(sa.case((row.kind == TransactionKind.REINSTATE, -row.amount), else_=row.amount)))
        .where(
            row.kind.in_((TransactionKind.CHARGEBACK, TransactionKind.REINSTATE)),
            row.outcome == TransactionState.SUCCEEDED,
        )
        .group_by(row.order_id)
        .subquery()
    )
    back = total(Payment.refunded + Payment.credited)
    of_payments = sa.select(Payment.order_id, back).group_by(Payment.order_id).subquery()
    both = (
        sa.join(Order, of_payments, of_payments.c.order_id == Order.id)
        .join(done, done.c.order_id == Order.id, isouter=True)
        .join(disputed, disputed.c.order_id == Order.id, isouter=True)
    )
    pair = (of_payments.c.total - or_zero(disputed.c.total), or_zero(done.c.total))
    return differences + await unequal(
        db, 4, "paid back by payments against refunds", found=both, subject=ORDER, pair=pair
    )


async def journal_balances(db: Session) -> list[Difference]:
    """Every entry balances, and so does every currency."""
    line, entry = JournalLine, JournalEntry
    balance = sa.select(line.entry_id, total(line.amount)).group_by(line.entry_id).subquery()
    found = sa.outerjoin(entry, balance, balance.c.entry_id == entry.id)
    pair = (or_zero(balance.c.total), sa.literal(0))
    subject = (text("entry"), entry.kind, entry.reference)
    differences = await unequal(db, 5, "balance of an entry", found=found, subject=subject, pair=pair)
    empty = sa.select(*subject, sa.literal(0), text("lines")).select_from(found).where(balance.c.entry_id.is_(None))
    differences += await rows(db, 5, "lines of an entry", empty)
    by_currency = (
        sa.select(text("journal in"), entry.currency, total(line.amount), sa.literal(0))
        .join(line, line.entry_id == entry.id)
        .group_by(entry.currency)
        .having(sa.func.sum(line.amount) != 0)
    )
    return differences + await rows(db, 5, "balance of the journal", by_currency)


async def documents_against_shipments(db: Session) -> list[Difference]:
    """An invoice is worth its shipment, and no more of it is credited than it says."""
    worth = (
        sa.select(text("invoice"), Invoice.number, Invoice.gross, Shipment.amount)
        .join(Shipment, Shipment.id == Invoice.shipment_id)
        .where(Invoice.gross != Shipment.amount)
    )
    differences = await rows(db, 4, "invoice against its shipment", worth)
    notes = sa.select(CreditNote.invoice_id, total(CreditNote.gross)).group_by(CreditNote.invoice_id).subquery()
    found = sa.outerjoin(Invoice, notes, notes.c.invoice_id == Invoice.id)
    pair = (Invoice.credited, or_zero(notes.c.total))
    subject = (text("invoice"), Invoice.number)
    differences += await unequal(db, 4, "credited against credit notes", found=found, subject=subject, pair=pair)
    beyond = sa.select(*subject, Invoice.credited, Invoice.gross).where(Invoice.credited > Invoice.gross)
    return differences + await rows(db, 4, "credited against the invoice", beyond)


async def entries_of_effects(db: Session) -> list[Difference]:
    """Every capture, refund, invoice and credit note that moves money has its entry, unless its order's work waits."""
    moved, done = PaymentTransaction, PaymentTransaction.outcome == TransactionState.SUCCEEDED
    kind = TransactionKind
    money_in = sa.and_(done, moved.kind.in_((kind.CAPTURE, kind.RECEIVE)))
    effects: tuple[tuple[str, tuple[str, ...], Any, Any, Any], ...] = (
        ("invoice", ("INVOICE",), Invoice, Invoice.number, Invoice.gross > 0),
        ("credit note", ("CREDIT_NOTE",), CreditNote, CreditNote.number, CreditNote.gross > 0),
        ("capture", ("CAPTURE", "RECEIPT"), moved, moved.id, money_in),
        ("withdrawal", ("WITHDRAWAL",), moved, moved.id, sa.and_(done, moved.kind == kind.WITHDRAW)),
        ("chargeback", ("CHARGEBACK",), moved, moved.id, sa.and_(done, moved.kind == kind.CHARGEBACK)),
        ("loss", ("CHARGEBACK_LOSS",), moved, moved.id, sa.and_(done, moved.kind == kind.LOSS)),
        ("reinstatement", ("REINSTATEMENT",), moved, moved.id, sa.and_(done, moved.kind == kind.REINSTATE)),
        ("recovered loss", ("LOSS_RECOVERED",), moved, moved.id, sa.and_(done, moved.kind == kind.RECOVER)),
        (
            "dispute fee",
            ("DISPUTE_FEE",),
            moved,
            moved.id,
            sa.and_(done, moved.kind.in_((kind.DISPUTE_FEE, kind.DISPUTE_FEE_BACK))),
        ),
        ("goodwill voucher", ("GOODWILL_VOUCHER",), Goodwill, Goodwill.id, Goodwill.issued_at.is_not(None)),
        ("refund", ("REFUND",), Refund, Refund.id, sa.and_(Refund.state == RefundState.SUCCEEDED, Refund.amount > 0)),
    )
    differences: list[Difference] = []
    for name, kinds, model, key, condition in effects:
        reference = key if key.key == "number" else _hex(db, key)
        entry = sa.exists().where(JournalEntry.reference == reference, JournalEntry.kind.in_(kinds))
        waiting = sa.exists().where(OutboxRow.key == model.order_id, sa.not_(OutboxRow.dead))
        missing = sa.select(text(name), key, text("none"), text("an entry")).where(
            condition, sa.not_(entry), sa.not_(waiting)
        )
        differences += await rows(db, 5, "entry in the journal", missing)
    return differences


def _hex(db: Session, column: Any) -> Any:
    """A row's id as the journal refers to it: its 32 digits."""
    if db.sqlite:
        return sa.type_coerce(column, sa.String())
    return sa.func.replace(sa.cast(column, sa.String()), "-", "")


async def gift_cards(db: Session) -> list[Difference]:
    """What is left on a gift card and what is reserved of it are the sums of its movements."""
    row, kind = GiftCardMovement, MovementKind
    taken = (kind.REDEEM, kind.TAKE_BACK, kind.EXPIRE)
    balance = sa.case(
        (row.kind.in_((kind.ISSUE, kind.GIVE_BACK)), row.amount), (row.kind.in_(taken), -row.amount), else_=0
    )
    reserved = sa.case(
        (row.kind == kind.RESERVE, row.amount), (row.kind.in_((kind.REDEEM, kind.RELEASE)), -row.amount), else_=0
    )
    sums = (
        sa.select(row.card_id, total(balance, "balance"), total(reserved, "reserved")).group_by(row.card_id).subquery()
    )
    found = sa.join(GiftCard, sums, sums.c.card_id == GiftCard.id, isouter=True)
    subject = (text("gift card"), GiftCard.ending)
    differences: list[Difference] = []
    for name in ("balance", "reserved"):
        pair = (getattr(GiftCard, name), or_zero(sums.c[name]))
        differences += await unequal(db, 3, f"{name} of a gift card", found=found, subject=subject, pair=pair)
    return differences


async def taxed_vouchers(db: Session) -> list[Difference]:
    """What documents take off as paid by vouchers that had been taxed is what such vouchers paid, in the end."""
    line, entry = JournalLine, JournalEntry
    balance = (
        sa.select(entry.order_id, total(line.amount))
        .join(line, line.entry_id == entry.id)
        .where(line.account == "STORED_VALUE", line.detail == f"{TAXED_METHOD}/{GATEWAY}")
        .group_by(entry.order_id)
        .subquery()
    )
    waiting = sa.exists().where(OutboxRow.key == Order.id, sa.not_(OutboxRow.dead))
    ended = Order.state.in_((OrderState.COMPLETED, OrderState.CLOSED, OrderState.CANCELED))
    open_ = (
        sa.select(*ORDER, balance.c.total, sa.literal(0))
        .join(balance, balance.c.order_id == Order.id)
        .where(balance.c.total != 0, ended, sa.not_(waiting))
    )
    return await rows(db, 5, "vouchers on documents against payments by them", open_)


CHECKS = (
    payment_limits,
    payment_ledgers,
    gift_cards,
    order_totals,
    shipped_value,
    captured_value,
    refunds,
    documents_against_shipments,
    journal_balances,
    entries_of_effects,
    taxed_vouchers,
)
