"""Statements over goodwill and claims."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.claims.errors import ClaimNotFound, GoodwillNotFound
from kontor.claims.models import Claim, ClaimLine, Goodwill
from kontor.claims.states import ClaimKind, ClaimState, GoodwillForm, GoodwillReason, GoodwillState
from kontor.core.db import Session
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.orders.models import Order
from kontor.orders.queries import visible_to as orders_visible_to

SORTS: dict[str, Any] = {"REQUESTED_AT": Goodwill.requested_at, "UPDATED_AT": Goodwill.updated_at}

CLAIM_SORTS: dict[str, Any] = {"OPENED_AT": Claim.opened_at, "UPDATED_AT": Claim.updated_at}


@dataclass(frozen=True, slots=True)
class GoodwillFilter:
    """Which goodwill is wanted; what is None does not narrow. Times: from inclusive, until exclusive."""

    state: Sequence[GoodwillState] | None = None
    form: Sequence[GoodwillForm] | None = None
    reason: Sequence[GoodwillReason] | None = None
    order_id: UUID | None = None
    requested_from: datetime | None = None
    requested_until: datetime | None = None
    granted_from: datetime | None = None
    granted_until: datetime | None = None
    changed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class GoodwillSum:
    """What was given in one form for one reason, minor units of a currency."""

    form: GoodwillForm
    reason: GoodwillReason
    currency: str
    count: int
    amount: int


def visible_to(principal: Principal) -> sa.Select[Any]:
    """Goodwill on the orders a principal may see; customers and shops see none, as it tells of people's decisions."""
    found = sa.select(Goodwill)
    if principal.outside:
        return found.where(sa.false())
    if not principal.restricted:
        return found
    return found.where(Goodwill.order_id.in_(orders_visible_to(principal).with_only_columns(Order.id)))


async def list_goodwill(
    db: Session, wanted: GoodwillFilter, page: PageRequest, *, sort: str = "REQUESTED_AT", descending: bool = True
) -> Page[Goodwill]:
    """A page of goodwill the principal of the session may see."""
    found = narrow(
        visible_to(db.principal),
        (Goodwill.state.in_, wanted.state),
        (Goodwill.form.in_, wanted.form),
        (Goodwill.reason.in_, wanted.reason),
        (Goodwill.order_id.__eq__, wanted.order_id),
        (Goodwill.requested_at.__ge__, wanted.requested_from),
        (Goodwill.requested_at.__lt__, wanted.requested_until),
        (Goodwill.granted_at.__ge__, wanted.granted_from),
        (Goodwill.granted_at.__lt__, wanted.granted_until),
        (Goodwill.updated_at.__ge__, wanted.changed_since),
    )
    return await paginate(db, found, choose(SORTS, sort, descending=descending), Goodwill.id, page)


async def get_goodwill(db: Session, goodwill_id: UUID) -> Goodwill:
    """Goodwill the principal of the session may see, as it is now; raises `GoodwillNotFound`."""
    found = visible_to(db.principal).where(Goodwill.id == goodwill_id)
    row: Goodwill | None = await db.scalar(found.execution_options(populate_existing=True))
    if row is None:
        raise GoodwillNotFound("There is no such goodwill.", path=("id",), goodwill_id=str(goodwill_id))
    return row


async def goodwill_sums(db: Session, since: datetime, until: datetime) -> list[GoodwillSum]:
    """What was granted in a span, apart from all other refunds: the moment of granting counts, `until` excluded."""
    key = (Goodwill.form, Goodwill.reason, Goodwill.currency)
    found = (
        visible_to(db.principal)
        .where(Goodwill.state == GoodwillState.GRANTED, Goodwill.granted_at >= since, Goodwill.granted_at < until)
        .with_only_columns(*key, sa.func.count(), sa.func.sum(Goodwill.amount))
        .group_by(*key)
        .order_by(*key)
    )
    return [GoodwillSum(*row[:3], count=int(row[3]), amount=int(row[4])) for row in await db.execute(found)]


@dataclass(frozen=True, slots=True)
class ClaimFilter:
    """Which claims are wanted; what is None does not narrow."""

    state: Sequence[ClaimState] | None = None
    kind: Sequence[ClaimKind] | None = None
    order_id: UUID | None = None
    partner_id: UUID | None = None
    opened_from: datetime | None = None
    opened_until: datetime | None = None
    changed_since: datetime | None = None


def claims_visible_to(principal: Principal) -> sa.Select[Any]:
    """Claims of the orders a principal may see."""
    found = sa.select(Claim)
    if not principal.restricted:
        return found
    return found.where(Claim.order_id.in_(orders_visible_to(principal).with_only_columns(Order.id)))


async def list_claims(
    db: Session, wanted: ClaimFilter, page: PageRequest, *, sort: str = "OPENED_AT", descending: bool = True
) -> Page[Claim]:
    """A page of claims the principal of the session may see."""
    found = narrow(
        claims_visible_to(db.principal),
        (Claim.state.in_, wanted.state),
        (Claim.kind.in_, wanted.kind),
        (Claim.order_id.__eq__, wanted.order_id),
        (Claim.partner_id.__eq__, wanted.partner_id),
        (Claim.opened_at.__ge__, wanted.opened_from),
        (Claim.opened_at.__lt__, wanted.opened_until),
        (Claim.updated_at.__ge__, wanted.changed_since),
    )
    return await paginate(db, found, choose(CLAIM_SORTS, sort, descending=descending), Claim.id, page)


async def get_claim(db: Session, claim_id: UUID) -> Claim:
    """A claim the principal of the session may see, as it is now; raises `ClaimNotFound`."""
    found = claims_visible_to(db.principal).where(Claim.id == claim_id)
    row: Claim | None = await db.scalar(found.execution_options(populate_existing=True))
    if row is None:
        raise ClaimNotFound("There is no such claim.", path=("id",), claim_id=str(claim_id))
    return row


async def lines_of_claim(db: Session, claim_id: UUID) -> list[ClaimLine]:
    """The claimed pieces."""
    return list(await db.scalars(sa.select(ClaimLine).where(ClaimLine.claim_id == claim_id).order_by(ClaimLine.id)))


async def count_claims(db: Session, order_id: UUID) -> int:
    """How many claims an order ever had."""
    return int(await db.scalar(sa.select(sa.func.count()).where(Claim.order_id == order_id)) or 0)


async def claimed_pieces(db: Session, order_id: UUID) -> dict[UUID, int]:
    """Pieces by shipment line that are claimed and announced by no return."""
    rows = await db.execute(
        sa.select(ClaimLine.shipment_line_id, sa.func.sum(ClaimLine.quantity))
        .join(Claim, Claim.id == ClaimLine.claim_id)
        .where(
            Claim.order_id == order_id,
            Claim.state.not_in((ClaimState.DENIED, ClaimState.CANCELED)),
            Claim.return_id.is_(None),
        )
        .group_by(ClaimLine.shipment_line_id)
    )
    return {line_id: int(count) for line_id, count in rows}


async def waiting_pieces(db: Session, order_id: UUID) -> dict[UUID, int]:
    """Pieces by shipment line of claims that are not decided yet: no return can be announced of them meanwhile."""
    rows = await db.execute(
        sa.select(ClaimLine.shipment_line_id, sa.func.sum(ClaimLine.quantity))
        .join(Claim, Claim.id == ClaimLine.claim_id)
        .where(Claim.order_id == order_id, Claim.state.in_((ClaimState.OPEN, ClaimState.APPROVED)))
        .where(Claim.remedy.is_(None))
        .group_by(ClaimLine.shipment_line_id)
    )
    return {line_id: int(count) for line_id, count in rows}


async def open_claims_of_returns(db: Session, return_ids: Sequence[UUID]) -> list[Claim]:
    """Claims that wait for the money of these returns."""
    found = sa.select(Claim).where(Claim.return_id.in_(return_ids), Claim.state == ClaimState.APPROVED)
    return list(await db.scalars(found.with_for_update().execution_options(populate_existing=True)))


async def claims_of_goodwill(db: Session, goodwill_ids: Sequence[UUID]) -> list[Claim]:
    """Claims that wait for this goodwill."""
    found = sa.select(Claim).where(Claim.goodwill_id.in_(goodwill_ids), Claim.state == ClaimState.APPROVED)
    return list(await db.scalars(found.with_for_update().execution_options(populate_existing=True)))


async def claims_of_exchange(db: Session, exchange_id: UUID) -> list[Claim]:
    """Claims that wait for the new goods of this exchange."""
    found = sa.select(Claim).where(Claim.exchange_id == exchange_id, Claim.state == ClaimState.APPROVED)
    return list(await db.scalars(found.with_for_update().execution_options(populate_existing=True)))
