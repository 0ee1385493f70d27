"""What is a person's and hangs on no order: mandates, VAT ids with what their register said, uploaded files, words in
the audit trail. Erased by rules of their own, and told with the rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.auth.models import AuditEntry, AuditTarget
from kontor.care.personal import ERASED, without_words
from kontor.core import outbox
from kontor.core.db import Session
from kontor.customers.models import Customer
from kontor.fulfillment.models import FulfillmentOrder
from kontor.imports.models import Upload
from kontor.imports.states import UploadState
from kontor.invoicing.models import Invoice
from kontor.orders.models import Order
from kontor.payments.models import Mandate, Payment, PaymentTransaction
from kontor.tax.models import VatId, VatIdCheck

MANDATE_KEPT = timedelta(days=426)
"""So long after its last debit the creditor must be able to show a mandate: fourteen months, by the rules of the scheme
(EPC016-06), as a debit nobody had permitted can be claimed back for thirteen (BGB §676b, PSD2 article 71)."""
NAMING_ORDERS = ("shipments",)
"""Kinds of uploaded files that name orders, and so may bear in other columns whose they are."""
ACCOUNTED_FOR = "eraseCustomer"
"""Why somebody was erased stays in the audit trail: it is what a company answers for it with (GDPR article 5 (2))."""
_ENDED = (UploadState.DONE, UploadState.CANCELED, UploadState.FAILED)


def _used(mandate_of: Any, *where: sa.ColumnElement[bool]) -> sa.Exists:
    """A payment by the mandate of which something holds."""
    found = sa.select(Payment.id).join(Order, Order.id == Payment.order_id)
    found = found.outerjoin(Customer, Customer.id == Order.customer_id).where(Payment.mandate_id == mandate_of, *where)
    return found.exists()


def _mandates(now: datetime, customer_ids: Sequence[UUID] | None) -> tuple[Any, Any]:
    """Mandates of these people alone, or of anybody who was erased; and which of them are kept for banks still."""
    mine = Customer.erased_at.is_not(None) if customer_ids is None else Order.customer_id.in_(customer_ids)
    others = sa.or_(Order.customer_id.is_(None), sa.not_(mine))
    debited = (
        sa.select(PaymentTransaction.id)
        .join(Payment, Payment.id == PaymentTransaction.payment_id)
        .where(Payment.mandate_id == Mandate.id, PaymentTransaction.created_at > now - MANDATE_KEPT)
        .exists()
    )
    return sa.and_(Mandate.iban != "", _used(Mandate.id, mine), ~_used(Mandate.id, others)), debited


async def count_mandates(db: Session, customer_ids: Sequence[UUID], *, now: datetime) -> tuple[int, int]:
    """How many mandates of these people are blanked at once, and how many later."""
    theirs, debited = _mandates(now, customer_ids)
    counted = sa.select(sa.func.count(), sa.func.sum(sa.case((debited, 1), else_=0))).select_from(Mandate).where(theirs)
    every, kept = (await db.execute(counted)).one()
    return every - (kept or 0), kept or 0


async def forget_mandates(db: Session, *, now: datetime, customer_ids: Sequence[UUID] | None = None) -> None:
    """Blank name and account of mandates whose time is over, of these people or of all who were erased.

    Nothing can be debited by them any more.
    """
    theirs, debited = _mandates(now, customer_ids)
    values = {"name": ERASED, "iban": "", "revoked_at": sa.func.coalesce(Mandate.revoked_at, now), "updated_at": now}
    blank = sa.update(Mandate).where(theirs, ~debited).values(**values)
    await db.execute(blank.execution_options(synchronize_session=False))


async def told_of(db: Session, customer_ids: Sequence[UUID]) -> dict[str, list[dict[str, Any]]]:
    """Rows of these people by table: mandates their orders are paid by, their VAT ids and what was asked about them."""
    paid = sa.select(Payment.mandate_id).join(Order, Order.id == Payment.order_id)
    mandates = sa.select(Mandate.__table__).where(Mandate.id.in_(paid.where(Order.customer_id.in_(customer_ids))))
    numbers = await _vat_numbers(db, customer_ids)
    ids = sa.select(VatId.__table__).where(VatId.number.in_(numbers)).order_by(VatId.number)
    asked = sa.select(VatIdCheck.__table__).where(VatIdCheck.number.in_(numbers))
    found = {
        "direct_debit_mandate": mandates.order_by(Mandate.created_at, Mandate.id),
        "vat_id": ids,
        "vat_id_check": asked.order_by(VatIdCheck.asked_at, VatIdCheck.id),
    }
    return {name: [dict(row) for row in (await db.execute(query)).mappings()] for name, query in found.items()}


async def _vat_numbers(db: Session, customer_ids: Sequence[UUID]) -> set[str]:
    of_people = sa.select(Customer.vat_id).where(Customer.id.in_(customer_ids), Customer.vat_id.is_not(None))
    of_orders = sa.select(Order.vat_id).where(Order.customer_id.in_(customer_ids), Order.vat_id.is_not(None))
    return {number for found in (of_people, of_orders) for number in await db.scalars(found) if number is not None}


async def blank_audit(db: Session, customer_ids: Sequence[UUID]) -> None:
    """Take what people wrote out of the audit entries about these customers and their orders; what was done stays."""
    orders = sa.select(Order.id).where(Order.customer_id.in_(customer_ids))
    about = sa.or_(AuditTarget.target_id.in_(customer_ids), AuditTarget.target_id.in_(orders))
    mine = AuditEntry.id.in_(sa.select(AuditTarget.entry_id).where(about))
    for entry in await db.scalars(sa.select(AuditEntry).where(mine, AuditEntry.operation != ACCOUNTED_FOR)):
        told = without_words(entry.details)
        if told != entry.details:
            entry.details = told
    await db.flush()


async def vat_ids_of(db: Session, customer_ids: Sequence[UUID]) -> tuple[list[str], list[str]]:
    """The VAT ids that these people alone have: those that can go, and those by which an invoice was written."""
    numbers = await _vat_numbers(db, customer_ids)
    elsewhere = sa.or_(Order.customer_id.is_(None), Order.customer_id.not_in(customer_ids))
    others = {
        *await db.scalars(sa.select(Order.vat_id).where(Order.vat_id.in_(numbers), elsewhere)),
        *await db.scalars(
            sa.select(Customer.vat_id).where(Customer.vat_id.in_(numbers), Customer.id.not_in(customer_ids))
        ),
    }
    billed = sa.select(Order.vat_id).join(Invoice, Invoice.order_id == Order.id).where(Order.vat_id.in_(numbers))
    kept = set(await db.scalars(billed))
    own = numbers - others
    return sorted(own - kept), sorted(own & {number for number in kept if number is not None})


async def forget_vat_ids(db: Session, customer_ids: Sequence[UUID]) -> None:
    """Remove VAT ids by which no invoice was written, what their register said, and the number at orders."""
    gone, _ = await vat_ids_of(db, customer_ids)
    rows = sa.select(VatId.id).where(VatId.number.in_(gone))
    for change in (
        sa.delete(VatIdCheck).where(VatIdCheck.vat_id_id.in_(rows)),
        sa.delete(VatId).where(VatId.number.in_(gone)),
        sa.update(Order).where(Order.customer_id.in_(customer_ids), Order.vat_id.in_(gone)).values(vat_id=None),
    ):
        await db.execute(change.execution_options(synchronize_session=False))


async def forget_uploads(db: Session, customer_ids: Sequence[UUID]) -> None:
    """Let the files go by which the places that had these people's goods told of parcels since: they name the orders.

    What is being worked on stays; it goes with its time (`KONTOR_UPLOAD_DAYS_KEPT`).
    """
    first = await db.scalar(sa.select(sa.func.min(Order.placed_at)).where(Order.customer_id.in_(customer_ids)))
    if first is None:
        return
    had = sa.select(FulfillmentOrder.partner_id).join(Order, Order.id == FulfillmentOrder.order_id)
    partners = set(await db.scalars(had.where(Order.customer_id.in_(customer_ids)).distinct()))
    whose = sa.or_(
        Upload.partner_id.in_([each for each in partners if each is not None]),
        Upload.partner_id.is_(None) if None in partners else sa.false(),
    )
    found = sa.select(Upload.id).where(
        Upload.kind.in_(NAMING_ORDERS), whose, Upload.created_at >= first, Upload.forgotten_at.is_(None),
        Upload.state.in_(_ENDED),
    )  # fmt: skip
    for upload_id in await db.scalars(found.order_by(Upload.id)):
        outbox.schedule(db, "care.forget_upload", {"upload_id": upload_id}, unique_key=f"forget/{upload_id}")
