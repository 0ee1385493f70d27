"""Customers as care knows them: merging, erasing, exporting, listing, consents; and the list of what is personal."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.customers import make_address, make_customer
from factories.intake import Company, make_company, order_input, place, put_stock
from factories.stories import only
from kontor import bootstrap
from kontor.auth.models import AuditEntry
from kontor.care import erasing, exporting, listing, merging, personal, searching
from kontor.care.erasing import Blocker
from kontor.care.errors import CustomerInUse, InvalidErasure, InvalidMerge
from kontor.care.profile import profile_of
from kontor.core.db import Database, Model
from kontor.core.errors import Forbidden, KontorError
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.customers import consents, queries, terms
from kontor.customers.errors import CustomerGone, InvalidConsent
from kontor.customers.models import ConsentChange, Customer, CustomerReference, SearchTerm
from kontor.documents import service as documents
from kontor.documents.models import Document
from kontor.documents.ports import DocumentStore
from kontor.documents.service import NewDocument
from kontor.orders.intake import CustomerInput
from kontor.orders.models import Order
from kontor.orders.states import OrderState
from kontor.risk.models import RiskListEntry
from support import Client, Drain, Principals

WHO = CustomerInput("Greta Fock", "greta@fock.example", phone="040 778899", external_id="shop-7")


async def ordered(database: Database, *, closed: bool = True) -> tuple[Company, UUID, UUID]:
    """An order of Greta Fock; the company, the order's id and the customer's."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
    await put_stock(database, company.warehouse.id, variant.id, 10)
    await place(database, company, order_input(company.channel, ("LAMP", 1), customer=WHO))
    async with database.unit_of_work() as db:
        order = (await db.scalars(sa.select(Order))).one()
        if closed:
            await db.execute(sa.update(Order).values(state=OrderState.CLOSED))
    assert order.customer_id is not None
    return company, order.id, order.customer_id


async def hits(database: Database, term: str) -> list[UUID | None]:
    async with database.read_only() as db:
        return [hit.customer_id or hit.order_id for hit in (await searching.search(db, term)).hits]


def test_every_column_that_may_say_something_of_a_person_is_thought_about() -> None:
    """What is named here says nothing of a customer: it is of the company, its partners, its people or its goods."""
    bootstrap.load_models()
    telling = ("name", "email", "address", "phone", "recipient", "note", "text", "facts", "content", "context", "body",
               "customer_id", "subject", "wish", "label", "iban", "consents", "payload", "data")  # fmt: skip
    by_rules_of_their_own = {"document", "risk_list_entry", "direct_debit_mandate", "vat_id", "vat_id_check"}
    known = {each.table for each in personal.HELD} | by_rules_of_their_own
    found = {
        table.name
        for table in Model.metadata.sorted_tables
        if any(
            column.name in telling
            or column.name.endswith(("_address", "_note"))
            or (column.name == "asked" and isinstance(column.type, sa.JSON))
            for column in table.columns
        )
    }
    assert found - known == {
        "api_client", "bank_entry", "bank_statement", "brand", "carrier_account", "catalog_offer",
        "event", "exchange_line", "fulfillment_line", "identity_provider", "inbox_message",
            "ledger_account",
        "ledger_day", "legal_entity", "log_cursor", "masters_version", "message_template", "number_series",
        "order_charge",
        "partner",
        "partner_agreement", "user_passkey",
        "price_adjustment", "process_definition", "process_instance", "product", "product_variant",
        "promotion", "risk_rule", "routing_policy", "sales_channel", "saved_view", "sign_in_step", "stock_location",
        "tax_region", "upload", "user_account", "user_identity", "webhook_endpoint",
    }  # fmt: skip


async def test_a_merge_moves_everything_and_decides_field_by_field(
    database: Database, client: Client, principals: Principals
) -> None:
    company, order_id, merge_id = await ordered(database)
    async with database.unit_of_work() as db:
        keep = await make_customer(
            db, name="Greta Fock-Petersen", phone=None, consents={"newsletter": True, "post": True}
        )
        await make_address(db, keep)
        await db.execute(
            sa.update(Customer).where(Customer.id == merge_id).values(consents={"newsletter": False}, tags=["VIP"])
        )
        await terms.relearn(db, [keep.id])
    async with database.read_only() as db:
        before = await merging.preview_merge(db, keep.id, merge_id)
    assert [(each.field, each.other) for each in before.differences if each.field != "language"] == [
        ("name", "Greta Fock"),
        ("email", "greta@fock.example"),
    ]
    assert (before.gained, before.moved) == ({"phone": "040 778899"}, {"customer_reference": 1, "orders": 1})
    text = """mutation M($keep: UUID!, $merge: UUID!) { mergeCustomers(keepId: $keep, mergeId: $merge, take: ["email"])
        {
        ... on CustomerChanged { customer { name email phone tags consents } } ... on Error { code path } } }"""
    variables = {"keep": str(keep.id), "merge": str(merge_id)}
    answer = await client.graphql(text, variables, principal=principals.admin)
    assert answer["data"]["mergeCustomers"] == {
        "customer": {
            "name": "Greta Fock-Petersen", "email": "greta@fock.example", "phone": "040 778899", "tags": ["VIP"],
            "consents": {"newsletter": False, "post": True},
        }
    }  # fmt: skip
    again = await client.graphql(text, variables, principal=principals.admin)
    assert again["data"]["mergeCustomers"] == {"code": "CUSTOMER_MERGED", "path": ["mergeId"]}
    async with database.read_only() as db:
        order = await db.get_one(Order, order_id)
        other = await db.get_one(Customer, merge_id)
        reference = (await db.scalars(sa.select(CustomerReference))).one()
        profile = await profile_of(db, await db.get_one(Customer, keep.id))
        note = (await db.scalars(sa.select(AuditEntry).where(AuditEntry.operation == "mergeCustomers"))).one()
    assert (order.customer_id, reference.customer_id, other.merged_into_id) == (keep.id, keep.id, keep.id)
    assert (other.name, [row.id for row in profile.merged]) == ("Greta Fock", [merge_id])
    assert {f"customer:{keep.id}", f"customer:{merge_id}"} == set(note.targets)
    assert await hits(database, "greta@fock.example") == [keep.id]
    # The next order of the same person is the survivor's.
    await place(database, company, order_input(company.channel, ("LAMP", 1), customer=WHO))
    async with database.read_only() as db:
        assert set(await db.scalars(sa.select(Order.customer_id))) == {keep.id}


async def test_a_merge_that_makes_no_sense_is_refused(database: Database, principals: Principals) -> None:
    async with database.unit_of_work() as db:
        one, two = await make_customer(db), await make_customer(db)
    cases: list[tuple[Any, type[KontorError]]] = [
        ({"keep_id": one.id, "merge_id": one.id}, InvalidMerge),
        ({"keep_id": one.id, "merge_id": two.id, "take": ["shoeSize"]}, InvalidMerge),
    ]
    for given, refusal in cases:
        with pytest.raises(refusal):
            async with database.unit_of_work() as db:
                await merging.merge_customers(db, **given, now=db.now)
    shop = principals.holding("care:write", "customers:write", channel_ids=frozenset({new_id()}))
    with pytest.raises(Forbidden):
        async with database.unit_of_work(shop) as db:
            await merging.merge_customers(db, one.id, two.id, now=db.now)


async def test_nobody_is_erased_while_an_order_is_open(database: Database) -> None:
    _, _, customer_id = await ordered(database, closed=False)
    async with database.read_only() as db:
        seen = await erasing.preview_erasure(db, customer_id)
    assert [kind for kind, _ in seen.blockers] == [Blocker.OPEN_ORDER]
    for reason, refusal in (("asked for it", CustomerInUse), (" ", InvalidErasure)):
        with pytest.raises(refusal):
            async with database.unit_of_work() as db:
                await erasing.erase_customer(db, customer_id, reason=reason, now=db.now)
    assert await hits(database, "greta") == [customer_id]


async def test_an_erased_person_is_gone_from_everywhere(
    runtime: Runtime, database: Database, client: Client, principals: Principals, drain: Drain
) -> None:
    """Search, lists, the order, files; invoices stay. Nothing of the person is in any row of any other table."""
    _, order_id, customer_id = await ordered(database)
    store = runtime.ports.get(DocumentStore)  # type: ignore[type-abstract]
    papers = [
        NewDocument(kind=kind, number=f"{kind}-1", key=f"x/{kind}.pdf", data=b"Greta", order_id=order_id)
        for kind in ("DELIVERY_NOTE", "CLAIM_PHOTO", "INVOICE")
    ]
    for paper in papers:
        await documents.put(store, paper)
    async with database.unit_of_work() as db:
        await documents.add_all(db, papers, now=db.now)
        await consents.set_consent(db, customer_id, "newsletter", granted=True, source="by phone", stream_id=new_id())
    trust = """mutation T($id: UUID!) { listCustomer(id: $id, blocked: false, reason: "a niece of Fock") {
        __typename } }"""
    trusted = await client.graphql(trust, {"id": str(customer_id)}, principal=principals.admin)
    assert trusted["data"]["listCustomer"] == {"__typename": "CustomerChanged"}
    preview = """query P($id: UUID!) { previewCustomerErasure(id: $id) {
        blockers { kind } parts { table erased kept reason } } }"""
    seen = await client.graphql(preview, {"id": str(customer_id)}, principal=principals.admin)
    parts = {part["table"]: part for part in seen["data"]["previewCustomerErasure"]["parts"]}
    assert (parts["document"]["erased"], parts["document"]["kept"], parts["document"]["reason"]) == (
        2,
        1,
        "TAX_RECORDS",
    )
    assert (parts["orders"]["erased"], parts["orders"]["reason"]) == (1, "ORDER_RECORDS")
    erase = """mutation E($id: UUID!) { eraseCustomer(id: $id, reason: "asked by mail") {
        ... on CustomerChanged { customer { name email } } ... on Error { code } } }"""
    done = await client.graphql(erase, {"id": str(customer_id)}, principal=principals.admin)
    assert done["data"]["eraseCustomer"] == {"customer": {"name": "erased", "email": None}}
    await drain()
    for term in ("greta", "fock", "greta@fock.example", "040 778899", "20459", "shop-7"):
        assert await hits(database, term) == [], term
    assert not await store.exists("x/DELIVERY_NOTE.pdf")
    assert await store.exists("x/INVOICE.pdf")
    assert await tables_with(database, "greta", "deichstra", "778899", "20459") == set()
    async with database.read_only() as db:
        order = await db.get_one(Order, order_id)
        assert (order.billing_address["country"], order.total > 0) == ("DE", True)
        assert await db.scalar(sa.select(sa.func.count()).select_from(RiskListEntry)) == 0
        trail = sa.select(AuditEntry.operation, AuditEntry.details).order_by(AuditEntry.at, AuditEntry.id)
        assert {row.operation: row.details["reason"] for row in await db.execute(trail) if "reason" in row.details} == {
            "listCustomer": "", "eraseCustomer": "asked by mail",
        }  # fmt: skip
        assert await db.scalar(sa.select(sa.func.count()).select_from(ConsentChange)) == 0
        assert await db.scalar(sa.select(sa.func.count()).select_from(SearchTerm)) == 0


async def tables_with(database: Database, *words: str) -> set[str]:
    """Tables one of whose rows holds one of the words."""
    found = set()
    async with database.read_only() as db:
        for table in Model.metadata.sorted_tables:
            for row in await db.execute(sa.select(table)):
                if any(word in str(tuple(row)).lower() for word in words):
                    found.add(table.name)
    return found


async def test_all_that_is_kept_of_a_person_comes_as_one_file(
    runtime: Runtime, database: Database, client: Client, principals: Principals, drain: Drain
) -> None:
    _, order_id, customer_id = await ordered(database, closed=False)
    store = runtime.ports.get(DocumentStore)  # type: ignore[type-abstract]
    paper = NewDocument(kind="INVOICE", number="I-1", key="x/i.pdf", data=b"paper", order_id=order_id)
    await documents.put(store, paper)
    async with database.unit_of_work() as db:
        await documents.add_all(db, [paper], now=db.now)
    text = "mutation X($id: UUID!) { exportCustomer(id: $id) { __typename } }"
    answer = await client.graphql(text, {"id": str(customer_id)}, principal=principals.admin)
    assert answer["data"]["exportCustomer"] == {"__typename": "CustomerExportRequested"}
    with only():
        await drain()
    async with database.read_only() as db:
        (document,) = (await profile_of(db, await queries.get_customer(db, customer_id))).exports
        found = await db.get_one(Document, document.id)
    archive = zipfile.ZipFile(io.BytesIO(await documents.read(store, found)))
    data = json.loads(archive.read("data.json"))
    assert (data["customer"][0]["email"], data["orders"][0]["billing_address"]["name"]) == (
        "greta@fock.example",
        "Greta Fock",
    )
    assert "token" not in json.dumps(data["payment"])
    assert [archive.read(name) for name in archive.namelist() if name.startswith("files/")] == [b"paper"]
    file = await client.http.get(f"/files/documents/{document.id}", headers=client.acting(principals.admin))
    assert (file.status_code, file.headers["content-type"]) == (200, "application/zip")
    stranger = principals.holding("orders:read", "invoices:read")
    assert (
        await client.http.get(f"/files/documents/{document.id}", headers=client.acting(stranger))
    ).status_code == 403


async def test_blocked_and_trusted_customers_and_consents_have_a_history(database: Database) -> None:
    _, _, customer_id = await ordered(database)
    async with database.unit_of_work() as db:
        await listing.list_customer(db, customer_id, blocked=True, reason="three unpaid orders")
        for granted in (True, True, False):
            await consents.set_consent(
                db, customer_id, "newsletter", granted=granted, source="by phone", stream_id=new_id()
            )
            await db.flush()
    async with database.read_only() as db:
        profile = await profile_of(db, await queries.get_customer(db, customer_id))
    assert {(row.kind, row.value, row.blocked) for row in profile.entries} == {
        ("CUSTOMER", str(customer_id), True),
        ("EMAIL", "greta@fock.example", True),
    }
    assert sorted(row.granted for row in profile.consent_changes) == [False, True]
    assert profile.customer.consents == {"newsletter": False}
    refused: list[tuple[Any, type[KontorError]]] = [
        (consents.set_consent, InvalidConsent),
        (listing.list_customer, KontorError),
    ]
    for act, refusal in refused:
        given: dict[str, Any] = (
            {"purpose": " ", "granted": True, "source": "x", "stream_id": new_id()}
            if refusal is InvalidConsent
            else {"blocked": True, "reason": " "}
        )
        with pytest.raises(refusal):
            async with database.unit_of_work() as db:
                await act(db, customer_id, **given)


async def test_who_is_gone_cannot_be_worked_on(database: Database) -> None:
    async with database.unit_of_work() as db:
        customer = await make_customer(db)
        await erasing.erase_customer(db, customer.id, reason="asked", now=db.now)
    with pytest.raises(CustomerGone):
        async with database.unit_of_work() as db:
            await exporting.export_customer(db, customer.id)
