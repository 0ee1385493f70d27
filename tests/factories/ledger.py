"""A legal entity whose orders moved money in every way, and a reader of DATEV's format of its own."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from factories.intake import Company, order_input, place
from factories.invoicing import back, ship, shipment_lines
from factories.payments import ask, ask_capture, card, make_shop
from factories.tax import make_tax_rate
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.fulfillment.models import Shipment
from kontor.invoicing import service as invoicing
from kontor.invoicing.models import Invoice, OpenItem
from kontor.ledger import queries, service
from kontor.ledger.models import LedgerExport
from kontor.orders.intake import Address, ChargeInput, LineInput, OrderInput, PaymentInput
from kontor.orders.placing import Placed
from kontor.orders.queries import lock_order
from kontor.payments import service as payments
from support import Drain

PARIS = Address("Élodie Œuvre", "Rue de la Paix 1", "75002", "Paris", "FR")


async def sell(database: Database, drain: Drain, company: Company, wanted: OrderInput) -> tuple[UUID, UUID]:
    """An order that was taken, paid as far as it is paid at once, sent and invoiced; order and shipment."""
    [placed] = await place(database, company, wanted)
    assert isinstance(placed, Placed), placed
    order_id = placed.order_id
    await ask(database, "authorize", order_id)
    shipment = await ship(database, order_id, rate=Decimal(20) if wanted.shipping_address else None)
    async with database.read_only() as db:
        amount = (await db.get_one(Shipment, shipment)).amount
    await ask_capture(database, order_id, amount, final=True, shipment_id=shipment)
    async with database.unit_of_work() as db:
        await invoicing.issue_invoices(db, [shipment], now=db.now)
    assert await drain() == []
    return order_id, shipment


async def give_back(database: Database, drain: Drain, order_id: UUID, **wish: Any) -> None:
    """A refund, paid out."""
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        given = {"kind": "RETURN", "reason": "did not fit", "source_key": new_id().hex, "lines": [], **wish}
        await payments.request_refund(db, order, now=db.now, **given)
    assert await drain() == []


async def busy_entity(database: Database, drain: Drain, **channel: Any) -> Company:
    """A company with a card sale and its postage, a return that kept a fee, goodwill, a gift card, a sale to France,
    and an invoice on account that is paid in part."""
    company = await make_shop(database, **channel)
    async with database.unit_of_work() as db:
        await make_tax_rate(db, country="FR", rate=Decimal(20))
    postage = (ChargeInput("SHIPPING", "Shipping", 495),)
    lines = (LineInput("COAT", 3, 1999),)
    order_id, shipment = await sell(
        database, drain, company,
        order_input(company.channel, *lines, charges=postage, payments=(card(5492), PaymentInput("GIFT_CARD", 1000))),
    )  # fmt: skip
    [line] = await shipment_lines(database, shipment)
    fee = {"name": "Return fee", "tax_rate": "19", "gross": -300}
    await give_back(database, drain, order_id, amount=1699, lines=[back(line, 1, 1999), fee])
    await give_back(database, drain, order_id, kind="GOODWILL", amount=500)
    await sell(
        database, drain, company,
        order_input(company.channel, ("COAT", 2), shipping_address=PARIS, payments=(card(2000),)),
    )  # fmt: skip
    _, shipment = await sell(
        database, drain, company,
        order_input(company.channel, ("COAT", 5), payments=(PaymentInput("ON_ACCOUNT", 5000),)),
    )  # fmt: skip
    async with database.unit_of_work() as db:
        invoice = (await db.scalars(sa.select(Invoice).where(Invoice.shipment_id == shipment))).one()
        await invoicing.record_invoice_payment(db, invoice, 2000, reference="B1", now=db.now)
    assert await drain() == []
    return company


async def export(database: Database, company: Company, until: date, since: date | None = None) -> LedgerExport:
    """An export of the company's entity."""
    async with database.unit_of_work() as db:
        entity = await queries.get_entity(db, company.channel.legal_entity_id, db.principal)
        return await service.create_export(db, entity, until=until, since=since, now=db.now)


@dataclass(frozen=True)
class DatevRow:
    """A booking as a reader of the format sees it; amounts in minor units."""

    amount: int
    debit: bool
    account: str
    counter: str
    fields: dict[str, str]


def read_datev(data: bytes) -> tuple[list[str], list[DatevRow]]:
    """Header and bookings, read by the rules of the format and by nothing of ours."""
    text = data.decode("cp1252")
    assert text.endswith("\r\n")
    assert text.count("\n") == text.count("\r\n")
    header, names, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    found = []
    for row in rows:
        assert len(row) == len(names) == 125
        fields = dict(zip(names, row, strict=True))
        whole, cents = fields["Umsatz (ohne Soll/Haben-Kz)"].split(",")
        amount = int(whole) * 100 + int(cents)
        assert amount > 0
        assert fields["Soll/Haben-Kennzeichen"] in "SH"
        found.append(
            DatevRow(
                amount, fields["Soll/Haben-Kennzeichen"] == "S", fields["Konto"],
                fields["Gegenkonto (ohne BU-Schlüssel)"], fields,
            )
        )  # fmt: skip
    return header, found


def balances(rows: list[DatevRow]) -> dict[str, int]:
    """Debits less credits of each account as the rows name it, automatic tax not taken out."""
    sums: dict[str, int] = {}
    for row in rows:
        sign = 1 if row.debit else -1
        sums[row.account] = sums.get(row.account, 0) + sign * row.amount
        sums[row.counter] = sums.get(row.counter, 0) - sign * row.amount
    return {number: amount for number, amount in sums.items() if amount}


async def open_of(database: Database) -> dict[str, int]:
    """What is open, by kind."""
    async with database.read_only() as db:
        rows = await db.execute(sa.select(OpenItem.kind, sa.func.sum(OpenItem.open)).group_by(OpenItem.kind))
        return {row[0]: int(row[1]) for row in rows if row[1]}
