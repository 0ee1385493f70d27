"""Gift cards sold: what is taxed, what the documents say, and what the books owe."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from einvoice import validating
from einvoice.contents import content, credited, line, terms
from factories.catalog import make_variant
from factories.fulfillment import confirmed, sourced
from factories.intake import ADDRESS, Company, make_company, order_input, place, put_stock
from factories.tax import make_tax_rate
from kontor.catalog.models import Product, ProductKind
from kontor.catalog.service import save_products
from kontor.catalog.vouchers import VOUCHER_CLASS, VoucherKind
from kontor.core.db import Database
from kontor.core.errors import InvalidInput
from kontor.documents.billing import tax_notes
from kontor.documents.formatting import texts
from kontor.documents.values import TaxTreatment
from kontor.fulfillment.models import Shipment
from kontor.giftcards.values import GATEWAY
from kontor.invoicing.build import Credited, credit_line
from kontor.invoicing.cii import cii
from kontor.invoicing.en16931 import Wording, electronic_invoice
from kontor.invoicing.errors import NotExpressible
from kontor.invoicing.issuing import issue_invoices
from kontor.invoicing.models import Invoice
from kontor.invoicing.papers import papers_of
from kontor.invoicing.posting import Via, posting_of
from kontor.invoicing.profiles import EN_16931
from kontor.invoicing.ubl import ubl
from kontor.orders.intake import ChargeInput
from kontor.orders.models import Order, OrderCharge, OrderLine
from kontor.orders.placing import Placed

WHY = Wording("Rabatt", "Mehrzweck-Gutschein")
CARD: dict[str, Any] = {"rate": "0", "voucher": True, "sku": "CARD", "name": "Geschenkkarte"}


async def company_selling(database: Database, kind: VoucherKind) -> Company:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        await make_tax_rate(db, country="AT", rate=Decimal(20))
        await make_variant(db, sku="CARD", product={"kind": ProductKind.GIFT_CARD, "voucher_kind": kind})
        lamp = await make_variant(db, sku="LAMP")
    await put_stock(database, company.warehouse.id, lamp.id, 5)
    return company


async def sold(database: Database, kind: VoucherKind) -> tuple[Order, Invoice]:
    """A card of 10.00, its code given and its document issued."""
    company = await company_selling(database, kind)
    order_id = await confirmed(database, company, ("CARD", 1))
    await sourced(database, order_id)
    async with database.unit_of_work() as db:
        shipment_ids = list(await db.scalars(sa.select(Shipment.id)))
        await issue_invoices(db, shipment_ids, now=db.now)
    async with database.read_only() as db:
        return await db.get_one(Order, order_id), (await db.scalars(sa.select(Invoice))).one()


async def test_multi_purpose_voucher_is_sold_outside_the_tax_and_owed_in_the_books(database: Database) -> None:
    order, invoice = await sold(database, VoucherKind.MULTI_PURPOSE)
    assert (order.total, order.tax_total) == (1000, 0)
    assert (invoice.net, invoice.tax, invoice.gross, invoice.content["treatment"]) == (1000, 0, 1000, "VOUCHER")
    facts = {"number": invoice.number, "net": 1000, "tax": 0, "gross": 1000}
    sale = posting_of("InvoiceIssued", facts, content=invoice.content)
    redeemed = posting_of(
        "PaymentCaptured", {"transaction_id": "t", "amount": 1000, "method": "GIFT_CARD"},
        via=Via("GIFT_CARD", GATEWAY),
    )  # fmt: skip
    assert sale is not None
    assert redeemed is not None
    assert sale.lines == (("RECEIVABLES", 1000, ""), ("STORED_VALUE", -1000, "GIFT_CARD"))
    assert redeemed.lines == (("STORED_VALUE", 1000, "GIFT_CARD"), ("RECEIVABLES", -1000, ""))


async def test_page_of_a_voucher_says_why_it_names_no_tax(database: Database) -> None:
    _, invoice = await sold(database, VoucherKind.MULTI_PURPOSE)
    async with database.read_only() as db:
        [paper] = await papers_of(db, [invoice.id], [])
    assert paper.page.treatment is TaxTreatment.VOUCHER
    assert tax_notes(paper.page) == [texts(paper.page.language)["note_voucher"]]


async def test_single_purpose_voucher_is_taxed_when_it_is_sold(database: Database) -> None:
    order, invoice = await sold(database, VoucherKind.SINGLE_PURPOSE)
    assert (order.tax_total, invoice.tax, invoice.content["treatment"]) == (160, 160, "DOMESTIC")
    posting = posting_of(
        "InvoiceIssued", {"number": "R", "net": 840, "tax": 160, "gross": 1000}, content=invoice.content
    )
    assert posting is not None
    assert [(row.account, row.amount) for row in posting.lines] == [
        ("RECEIVABLES", 1000), ("REVENUE", -840), ("TAX", -160),
    ]  # fmt: skip


async def test_single_purpose_voucher_is_not_sold_abroad(database: Database) -> None:
    company = await company_selling(database, VoucherKind.SINGLE_PURPOSE)
    wanted = order_input(company.channel, ("CARD", 1))
    [refused] = await place(database, company, replace(wanted, billing_address=replace(ADDRESS, country="AT")))
    assert isinstance(refused, InvalidInput)
    assert (refused.code, refused.path) == ("VOUCHER_ABROAD", ("lines", 0, "sku"))


@pytest.mark.parametrize(("skus", "rates"), [(("CARD", "LAMP"), ["19"]), (("CARD",), ["19"])])
async def test_postage_never_shares_the_freedom_of_a_voucher(
    database: Database, skus: tuple[str, ...], rates: list[str]
) -> None:
    company = await company_selling(database, VoucherKind.MULTI_PURPOSE)
    wanted = order_input(company.channel, *((sku, 1) for sku in skus))
    wanted = replace(wanted, charges=(ChargeInput("SHIPPING", "Postage", 490),))
    [placed] = await place(database, company, wanted)
    assert isinstance(placed, Placed), placed
    async with database.read_only() as db:
        charges = list(await db.scalars(sa.select(OrderCharge)))
        lines = {row.sku: row for row in await db.scalars(sa.select(OrderLine))}
    assert [charge.tax_rate for charge in charges] == [Decimal(rate) for rate in rates]
    assert (lines["CARD"].tax_class, lines["CARD"].tax_rate) == (VOUCHER_CLASS, Decimal(0))


def test_documents_of_vouchers_are_valid_and_outside_the_tax() -> None:
    for said in ({"treatment": "VOUCHER"}, {"treatment": "VOUCHER", "vat_id": "DE136695976"}):
        made = terms(content(line(5000, **CARD), **said), wording=WHY)
        back = terms(credited(line(5000, **CARD), **said), wording=WHY)
        for each in (made, back):
            [row] = each.taxes
            assert (row.category, row.code, row.reason, row.tax) == ("O", "VATEX-EU-O", WHY.tax_note, Decimal(0))
            assert (each.seller.vat_id, each.buyer.vat_id) == ("", "")
            assert validating.faults(cii(each)) == []
            assert validating.faults(ubl(each, EN_16931)) == []


def test_vouchers_and_taxed_things_have_a_page_but_no_electronic_form() -> None:
    with pytest.raises(NotExpressible) as refused:
        electronic_invoice("R-1", content(line(5000, **CARD), line(1190)), digits=2, wording=WHY)
    assert refused.value.params["terms"] == "BR-O-11"


def test_credit_of_a_voucher_takes_back_what_is_owed_on_it() -> None:
    sale = line(5000, **CARD)
    back = credit_line(sale, pieces=1, gross=5000, before=Credited(), by_gross=True)
    said = content(back, treatment="VOUCHER")
    posting = posting_of("CreditNoteIssued", {"number": "C", "net": 5000, "tax": 0, "gross": 5000}, content=said)
    assert posting is not None
    assert posting.lines == (("RECEIVABLES", -5000, ""), ("STORED_VALUE", 5000, "GIFT_CARD"))


@pytest.mark.parametrize(
    ("given", "kind", "field"),
    [
        ({"kind": ProductKind.GIFT_CARD}, VoucherKind.MULTI_PURPOSE, None),
        ({"kind": ProductKind.GIFT_CARD, "voucher_kind": "SINGLE_PURPOSE"}, VoucherKind.SINGLE_PURPOSE, None),
        ({"voucher_kind": "SINGLE_PURPOSE"}, None, "voucherKind"),
        ({"tax_class": VOUCHER_CLASS}, None, "taxClass"),
    ],
)
async def test_only_gift_cards_are_vouchers(
    database: Database, given: dict[str, Any], kind: VoucherKind | None, field: str | None
) -> None:
    wanted: Any = {"code": "P", "name": "Thing", **given}
    async with database.unit_of_work() as db:
        [result] = await save_products(db, [wanted])
        found = await db.scalar(sa.select(Product.voucher_kind))
    assert (found, result.problem and result.problem.path) == (kind, field and (field,))
