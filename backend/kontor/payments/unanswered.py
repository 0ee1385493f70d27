"""Payments that were named and that nobody has answered: no transfer came in, no gateway was asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from kontor.core.db import Session
from kontor.core.statemachine import transition
from kontor.payments import queries
from kontor.payments.models import Payment
from kontor.payments.states import PAYMENT_TRANSITIONS, PaymentState


async def void_unanswered(db: Session, payments: Iterable[Payment], *, now: datetime) -> list[Payment]:
    """Wait no more for those of these locked payments that nobody has answered; which they were.

    What may be at a gateway is left alone, and what is to pay a debt on account: that is dropped once it is paid.
    """
    waiting = [
        each
        for each in payments
        if each.state is PaymentState.CREATED and not each.authorized and each.settles_id is None
    ]
    underway = await queries.open_transactions(db, [each.id for each in waiting])
    voided = [each for each in waiting if each.id not in underway]
    for each in voided:
        transition(db, each, PaymentState.VOIDED, table=PAYMENT_TRANSITIONS, now=now, reason="not needed")
    return voided
