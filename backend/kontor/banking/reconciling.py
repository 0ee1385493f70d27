"""Payouts of gateways: taken in with what they settle, compared with our books, and found again at the bank."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.banking import clearing, gateway_queries, marketplaces, settlement_files
from kontor.banking.clearing import Settled, Told
from kontor.banking.errors import DifferenceClosed, LineKnown, PayoutDiffers
from kontor.banking.events import (
    GatewayDifferenceExplained,
    GatewayPayoutConverted,
    GatewayPayoutImported,
)
from kontor.banking.models import (
    GatewayAccount,
    GatewayDifference,
    GatewayLineReference,
    GatewayPayout,
    GatewayPayoutLine,
)
from kontor.channels.models import LegalEntity, SalesChannel
from kontor.core.db import Session, chunks
from kontor.core.errors import InvalidInput, NotFound
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.orders.models import Order
from kontor.payments.ports import GatewayLine, LineCategory
from kontor.payments.ports import GatewayPayout as Sent

ORDER, SUSPENSE, SETTLED = "ORDER", "SUSPENSE", "SETTLED"
_LINE = (
    "id", "payout_id", "gateway", "reference", "category", "amount", "fee", "currency", "original",
    "original_currency", "source", "description", "occurred_at", "transaction_id", "dispute_id", "order_id", "detail",
    "cleared", "cleared_currency",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AccountData:
    """Which legal entity a gateway pays out to; see `GatewayAccount`. The default gateway has an empty name."""

    gateway: str
    legal_entity_id: UUID
    fetch: bool = True
    missing_after_days: int = 7


async def save_account(db: Session, data: AccountData, *, now: datetime) -> GatewayAccount:
    """Say which legal entity a gateway pays out to. Raises `NotFound`, `InvalidInput`."""
    if len(data.gateway.strip()) > 40:
        raise InvalidInput("At most 40 characters.", code="INVALID_NAME", path=("input", "gateway"))
    if not 1 <= data.missing_after_days <= 90:
        raise InvalidInput("1 to 90.", code="OUT_OF_RANGE", path=("input", "missingAfterDays"), min=1, max=90)
    await _lock_seller(db, data.legal_entity_id)
    await marketplaces.check_channel(db, data.gateway.strip(), data.legal_entity_id)
    found = sa.select(GatewayAccount).where(GatewayAccount.gateway == data.gateway.strip()).with_for_update()
    account: GatewayAccount | None = await db.scalar(found)
    if account is None:
        account = GatewayAccount(id=new_id(), gateway=data.gateway.strip(), fetched_at=None)
        db.add(account)
    account.legal_entity_id, account.fetch, account.updated_at = data.legal_entity_id, data.fetch, now
    account.missing_after_days = data.missing_after_days
    await db.flush()
    return account


async def _lock_seller(db: Session, entity_id: UUID) -> None:
    found = sa.select(LegalEntity.id).where(LegalEntity.id == entity_id).with_for_update()
    if db.principal.restricted or await db.scalar(found) is None:
        raise NotFound("There is no such legal entity.", code="LEGAL_ENTITY_NOT_FOUND")


async def import_payout(
    db: Session, entity_id: UUID, gateway: str, sent: Sent, lines: Sequence[GatewayLine], *, now: datetime
) -> GatewayPayout:
    """Take a payout in with everything it settles; a known one stays as it is.

    Locks the legal entity. What does not agree becomes a difference, never an error. Raises `PayoutDiffers` where the
    reference is known with another amount, `LineKnown` for a line that another payout settled, `InvalidInput` for a
    line of another currency than the payout's.
    """
    await _lock_seller(db, entity_id)
    await marketplaces.check_channel(db, gateway, entity_id)
    known = await gateway_queries.find_payout(db, gateway, sent.reference)
    if known is not None:
        if (known.amount, known.currency) != (sent.amount.amount, sent.amount.currency):
            raise PayoutDiffers("The payout was imported with another amount.", reference=sent.reference)
        return known
    await _check_new(db, gateway, lines)
    told = [_told(line, sent) for line in lines]
    open_ = await gateway_queries.open_movements(db, gateway, told)
    others: dict[str, list[str]] = {}
    if marketplaces.channel_of(gateway) is not None:
        alone = clearing.exact(told, open_)
        others = marketplaces.put_together(lines, alone)
        lines = marketplaces.together(lines, alone)
        told = [_told(line, sent) for line in lines]
    settled = clearing.match(told, open_, entity_id)
    payout = GatewayPayout(
        id=new_id(), gateway=gateway, reference=sent.reference[:120], legal_entity_id=entity_id,
        amount=sent.amount.amount, fees=sum(line.fee for line in told), currency=sent.amount.currency,
        lines=len(lines), arrives_on=sent.arrives_on, descriptor=sent.descriptor[:140], entry_id=None,
        imported_at=now, imported_by=db.principal.name[:200], updated_at=now,
    )  # fmt: skip
    db.add(payout)
    await db.flush()
    ids = await _keep_lines(db, payout, lines, settled)
    await _keep_references(db, gateway, lines, ids, others)
    sides, rest = clearing.sides_of(payout.amount, gateway, told, settled)
    count = await _note_differences(db, payout, list(zip(ids, told, settled, strict=True)), rest, now=now)
    _tell_import(db, payout, sides, settled, count)
    return payout


async def import_file(
    db: Session, entity_id: UUID, gateway: str, sent: Sent, content: str, *, now: datetime
) -> GatewayPayout:
    """Take a payout in from a settlement file; raises what `settlement_files.read` and `import_payout` raise."""
    lines = [
        GatewayLine(
            each.reference, LineCategory(each.category), each.amount, each.fee, each.occurred_at, each.source,
            each.authorization, each.original, each.description,
        )
        for each in settlement_files.read(content)
    ]  # fmt: skip
    return await import_payout(db, entity_id, gateway, sent, lines, now=now)


async def _check_new(db: Session, gateway: str, lines: Sequence[GatewayLine]) -> None:
    """A line is settled once: neither twice by one payout nor by two."""
    row = GatewayPayoutLine
    for part in chunks(check_lines(lines)):
        found = (
            sa.select(row.reference, GatewayPayout.reference.label("payout"))
            .join(GatewayPayout, GatewayPayout.id == row.payout_id)
            .where(row.gateway == gateway, row.reference.in_(part))
            .order_by(row.reference)
        )
        other = GatewayLineReference
        together = (
            sa.select(other.reference, GatewayPayout.reference.label("payout"))
            .join(row, row.id == other.line_id)
            .join(GatewayPayout, GatewayPayout.id == row.payout_id)
            .where(other.gateway == gateway, other.reference.in_(part))
            .order_by(other.reference)
        )
        known = (await db.execute(found.limit(1))).first() or (await db.execute(together.limit(1))).first()
        if known is not None:
            raise LineKnown(
                "Another payout settled the line.", path=("content",), line=known.reference, payout=known.payout
            )


def check_lines(lines: Iterable[GatewayLine]) -> list[str]:
    """The references of a payout's lines, as they are kept; raises `LineKnown` for one that is there twice."""
    seen: set[str] = set()
    for line in lines:
        if line.reference[:120] in seen:
            raise LineKnown("The payout has the line twice.", path=("content",), line=line.reference)
        seen.add(line.reference[:120])
    return sorted(seen)


def _told(line: GatewayLine, sent: Sent) -> Told:
    if line.amount.currency != sent.amount.currency or line.fee.currency != sent.amount.currency:
        raise InvalidInput(
            "A payout's lines are in its currency.", code="CURRENCY_MISMATCH", path=("content",),
            line=line.reference, expected=sent.amount.currency,
        )  # fmt: skip
    original = line.original
    return Told(
        line.category.value, line.source, line.authorization, line.amount.amount, line.fee.amount, line.amount.currency,
        None if original is None else original.amount, None if original is None else original.currency,
    )  # fmt: skip


async def _keep_lines(
    db: Session, payout: GatewayPayout, lines: Sequence[GatewayLine], settled: Sequence[Settled]
) -> list[UUID]:
    rows: list[tuple[Any, ...]] = []
    for line, each in zip(lines, settled, strict=True):
        ours = each.ours if each.matched else None
        rows.append(
            (
                new_id(), payout.id, payout.gateway, line.reference[:120], line.category.value, line.amount.amount,
                line.fee.amount, line.amount.currency, line.original and line.original.amount,
                line.original and line.original.currency, line.source[:120], line.description[:500], line.occurred_at,
                ours.key if ours and not ours.dispute else None, ours.key if ours and ours.dispute else None,
                ours.order_id if ours else None, each.detail, each.cleared if ours else 0, each.cleared_currency,
            )
        )  # fmt: skip
    await db.bulk_insert(GatewayPayoutLine, _LINE, rows)
    return [row[0] for row in rows]


async def _keep_references(
    db: Session, gateway: str, lines: Sequence[GatewayLine], ids: Sequence[UUID], others: Mapping[str, Sequence[str]]
) -> None:
    """What was put together is known by each of its references, so that no other payout settles a part of it again."""
    rows = [
        (gateway, reference[:120], line_id)
        for line, line_id in zip(lines, ids, strict=True)
        for reference in others.get(line.reference, ())
    ]
    await db.bulk_insert(GatewayLineReference, ("gateway", "reference", "line_id"), rows)


async def _note_differences(
    db: Session,
    payout: GatewayPayout,
    lines: Sequence[tuple[UUID, Told, Settled]],
    rest: int,
    *,
    now: datetime,
) -> int:
    """Open what has to be explained, and close what was missing until now; how many were opened."""
    rows = []
    for line_id, _, each in lines:
        if each.problem:
            row = _difference(payout, each.problem, line_id, each.off, now=now)
            row.line_id, row.detail = line_id, each.detail
            row.order_id = each.ours.order_id if each.ours else None
            rows.append(row)
    if rest:
        rows.append(_difference(payout, "SUM_DIFFERS", payout.id, rest, now=now))
    db.add_all(rows)
    found = [each.ours.key for _, _, each in lines if each.ours and each.matched and not each.ours.dispute]
    for part in chunks(sorted(found)):
        missing = sa.update(GatewayDifference).where(
            GatewayDifference.kind == "MISSING_LINE",
            GatewayDifference.subject_id.in_(part),
            GatewayDifference.closed_at.is_(None),
        )
        await db.execute(
            missing.values(explanation=SETTLED, payout_id=payout.id, closed_at=now, closed_by="", updated_at=now)
        )
    return len(rows)


def _difference(payout: GatewayPayout, kind: str, subject_id: UUID, amount: int, *, now: datetime) -> GatewayDifference:
    return GatewayDifference(
        id=new_id(), kind=kind, subject_id=subject_id, legal_entity_id=payout.legal_entity_id, gateway=payout.gateway,
        payout_id=payout.id, line_id=None, transaction_id=None, order_id=None, amount=amount,
        currency=payout.currency, detail="", cleared=0, explanation=None, reason=None, opened_at=now, closed_at=None,
        closed_by=None, updated_at=now,
    )  # fmt: skip


def _tell_import(
    db: Session, payout: GatewayPayout, sides: Sequence[Any], settled: Sequence[Settled], differences: int
) -> None:
    imported = GatewayPayoutImported(
        stream_id=payout.id, legal_entity_id=payout.legal_entity_id, gateway=payout.gateway,
        reference=payout.reference, amount=payout.amount, currency=payout.currency,
        arrives_on=payout.arrives_on.isoformat(), differences=differences, lines=sides,
    )  # fmt: skip
    record(db, imported)
    for currency, others in clearing.conversions(payout.gateway, settled).items():
        converted = GatewayPayoutConverted(
            stream_id=payout.id, legal_entity_id=payout.legal_entity_id, reference=payout.reference, currency=currency,
            lines=others,
        )  # fmt: skip
        record(db, converted)


# --- what is missing ----------------------------------------------------------------------------------------------


async def note_missing(db: Session, account: GatewayAccount, *, now: datetime) -> int:
    """Open a difference for each movement that should have been paid out by now and is on no payout; how many."""
    before = now - timedelta(days=account.missing_after_days)
    missing = await gateway_queries.missing_movements(db, account, before)
    for ours in missing:
        db.add(
            GatewayDifference(
                id=new_id(), kind="MISSING_LINE", subject_id=ours.key, legal_entity_id=account.legal_entity_id,
                gateway=account.gateway, payout_id=None, line_id=None, transaction_id=ours.key, order_id=ours.order_id,
                amount=-ours.amount, currency=ours.currency, detail=ours.detail, cleared=0, explanation=None,
                reason=None, opened_at=now, closed_at=None, closed_by=None, updated_at=now,
            )
        )  # fmt: skip
    return len(missing)


async def explain(
    db: Session, difference_id: UUID, *, reason: str, order_id: UUID | None = None, now: datetime
) -> GatewayDifference:
    """Say what a difference is: money of an order, or something else that stays in suspense with a reason.

    Raises `DifferenceClosed` for one that is explained, `InvalidInput` for an order of another seller or currency.
    """
    if not 1 <= len(reason.strip()) <= 500:
        raise InvalidInput("1 to 500 characters.", code="INVALID_REASON", path=("reason",))
    found = await gateway_queries.get_difference(db, difference_id, lock=True)
    if found.closed_at is not None:
        raise DifferenceClosed("The difference is explained.", explanation=found.explanation)
    if order_id is not None:
        await _check_order(db, found, order_id)
    sides, cleared = clearing.explained(
        found.kind, found.amount, found.gateway, found.detail, by_order=order_id is not None
    )
    found.explanation, found.reason, found.cleared = ORDER if order_id else SUSPENSE, reason.strip(), cleared
    found.order_id, found.closed_at, found.closed_by, found.updated_at = order_id or found.order_id, now, db.by, now
    explained = GatewayDifferenceExplained(
        stream_id=found.id, legal_entity_id=found.legal_entity_id, payout_id=found.payout_id, order_id=order_id,
        reference=found.id.hex, explanation=found.explanation, reason=found.reason, amount=found.amount,
        currency=found.currency, lines=sides,
    )  # fmt: skip
    record(db, explained)
    await db.flush()
    return found


async def _check_order(db: Session, difference: GatewayDifference, order_id: UUID) -> None:
    row = (
        await db.execute(
            sa.select(SalesChannel.legal_entity_id, Order.currency)
            .join(Order, Order.channel_id == SalesChannel.id)
            .where(Order.id == order_id)
        )
    ).first()
    if row is None or row.legal_entity_id != difference.legal_entity_id:
        raise InvalidInput("The seller has no such order.", code="ORDER_NOT_FOUND", path=("orderId",))
    if row.currency != difference.currency:
        raise InvalidInput(
            f"The order is in {row.currency}.", code="CURRENCY_MISMATCH", path=("orderId",),
            expected=difference.currency,
        )  # fmt: skip


def since_of(account: GatewayAccount, now: datetime) -> datetime:
    """From when on payouts are asked for: some days again, as one may be told late."""
    return now - timedelta(days=30) if account.fetched_at is None else account.fetched_at - timedelta(days=7)
