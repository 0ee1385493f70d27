"""Pages are drawn once and the same to the byte; the journal is posted once per event."""

from __future__ import annotations

import io
from typing import Any

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from factories.invoicing import accounts, back, credit_notes, entries, invoices, ship, shipment_lines
from factories.payments import ask, ask_capture, card, make_shop, paid_by
from kontor import relay
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.outbox import EventRecord, OutboxRow
from kontor.documents.models import Document
from kontor.documents.ports import DocumentStore
from kontor.invoicing import service
from kontor.invoicing.posting import Paid, Via, posting_of
from kontor.orders.queries import lock_order
from kontor.payments import service as payments
from support import Drain


async def invoiced(database: Database) -> Any:
    order_id = await paid_by(database, await make_shop(database), card(5000))
    await ask(database, "authorize", order_id)
    shipment = await ship(database, order_id)
    await ask_capture(database, order_id, 5000, final=True, shipment_id=shipment)
    async with database.unit_of_work() as db:
        await service.issue_invoices(db, [shipment], now=db.now)
    return order_id, shipment


async def documents(database: Database) -> list[Document]:
    async with database.read_only() as db:
        return list(await db.scalars(sa.select(Document).order_by(Document.kind)))


async def test_invoice_and_credit_note_become_pages(runtime: Runtime, database: Database, drain: Drain) -> None:
    order_id, shipment = await invoiced(database)
    await drain()
    [line] = await shipment_lines(database, shipment)
    async with database.unit_of_work() as db:
        order = await lock_order(db, order_id)
        await payments.request_refund(
            db, order, kind="RETURN", amount=1000, lines=[back(line, 1, 1000)], reason="too small",
            source_key=new_id().hex, now=db.now,
        )  # fmt: skip
    assert await drain() == []
    [note], [invoice] = await credit_notes(database), await invoices(database)
    found = {item.kind: item for item in await documents(database)}
    assert (found["CREDIT_NOTE"].id, found["INVOICE"].id) == (note.document_id, invoice.document_id)
    assert sorted(found) == ["CREDIT_NOTE", "CREDIT_NOTE_XML", "INVOICE", "INVOICE_XML"]
    store = runtime.ports.get(DocumentStore)  # type: ignore[type-abstract]
    texts = []
    for item in (found["CREDIT_NOTE"], found["INVOICE"]):
        data = await store.get(item.key)
        beside = found[f"{item.kind}_XML"]
        assert PdfReader(io.BytesIO(data)).attachments["factur-x.xml"] == [await store.get(beside.key)]
        assert (beside.content_type, beside.number) == ("application/xml", item.number)
        texts.append(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages))
    assert note.number in texts[0]
    assert invoice.number in texts[0]
    assert "50,00" in texts[1]


async def test_page_drawn_again_is_the_same_and_kept_once(
    runtime: Runtime, database: Database, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kontor.documents import service as document_service

    await invoiced(database)
    put: list[bytes] = []
    keep = document_service.put

    async def dies_after_keeping(store: DocumentStore, document: document_service.NewDocument) -> None:
        await keep(store, document)
        assert isinstance(document.data, bytes)
        put.append(document.data)
        if len(put) < 3:
            raise RuntimeError("killed")

    monkeypatch.setattr(document_service, "put", dies_after_keeping)
    await drain()
    await relay.hurry(runtime)
    await drain()
    await relay.hurry(runtime)
    await drain()
    pages = [data for data in put if data.startswith(b"%PDF")]
    assert (len(put), len(pages), len(set(pages))) == (4, 3, 1)
    assert [item.kind for item in await documents(database)] == ["INVOICE", "INVOICE_XML"]


async def test_event_delivered_again_is_posted_once(runtime: Runtime, database: Database, drain: Drain) -> None:
    await invoiced(database)
    await drain()
    before = await accounts(database)
    async with database.unit_of_work() as db:
        event = (await db.scalars(sa.select(EventRecord).where(EventRecord.name == "PaymentCaptured"))).one()
        for _ in range(2):
            db.add(
                OutboxRow(job="invoicing.post_journal", key=event.stream_id, event_id=event.id, due_at=db.now,
                          available_at=db.now)
            )  # fmt: skip
    await relay.hurry(runtime)
    assert await drain() == []
    assert await entries(database) == ["CAPTURE", "INVOICE"]
    assert await accounts(database) == before


@pytest.mark.parametrize(
    ("event", "facts", "given"),
    [
        ("InvoiceIssued", {"number": "R", "net": 84, "tax": 16, "gross": 100}, {}),
        ("CreditNoteIssued", {"number": "C", "net": 84, "tax": 16, "gross": 100}, {}),
        ("PaymentCaptured", {"transaction_id": "t", "amount": 100, "method": "WALLET"}, {}),
        ("PaymentChargedBack", {"transaction_id": "t", "amount": 100, "method": "CARD"}, {}),
        ("PaymentReceived", {"transaction_id": "t", "amount": 100}, {"via": Via("PREPAYMENT")}),
        (
            "RefundSucceeded",
            {"refund_id": "r", "kind": "GOODWILL"},
            {"paid": [Paid("CARD", 60), Paid("GIFT_CARD", 30), Paid("ON_ACCOUNT", 10, credited=True)]},
        ),
    ],
)
def test_every_entry_balances(event: str, facts: dict[str, Any], given: dict[str, Any]) -> None:
    posting = posting_of(event, facts, **given)
    assert posting is not None
    assert sum(line.amount for line in posting.lines) == 0
    assert max(abs(line.amount) for line in posting.lines) == 100


def test_a_named_method_moves_no_money() -> None:
    assert posting_of("PaymentReceived", {"transaction_id": None, "amount": 0}, via=Via("CARD")) is None
