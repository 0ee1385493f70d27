"""Lists of payments and refunds: what can be asked for, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kontor.core.db import Session
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.payments.models import Payment, Refund
from kontor.payments.queries import payments_visible_to, refunds_visible_to
from kontor.payments.states import PaymentMethodKind, PaymentState, RefundState

PAYMENT_SORTS: dict[str, Any] = {"CREATED_AT": Payment.created_at, "UPDATED_AT": Payment.updated_at}
REFUND_SORTS: dict[str, Any] = {"REQUESTED_AT": Refund.requested_at, "UPDATED_AT": Refund.updated_at}


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """Which payments are wanted; what is None does not narrow. From inclusive, until and before exclusive."""

    state: Sequence[PaymentState] | None = None
    kind: Sequence[PaymentMethodKind] | None = None
    order_id: UUID | None = None
    gateways: Sequence[str] | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None
    expires_before: datetime | None = None
    changed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefundFilter:
    """Which refunds are wanted; what is None does not narrow. From inclusive, until exclusive."""

    state: Sequence[RefundState] | None = None
    kind: Sequence[str] | None = None
    order_id: UUID | None = None
    return_id: UUID | None = None
    requested_from: datetime | None = None
    requested_until: datetime | None = None
    changed_since: datetime | None = None


def payments_narrowed(found: Any, wanted: PaymentFilter) -> Any:
    """Of these payments the wanted ones; `expires_before` keeps those with money that is promised and not taken."""
    return narrow(
        found,
        (Payment.state.in_, wanted.state),
        (Payment.kind.in_, wanted.kind),
        (Payment.order_id.__eq__, wanted.order_id),
        (Payment.gateway.in_, wanted.gateways),
        (Payment.created_at.__ge__, wanted.created_from),
        (Payment.created_at.__lt__, wanted.created_until),
        (_expiring, wanted.expires_before),
        (Payment.updated_at.__ge__, wanted.changed_since),
    )


def _expiring(moment: datetime) -> Any:
    return (Payment.authorization_expires_at < moment) & (Payment.authorized > Payment.captured)


def refunds_narrowed(found: Any, wanted: RefundFilter) -> Any:
    """Of these refunds the wanted ones."""
    return narrow(
        found,
        (Refund.state.in_, wanted.state),
        (Refund.kind.in_, wanted.kind),
        (Refund.order_id.__eq__, wanted.order_id),
        (Refund.return_id.__eq__, wanted.return_id),
        (Refund.requested_at.__ge__, wanted.requested_from),
        (Refund.requested_at.__lt__, wanted.requested_until),
        (Refund.updated_at.__ge__, wanted.changed_since),
    )


async def list_payments(
    db: Session, wanted: PaymentFilter, page: PageRequest, *, sort: str = "CREATED_AT", descending: bool = True
) -> Page[Payment]:
    """A page of the payments the principal of the session may see."""
    found = payments_narrowed(payments_visible_to(db.principal), wanted)
    return await paginate(db, found, choose(PAYMENT_SORTS, sort, descending=descending), Payment.id, page)


async def list_refunds(
    db: Session, wanted: RefundFilter, page: PageRequest, *, sort: str = "REQUESTED_AT", descending: bool = True
) -> Page[Refund]:
    """A page of the refunds the principal of the session may see."""
    found = refunds_narrowed(refunds_visible_to(db.principal), wanted)
    return await paginate(db, found, choose(REFUND_SORTS, sort, descending=descending), Refund.id, page)
