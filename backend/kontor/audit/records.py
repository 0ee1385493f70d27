"""Invariants 6 to 10: numbers without gaps, holds, the log, effects that happen once, and scopes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kontor.audit.comparing import Difference, or_zero, rows, text
from kontor.auth.models import ApiClient, AuditEntry, AuditTarget, User
from kontor.core.db import Session
from kontor.core.outbox import EventRecord, EventStream, OutboxRow
from kontor.core.statemachine import StateChange
from kontor.documents.models import Document
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState
from kontor.invoicing.models import CreditNote, Invoice
from kontor.locations.models import StockLocation
from kontor.notifications.models import Notification
from kontor.orders.models import Order, OrderHold
from kontor.payments.models import PaymentTransaction, Refund, TransactionKind, TransactionState

_S = FulfillmentState
MOVING = (_S.PICKED, _S.PACKED, _S.SHIPPED, _S.READY_FOR_PICKUP, _S.PICKED_UP)


async def legal_numbers(db: Session) -> list[Difference]:
    """Invoices and credit notes are numbered from 1 without gaps per legal entity, series and year."""
    found: list[Difference] = []
    for name, model in (("invoices", Invoice), ("credit notes", CreditNote)):
        series: tuple[Any, ...] = (model.legal_entity_id, model.series, model.year)
        last, count = sa.func.max(model.sequence), sa.func.count(sa.distinct(model.sequence))
        statement = sa.select(text(name), *series, last, count).group_by(*series)
        gaps = statement.having(sa.or_(last != count, sa.func.min(model.sequence) != 1))
        found += await rows(db, 6, "last number against how many there are", gaps)
    return found


async def documents_unchanged(db: Session) -> list[Difference]:
    """Every document of an invoice or credit note is there, once, under its number."""
    found: list[Difference] = []
    for name, model in (("invoice", Invoice), ("credit note", CreditNote)):
        missing = (
            sa.select(text(name), model.number, sa.cast(model.document_id, sa.String()), text("a stored document"))
            .outerjoin(Document, Document.id == model.document_id)
            .where(model.document_id.is_not(None), sa.or_(Document.id.is_(None), Document.number != model.number))
        )
        found += await rows(db, 6, "the document of its number", missing)
    return found


async def held_orders(db: Session) -> list[Difference]:
    """While a blocking hold is open no work is given out and none of it moves on.

    Counted is when a step was taken, not when the caller says that the goods left. What is split off work that was
    given out before is no release.
    """
    hold, work = OrderHold, FulfillmentOrder
    given = sa.select(work.order_id, work.number, work.created_at.label("moment")).where(work.split_from_id.is_(None))
    moved = (
        sa.select(work.order_id, work.number, StateChange.at.label("moment"))
        .join(StateChange, StateChange.entity_id == work.id)
        .where(StateChange.entity == work.__tablename__, StateChange.old.is_not(None), StateChange.new.in_(MOVING))
    )
    found: list[Difference] = []
    for check, steps in (("released while on hold", given), ("moved while on hold", moved)):
        step = steps.subquery("step")
        lasting = sa.or_(hold.released_at.is_(None), hold.released_at > step.c.moment)
        statement = (
            sa.select(text("order"), Order.number, hold.kind, step.c.number, text("nothing"))
            .join(hold, hold.order_id == Order.id)
            .join(step, step.c.order_id == Order.id)
            .where(hold.blocking, step.c.moment > hold.placed_at, lasting)
        )
        found += await rows(db, 7, check, statement)
    return found


async def event_numbers(db: Session) -> list[Difference]:
    """The events of a stream are numbered from 1 without gaps, and the stream knows its last number."""
    event = EventRecord
    logged = (
        sa.select(event.stream_id, sa.func.max(event.seq).label("last"), sa.func.count().label("count"))
        .group_by(event.stream_id)
        .subquery()
    )
    gaps = sa.select(text("stream"), logged.c.stream_id, logged.c.last, logged.c.count)
    found = await rows(db, 8, "last event number against events", gaps.where(logged.c.last != logged.c.count))
    known = (
        sa.select(text("stream"), EventStream.stream_id, EventStream.last_seq, or_zero(logged.c.last))
        .outerjoin(logged, logged.c.stream_id == EventStream.stream_id)
        .where(EventStream.last_seq != or_zero(logged.c.last))
    )
    return found + await rows(db, 8, "the stream's number against its events", known)


async def effects_once(db: Session) -> list[Difference]:
    """One capture per payment and shipment, one refund, message, invoice and document per cause."""
    done, kind = PaymentTransaction.outcome == TransactionState.SUCCEEDED, PaymentTransaction.kind
    captures = sa.and_(done, kind == TransactionKind.CAPTURE, PaymentTransaction.shipment_id.is_not(None))
    of_payment = PaymentTransaction.payment_id
    causes: tuple[tuple[str, tuple[Any, ...], Any], ...] = (
        ("captures of a shipment", (of_payment, PaymentTransaction.shipment_id), captures),
        ("gateway calls of a key", (PaymentTransaction.idempotency_key,), sa.true()),
        ("refunds of a cause", (Refund.source_key,), sa.true()),
        ("messages of a cause", (Notification.order_id, Notification.source_key, Notification.template), sa.true()),
        ("messages of an id", (Notification.message_id,), sa.true()),
        ("invoices of a shipment", (Invoice.shipment_id,), sa.true()),
        ("credit notes of a cause", (CreditNote.source_key,), sa.true()),
        ("documents of a thing", (Document.subject_id, Document.kind), Document.subject_id.is_not(None)),
    )
    found: list[Difference] = []
    for check, key, condition in causes:
        statement = sa.select(*key, sa.func.count(), sa.literal(1)).where(condition).group_by(*key)
        found += await rows(db, 8, check, statement.having(sa.func.count() > 1))
    return found + await _paid_out_once(db)


async def _paid_out_once(db: Session) -> list[Difference]:
    """A share of a refund goes back once more only after its money had come back to us."""
    row, kind = PaymentTransaction, TransactionKind
    times = sa.func.sum(sa.case((row.kind == kind.REFUND_RETURN, -1), else_=1))
    statement = (
        sa.select(row.payment_id, row.refund_id, times, sa.literal(1))
        .where(
            row.outcome == TransactionState.SUCCEEDED,
            row.kind.in_((kind.REFUND, kind.TRANSFER, kind.REFUND_RETURN)),
            row.refund_id.is_not(None),
        )
        .group_by(row.payment_id, row.refund_id)
        .having(times > 1)
    )
    return await rows(db, 8, "payouts of a refund", statement)


async def work_given_up(db: Session) -> list[Difference]:
    """Work that failed so often that it was given up: its effect is missing."""
    row = OutboxRow
    dead = sa.select(text("work"), row.job, row.id, sa.func.coalesce(row.last_error, ""), text("done"))
    return await rows(db, 8, "given up after its last attempt", dead.where(row.dead))


async def external_ids(db: Session) -> list[Difference]:
    """The same external order is one order."""
    key = (Order.channel_id, Order.external_id)
    twice = sa.select(text("channel"), key[0], text("order"), key[1], sa.func.count(), sa.literal(1)).group_by(*key)
    return await rows(db, 9, "orders of an external id", twice.having(sa.func.count() > 1))


async def foreign_hands(db: Session) -> list[Difference]:
    """Nobody who belongs to a partner changed another partner's work, and work belongs to its place's partner."""
    row = FulfillmentOrder
    nobody = sa.literal("nobody", sa.String())
    misplaced = (
        sa.select(
            text("fulfillment order"), row.number, _name(row.partner_id, "recorded"), _name(StockLocation.partner_id)
        )
        .join(StockLocation, StockLocation.id == row.location_id)
        .where(row.state == FulfillmentState.OPEN, sa.func.coalesce(_name(row.partner_id), nobody)
               != sa.func.coalesce(_name(StockLocation.partner_id), nobody))
    )  # fmt: skip
    found = await rows(db, 10, "partner of the work against that of its place", misplaced)
    for actor in (User, ApiClient):
        foreign = (
            sa.select(
                text("fulfillment order"),
                row.number,
                AuditEntry.operation,
                actor.partner_id.label("actor"),
                row.partner_id,
            )
            .join(AuditTarget, AuditTarget.target_id == row.id)
            .join(AuditEntry, AuditEntry.id == AuditTarget.entry_id)
            .join(actor, actor.id == AuditEntry.principal_id)
            .where(actor.partner_id.is_not(None), sa.or_(row.partner_id.is_(None), actor.partner_id != row.partner_id))
        )
        found += await rows(db, 10, "partner who acted against the work's", foreign)
    return found


def _name(column: Any, label: str = "computed") -> Any:
    return sa.cast(column, sa.String()).label(label)


async def histories(db: Session) -> list[Difference]:
    """The steps that led into a thing's state are one more than those that led out of it, in whatever order."""
    found: list[Difference] = []
    for model in (Order, FulfillmentOrder):
        state = _name(model.state)
        into = sa.func.sum(sa.case((StateChange.new == state, 1), else_=0))
        out_of = sa.func.sum(sa.case((StateChange.old == state, 1), else_=0))
        statement = (
            sa.select(text(model.__tablename__), model.number, model.state, into - out_of, sa.literal(1))
            .join(StateChange, StateChange.entity_id == model.id)
            .where(StateChange.entity == model.__tablename__)
            .group_by(model.id, model.number, model.state)
            .having(into - out_of != 1)
        )
        found += await rows(db, 8, "steps into the state less steps out of it", statement)
    return found


CHECKS = (
    legal_numbers,
    documents_unchanged,
    held_orders,
    event_numbers,
    effects_once,
    work_given_up,
    histories,
    external_ids,
    foreign_hands,
)
