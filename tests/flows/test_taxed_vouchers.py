"""Vouchers that were taxed when they were sold pay for goods: the tax is there once, whatever comes back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from einvoice import validating
from factories.catalog import make_variant
from factories.intake import put_stock
from factories.invoicing import back
from factories.pricing import make_price
from factories.tax import make_tax_rate
from flows.shop import PLACE, Shop, open_shop
from kontor import bootstrap
from kontor.audit import money
from kontor.audit.running import of_checks
from kontor.catalog.models import ProductKind
from kontor.catalog.vouchers import VoucherKind
from kontor.changes.service import preview_change
from kontor.changes.values import AddWish, Wish
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.fulfillment.models import IssuedCode, Shipment, ShipmentLine
from kontor.giftcards.models import GiftCard
from kontor.giftcards.values import GATEWAY
from kontor.invoicing.electronic import InvoiceForm, written
from kontor.invoicing.models import CreditNote, Invoice, JournalLine
from kontor.invoicing.papers import papers_of
from kontor.ledger import rebuilding
from kontor.orders.intake import Address
from kontor.orders.queries import get_order, lock_order
from kontor.payments import service
from kontor.payments.errors import VoucherNotForThis
from support import Client, Drain, Principals, StandingClock

BALANCE = "query($code: String!) { result: giftCardBalance(code: $code) { taxClass country available { amount } } }"
ADD = (
    "mutation($input: AddPaymentInput!) { result: addPayment(input: $input) { __typename ... on Error { code path } } }"
)

ABROAD = Address(name="Anna", street="Ring 1", postal_code="1010", city="Wien", country="AT")


async def opened(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock, runtime: Runtime
) -> Shop:
    bootstrap.bind_gift_cards(runtime.ports, database)
    shop = await open_shop(database, client, drain, principals, clock)
    async with database.unit_of_work() as db:
        gift = {"kind": ProductKind.GIFT_CARD, "voucher_kind": VoucherKind.SINGLE_PURPOSE}
        await make_variant(db, sku="GIFT", product=gift)
        await make_tax_rate(db, country="DE", rate=Decimal(7), tax_class="reduced")
        await make_tax_rate(db, country="AT", rate=Decimal(20))
        book = await make_variant(db, sku="BOOK", product={"tax_class": "reduced"})
        await make_price(db, shop.company.channel, book, 1000)
    await put_stock(database, shop.company.warehouse.id, book.id, 10)
    return shop


async def sell(shop: Shop, value: int) -> str:
    """A voucher; its code."""
    paid = {"kind": "CARD", "amount": value, "token": "tok_visa"}
    order_id = UUID(await shop.place(paid, lines=[{"sku": "GIFT", "quantity": 1, "unitPrice": value}]))
    async with shop.database.read_only() as db:
        return str(await db.scalar(sa.select(IssuedCode.code).where(IssuedCode.order_id == order_id)))


async def tax(shop: Shop) -> int:
    """The tax in the books; nothing of vouchers is left over in them, and nothing differs from anything."""
    async with shop.database.read_only() as db:
        assert [text async for text in rebuilding.differences(db)] == []
        sums = sa.select(JournalLine.account, sa.func.sum(JournalLine.amount)).group_by(JournalLine.account)
        found = {account: int(amount) for account, amount in await db.execute(sums)}
    assert await of_checks(shop.database, money.CHECKS) == []
    assert found.get("STORED_VALUE", 0) == 0
    return -found["TAX"]


async def return_goods(shop: Shop, order_id: str, pieces: int, gross: int, source: str) -> None:
    async with shop.database.unit_of_work() as db:
        order = await lock_order(db, UUID(order_id))
        found = sa.select(ShipmentLine).join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        [line] = await db.scalars(found.where(Shipment.order_id == order.id))
        wish: Mapping[str, Any] = {"kind": "RETURN", "amount": gross, "reason": "asked", "source_key": source}
        await service.request_refund(db, order, now=db.now, **{**wish, "lines": [back(line, pieces, gross)]})
    await shop.settle()


def stated(content: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    return [(row["rate"], row["tax"], row["gross"]) for row in content["taxes"]]


async def test_what_a_taxed_voucher_pays_for_is_not_taxed_again(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock, runtime: Runtime
) -> None:
    shop = await opened(database, client, drain, principals, clock, runtime)
    code = await sell(shop, 5000)
    assert await tax(shop) == 798
    assert await shop.call(BALANCE, code=code) == {
        "taxClass": "standard", "country": "DE", "available": {"amount": 5000}
    }  # fmt: skip
    voucher = {"kind": "VOUCHER", "amount": 5000, "gateway": GATEWAY, "token": code}
    order_id = await shop.place(voucher, {"kind": "CARD", "amount": 7000, "token": "tok_visa"}, pieces=12)
    await shop.send(order_id)
    async with database.read_only() as db:
        [invoice] = await db.scalars(sa.select(Invoice).where(Invoice.order_id == UUID(order_id)))
        [paper] = await papers_of(db, [invoice.id], [], drawn=True)
    assert (invoice.net, invoice.tax, invoice.gross) == (10084, 1916, 12000)
    assert stated(invoice.content) == [("19", 1118, 7000)]
    assert [(row["kind"], row["amount"]) for row in invoice.content["payments"]] == [("CARD", 7000)]
    for form in (InvoiceForm.CII, InvoiceForm.UBL):
        assert validating.faults(written(paper, form).data) == []
    assert await tax(shop) == 1916

    await shop.refund(order_id, 1000, kind="CORRECTION")  # given for no goods: never onto the voucher
    assert [each[2:] for each in await shop.money(order_id)] == [(5000, 0), (7000, 1000)]
    await return_goods(shop, order_id, 5, 5000, "some")
    assert [each[2:] for each in await shop.money(order_id)] == [(5000, 0), (7000, 6000)]
    assert await tax(shop) == 1916 - 800
    await return_goods(shop, order_id, 6, 6000, "most")
    assert [each[2:] for each in await shop.money(order_id)] == [(5000, 5000), (7000, 7000)]
    async with database.read_only() as db:
        notes = list(await db.scalars(sa.select(CreditNote).order_by(CreditNote.number)))
        assert (await db.scalars(sa.select(GiftCard.balance))).one() == 5000
    assert [(note.gross, stated(note.content)[0][2]) for note in notes] == [(5000, 5000), (6000, 1000)]
    assert await tax(shop) == 798 + 159  # the voucher, and the coat that is kept


async def test_taxed_voucher_pays_only_for_what_it_was_taxed_for(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock, runtime: Runtime
) -> None:
    shop = await opened(database, client, drain, principals, clock, runtime)
    code = await sell(shop, 2000)
    voucher = {"kind": "VOUCHER", "amount": 2000, "gateway": GATEWAY, "token": code}
    coat, book = ({"sku": sku, "quantity": 1, "unitPrice": 1000} for sku in ("COAT", "BOOK"))
    abroad = {
        "name": ABROAD.name, "street": ABROAD.street, "postalCode": "1010", "city": ABROAD.city, "country": "AT",
    }  # fmt: skip
    for given in ({"lines": [coat, book]}, {"shippingAddress": abroad}):
        answer = await client.graphql(PLACE, {"input": shop.order_input(voucher, **given)}, principal=principals.admin)
        refusal = answer["data"]["result"]
        assert (refusal["code"], refusal["path"]) == ("VOUCHER_NOT_FOR_THIS", ["input", "payments", "0", "token"])
    whole = await shop.place({"kind": "CARD", "amount": 2000, "token": "tok_declined"})
    asked = {"orderId": whole, "kind": "VOUCHER", "amount": {"amount": 2000, "currency": "EUR"}}
    await shop.call(ADD, input={**asked, "gateway": GATEWAY, "token": code})
    await shop.settle()
    for change, path in ((Wish(adds=(AddWish("BOOK", 1),)), "lines"), (Wish(address=ABROAD), "address")):
        async with database.read_only() as db:
            with pytest.raises(VoucherNotForThis) as refused:
                await preview_change(db, await get_order(db, UUID(whole), db.principal), change)
        assert refused.value.path == (path,)
    await shop.send(whole)
    async with database.read_only() as db:
        [invoice] = await db.scalars(sa.select(Invoice).where(Invoice.order_id == UUID(whole)))
    assert (invoice.gross, stated(invoice.content), invoice.content["payments"]) == (2000, [("19", 0, 0)], [])
    assert await tax(shop) == 319
    await return_goods(shop, whole, 2, 2000, "all")
    assert await tax(shop) == 319
