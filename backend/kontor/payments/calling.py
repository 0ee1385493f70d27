"""Carry out intents at the gateways: many at once, outside of any transaction."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kontor.core.money import Money
from kontor.payments.models import Payment, PaymentTransaction, TransactionKind
from kontor.payments.ports import (
    DebitOrder,
    Declined,
    GatewayUnavailable,
    Instruction,
    Operation,
    Outcome,
    OutcomeUnknown,
    PaymentGateway,
    Pending,
    Sought,
    Succeeded,
)

AT_ONCE = 10
LONGEST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Call:
    """An intent to carry out. One that is not `fresh` may have been sent before, so the gateway is asked first.

    `debit` is the mandate it is drawn on, or why it cannot be: such a call is not made. What was sent before may be
    done all the same, so the gateway is asked first there, too.
    """

    payment: Payment
    intent: PaymentTransaction
    fresh: bool = True
    final: bool = False
    capture_now: bool = False
    debit: DebitOrder | Declined | None = None


@dataclass(frozen=True, slots=True)
class Unsettled:
    """No outcome yet: surely not done (`problem`), or unknown until it is asked again."""

    problem: GatewayUnavailable | None = None


Settled = Succeeded | Declined
Results = dict[UUID, Settled | Unsettled]
"""By transaction id."""


async def carry_out(calls: Iterable[Call], gateway_of: Callable[[str], PaymentGateway]) -> Results:
    """Make every call, at most ten at once; faults of a gateway end in `Unsettled`, never in an exception."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def one(call: Call) -> tuple[UUID, Settled | Unsettled]:
        async with limit:
            return call.intent.id, await _attempt(gateway_of(call.payment.gateway), call)

    return dict(await asyncio.gather(*(one(call) for call in calls)))


async def _attempt(gateway: PaymentGateway, call: Call) -> Settled | Unsettled:
    try:
        outcome = None if call.fresh else await gateway.find(call.intent.idempotency_key, _sought(call))
        if outcome is None:
            outcome = call.debit if isinstance(call.debit, Declined) else await _send(gateway, call)
    except GatewayUnavailable as problem:
        return Unsettled(problem)
    except OutcomeUnknown:
        return Unsettled()
    return Unsettled() if isinstance(outcome, Pending) else outcome


def _sought(call: Call) -> Sought:
    payment, intent = call.payment, call.intent
    return Sought(
        Operation(intent.kind.value), str(payment.id), payment.gateway_reference or "", asked_at=intent.created_at
    )


async def _send(gateway: PaymentGateway, call: Call) -> Outcome:
    payment, intent = call.payment, call.intent
    debit = call.debit if isinstance(call.debit, DebitOrder) else None
    amount = Money(intent.amount, payment.currency)
    instruction = Instruction(intent.idempotency_key, str(payment.id), amount, debit, payment.kind.value)
    if intent.kind is TransactionKind.AUTHORIZE:
        method = payment.token or (debit.mandate if debit else None)
        if not method:
            return Declined("payment_method_missing", "The payment names no method that could be charged.")
        return await gateway.authorize(instruction, method=method, capture_now=call.capture_now)
    authorization = payment.gateway_reference or ""
    if intent.kind is TransactionKind.CAPTURE:
        return await gateway.capture(instruction, authorization=authorization, final=call.final)
    if intent.kind is TransactionKind.VOID:
        return await gateway.void(instruction, authorization=authorization)
    return await gateway.refund(instruction, authorization=authorization)


def wait_for(intents: Iterable[PaymentTransaction], now: datetime) -> timedelta:
    """When to ask again: the longer it takes, the rarer; between one second and five minutes."""
    youngest = min((now - intent.created_at for intent in intents), default=timedelta())
    return min(max(youngest, timedelta(seconds=1)), LONGEST_WAIT)
