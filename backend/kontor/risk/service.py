"""Assess orders, decide on those in review, keep the retailer's rules and lists."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import SalesChannel
from kontor.core import expressions
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, KontorError
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.core.statemachine import change_row, transition
from kontor.orders import queries as orders
from kontor.orders import service as order_service
from kontor.orders.models import Order
from kontor.orders.states import OVER, HoldKind
from kontor.risk import queries, rules, scoring
from kontor.risk.errors import AssessmentNotFound, NotInReview
from kontor.risk.events import RiskAssessed, RiskReviewed
from kontor.risk.models import RiskAssessment, RiskRule, RiskSighting
from kontor.risk.states import RISK, RiskState
from kontor.risk.values import Decision, Knowledge, ListKind, PaymentFacts, Reason, Subject, Verdict

SIGHTINGS_KEPT = timedelta(days=3)
TRACED = (ListKind.EMAIL, ListKind.ADDRESS, ListKind.IP)
_DECIDED = {
    RiskState.ACCEPTED: Decision.ACCEPT,
    RiskState.REVIEW: Decision.REVIEW,
    RiskState.REJECTED: Decision.REJECT,
    RiskState.PENDING: Decision.REVIEW,
}
_STATES = {
    Decision.ACCEPT: RiskState.ACCEPTED,
    Decision.REVIEW: RiskState.REVIEW,
    Decision.REJECT: RiskState.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order with what the rules see of it."""

    row: Any
    subject: Subject


async def assess_orders(
    db: Session,
    order_ids: Iterable[UUID],
    *,
    channels: Mapping[UUID, SalesChannel],
    payments: Mapping[UUID, PaymentFacts],
    now: datetime,
) -> dict[UUID, Decision]:
    """Decide on locked orders, once for each: ACCEPT, REVIEW (a blocking hold is placed) or REJECT, with reasons kept.

    `channels` are those of the orders, by channel id; `payments` what is known of theirs. A constant number of
    statements for any number of orders. Records RiskAssessed.
    """
    wanted = list(order_ids)
    before = await queries.known_decisions(db, wanted)
    candidates = [_candidate(row) for row in await queries.orders_to_assess(db, set(wanted) - before.keys())]
    decisions = {order_id: _DECIDED[state] for order_id, state in before.items()}
    if not candidates:
        return decisions
    await _leave_traces(db, candidates)
    knowledge = await _know(db, candidates, payments, channels=channels, now=now)
    own_rules = await queries.active_rules(db)
    verdicts: dict[UUID, Verdict] = {}
    for each in candidates:
        limits = rules.limits_of(channels[each.row.channel_id].settings)
        known = knowledge[each.row.id]
        found = rules.reasons_of(each.subject, known, limits) + _own_reasons(own_rules, each, known)
        verdicts[each.row.id] = scoring.verdict(found, limits)
    await _keep(db, candidates, knowledge, verdicts, now=now)
    await _hold(db, [order_id for order_id, one in verdicts.items() if one.decision is Decision.REVIEW], now=now)
    return decisions | {order_id: verdict.decision for order_id, verdict in verdicts.items()}


def keys_of(row: Any) -> dict[ListKind, str]:
    """The values of an order, or of a row with its columns, that lists may name. Pure."""
    shipping = row.shipping_address or row.billing_address
    values = {
        ListKind.EMAIL: row.email_key,
        ListKind.PHONE: row.billing_address.get("phone") or shipping.get("phone"),
        ListKind.IP: row.facts.get("ip"),
        ListKind.CUSTOMER: str(row.customer_id) if row.customer_id else None,
    }
    keys = {kind: rules.key_of(kind, str(value)) for kind, value in values.items() if value}
    keys[ListKind.ADDRESS] = rules.address_key(shipping)
    return keys


def _candidate(row: Any) -> Candidate:
    subject = Subject(
        row.total, row.currency, row.country, row.billing_address, row.shipping_address, keys_of(row), row.facts
    )
    return Candidate(row, subject)


def _traced(each: Candidate) -> list[ListKind]:
    return [kind for kind in TRACED if kind in each.subject.keys]


def _trace(kind: ListKind, value: str) -> str:
    return hashlib.blake2b(f"{kind}:{value}".encode(), digest_size=32).hexdigest()


async def _leave_traces(db: Session, candidates: Sequence[Candidate]) -> None:
    rows = [
        (_trace(kind, each.subject.keys[kind]), int(each.row.placed_at.timestamp()), each.row.id, kind.value)
        for each in candidates
        for kind in _traced(each)
    ]
    await db.bulk_insert(RiskSighting, ("key", "at", "order_id", "kind"), rows)


async def _know(
    db: Session,
    candidates: Sequence[Candidate],
    payments: Mapping[UUID, PaymentFacts],
    *,
    channels: Mapping[UUID, SalesChannel],
    now: datetime,
) -> dict[UUID, Knowledge]:
    ids = [each.row.id for each in candidates]
    entries = await queries.listed(db, [each.subject.keys for each in candidates], now=now)
    traces = {_trace(kind, each.subject.keys[kind]) for each in candidates for kind in _traced(each)}
    seen = await queries.seen_in_window(db, ids, traces)
    # What an order of little value is compared with changes nothing, so it is not read.
    large = {
        each.row.customer_id
        for each in candidates
        if each.row.customer_id and each.row.total > rules.limits_of(channels[each.row.channel_id].settings).usual_floor
    }
    usual = await queries.usual_totals(db, large, without=ids, now=now) if large else {}
    found = {}
    for each in candidates:
        count, mean = usual.get((each.row.customer_id, each.row.currency), (0, None))
        found[each.row.id] = Knowledge(
            listed={
                kind: entries[kind.value, value]
                for kind, value in each.subject.keys.items()
                if (kind.value, value) in entries
            },
            seen={kind: seen.get((each.row.id, kind.value), 0) for kind in TRACED},
            usual_total=mean,
            earlier_orders=count,
            payments=payments.get(each.row.id, PaymentFacts()),
        )
    return found


def _own_reasons(own_rules: Sequence[RiskRule], each: Candidate, known: Knowledge) -> list[Reason]:
    """What the retailer's rules find. One that cannot be evaluated sends the order to review, never past the check."""
    if not own_rules:
        return []
    facts = rules.facts_of(each.subject, known)
    found = []
    for rule in own_rules:
        if rule.channel_id not in (None, each.row.channel_id):
            continue
        decision = Decision(rule.decision) if rule.decision else None
        try:
            if expressions.holds(rule.condition, facts):
                found.append(Reason(rule.code, rule.score, {}, decision, rule.text))
        except KontorError as problem:
            params = {"rule": rule.code, "problem": problem.message[:200]}
            found.append(Reason("RULE_FAILED", 0, params, Decision.REVIEW))
    return found


_COLUMNS = (
    "id", "order_id", "state", "score", "reasons", "facts", "assessed_at", "decided_at", "decided_by", "updated_at",
)  # fmt: skip


async def _keep(
    db: Session,
    candidates: Sequence[Candidate],
    knowledge: Mapping[UUID, Knowledge],
    verdicts: Mapping[UUID, Verdict],
    *,
    now: datetime,
) -> None:
    rows, changes = [], []
    for each in candidates:
        verdict, known = verdicts[each.row.id], knowledge[each.row.id]
        state, assessment_id = _STATES[verdict.decision], new_id()
        settled = state is not RiskState.REVIEW
        facts = {"seen": {kind.value: count for kind, count in known.seen.items()}}
        if known.earlier_orders:
            facts |= {"usual_total": known.usual_total, "earlier_orders": known.earlier_orders}  # type: ignore[dict-item]
        rows.append(
            (assessment_id, each.row.id, state, verdict.score, [reason.as_json() for reason in verdict.reasons], facts,
             now, now if settled else None, db.by if settled else None, now)
        )  # fmt: skip
        changes.append(change_row("risk_assessment", assessment_id, None, state, now=now, by=db.by))
        record(db, RiskAssessed(stream_id=each.row.id, decision=verdict.decision.value, score=verdict.score))
    await db.bulk_insert(RiskAssessment, _COLUMNS, rows)
    db.note_states(changes)


async def _hold(db: Session, order_ids: Sequence[UUID], *, now: datetime) -> None:
    if order_ids:
        for order in (await orders.lock_orders(db, order_ids)).values():
            if order.state not in OVER:
                order_service.place_hold(db, order, kind=HoldKind.RISK, reason="risk review", now=now)


async def review_order(
    db: Session, order: Order, *, accept: bool, now: datetime, note: str | None = None
) -> RiskAssessment:
    """A person's decision on a locked order in review: its hold is released, its process goes on or rejects it.

    Raises `AssessmentNotFound`, `NotInReview`. Records RiskReviewed.
    """
    if note is not None and len(note) > 500:
        raise InvalidInput("A note has at most 500 characters.", code="INVALID_NOTE", path=("note",))
    assessment = await queries.lock_assessment(db, order.id)
    if assessment is None:
        raise AssessmentNotFound("The order was not assessed.", path=("orderId",), order_id=str(order.id))
    if assessment.state is not RiskState.REVIEW:
        raise NotInReview(f"The order is not in review: {assessment.state}.", path=("orderId",), state=assessment.state)
    _decide(db, assessment, accept=accept, note=note, now=now)
    for hold in (await orders.open_holds(db, [order.id])).get(order.id, []):
        if hold.kind is HoldKind.RISK:
            order_service.release_hold(db, order, hold, now=now, note=note)
    return assessment


def _decide(db: Session, assessment: RiskAssessment, *, accept: bool, note: str | None, now: datetime) -> None:
    to = RiskState.ACCEPTED if accept else RiskState.REJECTED
    transition(db, assessment, to, table=RISK, now=now, reason=note)
    assessment.decided_at, assessment.decided_by, assessment.note = now, db.by, note or None
    decision = Decision.ACCEPT if accept else Decision.REJECT
    record(db, RiskReviewed(stream_id=assessment.order_id, decision=decision.value))


async def accept_released(db: Session, order_ids: Iterable[UUID], *, now: datetime) -> None:
    """Who releases the hold of a review instead of deciding on it has accepted the order."""
    locked = await orders.lock_orders(db, order_ids)
    held = await orders.open_holds(db, locked)
    for order_id in locked:
        assessment = await queries.lock_assessment(db, order_id)
        if assessment is None or assessment.state is not RiskState.REVIEW:
            continue
        if not any(hold.kind is HoldKind.RISK for hold in held.get(order_id, [])):
            _decide(db, assessment, accept=True, note="the hold was released", now=now)


async def forget_sightings(db: Session, *, now: datetime) -> int:
    """Delete traces nobody counts any more; how many."""
    edge = int((now - SIGHTINGS_KEPT).timestamp())
    result = await db.execute(sa.delete(RiskSighting).where(RiskSighting.at < edge))
    return int(getattr(result, "rowcount", 0))
