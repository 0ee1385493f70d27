"""A dispute from the first word of the bank to its decision: what is heard of it, and what we answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.money import Money
from kontor.core.outbox import record, schedule
from kontor.core.statemachine import change_row, transition
from kontor.documents.models import Document
from kontor.orders.queries import lock_orders
from kontor.payments import disputes, queries
from kontor.payments.errors import DisputeNotOpen, EvidenceMissing
from kontor.payments.events import (
    DisputeAnswerFailed,
    DisputeChanged,
    DisputeClosed,
    DisputeDeadlineNear,
    DisputeOpened,
)
from kontor.payments.evidence import DOCUMENTS, check_texts
from kontor.payments.models import Dispute, DisputeAction, Payment, TransactionState
from kontor.payments.ports import Declined, DisputeNews, DisputeStatus
from kontor.payments.reporting import report
from kontor.payments.states import DISPUTE_TRANSITIONS, DisputeState
from kontor.payments.surplus import refund_won

CONTEST, ACCEPT = "CONTEST", "ACCEPT"
OPEN = frozenset({DisputeState.NEEDS_RESPONSE, DisputeState.UNDER_REVIEW})
REMIND_BEFORE = (timedelta(days=3), timedelta(days=1))
"""Somebody is reminded this long before the last moment to answer, once each."""
MOST_DOCUMENTS = 8
_RANKS = {DisputeStatus.NEEDS_RESPONSE: 0, DisputeStatus.UNDER_REVIEW: 1, DisputeStatus.WON: 2, DisputeStatus.LOST: 2}
_UNSETTLED = (TransactionState.PENDING, TransactionState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class DocumentRef:
    """A document of the order, and what it shows: one of `evidence.DOCUMENTS`."""

    document_id: UUID
    purpose: str


async def hear(db: Session, payment: Payment, news: DisputeNews, *, gateway: str, now: datetime) -> Dispute:
    """Follow what a gateway says of a dispute about a locked payment, in whatever order and however often it says so.

    Money is booked as the bank moves it, each move once; state, reason and deadline are those of the latest news. What
    was withheld from a locked order because the bank held it is refunded when it comes back.
    """
    dispute = await _known(db, gateway, news.reference)
    fresh = dispute is None
    if dispute is None:
        dispute = _opened(db, payment, news, gateway=gateway, now=now)
        await db.flush()
    latest = fresh or (news.told_at, _RANKS[news.status]) >= (dispute.told_at, dispute.rank)
    await _move(db, payment, dispute, news, latest=latest, now=now)
    if latest:
        await _charge(db, payment, dispute, news, now=now)
    if latest and not fresh:
        _change(db, dispute, news, now=now)
    return dispute


async def _known(db: Session, gateway: str, reference: str) -> Dispute | None:
    """Notices of the default gateway come under either of its names."""
    found = sa.select(Dispute).where(Dispute.reference == reference, Dispute.gateway.in_({gateway, ""}))
    dispute: Dispute | None = await db.scalar(
        found.order_by(Dispute.id).limit(1).with_for_update().execution_options(populate_existing=True)
    )
    return dispute


def _state_of(news: DisputeNews) -> DisputeState:
    if news.status is DisputeStatus.WON and news.inquiry:
        return DisputeState.CLOSED
    return DisputeState(news.status.value)


def _opened(db: Session, payment: Payment, news: DisputeNews, *, gateway: str, now: datetime) -> Dispute:
    state = _state_of(news)
    dispute = Dispute(
        id=new_id(), gateway=gateway, reference=news.reference[:120], payment_id=payment.id, order_id=payment.order_id,
        state=state, inquiry=news.inquiry, reason=news.reason[:60], currency=news.amount.currency,
        amount=news.amount.amount, fee=0, fee_currency=news.amount.currency, held=False, rounds=0, due_at=news.due_at,
        reminded=0, told_at=news.told_at, rank=_RANKS[news.status], opened_at=now,
        closed_at=None if state in OPEN else now, updated_at=now,
    )  # fmt: skip
    db.add(dispute)
    db.note_state(change_row("dispute", dispute.id, None, state, now=now, by=db.by))
    record(
        db,
        DisputeOpened(
            stream_id=dispute.order_id, dispute_id=dispute.id, payment_id=payment.id, state=state,
            inquiry=dispute.inquiry, reason_code=dispute.reason, amount=dispute.amount, currency=dispute.currency,
            due_at=_iso(dispute.due_at),
        ),
    )  # fmt: skip
    if state not in OPEN:
        _tell_end(db, dispute)
    return dispute


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


async def _move(
    db: Session, payment: Payment, dispute: Dispute, news: DisputeNews, *, latest: bool, now: datetime
) -> None:
    """Book what the bank moved. Late news of money taken changes nothing once that money is known to be back."""
    first = not dispute.held and not dispute.rounds
    again = latest and news.status is DisputeStatus.LOST and not dispute.held
    if (news.taken and (first or again)) or (news.returned and first):
        notice_id = dispute.reference if not dispute.rounds else f"{dispute.reference}/{dispute.rounds}"
        await disputes.charge_back(db, payment, news.amount.amount, notice_id=notice_id, now=now, dispute_id=dispute.id)
        dispute.held, dispute.updated_at = True, now
        await db.flush()
    if news.returned and dispute.held and latest:
        await disputes.reinstate(db, payment, dispute.id, now=now)
        dispute.held, dispute.rounds, dispute.updated_at = False, dispute.rounds + 1, now
        await refund_won(db, payment.order_id, now=now)


async def _charge(db: Session, payment: Payment, dispute: Dispute, news: DisputeNews, *, now: datetime) -> None:
    """A fee in another currency than the payment's is booked with the payout that it is taken off."""
    if news.fee is None or (news.fee.amount, news.fee.currency) == (dispute.fee, dispute.fee_currency):
        return
    dispute.fee, dispute.fee_currency, dispute.updated_at = news.fee.amount, news.fee.currency, now
    if news.fee.currency == payment.currency:
        await disputes.charge_fee(db, payment, dispute.id, news.fee.amount, now=now)


def _change(db: Session, dispute: Dispute, news: DisputeNews, *, now: datetime) -> None:
    state = _state_of(news)
    before = (dispute.state, dispute.inquiry, dispute.due_at)
    if dispute.state is DisputeState.ACCEPTED:
        state = DisputeState.ACCEPTED  # the bank calls it lost
    if state is not dispute.state and DISPUTE_TRANSITIONS.allows(dispute.state, state):
        transition(db, dispute, state, table=DISPUTE_TRANSITIONS, now=now)
        dispute.closed_at = None if state in OPEN else now
    dispute.inquiry, dispute.reason = news.inquiry, news.reason[:60] or dispute.reason
    if news.due_at is not None and news.due_at != dispute.due_at:
        dispute.due_at, dispute.reminded = news.due_at, 0
    dispute.told_at, dispute.rank, dispute.updated_at = news.told_at, _RANKS[news.status], now
    if (dispute.state, dispute.inquiry, dispute.due_at) == before:
        return
    if dispute.state in OPEN:
        _tell_change(db, dispute)
    elif dispute.state is not before[0]:
        _tell_end(db, dispute)


def _tell_change(db: Session, dispute: Dispute) -> None:
    changed = DisputeChanged(
        stream_id=dispute.order_id, dispute_id=dispute.id, payment_id=dispute.payment_id, state=dispute.state,
        inquiry=dispute.inquiry, due_at=_iso(dispute.due_at),
    )  # fmt: skip
    record(db, changed)


def _tell_end(db: Session, dispute: Dispute) -> None:
    closed = DisputeClosed(
        stream_id=dispute.order_id, dispute_id=dispute.id, payment_id=dispute.payment_id, state=dispute.state,
        amount=dispute.amount, currency=dispute.currency,
    )  # fmt: skip
    record(db, closed)


# --- what we answer -----------------------------------------------------------------------------------------------


async def contest(
    db: Session, dispute: Dispute, texts: Mapping[str, str], documents: Sequence[DocumentRef], *, now: datetime
) -> DisputeAction:
    """Send evidence for a locked dispute by a job; the bank takes it once.

    Raises `DisputeNotOpen` where nothing is asked of us, `EvidenceMissing` without any, `InvalidInput` for a text or
    document that is none of this order's.
    """
    _check_open(dispute, now)
    found = check_texts(texts)
    await _check_documents(db, dispute, documents)
    if not found and not documents:
        raise EvidenceMissing("Nothing speaks for us.", path=("evidence",))
    return await _ask(
        db, dispute, CONTEST, now=now, texts=found,
        documents=[{"document_id": str(each.document_id), "purpose": each.purpose} for each in documents],
    )  # fmt: skip


async def accept(db: Session, dispute: Dispute, *, now: datetime) -> DisputeAction:
    """Let the customer have the money of a locked dispute: final, by a job. Raises `DisputeNotOpen`."""
    _check_open(dispute, now)
    return await _ask(db, dispute, ACCEPT, now=now)


def _check_open(dispute: Dispute, now: datetime) -> None:
    if dispute.state is not DisputeState.NEEDS_RESPONSE:
        raise DisputeNotOpen("The bank asks nothing of us.", state=dispute.state)
    if dispute.due_at is not None and dispute.due_at <= now:
        raise DisputeNotOpen("The last moment to answer has passed.", state=dispute.state, due_at=_iso(dispute.due_at))


async def _check_documents(db: Session, dispute: Dispute, documents: Sequence[DocumentRef]) -> None:
    if len(documents) > MOST_DOCUMENTS or len({each.purpose for each in documents}) < len(documents):
        raise InvalidInput("One document for each purpose.", code="TOO_MANY_DOCUMENTS", path=("documents",))
    ids = [each.document_id for each in documents]
    found = sa.select(Document.id).where(Document.id.in_(ids), Document.order_id == dispute.order_id)
    ours = set(await db.scalars(found))
    for index, each in enumerate(documents):
        if each.purpose not in DOCUMENTS:
            raise InvalidInput(
                "There is no such evidence.", code="UNKNOWN_EVIDENCE", path=("documents", index, "purpose"),
                allowed=sorted(DOCUMENTS),
            )  # fmt: skip
        if each.document_id not in ours:
            raise InvalidInput(
                "The order has no such document.", code="DOCUMENT_NOT_FOUND", path=("documents", index, "documentId")
            )


async def _ask(
    db: Session, dispute: Dispute, kind: str, *, now: datetime, texts: Mapping[str, str] | None = None,
    documents: Sequence[Mapping[str, str]] = (),
) -> DisputeAction:  # fmt: skip
    known: UUID | None = await db.scalar(
        sa.select(DisputeAction.id)
        .where(DisputeAction.dispute_id == dispute.id, DisputeAction.outcome.in_(_UNSETTLED))
        .limit(1)
    )
    if known is not None:
        raise DisputeNotOpen("An answer is on its way.", code="DISPUTE_ANSWER_UNDER_WAY", state=dispute.state)
    action = DisputeAction(
        id=new_id(), dispute_id=dispute.id, kind=kind, outcome=TransactionState.PENDING, texts=dict(texts or {}),
        documents=[dict(each) for each in documents], asked_at=now, asked_by=db.by[:200],
    )  # fmt: skip
    db.add(action)
    dispute.updated_at = now
    schedule(db, "payments.answer_dispute", {"action_id": action.id}, key=dispute.order_id)
    return action


async def finish_action(db: Session, action_id: UUID, answer: DisputeNews | Declined, *, now: datetime) -> None:
    """Book what became of an answer: how the dispute stands now, or why the bank did not take it."""
    action = await db.get_one(DisputeAction, action_id, populate_existing=True)
    if action.outcome not in _UNSETTLED:
        return
    found = await db.get_one(Dispute, action.dispute_id)
    orders = await lock_orders(db, [found.order_id])
    payments = await queries.lock_payments(db, orders)
    dispute = await db.get_one(Dispute, action.dispute_id, with_for_update=True, populate_existing=True)
    payment = next(each for each in payments[dispute.order_id] if each.id == dispute.payment_id)
    action.finished_at = dispute.updated_at = now
    if isinstance(answer, Declined):
        action.outcome, action.error = TransactionState.FAILED, f"{answer.code}: {answer.message}"[:500]
        failed = DisputeAnswerFailed(
            stream_id=dispute.order_id, dispute_id=dispute.id, payment_id=payment.id, kind=action.kind,
            code=answer.code, message=answer.message,
        )  # fmt: skip
        record(db, failed)
        return
    action.outcome = TransactionState.SUCCEEDED
    if action.kind == ACCEPT and dispute.state in OPEN:
        transition(db, dispute, DisputeState.ACCEPTED, table=DISPUTE_TRANSITIONS, now=now, reason="accepted by us")
        dispute.closed_at = now
        _tell_end(db, dispute)
    await hear(db, payment, answer, gateway=dispute.gateway, now=now)
    await db.flush()
    await report(db, list(orders.values()), payments, now=now)


async def remind(db: Session, *, now: datetime, limit: int = 500) -> int:
    """Tell of disputes whose last moment to answer comes near and that nobody has answered; how many."""
    nearest = [now + before for before in REMIND_BEFORE]
    due = sa.or_(
        *(sa.and_(Dispute.due_at <= moment, Dispute.reminded <= index) for index, moment in enumerate(nearest))
    )
    answered = sa.exists().where(
        DisputeAction.dispute_id == Dispute.id, DisputeAction.outcome != TransactionState.FAILED
    )
    found = (
        sa.select(Dispute)
        .where(Dispute.state == DisputeState.NEEDS_RESPONSE, Dispute.due_at > now, due, sa.not_(answered))
        .order_by(Dispute.id)
        .limit(limit)
        .with_for_update()
    )
    rows = list(await db.scalars(found))
    for dispute in rows:
        assert dispute.due_at is not None
        dispute.reminded = sum(dispute.due_at <= moment for moment in nearest)
        near = DisputeDeadlineNear(
            stream_id=dispute.order_id, dispute_id=dispute.id, payment_id=dispute.payment_id,
            due_at=dispute.due_at.isoformat(),
        )  # fmt: skip
        record(db, near)
    return len(rows)


async def actions_of(db: Session, ids: Iterable[UUID]) -> list[DisputeAction]:
    """Answers by their ids."""
    found = sa.select(DisputeAction).where(DisputeAction.id.in_(list(ids)))
    return list(await db.scalars(found.execution_options(populate_existing=True)))


def news_kept(news: DisputeNews) -> dict[str, Any]:
    """News as the inbox keeps it."""
    return {
        "reference": news.reference, "status": news.status.value, "amount": news.amount.amount,
        "currency": news.amount.currency, "taken": news.taken, "returned": news.returned, "inquiry": news.inquiry,
        "told_at": news.told_at.isoformat(), "reason": news.reason, "due_at": _iso(news.due_at),
        "fee": None if news.fee is None else [news.fee.amount, news.fee.currency],
    }  # fmt: skip


def news_of(told: Mapping[str, Any]) -> DisputeNews:
    """News from what `news_kept` made of them."""
    fee = told.get("fee")
    return DisputeNews(
        reference=told["reference"], status=DisputeStatus(told["status"]),
        amount=Money(int(told["amount"]), told["currency"]), taken=bool(told["taken"]),
        told_at=datetime.fromisoformat(told["told_at"]), reason=told.get("reason") or "",
        due_at=datetime.fromisoformat(told["due_at"]) if told.get("due_at") else None,
        inquiry=bool(told.get("inquiry")), returned=bool(told.get("returned")),
        fee=None if fee is None else Money(int(fee[0]), fee[1]),
    )  # fmt: skip
