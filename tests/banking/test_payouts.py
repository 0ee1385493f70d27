"""A refund by transfer leaves once, to the account the money came from or that a person named."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa

from factories.banking import IBAN, Booked, camt
from factories.intake import Company, order_input
from factories.invoicing import invoices
from factories.ledger import give_back, sell
from factories.payments import make_shop, read_payments
from kontor.banking import payouts, service
from kontor.banking.errors import NothingToPayOut, PayoutNotOpen
from kontor.banking.models import BankEntry, PayoutFile
from kontor.banking.pain import latin
from kontor.core.db import Database
from kontor.core.errors import InvalidInput
from kontor.core.jobs import Runtime
from kontor.documents.models import Document
from kontor.documents.ports import DocumentStore
from kontor.invoicing.service import record_invoice_payment
from kontor.orders.intake import PaymentInput
from support import Drain, StandingClock

TODAY = date(2026, 6, 15)
THEIRS = "DE02120300000000202051"
NAMES = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}


async def paid_and_refunded(database: Database, drain: Drain, company: Company, *, by_bank: bool) -> None:
    """An invoice of 50.00 that was paid by transfer, and 7.00 that go back."""
    wanted = order_input(company.channel, ("COAT", 5), payments=(PaymentInput("ON_ACCOUNT", 5000),))
    order_id, _ = await sell(database, drain, company, wanted)
    invoice = next(each for each in await invoices(database) if each.order_id == order_id)
    [payment] = await read_payments(database, order_id)
    async with database.unit_of_work() as db:
        if by_bank:
            text = camt("S1", Booked("A", 5000, invoice.number, "Jürgen Groß"))
            await service.import_statements(db, text.encode(), now=db.now)
            entry = (await db.scalars(sa.select(BankEntry))).one()
            await service.assign(db, entry.id, payment.id, 5000, now=db.now)
        else:
            await record_invoice_payment(db, invoice, 5000, reference="X", now=db.now)
    assert await drain() == []
    await give_back(database, drain, order_id, kind="GOODWILL", amount=700)


async def create(database: Database, company: Company) -> PayoutFile:
    async with database.unit_of_work() as db:
        return await payouts.create_file(db, company.channel.legal_entity_id, execute_on=TODAY, now=db.now)


async def waiting(database: Database, company: Company) -> list[payouts.Waiting]:
    async with database.read_only() as db:
        return await payouts.waiting(db, company.channel.legal_entity_id)


async def content(runtime: Runtime, database: Database, file_id: UUID) -> bytes:
    async with database.read_only() as db:
        file = await db.get_one(PayoutFile, file_id)
        assert file.document_id is not None
        document = await db.get_one(Document, file.document_id)
    data = await runtime.ports.get(DocumentStore).get(document.key)  # type: ignore[type-abstract]
    assert hashlib.sha256(data).hexdigest() == file.sha256
    return data


async def test_a_refund_goes_where_the_money_came_from(runtime: Runtime, database: Database, drain: Drain) -> None:
    company = await make_shop(database)
    await paid_and_refunded(database, drain, company, by_bank=True)
    [found] = await waiting(database, company)
    assert (found.amount, found.name, found.iban) == (700, "Jürgen Groß", THEIRS)
    file = await create(database, company)
    assert await drain() == []
    root = ElementTree.fromstring(await content(runtime, database, file.id))

    def texts(path: str) -> list[Any]:
        return [each.text for each in root.findall(f".//{path}", NAMES)]

    assert texts("p:NbOfTxs") == ["1", "1"]
    assert texts("p:CtrlSum") == ["7.00", "7.00"]
    assert texts("p:InstdAmt") == ["7.00"]
    assert texts("p:IBAN") == [IBAN, THEIRS]
    assert texts("p:Cdtr/p:Nm") == ["Juergen Gross"]
    assert texts("p:ReqdExctnDt/p:Dt") == ["2026-06-15"]
    assert texts("p:EndToEndId") == [found.transaction_id.hex]
    group = root.find(".//p:PmtInf", NAMES)
    assert group is not None
    assert [each.tag.partition("}")[2] for each in group] == [
        "PmtInfId", "PmtMtd", "NbOfTxs", "CtrlSum", "PmtTpInf", "ReqdExctnDt", "Dbtr", "DbtrAcct", "DbtrAgt", "ChrgBr",
        "CdtTrfTxInf",
    ]  # fmt: skip
    assert await waiting(database, company) == []
    with pytest.raises(NothingToPayOut):
        await create(database, company)


async def test_a_day_that_has_passed_where_the_seller_is_is_refused(database: Database, clock: StandingClock) -> None:
    company = await make_shop(database)
    clock.set_to(datetime(2026, 6, 15, 22, 30, tzinfo=UTC))  # half past midnight in Hamburg
    with pytest.raises(InvalidInput) as refused:
        await create(database, company)
    assert (refused.value.code, refused.value.path) == ("DAY_PASSED", ("executeOn",))


async def test_an_unknown_account_waits_until_somebody_names_it(
    runtime: Runtime, database: Database, drain: Drain
) -> None:
    company = await make_shop(database)
    await paid_and_refunded(database, drain, company, by_bank=False)
    [found] = await waiting(database, company)
    assert found.iban == ""
    with pytest.raises(NothingToPayOut):
        await create(database, company)
    async with database.unit_of_work() as db:
        with pytest.raises(InvalidInput):
            await payouts.set_account(db, found.transaction_id, name="G", iban="DE02120300000000202052", now=db.now)
        await payouts.set_account(db, found.transaction_id, name="Greta", iban=THEIRS.lower(), now=db.now)
    file = await create(database, company)
    assert (file.transfers, file.total, file.number.split("-")[-1]) == (1, 700, "P00001")
    async with database.unit_of_work() as db:
        with pytest.raises(PayoutNotOpen):
            await payouts.set_account(db, found.transaction_id, name="Otto", iban=THEIRS, now=db.now)


async def test_refunds_to_unknown_accounts_do_not_keep_others_waiting(
    runtime: Runtime, database: Database, drain: Drain
) -> None:
    company = await make_shop(database)
    await paid_and_refunded(database, drain, company, by_bank=False)
    await paid_and_refunded(database, drain, company, by_bank=True)
    async with database.read_only() as db:
        entity_id = company.channel.legal_entity_id
        [first] = await payouts.waiting(db, entity_id, limit=1)
        [ready] = await payouts.waiting(db, entity_id, limit=1, ready=True)
    assert (first.iban, ready.iban) == ("", THEIRS)
    assert (await create(database, company)).transfers == 1


async def test_an_account_is_named_before_or_after_a_file_is_put_together(
    runtime: Runtime, database: Database, drain: Drain
) -> None:
    company = await make_shop(database)
    await paid_and_refunded(database, drain, company, by_bank=True)
    [found] = await waiting(database, company)

    async def name() -> None:
        async with database.unit_of_work() as db:
            await payouts.set_account(db, found.transaction_id, name="Greta", iban=IBAN, now=db.now)

    async with database.unit_of_work() as db:
        await payouts.create_file(db, company.channel.legal_entity_id, execute_on=TODAY, now=db.now)
        late = asyncio.create_task(name())
        await asyncio.sleep(0.2)
    with pytest.raises(PayoutNotOpen):
        await late


def test_texts_are_in_letters_that_every_bank_takes() -> None:
    assert latin("Élodie Œuvre & Söhne <x>", 70) == "Elodie .uvre + Soehne .x."
    assert latin("", 70) == "-"
    assert latin("x" * 80, 70) == "x" * 70
