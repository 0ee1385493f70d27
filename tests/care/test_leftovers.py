"""What an erasure reaches beside orders: mandates once banks need them no more, VAT ids, uploaded files."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from care.test_people import WHO
from factories.catalog import make_variant
from factories.fulfillment import released
from factories.intake import make_company, put_stock
from kontor.banking.models import Payout
from kontor.care import erasing, exporting, leftovers
from kontor.care.personal import Kept
from kontor.core.db import Database, Session
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.imports.models import Upload
from kontor.imports.ports import FileStore
from kontor.imports.states import UploadState
from kontor.imports.uploads import key_of
from kontor.orders.models import Order
from kontor.orders.states import OrderState
from kontor.payments.mandates import MandateKind
from kontor.payments.models import Mandate, Payment, PaymentTransaction, TransactionKind, TransactionState
from kontor.tax.models import VatId, VatIdCheck
from kontor.tax.vat_ids import CheckOutcome, VatIdStatus
from support import Drain, StandingClock

VAT_ID = "DE129273398"


async def ordered(database: Database) -> tuple[UUID, UUID]:
    """A closed order of Greta Fock that a place had; its id and hers."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
    await put_stock(database, company.warehouse.id, variant.id, 10)
    order_id, _ = await released(database, company, ("LAMP", 1), customer=WHO)
    async with database.unit_of_work() as db:
        await db.execute(sa.update(Order).values(state=OrderState.CLOSED, vat_id=VAT_ID))
        customer_id = await db.scalar(sa.select(Order.customer_id))
    assert customer_id is not None
    return order_id, customer_id


async def signed(db: Session, order_id: UUID, *, debited: bool) -> Mandate:
    """A mandate by which the order is paid, perhaps debited today."""
    payment = (await db.scalars(sa.select(Payment).where(Payment.order_id == order_id))).one()
    order = await db.get_one(Order, order_id)
    mandate = Mandate(
        id=new_id(), channel_id=order.channel_id, creditor_id="DE98ZZZ09999999999", reference="M-1",
        kind=MandateKind.CORE, once=False, signed_on=date(2026, 6, 1), name="Greta Fock", iban="DE89370400440532013000",
        created_at=db.now, created_by="test", updated_at=db.now,
    )  # fmt: skip
    db.add(mandate)
    await db.flush()
    payment.mandate_id = mandate.id
    if debited:
        db.add(
            PaymentTransaction(
                id=new_id(), payment_id=payment.id, order_id=order_id, kind=TransactionKind.CAPTURE,
                outcome=TransactionState.SUCCEEDED, amount=1, idempotency_key="debit", created_at=db.now,
            )
        )  # fmt: skip
    return mandate


async def erased(database: Database, customer_id: UUID) -> dict[str, Any]:
    """What was said before it was done."""
    async with database.read_only() as db:
        seen = await erasing.preview_erasure(db, customer_id)
    async with database.unit_of_work() as db:
        await erasing.erase_customer(db, customer_id, reason="asked for it", now=db.now)
    return {part.table: (part.erased, part.kept) for part in seen.parts}


async def test_a_mandate_stays_until_banks_need_it_no_more(database: Database, clock: StandingClock) -> None:
    order_id, customer_id = await ordered(database)
    async with database.unit_of_work() as db:
        mandate = await signed(db, order_id, debited=True)
    assert (await erased(database, customer_id))["direct_debit_mandate"] == (0, 1)
    for days, iban in ((400, "DE89370400440532013000"), (30, "")):
        clock.advance(days=days)
        async with database.unit_of_work() as db:
            await leftovers.forget_mandates(db, now=db.now)
        async with database.read_only() as db:
            row = await db.get_one(Mandate, mandate.id)
            assert (row.iban, row.name == "erased", row.revoked_at is not None) == (iban, not iban, not iban)


async def test_mandates_vat_ids_and_transfers_are_told_and_transfers_stay_with_their_reason(database: Database) -> None:
    order_id, customer_id = await ordered(database)
    async with database.unit_of_work() as db:
        await signed(db, order_id, debited=True)
        debit = (await db.scalars(sa.select(PaymentTransaction))).one()
        db.add(Payout(id=debit.id, name="Greta Fock", iban="DE02120300000000202051", updated_at=db.now))
        row = VatId(
            id=new_id(), number=VAT_ID, status=VatIdStatus.VALID, due_at=db.now, created_at=db.now, updated_at=db.now
        )
        db.add(row)
        await db.flush()
        db.add(asked_about(row, db))
    async with database.read_only() as db:
        data, _ = await exporting.data_of(db, customer_id)
    told = {name: [each["name"] for each in data[name]] for name in ("direct_debit_mandate", "payout", "vat_id_check")}
    assert told == {
        "direct_debit_mandate": ["Greta Fock"], "payout": ["Greta Fock"], "vat_id_check": ["Greta Fock e. K."],
    }  # fmt: skip
    assert [each["number"] for each in data["vat_id"]] == [VAT_ID]
    async with database.read_only() as db:
        parts = {part.table: part for part in (await erasing.preview_erasure(db, customer_id)).parts}
    assert (parts["payout"].kept, parts["payout"].reason) == (1, Kept.PAYMENT_RECORDS)


def asked_about(row: VatId, db: Session) -> VatIdCheck:
    """What the register said of a VAT id."""
    return VatIdCheck(
        id=new_id(), vat_id_id=row.id, number=VAT_ID, outcome=CheckOutcome.VALID, register="VIES",
        name="Greta Fock e. K.", asked_at=db.now, asked_by="test",
    )  # fmt: skip


@pytest.mark.parametrize("shared", [False, True])
async def test_vat_ids_and_files_go_unless_others_have_them(
    runtime: Runtime, database: Database, drain: Drain, shared: bool
) -> None:
    order_id, customer_id = await ordered(database)
    files: Any = runtime.ports.get(FileStore)  # type: ignore[type-abstract]
    async with database.unit_of_work() as db:
        await signed(db, order_id, debited=False)
        row = VatId(
            id=new_id(), number=VAT_ID, status=VatIdStatus.VALID, due_at=db.now, created_at=db.now, updated_at=db.now
        )
        db.add(row)
        await db.flush()
        db.add(asked_about(row, db))
        upload = Upload(
            id=new_id(), kind="shipments", state=UploadState.DONE, name="parcels.csv", size=1, sample=["Greta Fock"],
            by_kind="USER", by_name="Kim", created_at=db.now, updated_at=db.now,
        )  # fmt: skip
        db.add(upload)
    if shared:
        async with database.unit_of_work() as db:
            other = (await db.scalars(sa.select(Order))).one()
            copied = {c.name: getattr(other, c.key) for c in Order.__table__.columns}
            await db.execute(
                sa.insert(Order).values(
                    **{**copied, "id": new_id(), "number": "OTHER", "external_id": "OTHER", "customer_id": None}
                )
            )
    await files.put(key_of(upload.id), b"Greta Fock", "text/csv")
    parts = await erased(database, customer_id)
    assert parts["direct_debit_mandate"] == (1, 0)
    assert await drain() == []
    async with database.read_only() as db:
        left = list(await db.scalars(sa.select(VatIdCheck.name)))
        kept = await db.get_one(Upload, upload.id)
        assert left == (["Greta Fock e. K."] if shared else [])
        assert (kept.sample, kept.forgotten_at is not None) == ([], True)
    assert not await files.exists(key_of(upload.id))
