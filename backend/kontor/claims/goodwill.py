"""Goodwill: previewed, granted within a limit, approved above it, and taken back while nothing has left the house."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.claims.allowance import Allowance
from kontor.claims.errors import GoodwillAboveLimit, GoodwillTooMuch, GoodwillUnderWay, InvalidGoodwill, PreviewMoved
from kontor.claims.events import GoodwillAsked, GoodwillDeclined, GoodwillGranted, GoodwillRecalled
from kontor.claims.limits import allowance_of, given_on, lock_person
from kontor.claims.models import Goodwill
from kontor.claims.states import GOODWILL, GoodwillForm, GoodwillReason, GoodwillState
from kontor.claims.words import reason_text
from kontor.core import inbox
from kontor.core.db import Session
from kontor.core.errors import Forbidden
from kontor.core.ids import new_id
from kontor.core.outbox import record, schedule, unschedule
from kontor.core.principal import PrincipalKind
from kontor.core.statemachine import change_row, transition
from kontor.invoicing.crediting import preview_lines
from kontor.invoicing.goodwill import grant_goodwill as grant_money
from kontor.invoicing.goodwill import kept_value, price_reduction
from kontor.orders.models import Order
from kontor.payments import queries as payments
from kontor.payments.capturing import AbilitiesOf
from kontor.payments.models import Refund
from kontor.payments.refunding import (
    RefundPreview,
    above_limit,
    approve_refund,
    preview_refund,
    recall_refund,
    refundable,
)  # fmt: skip
from kontor.payments.states import RefundState

RECALL = timedelta(seconds=60)
CREDIT, VOUCHER = GoodwillForm.CREDIT, GoodwillForm.VOUCHER


@dataclass(frozen=True, slots=True)
class GoodwillWish:
    """What is to be given, minor units of the order's currency. `note` is for colleagues, never for the customer,
    who reads `words` on the credit note, or the reason.

    `token` is that of the preview somebody saw. `recallable` lets it wait for 60 seconds. `chosen` gives the share per
    payment id, in place of the channel's policy.
    """

    form: GoodwillForm
    amount: int
    reason: GoodwillReason
    note: str = ""
    words: str | None = None
    token: str | None = None
    recallable: bool = False
    chosen: Mapping[UUID, int] | None = None
    claim_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class GoodwillPreview:
    """What goodwill would do: `lines` of the credit notes that lower prices, the shares of `money`.

    `available` is the most that can be given in this form.
    """

    form: GoodwillForm
    amount: int
    available: int
    allowance: Allowance
    needs_approval: bool
    money: RefundPreview | None
    lines: Sequence[Mapping[str, Any]]
    token: str

    @property
    def tax(self) -> int:
        """What of the amount is tax that is not owed any more."""
        return sum(int(line["tax"]) for line in self.lines)


async def preview_goodwill(
    db: Session, order: Order, wish: GoodwillWish, *, abilities_of: AbilitiesOf | None = None
) -> GoodwillPreview:
    """What `grant_goodwill` would do now; changes nothing. Raises `InvalidGoodwill`, `GoodwillTooMuch`, and for the
    shares what `preview_refund` does."""
    if len(wish.note) > 500:
        raise InvalidGoodwill("At most 500 characters.", path=("note",), code="INVALID_TEXT")
    money, lines = None, []
    if wish.form is not VOUCHER:
        money = await preview_refund(
            db, order, wish.amount, chosen=wish.chosen, abilities_of=abilities_of, goods=wish.form is CREDIT
        )
    available = await available_on(db, order, wish.form)
    if not 1 <= wish.amount <= available:
        raise GoodwillTooMuch(
            "More than can be given that way.", path=("amount",), available=available, currency=order.currency
        )
    allowance = await allowance_of(db, order)
    if wish.form is CREDIT:
        lines = await preview_lines(db, order.id, await price_reduction(db, order, wish.amount))
    needs_approval = not allowance.allows(wish.amount) or await above_limit(db, order, wish.amount)
    lowered = [[line["name"], line["gross"], line["tax"]] for line in lines]
    shares = [[share.payment.id, share.amount, share.credited] for share in (money.shares if money else ())]
    token = inbox.digest([order.id, wish.form, wish.amount, needs_approval, lowered, shares])[:32]
    return GoodwillPreview(wish.form, wish.amount, available, allowance, needs_approval, money, lines, token)


async def available_on(db: Session, order: Order, form: GoodwillForm) -> int:
    """The most that can be given: what came in, or is owed on account, and is not back yet, less vouchers given for it.

    A voucher is for money that came in, and lowers no debt; a credit lowers the price of what was invoiced and is kept.
    """
    vouchers = await given_on(db, order.id, VOUCHER.value)
    there = await refundable(db, order.id)
    if form is VOUCHER:
        there = await _received(db, order.id)
    elif form is CREDIT:
        there = min(there, await kept_value(db, order))
    return max(0, there - vouchers)


async def _received(db: Session, order_id: UUID) -> int:
    promised = sum((await payments.promised_refunds(db, [order_id])).values())
    return sum(row.captured - row.refunded for row in await payments.read_payments(db, order_id)) - promised


async def grant_goodwill(
    db: Session, order: Order, wish: GoodwillWish, *, now: datetime, abilities_of: AbilitiesOf | None = None
) -> Goodwill:
    """Give goodwill on a locked order, or ask for approval when it is above the principal's limit.

    Raises what `preview_goodwill` does, and `PreviewMoved` when the token is not that of what would happen now.
    """
    await lock_person(db)
    preview = await preview_goodwill(db, order, wish, abilities_of=abilities_of)
    if wish.token is not None and wish.token != preview.token:
        raise PreviewMoved("Something has changed since the preview.", path=("token",))
    waits = preview.needs_approval
    given = Goodwill(
        id=new_id(), order_id=order.id, claim_id=wish.claim_id, form=wish.form,
        state=GoodwillState.AWAITING_APPROVAL if waits else GoodwillState.GRANTED, currency=order.currency,
        amount=wish.amount, reason=wish.reason, note=wish.note.strip(), requested_at=now, requested_by=db.by,
        requested_by_id=db.principal.id,
    )  # fmt: skip
    db.note_state(change_row(Goodwill.__tablename__, given.id, None, given.state, now=now, by=db.by))
    if wish.form is not VOUCHER:
        refund = await grant_money(
            db, order, now=now, compensation=wish.form is not CREDIT, kind="GOODWILL", amount=wish.amount,
            reason=wish.words or reason_text(wish.reason, order.language), source_key=f"goodwill/{given.id}",
            chosen=wish.chosen, recallable=wish.recallable, abilities_of=abilities_of, approval=waits,
        )  # fmt: skip
        given.refund_id = refund.id
    db.add(given)
    if waits:
        record(db, GoodwillAsked(stream_id=order.id, **_told(given)))
    else:
        _grant(db, given, now=now, due_at=now + RECALL if wish.recallable else None)
    await db.flush()
    return given


def _told(given: Goodwill) -> dict[str, Any]:
    return {
        "goodwill_id": given.id, "form": given.form.value, "reason": given.reason.value, "amount": given.amount,
        "currency": given.currency,
    }  # fmt: skip


def _grant(db: Session, given: Goodwill, *, now: datetime, due_at: datetime | None = None) -> None:
    given.granted_at, given.granted_by, given.granted_by_id = now, db.by, db.principal.id
    record(db, GoodwillGranted(stream_id=given.order_id, **_told(given)))
    if given.form is VOUCHER:
        schedule(
            db, "claims.issue_voucher", {"goodwill_id": given.id}, key=given.order_id, due_at=due_at,
            unique_key=timer(given.id),
        )  # fmt: skip


def timer(goodwill_id: UUID) -> str:
    """The name of the job that issues a voucher."""
    return f"goodwill/{goodwill_id}"


async def approve_goodwill(
    db: Session, order: Order, given: Goodwill, *, now: datetime, recallable: bool = False
) -> Goodwill:
    """Let goodwill of a locked order go that was above somebody's limit, up to one's own. `recallable` lets it wait for
    60 seconds.

    Raises `Forbidden` for its own asker, `GoodwillAboveLimit`, `GoodwillTooMuch` and `TransitionRefused`.
    """
    await lock_person(db)
    waits = given.state is GoodwillState.AWAITING_APPROVAL
    if waits and given.requested_by_id == db.principal.id and db.principal.kind is not PrincipalKind.SYSTEM:
        raise Forbidden("Somebody else has to approve this.", code="APPROVAL_BY_ANOTHER")
    transition(db, given, GoodwillState.GRANTED, table=GOODWILL, now=now, reason="approved")
    allowance = await allowance_of(db, order)  # the order's sum has this one in it
    own = Allowance(allowance.limit, allowance.on_order - given.amount, allowance.today)
    if not own.allows(given.amount):
        raise GoodwillAboveLimit("More than you may grant.", left=own.left, currency=given.currency)
    if given.refund_id is not None:
        approve_refund(db, await _refund(db, given), now=now, recallable=recallable)
    elif await _received(db, order.id) < await given_on(db, order.id, VOUCHER.value):
        raise GoodwillTooMuch("More than can be given that way.", available=0, currency=given.currency)
    _grant(db, given, now=now, due_at=now + RECALL if recallable else None)
    return given


async def decline_goodwill(db: Session, given: Goodwill, *, reason: str, now: datetime) -> Goodwill:
    """Refuse what somebody asked for above their limit; raises `TransitionRefused`, `InvalidGoodwill` without words."""
    if not 1 <= len(reason.strip()) <= 300:
        raise InvalidGoodwill("1 to 300 characters.", path=("reason",), code="INVALID_REASON")
    transition(db, given, GoodwillState.DECLINED, table=GOODWILL, now=now, reason=reason.strip())
    given.decision = reason.strip()
    if given.refund_id is not None:
        await recall_refund(db, await _refund(db, given), now=now)
    record(db, GoodwillDeclined(stream_id=given.order_id, goodwill_id=given.id, decision=given.decision))
    return given


async def recall_goodwill(db: Session, given: Goodwill, *, now: datetime) -> Goodwill:
    """Take goodwill of a locked order back while nothing of it has left the house.

    Raises `GoodwillUnderWay`, for money what `recall_refund` does.
    """
    if given.issued_at is not None:
        raise GoodwillUnderWay("The voucher has been issued.", path=("id",))
    if given.refund_id is not None:
        refund = await _refund(db, given)
        if refund.state is not RefundState.CANCELED:
            await recall_refund(db, refund, now=now)
    await unschedule(db, [timer(given.id)])
    transition(db, given, GoodwillState.CANCELED, table=GOODWILL, now=now, reason="recalled")
    record(db, GoodwillRecalled(stream_id=given.order_id, goodwill_id=given.id))
    return given


async def goodwill_of_refund(db: Session, refund_id: UUID) -> Goodwill | None:
    """The goodwill whose money a refund is."""
    found = sa.select(Goodwill).where(Goodwill.refund_id == refund_id)
    return await db.scalar(found.execution_options(populate_existing=True))


async def _refund(db: Session, given: Goodwill) -> Refund:
    return await db.get_one(Refund, given.refund_id, populate_existing=True)
