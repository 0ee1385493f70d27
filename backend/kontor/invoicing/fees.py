"""Fees and interest of reminders: paid in part or whole, taken back, waived."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.outbox import record
from kontor.invoicing.errors import DunningNoticeNotFound, NothingOpen
from kontor.invoicing.events import DunningFeeSettled
from kontor.invoicing.models import DunningNotice


def rest_of(notice: DunningNotice) -> int:
    """What of a reminder's fee and interest is open, minor units."""
    if notice.fee_settled_at is not None:
        return 0
    return notice.open_fee + notice.open_interest


async def lock_notices(db: Session, invoice_id: UUID) -> list[DunningNotice]:
    """The reminders of an invoice whose order is locked, in their order."""
    found = sa.select(DunningNotice).where(DunningNotice.invoice_id == invoice_id).order_by(DunningNotice.id)
    rows = await db.scalars(found.with_for_update().execution_options(populate_existing=True))
    return list(rows)


async def settle_fee(db: Session, notice_id: UUID, *, waived: bool, now: datetime) -> DunningNotice:
    """Book that the rest of a reminder's fee and interest was paid by transfer, or waive it.

    Once: raises `NothingOpen` the second time.
    """
    notice = await db.get(DunningNotice, notice_id, with_for_update=True, populate_existing=True)
    if notice is None or db.principal.restricted:
        raise DunningNoticeNotFound("There is no such reminder.", notice_id=str(notice_id))
    if notice.fee_settled_at is not None:
        raise NothingOpen("Nothing of this fee is open.", notice_id=str(notice_id))
    fee, interest = notice.open_fee, notice.open_interest
    notice.fee_settled_at, notice.fee_waived = now, notice.fee_waived or waived
    if waived:
        notice.waived_fee += fee
        notice.waived_interest += interest
    else:
        notice.fee_paid += fee
        notice.interest_paid += interest
    _tell(db, notice, fee, interest, waived=waived)
    return notice


def pay(db: Session, notice: DunningNotice, *, fee: int, interest: int, now: datetime) -> None:
    """Book a part of a locked reminder as paid; below zero as taken back. What was waived stays so."""
    notice.fee_paid += fee
    notice.interest_paid += interest
    notice.fee_settled_at = None if notice.open_fee or notice.open_interest else now
    _tell(db, notice, fee, interest, waived=False)


def _tell(db: Session, notice: DunningNotice, fee: int, interest: int, *, waived: bool) -> None:
    record(
        db,
        DunningFeeSettled(
            stream_id=notice.order_id, notice_id=notice.id, invoice_id=notice.invoice_id, fee=fee, interest=interest,
            currency=notice.currency, waived=waived,
        ),
    )  # fmt: skip
