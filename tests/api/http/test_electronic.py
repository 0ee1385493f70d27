"""Invoices and credit notes for machines: named by the API, handed out in every form to those who may read them."""

from __future__ import annotations

from typing import Any

import pytest

from einvoice import validating
from einvoice.reading import read
from factories.channels import make_legal_entity
from factories.invoicing import back, credit_notes, invoices, ship, shipment_lines
from factories.payments import ask, ask_capture, card, make_shop, only_money, paid_by
from kontor.auth.permissions import Permission
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.principal import Principal
from kontor.invoicing import service
from kontor.invoicing.electronic import InvoiceForm
from kontor.orders.queries import lock_order
from kontor.payments import service as payments
from support import Client, Drain, Principals

FORMS = """query Forms($id: UUID!) { invoice(id: $id) {
  electronic(form: XRECHNUNG_UBL) { form name contentType url }
  creditNotes { electronic(form: CII) { name url } } } }"""


async def issued(database: Database, drain: Drain, **seller: Any) -> tuple[Any, Any]:
    """An invoice over 50.00 and a credit note over 10.00 of it."""
    async with database.unit_of_work() as db:
        entity = await make_legal_entity(db, **seller)
    with only_money():
        order_id = await paid_by(database, await make_shop(database, legal_entity_id=entity.id), card(5000))
        await ask(database, "authorize", order_id)
        shipment = await ship(database, order_id)
        await ask_capture(database, order_id, 5000, final=True, shipment_id=shipment)
        async with database.unit_of_work() as db:
            await service.issue_invoices(db, [shipment], now=db.now)
        await drain()
        [line] = await shipment_lines(database, shipment)
        async with database.unit_of_work() as db:
            await payments.request_refund(
                db, await lock_order(db, order_id), kind="RETURN", amount=1000, lines=[back(line, 1, 1000)],
                reason="too small", source_key=new_id().hex, now=db.now,
            )  # fmt: skip
        assert await drain() == []
    [invoice], [note] = await invoices(database), await credit_notes(database)
    return invoice, note


@pytest.fixture
def reader(principals: Principals) -> Principal:
    return principals.holding(Permission.INVOICES_READ)


async def test_every_form_is_named_and_handed_out(
    database: Database, drain: Drain, client: Client, reader: Principal
) -> None:
    invoice, note = await issued(database, drain, phone="+49 40 1234")
    answer = await client.graphql(FORMS, {"id": str(invoice.id)}, principal=reader)
    found = answer["data"]["invoice"]
    assert found["electronic"] == {
        "form": "XRECHNUNG_UBL",
        "name": f"{invoice.number}-xrechnung-ubl.xml",
        "contentType": "application/xml",
        "url": f"/files/invoices/{invoice.id}/xrechnung-ubl",
    }
    assert found["creditNotes"][0]["electronic"]["url"] == f"/files/credit-notes/{note.id}/cii"
    for folder, row, total, code in (("invoices", invoice, 5000, "380"), ("credit-notes", note, 1000, "381")):
        for form in InvoiceForm:
            url = f"/files/{folder}/{row.id}/{form.file_part}"
            file = await client.http.get(url, headers=client.acting(reader))
            assert (file.status_code, file.headers["content-type"]) == (200, "application/xml")
            assert f"{row.number}-{form.file_part}.xml" in file.headers["content-disposition"]
            assert validating.schema_faults(file.content) == []
            said = read(file.content)
            assert (said["BT-1"], said["BT-3"], int(said["BT-112"] * 100)) == (row.number, code, total)


async def test_who_may_not_read_invoices_gets_none(
    database: Database, drain: Drain, client: Client, principals: Principals, reader: Principal
) -> None:
    invoice, note = await issued(database, drain)
    url = f"/files/invoices/{invoice.id}/cii"
    elsewhere = principals.holding(Permission.INVOICES_READ, channel_ids=frozenset({new_id()}))
    for principal, status in (
        (principals.anonymous, 401), (principals.holding(Permission.ORDERS_READ), 403), (elsewhere, 404), (reader, 200),
    ):  # fmt: skip
        assert (await client.http.get(url, headers=client.acting(principal))).status_code == status
    for wrong in (f"/files/invoices/{note.id}/cii", f"/files/credit-notes/{invoice.id}/cii", f"{url}-x",
                  "/files/invoices/1/cii"):  # fmt: skip
        assert (await client.http.get(wrong, headers=client.acting(reader))).status_code == 404


async def test_what_xrechnung_lacks_is_named_in_the_language_of_the_caller(
    database: Database, drain: Drain, client: Client, reader: Principal
) -> None:
    invoice, _ = await issued(database, drain, email=None)
    for language, message in (
        ("de", "Für eine XRechnung fehlen Angaben: BT-34, BT-42, BT-43."),
        ("en", "XRechnung lacks terms: BT-34, BT-42, BT-43."),
    ):
        headers = client.acting(reader) | {"accept-language": language}
        answer = await client.http.get(f"/files/invoices/{invoice.id}/xrechnung-cii", headers=headers)
        assert answer.status_code == 409
        assert answer.json()["errors"][0] == {"code": "XRECHNUNG_INCOMPLETE", "message": message, "path": []}
    plain = await client.http.get(f"/files/invoices/{invoice.id}/ubl", headers=client.acting(reader))
    assert plain.status_code == 200
