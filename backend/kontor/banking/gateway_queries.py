"""Statements over payouts of gateways, their lines and differences."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.banking import marketplaces
from kontor.banking.clearing import Ours, Told
from kontor.banking.errors import DifferenceNotFound, GatewayPayoutNotFound
from kontor.banking.models import (
    BankEntry,
    GatewayAccount,
    GatewayDifference,
    GatewayPayout,
    GatewayPayoutLine,
)
from kontor.channels.models import SalesChannel
from kontor.core.db import Session, chunks
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.invoicing.posting import Via
from kontor.orders.models import Order
from kontor.payments.models import Dispute, Payment, PaymentTransaction, TransactionKind, TransactionState
from kontor.payments.states import PaymentMethodKind

K = TransactionKind
PAYOUT_SORTS: dict[str, Any] = {"ARRIVES_ON": GatewayPayout.arrives_on, "UPDATED_AT": GatewayPayout.updated_at}
LINE_SORTS: dict[str, Any] = {"OCCURRED_AT": GatewayPayoutLine.occurred_at}
DIFFERENCE_SORTS: dict[str, Any] = {
    "OPENED_AT": GatewayDifference.opened_at,
    "UPDATED_AT": GatewayDifference.updated_at,
}
# A transaction as the gateway's line has it: category and sign.
_AS_LINE = {K.CAPTURE: ("CHARGE", 1), K.REFUND: ("REFUND", -1), K.REFUND_RETURN: ("REFUND_FAILURE", 1)}


@dataclass(frozen=True, slots=True)
class PayoutFilter:
    """Which payouts are wanted; what is None does not narrow. `arrived`: found at the bank."""

    legal_entity_id: UUID | None = None
    gateway: str | None = None
    reference: str | None = None
    arrived: bool | None = None
    arrives_from: date | None = None
    arrives_until: date | None = None
    changed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Which lines are wanted; what is None does not narrow. `known`: they are something of ours."""

    payout_id: UUID | None = None
    order_id: UUID | None = None
    category: str | None = None
    known: bool | None = None


@dataclass(frozen=True, slots=True)
class DifferenceFilter:
    """Which differences are wanted; what is None does not narrow. `open`: nobody has explained them."""

    legal_entity_id: UUID | None = None
    gateway: str | None = None
    payout_id: UUID | None = None
    order_id: UUID | None = None
    kind: Sequence[str] | None = None
    open: bool | None = None
    changed_since: datetime | None = None


def _all(db: Session, model: Any) -> Any:
    """The books are no business of a principal with a scope."""
    return sa.select(model).where(sa.false() if db.principal.restricted else sa.true())


async def list_payouts(
    db: Session, wanted: PayoutFilter, page: PageRequest, *, sort: str = "ARRIVES_ON", descending: bool = True
) -> Page[GatewayPayout]:
    """A page of payouts."""
    row = GatewayPayout
    found = narrow(
        _all(db, row),
        (row.legal_entity_id.__eq__, wanted.legal_entity_id),
        (row.gateway.__eq__, wanted.gateway),
        (row.reference.__eq__, wanted.reference),
        (lambda there: row.entry_id.is_not(None) if there else row.entry_id.is_(None), wanted.arrived),
        (row.arrives_on.__ge__, wanted.arrives_from),
        (row.arrives_on.__le__, wanted.arrives_until),
        (row.updated_at.__ge__, wanted.changed_since),
    )
    return await paginate(db, found, choose(PAYOUT_SORTS, sort, descending=descending), row.id, page)


async def list_lines(
    db: Session, wanted: LineFilter, page: PageRequest, *, sort: str = "OCCURRED_AT", descending: bool = True
) -> Page[GatewayPayoutLine]:
    """A page of lines."""
    row = GatewayPayoutLine
    known = sa.or_(row.transaction_id.is_not(None), row.dispute_id.is_not(None))
    found = narrow(
        _all(db, row),
        (row.payout_id.__eq__, wanted.payout_id),
        (row.order_id.__eq__, wanted.order_id),
        (row.category.__eq__, wanted.category),
        (lambda yes: known if yes else sa.not_(known), wanted.known),
    )
    return await paginate(db, found, choose(LINE_SORTS, sort, descending=descending), row.id, page)


async def list_differences(
    db: Session, wanted: DifferenceFilter, page: PageRequest, *, sort: str = "OPENED_AT", descending: bool = True
) -> Page[GatewayDifference]:
    """A page of differences."""
    row = GatewayDifference
    found = narrow(
        _all(db, row),
        (row.legal_entity_id.__eq__, wanted.legal_entity_id),
        (row.gateway.__eq__, wanted.gateway),
        (row.payout_id.__eq__, wanted.payout_id),
        (row.order_id.__eq__, wanted.order_id),
        (row.kind.in_, wanted.kind),
        (lambda yes: row.closed_at.is_(None) if yes else row.closed_at.is_not(None), wanted.open),
        (row.updated_at.__ge__, wanted.changed_since),
    )
    return await paginate(db, found, choose(DIFFERENCE_SORTS, sort, descending=descending), row.id, page)


async def accounts(db: Session) -> list[GatewayAccount]:
    """Which legal entity each gateway pays out to."""
    return list(await db.scalars(_all(db, GatewayAccount).order_by(GatewayAccount.gateway)))


async def find_payout(db: Session, gateway: str, reference: str) -> GatewayPayout | None:
    """A payout by the gateway's reference."""
    found = sa.select(GatewayPayout).where(GatewayPayout.gateway == gateway, GatewayPayout.reference == reference)
    payout: GatewayPayout | None = await db.scalar(found)
    return payout


async def get_payout(db: Session, payout_id: UUID, *, lock: bool = False) -> GatewayPayout:
    """The payout, locked if asked for; raises `GatewayPayoutNotFound`."""
    found = _all(db, GatewayPayout).where(GatewayPayout.id == payout_id)
    payout: GatewayPayout | None = await db.scalar(_locked(found) if lock else found)
    if payout is None:
        raise GatewayPayoutNotFound("There is no such payout.", payout_id=str(payout_id))
    return payout


async def get_difference(db: Session, difference_id: UUID, *, lock: bool = False) -> GatewayDifference:
    """The difference, locked if asked for; raises `DifferenceNotFound`."""
    found = _all(db, GatewayDifference).where(GatewayDifference.id == difference_id)
    difference: GatewayDifference | None = await db.scalar(_locked(found) if lock else found)
    if difference is None:
        raise DifferenceNotFound("There is no such difference.", difference_id=str(difference_id))
    return difference


def _locked(found: Any) -> Any:
    return found.with_for_update().execution_options(populate_existing=True)


# --- what of ours waits for a payout ------------------------------------------------------------------------------


def _movements(gateway: str) -> Any:
    """Transactions that no payout has settled and nobody has explained away."""
    row, channel = PaymentTransaction, marketplaces.channel_of(gateway)
    settled = sa.exists().where(GatewayPayoutLine.transaction_id == row.id)
    gone = sa.exists().where(
        GatewayDifference.kind == "MISSING_LINE",
        GatewayDifference.subject_id == row.id,
        GatewayDifference.closed_at.is_not(None),
        GatewayDifference.explanation != "SETTLED",
    )
    found = (
        sa.select(
            row.id, row.kind, row.amount, row.order_id, row.gateway_reference, Payment.kind.label("method"),
            Payment.gateway, Payment.currency, Payment.gateway_reference.label("authorization"),
            SalesChannel.legal_entity_id, Order.external_id,
        )
        .join(Payment, Payment.id == row.payment_id)
        .join(Order, Order.id == row.order_id)
        .join(SalesChannel, SalesChannel.id == Order.channel_id)
        .where(row.outcome == TransactionState.SUCCEEDED, sa.not_(settled), sa.not_(gone))
        .order_by(row.finished_at, row.id)
    )  # fmt: skip
    if channel is not None:
        collected = Payment.kind == PaymentMethodKind.COLLECTED_BY_CHANNEL
        return found.where(row.kind.in_(list(marketplaces.AS_LINE)), collected, SalesChannel.code == channel)
    by_gateway = (row.kind.in_(list(_AS_LINE)), Payment.gateway_reference.is_not(None))
    return found.where(*by_gateway, Payment.gateway.in_({gateway, ""}))


def _ours(row: Any) -> Ours:
    if row.method is PaymentMethodKind.COLLECTED_BY_CHANNEL:
        return marketplaces.ours(row)
    category, sign = _AS_LINE[row.kind]
    return Ours(
        row.id, row.order_id, row.legal_entity_id, category, row.gateway_reference or "", row.authorization or "",
        sign * row.amount, row.currency, Via(row.method.value, row.gateway).detail,
    )  # fmt: skip


async def open_movements(db: Session, gateway: str, lines: Sequence[Told]) -> list[Ours]:
    """What of ours the lines may be: by what moved, or by the payment; payments that name no gateway count as well."""
    sources = sorted({line.source for line in lines if line.source})
    authorizations = sorted({line.authorization for line in lines if line.authorization})
    found: dict[Any, Ours] = {}
    named: list[tuple[Any, list[str]]] = [
        (PaymentTransaction.gateway_reference, sources), (Payment.gateway_reference, authorizations),
    ]  # fmt: skip
    if marketplaces.channel_of(gateway) is not None:
        named = [(Order.external_id, sorted({*sources, *authorizations}))]
    for column, names in named:
        for part in chunks(names):
            wanted = _movements(gateway).where(column.in_(part))
            found.update({row.id: _ours(row) for row in await db.execute(wanted)})
    return [*found.values(), *await _disputes(db, gateway, sources)]


async def _disputes(db: Session, gateway: str, references: Iterable[str]) -> list[Ours]:
    """Each way of a dispute's money: taken, and given back; with the fees that are in the books for it."""
    found: list[Ours] = []
    for part in chunks(list(references)):
        rows = await db.execute(
            sa.select(
                Dispute.id, Dispute.order_id, Dispute.reference, Dispute.amount, Dispute.currency, Dispute.rounds,
                Dispute.held, Payment.kind.label("method"), Payment.gateway, SalesChannel.legal_entity_id,
                Payment.gateway_reference.label("authorization"),
            )
            .join(Payment, Payment.id == Dispute.payment_id)
            .join(Order, Order.id == Dispute.order_id)
            .join(SalesChannel, SalesChannel.id == Order.channel_id)
            .where(Dispute.reference.in_(part), Payment.gateway.in_({gateway, ""}))
            .order_by(Dispute.id)
        )  # fmt: skip
        disputes = list(rows)
        booked = await _booked(db, [row.id for row in disputes])
        for row in disputes:
            for category, sign, times, kind in (
                ("DISPUTE", -1, row.rounds + row.held, K.DISPUTE_FEE),
                ("DISPUTE_REVERSAL", 1, row.rounds, K.DISPUTE_FEE_BACK),
            ):
                lines, fees = booked.get((row.id, category), 0), booked.get((row.id, kind), 0)
                if lines >= times:
                    continue
                found.append(
                    Ours(
                        row.id, row.order_id, row.legal_entity_id, category, row.reference, row.authorization or "",
                        sign * row.amount, row.currency, Via(row.method.value, row.gateway).detail, True,
                        -sign * fees if not lines else 0,
                    )
                )  # fmt: skip
    return found


async def _booked(db: Session, ids: Sequence[UUID]) -> dict[tuple[UUID | None, Any], int]:
    """By dispute: how many lines of a category have settled it, and the sums of its fees."""
    line, row = GatewayPayoutLine, PaymentTransaction
    counts = await db.execute(
        sa.select(line.dispute_id, line.category, sa.func.count())
        .where(line.dispute_id.in_(ids))
        .group_by(line.dispute_id, line.category)
    )
    found: dict[tuple[UUID | None, Any], int] = {(each[0], each[1]): int(each[2]) for each in counts}
    fees = await db.execute(
        sa.select(row.dispute_id, row.kind, sa.func.sum(row.amount))
        .where(row.dispute_id.in_(ids), row.kind.in_((K.DISPUTE_FEE, K.DISPUTE_FEE_BACK)))
        .group_by(row.dispute_id, row.kind)
    )
    found.update({(each[0], each[1]): int(each[2]) for each in fees})
    return found


async def missing_movements(db: Session, account: GatewayAccount, before: datetime, *, limit: int = 500) -> list[Ours]:
    """What moved before a moment, is on no payout and not told as missing yet; of the account's seller alone.

    Nothing is missing before the first payout: what moved before it was settled before there was anything to compare.
    """
    first: datetime | None = await db.scalar(
        sa.select(sa.func.min(GatewayPayoutLine.occurred_at)).where(GatewayPayoutLine.gateway == account.gateway)
    )
    if first is None:
        return []
    row = PaymentTransaction
    told = sa.exists().where(GatewayDifference.kind == "MISSING_LINE", GatewayDifference.subject_id == row.id)
    found = _movements(account.gateway).where(
        row.finished_at >= first, row.finished_at < before, sa.not_(told),
        SalesChannel.legal_entity_id == account.legal_entity_id,
    )  # fmt: skip
    return [_ours(each) for each in await db.execute(found.limit(limit))]


async def fitting_entries(db: Session) -> list[tuple[GatewayPayout, BankEntry]]:
    """Payouts that have not been found at the bank, each with each movement of just its amount on the seller's account
    that nothing else has used; oldest payouts first. Those that nothing fits are not read, however many wait."""
    payout, entry = GatewayPayout, BankEntry
    found = (
        sa.select(payout, entry)
        .join(
            entry,
            sa.and_(
                entry.legal_entity_id == payout.legal_entity_id,
                entry.amount == payout.amount,
                entry.currency == payout.currency,
            ),
        )
        .where(payout.entry_id.is_(None), sa.not_(payout.by_hand), entry.assigned == 0, sa.not_(entry.set_aside))
        .order_by(payout.id, entry.id)
    )
    return [(each[0], each[1]) for each in await db.execute(found)]


async def lock_pairs(db: Session, pairs: Sequence[tuple[GatewayPayout, BankEntry]]) -> None:
    """Lock payouts, then movements, and read them anew."""
    for model, ids in ((GatewayPayout, {one.id for one, _ in pairs}), (BankEntry, {other.id for _, other in pairs})):
        list(await db.scalars(_locked(sa.select(model).where(model.id.in_(ids)).order_by(model.id))))
