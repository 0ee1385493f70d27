"""Reminders of overdue invoices on account: sent by level, paused, agreed in instalments; their fees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import LegalEntity, SalesChannel
from kontor.channels.queries import before_today, days_of_sellers
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.statemachine import transition
from kontor.invoicing import queries
from kontor.invoicing.errors import NothingOpen
from kontor.invoicing.events import DunningNoticeIssued
from kontor.invoicing.fees import rest_of
from kontor.invoicing.interest import BaseRate, charged, default_since, interest, known_until, with_settings
from kontor.invoicing.models import DunningNotice, DunningPlan, Invoice
from kontor.invoicing.reminding import (
    Claim,
    Instalment,
    Level,
    asked_on_open,
    check_instalments,
    claims_of,
    due_level,
    left_of,
    levels_of,
)
from kontor.invoicing.states import INVOICE, InvoiceState
from kontor.orders.models import Order
from kontor.orders.queries import lock_orders

DUNNING_SORTS = {"ISSUED_AT": DunningNotice.issued_at}
AT_ONCE = 500
_STATE = {1: InvoiceState.DUNNING_1, 2: InvoiceState.DUNNING_2, 3: InvoiceState.DUNNING_3}
_WAITING = (
    InvoiceState.ISSUED, InvoiceState.PARTIALLY_PAID, InvoiceState.OVERDUE, InvoiceState.DUNNING_1,
    InvoiceState.DUNNING_2, InvoiceState.DUNNING_3,
)  # fmt: skip


async def overdue(db: Session, *, now: datetime, after: UUID | None = None) -> list[UUID]:
    """The next invoices after one that are past their day and not paid, by id; at most a few hundred.

    Whether a day has passed is told by the clock of who sells.
    """
    today = await days_of_sellers(db, now)
    found = sa.select(Invoice.id).where(
        Invoice.state.in_(_WAITING),
        before_today(Invoice.legal_entity_id, Invoice.due_on, today),
        Invoice.gross - Invoice.credited > Invoice.paid,
    )
    if after is not None:
        found = found.where(Invoice.id > after)
    return list(await db.scalars(found.order_by(Invoice.id).limit(AT_ONCE)))


async def remind(db: Session, invoice_ids: Sequence[UUID], *, now: datetime) -> list[DunningNotice]:
    """Mark overdue invoices as such, and remind of those on account that are due for their next level.

    What was paid meanwhile is left alone; a level of an invoice is sent once. Locks the orders, then the invoices.
    """
    first = sa.select(Invoice.order_id).where(Invoice.id.in_(list(invoice_ids)))
    orders = await lock_orders(db, list(await db.scalars(first)))
    rows = sa.select(Invoice).where(Invoice.id.in_(list(invoice_ids))).order_by(Invoice.id).with_for_update()
    invoices = list(await db.scalars(rows.execution_options(populate_existing=True)))
    notices = await notices_of(db, invoice_ids)
    plans = {plan.id: plan for plan in await db.scalars(sa.select(DunningPlan).where(DunningPlan.id.in_(invoice_ids)))}
    settings = await _settings(db, list(orders.values()))
    sellers = {row.id: row for row in await db.scalars(sa.select(LegalEntity))}
    sent = []
    for invoice in invoices:
        seller = sellers[invoice.legal_entity_id]
        today = local_day(now, seller.timezone)
        if invoice.due_on >= today or invoice.gross - invoice.credited <= invoice.paid:
            continue
        if INVOICE.allows(invoice.state, InvoiceState.OVERDUE):
            transition(db, invoice, InvoiceState.OVERDUE, table=INVOICE, now=now)
        mine = notices.get(invoice.id, [])
        said = settings[orders[invoice.order_id].channel_id]
        if not invoice.content["amount_due"]:
            continue
        terms = Terms(levels_of(said), said, charged(said, seller.country), today)
        sent += [_send(db, invoice, mine, asked, now=now) for asked in _due(invoice, mine, plans, seller, terms)]
    return sent


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reminder asks for, minor units, and until when; `instalment` 0 is the whole invoice.

    `interest_until` is the last day that the interest counts, None where that is the day of the reminder. It counts the
    days that the reminders it `absorbs` could not.
    """

    instalment: int
    level: int
    claimed: int
    fee: int
    interest: int
    interest_until: date | None
    due_on: date
    absorbs: tuple[DunningNotice, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What a channel says of reminders, whether it asks for interest, and which day it is at the seller."""

    levels: Sequence[Level]
    settings: Mapping[str, Any]
    charged: bool
    today: date

    def rates(self) -> Sequence[BaseRate]:
        """The base rates that are known."""
        return with_settings(queries.base_rates(), self.settings)


def _due(
    invoice: Invoice, notices: list[DunningNotice], plans: Mapping[UUID, DunningPlan], seller: LegalEntity, terms: Terms
) -> list[Asked]:
    """The reminders that are due today, one for each instalment that was missed."""
    found = []
    for number, claim in claims_on(invoice, notices, plans.get(invoice.id)):
        level = due_level(claim, terms.levels, terms.today)
        if level is None:
            continue
        row = terms.levels[level - 1]
        mine = [each for each in notices if each.instalment == number]
        parts = [] if number else _since_the_last(mine, notices)
        more, until = _interest(invoice, mine, parts, _left(invoice, plans.get(invoice.id)), claim, seller, terms)
        due_on = terms.today + timedelta(days=row.pay_days)
        found.append(Asked(number, level, claim.open, row.fee, more or 0, until, due_on, _absorbed(mine, parts, more)))
    return found


def _since_the_last(mine: Sequence[DunningNotice], notices: Sequence[DunningNotice]) -> list[DunningNotice]:
    """Reminders of instalments that went out after the last one of the whole: their plan has ended since."""
    last = max((each.issued_at for each in mine), default=None)
    return [each for each in notices if each.instalment and (last is None or each.issued_at > last)]


def _absorbed(
    mine: Sequence[DunningNotice], parts: Sequence[DunningNotice], more: int | None
) -> tuple[DunningNotice, ...]:
    """The reminders whose uncounted days a new one counts: those before it, of instalments only where it has interest
    to count (`more`)."""
    return (*mine, *(parts if more is not None else ()))


def _interest(
    invoice: Invoice,
    notices: Sequence[DunningNotice],
    parts: Sequence[DunningNotice],
    left: Mapping[int, int],
    claim: Claim,
    seller: LegalEntity,
    terms: Terms,
) -> tuple[int | None, date | None]:
    """What has accrued since the last reminder, on what is still open: a part paid meanwhile bears none.

    What reminders of its instalments have asked for since (`parts`) on what is still open of them (`left`) is not asked
    for again. None without a default. And the last day that it counts where that is not the day of the reminder, as a
    base rate is missing.
    """
    last = max(notices, key=lambda each: each.level, default=None)
    business = bool(invoice.content.get("vat_id"))
    reminded = None if last is None else last.interest_until or local_day(last.issued_at, seller.timezone)
    since = default_since(claim.due_on, reminded, business=business) if terms.charged else None
    if since is None:
        return None, None
    rates = terms.rates()
    until = max(since, min(terms.today, known_until(rates)))
    accrued = interest(claim.open, since, until, rates, business=business)
    asked = asked_on_open([(each.instalment, each.interest, each.claimed) for each in parts], left)
    return max(0, accrued - asked), until if until < terms.today else None


def _left(invoice: Invoice, plan: DunningPlan | None) -> dict[int, int]:
    """What is open now of instalments whose plan has ended, by number."""
    if plan is None:
        return {}
    since = invoice.paid + invoice.credited - plan.paid_before
    return {number: open_ for parts in plan.ended for number, open_ in left_of(parts, since)}


def _send(
    db: Session, invoice: Invoice, before: Sequence[DunningNotice], asked: Asked, *, now: datetime
) -> DunningNotice:
    """A reminder claims what is open of the invoice or instalment, and every fee and interest that is not settled."""
    level, fee, more, claimed = asked.level, asked.fee, asked.interest, asked.claimed
    if INVOICE.allows(invoice.state, _STATE[level]):
        transition(db, invoice, _STATE[level], table=INVOICE, now=now)
    invoice.updated_at = now
    notice = DunningNotice(
        id=new_id(), invoice_id=invoice.id, order_id=invoice.order_id, level=level, fee=fee, claimed=claimed,
        instalment=asked.instalment, interest_until=asked.interest_until,
        interest=more, fee_paid=0, interest_paid=0, waived_fee=0, waived_interest=0, currency=invoice.currency,
        due_on=asked.due_on, issued_at=now, fee_settled_at=None if fee or more else now, fee_waived=False,
    )  # fmt: skip
    db.add(notice)
    for each in asked.absorbs:
        each.interest_until = None  # the days it could not count are this one's
    record(
        db,
        DunningNoticeIssued(
            stream_id=invoice.order_id,
            notice_id=notice.id,
            invoice_id=invoice.id,
            number=invoice.number,
            level=level,
            claimed=claimed,
            fee=fee,
            fees=fee + more + sum(rest_of(each) for each in before),
            currency=invoice.currency,
            due_on=asked.due_on.isoformat(),
            interest=more,
            instalment=asked.instalment,
        ),
    )
    return notice


def claims_on(invoice: Invoice, notices: Sequence[DunningNotice], plan: DunningPlan | None) -> list[tuple[int, Claim]]:
    """What of an invoice is reminded of by itself, each instalment by its number, or all of it (0)."""
    last = {each.instalment: (each.level, each.due_on) for each in sorted(notices, key=lambda each: each.level)}
    level, due_on = last.get(0, (0, invoice.due_on))
    open_ = invoice.gross - invoice.credited - invoice.paid
    whole = Claim(open_, due_on, level, plan.paused_until if plan else None)
    paid = invoice.paid + invoice.credited - plan.paid_before if plan else 0
    return claims_of(whole, parts_of(plan), paid, last)


def parts_of(plan: DunningPlan | None) -> list[Instalment]:
    """The instalments that were agreed last."""
    rows = plan.instalments if plan else []
    return [
        Instalment(row.get("number", index), date.fromisoformat(row["due_on"]), row["amount"])
        for index, row in enumerate(rows, 1)
    ]


async def notices_of(db: Session, invoice_ids: Sequence[UUID]) -> dict[UUID, list[DunningNotice]]:
    """Reminders by invoice, in their order."""
    found: dict[UUID, list[DunningNotice]] = {}
    rows = sa.select(DunningNotice).where(DunningNotice.invoice_id.in_(list(invoice_ids)))
    for row in await db.scalars(rows.order_by(DunningNotice.invoice_id, DunningNotice.id)):
        found.setdefault(row.invoice_id, []).append(row)
    return found


async def _settings(db: Session, orders: Sequence[Order]) -> dict[UUID, dict[str, object]]:
    ids = {order.channel_id for order in orders}
    rows = await db.execute(sa.select(SalesChannel.id, SalesChannel.settings).where(SalesChannel.id.in_(ids)))
    return {row.id: row.settings for row in rows}


async def agree(
    db: Session,
    invoice: Invoice,
    *,
    paused_until: date | None,
    instalments: Sequence[tuple[date, int]],
    reason: str,
    now: datetime,
) -> DunningPlan:
    """Agree that an open invoice is not reminded of until a day, or that it is paid and reminded of in instalments.

    The last agreement counts; without pause and instalments there is none any more. Raises `NothingOpen` for a paid
    invoice, `InvalidInput` for instalments that do not sum to what is open.
    """
    left = invoice.gross - invoice.credited - invoice.paid
    if left <= 0:
        raise NothingOpen("Nothing of this invoice is open.", number=invoice.number)
    if len(reason) > 500:
        raise InvalidInput("At most 500 characters.", code="TEXT_TOO_LONG", path=("reason",), max=500)
    if instalments:
        check_instalments(instalments, left, (await days_of_sellers(db, now))[invoice.legal_entity_id])
    plan = await db.get(DunningPlan, invoice.id, with_for_update=True)
    if plan is None:
        plan = DunningPlan(id=invoice.id, instalments=[])
        db.add(plan)
    plan.paused_until, plan.reason, plan.agreed_at, plan.agreed_by = paused_until, reason, now, db.principal.name[:200]
    paid = invoice.paid + invoice.credited
    before = [*(plan.ended or ()), [(each.number, each.amount) for each in parts_of(plan)]]
    plan.ended = [left_of(parts, paid - (plan.paid_before or 0)) for parts in before if parts]
    plan.paid_before = paid
    first = 1 + max([*(each.number for each in parts_of(plan)), *await _reminded(db, invoice.id)], default=0)
    plan.instalments = [
        {"number": number, "due_on": day.isoformat(), "amount": amount}
        for number, (day, amount) in enumerate(instalments, first)
    ]
    await db.flush()
    return plan


async def _reminded(db: Session, invoice_id: UUID) -> list[int]:
    """The instalments that were reminded of: a new agreement gives their numbers to none of its own."""
    return list(await db.scalars(sa.select(DunningNotice.instalment).where(DunningNotice.invoice_id == invoice_id)))


async def list_notices(
    db: Session,
    page: PageRequest,
    *,
    invoice_id: UUID | None = None,
    order_id: UUID | None = None,
    sort: str = "ISSUED_AT",
    descending: bool = True,
) -> Page[DunningNotice]:
    """A page of reminders; nothing for a principal with a scope."""
    found = narrow(
        sa.select(DunningNotice).where(sa.false() if db.principal.restricted else sa.true()),
        (DunningNotice.invoice_id.__eq__, invoice_id),
        (DunningNotice.order_id.__eq__, order_id),
    )
    return await paginate(db, found, choose(DUNNING_SORTS, sort, descending=descending), DunningNotice.id, page)
