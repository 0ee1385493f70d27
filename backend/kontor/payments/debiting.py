"""Mandates of SEPA direct debits: kept, revoked, asked for by payments, and drawn on after the customer was told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from stdnum import iban as ibans

from kontor.channels.models import LegalEntity, SalesChannel
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.errors import Conflict, InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.sets import any_of
from kontor.orders.intake import PaymentInput
from kontor.orders.models import Order
from kontor.payments import mandates
from kontor.payments.errors import MandateNotFound, MandateNotValid
from kontor.payments.events import DirectDebitAnnounced
from kontor.payments.mandates import MandateFacts, MandateKind, Sepa, sepa_of
from kontor.payments.models import Mandate, Payment, PaymentTransaction, TransactionState
from kontor.payments.ports import DebitOrder, Declined
from kontor.payments.states import PaymentMethodKind, PaymentState

SORTS = {"CREATED_AT": Mandate.created_at, "UPDATED_AT": Mandate.updated_at}
_SCHEME_CURRENCY = "EUR"
Debits = dict[UUID, DebitOrder | Declined]
"""What goes to the gateway with an intent, by its id; declined where the mandate cannot be drawn on."""


@dataclass(frozen=True, slots=True)
class MandateData:
    """A mandate as the customer signed it; `channel` by its code, `once` for a single debit."""

    channel: str
    reference: str
    signed_on: date
    name: str
    iban: str
    kind: MandateKind = MandateKind.CORE
    once: bool = False


@dataclass(frozen=True, slots=True)
class MandateFilter:
    """Which mandates are wanted; what is None does not narrow."""

    references: Sequence[str] | None = None
    channel_ids: Sequence[UUID] | None = None
    revoked: bool | None = None
    changed_since: datetime | None = None


async def save_mandate(db: Session, data: MandateData) -> Mandate:
    """Keep a mandate. The same one again is the one there is; a signed mandate is never changed.

    Raises `InvalidInput` naming the field, `Conflict` where the reference stands for another mandate.
    """
    channel = await db.scalar(sa.select(SalesChannel).where(SalesChannel.code == data.channel))
    scope = db.principal.channel_ids
    if channel is None or (scope is not None and channel.id not in scope):
        raise InvalidInput("There is no such channel.", code="UNKNOWN_CHANNEL", path=("channel",), channel=data.channel)
    sepa = sepa_of(channel.settings)
    if sepa is None:
        raise InvalidInput("The channel has no creditor identifier.", code="CREDITOR_MISSING", path=("channel",))
    values = _checked(data, local_day(db.now, await _timezone(db, channel.legal_entity_id)))
    found = sa.select(Mandate).where(Mandate.creditor_id == sepa.creditor_id, Mandate.reference == values["reference"])
    known: Mandate | None = await db.scalar(found.with_for_update())
    if known is not None:
        if any(getattr(known, name) != value for name, value in values.items()):
            raise Conflict("The reference stands for another mandate.", code="MANDATE_DIFFERS", path=("reference",))
        return known
    made = Mandate(
        id=new_id(), channel_id=channel.id, creditor_id=sepa.creditor_id, revoked_at=None, created_at=db.now,
        created_by=db.principal.name[:200], updated_at=db.now, **values,
    )  # fmt: skip
    db.add(made)
    await db.flush()
    return made


def _checked(data: MandateData, today: date) -> dict[str, Any]:
    name, iban = data.name.strip(), ibans.compact(data.iban)
    if not 1 <= len(name) <= 70:
        raise InvalidInput("1 to 70 characters.", code="INVALID_NAME", path=("name",))
    if not ibans.is_valid(iban):
        raise InvalidInput("This is no IBAN.", code="INVALID_IBAN", path=("iban",))
    if data.signed_on > today:
        raise InvalidInput("Nobody has signed it yet.", code="SIGNED_AHEAD", path=("signedOn",))
    reference = mandates.check_reference(data.reference)
    return {
        "reference": reference, "kind": data.kind, "once": data.once, "signed_on": data.signed_on, "name": name,
        "iban": iban,
    }  # fmt: skip


async def _timezone(db: Session, entity_id: UUID) -> str:
    return (await db.scalars(sa.select(LegalEntity.timezone).where(LegalEntity.id == entity_id))).one()


async def revoke_mandate(db: Session, mandate_id: UUID) -> Mandate:
    """The customer has withdrawn it: nothing is debited by it any more. Raises `MandateNotFound`."""
    row: Mandate | None = await db.scalar(
        _visible(db, sa.select(Mandate)).where(Mandate.id == mandate_id).with_for_update()
    )
    if row is None:
        raise MandateNotFound("There is no such mandate.", path=("id",))
    if row.revoked_at is None:
        row.revoked_at = row.updated_at = db.now
    return row


def _visible(db: Session, found: sa.Select[Any]) -> sa.Select[Any]:
    """Shops see the mandates of their channels; who sees a part of the company otherwise sees none."""
    who = db.principal
    if who.partner_id is not None or who.location_ids is not None or who.customer_id is not None:
        return found.where(sa.false())
    return found if who.channel_ids is None else found.where(Mandate.channel_id.in_(who.channel_ids))


async def list_mandates(
    db: Session, wanted: MandateFilter, page: PageRequest, *, sort: str = "CREATED_AT", descending: bool = True
) -> Page[Mandate]:
    """A page of mandates."""
    found = narrow(
        _visible(db, sa.select(Mandate)),
        (Mandate.reference.in_, wanted.references),
        (Mandate.channel_id.in_, wanted.channel_ids),
        (lambda gone: Mandate.revoked_at.is_not(None) if gone else Mandate.revoked_at.is_(None), wanted.revoked),
        (Mandate.updated_at.__ge__, wanted.changed_since),
    )
    return await paginate(db, found, choose(SORTS, sort, descending=descending), Mandate.id, page)


Known = Mapping[tuple[str, str], tuple[Mandate, MandateFacts]]
"""Mandates by creditor and reference, with what was drawn on them or is about to be."""


async def named_mandates(db: Session, payments: Iterable[PaymentInput]) -> Known:
    """The mandates that payments name, one statement or none; more where some are for one debit.

    Those are locked, by id, before it is counted who names them: two orders at once cannot both find one unused.
    """
    references = sorted({each.mandate.strip() for each in payments if each.mandate})
    if not references:
        return {}
    rows = list(await db.scalars(sa.select(Mandate).where(any_of(Mandate.reference, references))))
    single = sorted(row.id for row in rows if row.once)
    if single:
        locked = sa.select(Mandate).where(Mandate.id.in_(single)).order_by(Mandate.id).with_for_update()
        list(await db.scalars(locked.execution_options(populate_existing=True)))
    waiting = await _named_by(db, single)
    facts = await _facts(db, rows)
    return {(row.creditor_id, row.reference): (row, _reserved(facts[row.id], waiting.get(row.id, 0))) for row in rows}


def _reserved(facts: MandateFacts, payments: int) -> MandateFacts:
    """A one-off mandate that a payment names is for that payment."""
    return MandateFacts(**{**_fields(facts), "uses": max(facts.uses, payments)}) if facts.once else facts


def _fields(facts: MandateFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in MandateFacts.__dataclass_fields__}


async def _named_by(db: Session, ids: Sequence[UUID]) -> dict[UUID, int]:
    if not ids:
        return {}
    gone = (PaymentState.FAILED, PaymentState.VOIDED)
    rows = await db.execute(
        sa.select(Payment.mandate_id, sa.func.count())
        .where(Payment.mandate_id.in_(ids), Payment.state.not_in(gone))
        .group_by(Payment.mandate_id)
    )
    return {mandate_id: count for mandate_id, count in rows if mandate_id is not None}


async def _facts(db: Session, rows: Sequence[Mandate]) -> dict[UUID, MandateFacts]:
    done = PaymentTransaction
    uses = await db.execute(
        sa.select(Payment.mandate_id, sa.func.count(), sa.func.max(done.collect_on))
        .join(done, done.payment_id == Payment.id)
        .where(
            Payment.mandate_id.in_([row.id for row in rows]), done.collect_on.is_not(None),
            done.outcome != TransactionState.FAILED,
        )
        .group_by(Payment.mandate_id)
    )  # fmt: skip
    used = {mandate_id: (count, last) for mandate_id, count, last in uses}
    return {
        row.id: MandateFacts(
            row.creditor_id, row.reference, row.kind, row.once, row.signed_on, row.revoked_at is not None,
            *used.get(row.id, (0, None)),
        )
        for row in rows
    }  # fmt: skip


def mandate_for(
    payment: PaymentInput, settings: Mapping[str, Any], currency: str, known: Known, today: date
) -> Mandate | None:
    """The mandate of a payment, which a direct debit in euro has to name where the channel is the creditor.

    Raises `InvalidInput` (`MANDATE_MISSING`, `MANDATE_NOT_WANTED`), `MandateNotFound` or `MandateNotValid` naming
    `mandate`.
    """
    sepa = (
        sepa_of(settings) if payment.kind == PaymentMethodKind.DIRECT_DEBIT and currency == _SCHEME_CURRENCY else None
    )
    if sepa is None:
        if payment.mandate:
            raise InvalidInput("No mandate is used for this payment.", code="MANDATE_NOT_WANTED", path=("mandate",))
        return None
    if not payment.mandate:
        raise InvalidInput("A direct debit needs a mandate.", code="MANDATE_MISSING", path=("mandate",))
    found = known.get((sepa.creditor_id, payment.mandate.strip()))
    if found is None:
        raise MandateNotFound("There is no such mandate.", path=("mandate",), mandate=payment.mandate)
    try:
        mandates.check_usable(found[1], today)
    except MandateNotValid as problem:
        raise problem.within("mandate") from None
    return found[0]


async def announce(
    db: Session, orders: Mapping[UUID, Order], wanted: Sequence[tuple[Payment, PaymentTransaction]], *, taking: bool
) -> Debits:
    """What the gateway is told of the mandates of these intents; where money is taken, the customer is told before.

    The day on which the money is due, and the place of the debit among those of its mandate, are written to the intent
    once and told with `DirectDebitAnnounced`. `taking` is False for a promise, which debits nothing yet.
    """
    ids = {payment.mandate_id for payment, _ in wanted if payment.mandate_id is not None}
    if not ids:
        return {}
    rows = {row.id: row for row in await db.scalars(sa.select(Mandate).where(Mandate.id.in_(ids)).with_for_update())}
    facts = await _facts(db, list(rows.values()))
    sellers = await _sellers(db, [orders[payment.order_id] for payment, _ in wanted])
    debits: Debits = {}
    for payment, intent in wanted:
        if payment.mandate_id is None:
            continue
        row, sepa, today = rows[payment.mandate_id], *sellers[orders[payment.order_id].channel_id]
        if intent.collect_on is None:
            try:
                mandates.check_usable(facts[row.id], today)
            except MandateNotValid as problem:
                debits[intent.id] = Declined(f"mandate_{str(problem.params['reason']).lower()}", problem.message)
                continue
        if taking and intent.collect_on is None:
            intent.sequence_type = mandates.sequence_of(facts[row.id]).value
            _tell(db, payment, intent, row, mandates.collect_on(sepa, today))
            facts[row.id] = _drawn(facts[row.id], intent.collect_on)
        debits[intent.id] = DebitOrder(
            row.creditor_id, row.reference, row.signed_on, row.kind.value, row.name, row.iban, intent.sequence_type,
            intent.collect_on,
        )  # fmt: skip
    return debits


def _drawn(facts: MandateFacts, day: date | None) -> MandateFacts:
    return MandateFacts(**{**_fields(facts), "uses": facts.uses + 1, "used_on": day})


def _tell(db: Session, payment: Payment, intent: PaymentTransaction, row: Mandate, day: date) -> None:
    intent.collect_on = day
    record(
        db,
        DirectDebitAnnounced(
            stream_id=payment.order_id, payment_id=payment.id, transaction_id=intent.id, amount=intent.amount,
            currency=payment.currency, mandate=row.reference, creditor_id=row.creditor_id, iban_ending=row.iban[-4:],
            collect_on=day.isoformat(), sequence_type=intent.sequence_type or "",
        ),
    )  # fmt: skip


async def _sellers(db: Session, orders: Sequence[Order]) -> dict[UUID, tuple[Sepa, date]]:
    """What each channel agreed, and which day it is where its seller is; the usual notice if it says nothing now."""
    found = sa.select(SalesChannel.id, SalesChannel.settings, LegalEntity.timezone).join(
        LegalEntity, LegalEntity.id == SalesChannel.legal_entity_id
    )
    rows = await db.execute(found.where(SalesChannel.id.in_({order.channel_id for order in orders})))
    return {
        channel_id: (sepa_of(settings) or Sepa(""), local_day(db.now, timezone))
        for channel_id, settings, timezone in rows
    }
