"""What leaves the house is the journal to the cent, each entry once, and readable by others."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import date
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.intake import Company, order_input
from factories.invoicing import invoices
from factories.ledger import balances, busy_entity, export, read_datev, sell
from factories.payments import another_shop, card, make_shop
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.documents.models import Document
from kontor.documents.ports import DocumentStore
from kontor.invoicing import debts
from kontor.invoicing.models import JournalEntry, JournalLine
from kontor.invoicing.posting import Account
from kontor.invoicing.service import record_invoice_payment
from kontor.ledger import queries, service
from kontor.ledger.errors import NothingToExport, PeriodExported
from kontor.ledger.models import LedgerExport, LedgerExportEntry
from kontor.ledger.service import AccountData
from kontor.orders.intake import PaymentInput
from support import Drain, StandingClock

TODAY = date(2026, 6, 15)


async def content(runtime: Runtime, database: Database, export_id: UUID) -> dict[str, bytes]:
    """The files of an export by format, each checked against its hash."""
    store = runtime.ports.get(DocumentStore)  # type: ignore[type-abstract]
    found = {}
    async with database.read_only() as db:
        row = await db.get_one(LedgerExport, export_id)
        for note in row.files:
            document = await db.get_one(Document, UUID(note["document_id"]))
            data = await store.get(document.key)
            assert hashlib.sha256(data).hexdigest() == note["sha256"]
            found[note["format"]] = data
    return found


async def journal(database: Database, account: str) -> int:
    async with database.read_only() as db:
        found = sa.select(sa.func.sum(JournalLine.amount)).where(JournalLine.account == account)
        return int(await db.scalar(found) or 0)


async def test_files_say_what_the_journal_says(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    company = await busy_entity(database, drain)
    made = await export(database, company, TODAY)
    assert await drain() == []
    files = await content(runtime, database, made.id)
    table = list(csv.DictReader(io.StringIO(files["CSV"].decode(), newline="")))
    told = json.loads(files["JSON"])
    of_table: dict[str, int] = {}
    for row in table:
        of_table[row["number"]] = of_table.get(row["number"], 0) + int(row["debit"] or 0) - int(row["credit"] or 0)
    of_json: dict[str, int] = {}
    for entry in told["entries"]:
        assert sum(line["amount"] for line in entry["lines"]) == 0
        for line in entry["lines"]:
            of_json[line["number"]] = of_json.get(line["number"], 0) + line["amount"]
    assert of_table == of_json
    assert of_json["10000"] == await journal(database, "RECEIVABLES") == 3000
    assert of_json["8320"] == -1667
    assert of_json["1767"] == -333
    assert of_json["1361"] == await journal(database, "GATEWAY")
    assert len(told["entries"]) == made.entries

    header, rows = read_datev(files["DATEV"])
    taken = balances(rows)
    # On automatic accounts the program takes the tax out: they bear the gross amounts.
    assert taken["8400"] + taken["8401"] == of_json["8400"] + of_json["8401"] + of_json["1776"]
    for number in ("10000", "8320", "1767", "1361", "1701", "1200", "8700"):
        assert taken.get(number, 0) == of_json[number], number
    assert "1776" not in taken
    assert sum(taken.values()) == 0
    assert header[:5] == ["EXTF", "700", "21", "Buchungsstapel", "13"]
    assert len(header) == 31
    assert header[12:16] == ["20260101", "4", "20260615", "20260615"]
    assert header[21] == "EUR"
    assert header[26] == "03"


async def test_rows_name_invoice_country_and_days(runtime: Runtime, database: Database, drain: Drain) -> None:
    company = await busy_entity(database, drain)
    made = await export(database, company, TODAY)
    await drain()
    _, rows = read_datev((await content(runtime, database, made.id))["DATEV"])
    async with database.read_only() as db:
        code = (await queries.get_entity(db, company.channel.legal_entity_id, db.principal)).code
    french = [row for row in rows if row.counter in ("8320", "1767")]
    assert [(row.amount, row.fields["EU-Land u. UStID (Bestimmung)"], row.fields["EU-Steuersatz (Bestimmung)"])
            for row in french] == [(1667, "FR", "20,00"), (333, "FR", "20,00")]  # fmt: skip
    assert {row.fields["Belegfeld 1"] for row in french} == {f"{code}-2026-000002"}
    captures = [row for row in rows if row.fields["Buchungstext"].startswith("Zahlungseinzug")]
    assert {row.fields["Belegfeld 1"] for row in captures} == {f"{code}-2026-000001", f"{code}-2026-000002"}
    refunds = [row for row in rows if row.fields["Buchungstext"].startswith("Erstattung") and row.account == "10000"]
    assert {row.fields["Belegfeld 1"] for row in refunds} == {f"{code}-C-2026-000001"}
    [receipt] = [row for row in rows if row.fields["Buchungstext"].startswith("Zahlungseingang")]
    assert (receipt.amount, receipt.debit, receipt.account, receipt.counter) == (2000, True, "1200", "10000")
    assert receipt.fields["Belegfeld 1"] == f"{code}-2026-000003"
    invoice = next(row for row in rows if row.fields["Belegfeld 1"].endswith("2026-000003") and row.counter == "8400")
    assert (invoice.fields["Belegdatum"], invoice.fields["Leistungsdatum"]) == ("1506", "15062026")
    assert (invoice.fields["Fälligkeit"], invoice.fields["Festschreibung"]) == ("29062026", "0")


async def test_an_entry_leaves_once_and_a_late_one_leaves_next(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    company = await make_shop(database)
    await sell(database, drain, company, order_input(company.channel, ("COAT", 1), payments=(card(1000),)))
    first = await export(database, company, TODAY)
    with pytest.raises(NothingToExport):
        await export(database, company, TODAY)
    await sell(database, drain, company, order_input(company.channel, ("COAT", 2), payments=(card(2000),)))
    clock.advance(days=1)
    await sell(database, drain, company, order_input(company.channel, ("COAT", 3), payments=(card(3000),)))
    second = await export(database, company, TODAY)
    third = await export(database, company, date(2026, 6, 16))
    assert [each.number.split("-")[-1] for each in (first, second, third)] == ["L00001", "L00002", "L00003"]
    assert [each.entries for each in (first, second, third)] == [2, 2, 2]
    async with database.read_only() as db:
        taken = await db.scalar(sa.select(sa.func.count()).select_from(LedgerExportEntry))
        total = await db.scalar(sa.select(sa.func.count()).select_from(JournalEntry))
        assert await queries.waiting_of(db, company.channel.legal_entity_id) == (0, None)
    assert taken == total == 6


async def test_an_export_holds_one_entity_only(runtime: Runtime, database: Database, drain: Drain) -> None:
    company = await make_shop(database)
    other = await another_shop(database, company)
    for each in (company, other):
        await sell(database, drain, each, order_input(each.channel, ("COAT", 1), payments=(card(1000),)))
    made = await export(database, other, TODAY)
    assert made.entries == 2
    assert made.legal_entity_id == other.channel.legal_entity_id


async def test_a_batch_holds_one_fiscal_year(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    company = await make_shop(database)
    for _ in range(2):
        await sell(database, drain, company, order_input(company.channel, ("COAT", 1), payments=(card(1000),)))
        clock.set_to(clock.moment.replace(year=2027))
    made = await export(database, company, date(2027, 12, 31))
    await drain()
    async with database.read_only() as db:
        files = [note for note in (await db.get_one(LedgerExport, made.id)).files if note["format"] == "DATEV"]
    assert [note["name"].split("-")[-2] for note in files] == ["2026", "2027"]
    assert [note["rows"] for note in files] == [2, 2]


async def test_days_are_those_of_the_entity(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    company = await make_shop(database)
    clock.set_to(clock.moment.replace(hour=22, minute=30))  # half past midnight in Hamburg
    await sell(database, drain, company, order_input(company.channel, ("COAT", 1), payments=(card(1000),)))
    with pytest.raises(NothingToExport):
        await export(database, company, TODAY)
    assert (await export(database, company, date(2026, 6, 16))).entries == 2


async def give_number(database: Database, company: Company, number: str, valid_from: date) -> None:
    async with database.unit_of_work() as db:
        entity = await queries.get_entity(db, company.channel.legal_entity_id, db.principal)
        row = AccountData(Account.GATEWAY, number, "Cards", valid_from, "CARD")
        await service.set_accounts(db, entity, [row])


async def test_debt_given_up_later_leaves_under_the_day_it_was_given_up(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    company = await make_shop(database)
    wanted = order_input(company.channel, ("COAT", 5), payments=(PaymentInput("ON_ACCOUNT", 5000),))
    await sell(database, drain, company, wanted)
    [invoice] = await invoices(database)
    clock.advance(days=40)
    async with database.unit_of_work() as db:
        await debts.write_off(db, invoice.id, reason="insolvent", now=db.now)
    assert await drain() == []
    clock.advance(days=10)
    async with database.unit_of_work() as db:
        await record_invoice_payment(db, invoice, 1000, reference="late", now=db.now)
    assert await drain() == []
    made = await export(database, company, date(2026, 8, 4))
    assert await drain() == []
    files = await content(runtime, database, made.id)
    table = csv.DictReader(io.StringIO(files["CSV"].decode(), newline=""))
    days = {(row["kind"], row["date"], row["document"] == invoice.number) for row in table}
    assert days == {
        ("INVOICE", "2026-06-15", True), ("WRITE_OFF", "2026-07-25", True),
        ("WRITE_OFF_REVERSED", "2026-08-04", True), ("RECEIPT", "2026-08-04", True),
    }  # fmt: skip


async def test_own_numbers_count_and_the_past_keeps_its_own(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    company = await make_shop(database)
    await sell(database, drain, company, order_input(company.channel, ("COAT", 1), payments=(card(1000),)))
    await give_number(database, company, "1369", TODAY)
    made = await export(database, company, TODAY)
    await drain()
    _, rows = read_datev((await content(runtime, database, made.id))["DATEV"])
    assert balances(rows) == {"1369": 1000, "8400": -1000}
    with pytest.raises(PeriodExported):
        await give_number(database, company, "1368", TODAY)
    await give_number(database, company, "1368", date(2026, 6, 16))
