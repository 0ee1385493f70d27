"""Files are kept whole, found by those who may see them, and never handed out changed."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa

from kontor.core.db import Database
from kontor.core.errors import NotFound
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.principal import Principal
from kontor.documents import queries, service
from kontor.documents.models import Document
from kontor.documents.ports import DocumentStore
from kontor.documents.service import DocumentNotFound, NewDocument
from support import Principals


async def keep(runtime: Runtime, document: NewDocument) -> Document:
    await service.put(runtime.ports.get(DocumentStore), document)  # type: ignore[type-abstract]
    async with runtime.database.unit_of_work() as db:
        [document_id] = await service.add_all(db, [document], now=db.now)
    async with runtime.database.read_only() as db:
        return await db.get_one(Document, document_id)


async def test_what_is_kept_is_read_back(runtime: Runtime) -> None:
    kept = await keep(runtime, NewDocument(kind="INVOICE", number="R-1", key="invoices/R-1.pdf", data=b"%PDF-1"))
    assert (kept.size, kept.content_type) == (6, "application/pdf")
    assert await service.read(runtime.ports.get(DocumentStore), kept) == b"%PDF-1"  # type: ignore[type-abstract]


async def test_a_changed_file_is_not_handed_out(runtime: Runtime) -> None:
    kept = await keep(runtime, NewDocument(kind="INVOICE", number="R-1", key="invoices/R-1.pdf", data=b"%PDF-1"))
    store = runtime.ports.get(DocumentStore)  # type: ignore[type-abstract]
    await store.put(kept.key, b"%PDF-2", kept.content_type)
    with pytest.raises(DocumentNotFound) as refused:
        await service.read(store, kept)
    assert refused.value.code == "DOCUMENT_DAMAGED"


async def test_documents_are_seen_by_channel_and_customer(
    runtime: Runtime, database: Database, principals: Principals
) -> None:
    channel, customer = new_id(), new_id()
    kept = await keep(
        runtime,
        NewDocument(kind="INVOICE", number="1", key="a/1", data=b"1", channel_id=channel, customer_id=customer),
    )
    inner = await keep(runtime, NewDocument(kind="PICK_LIST", number="2", key="a/2", data=b"2"))
    cases: tuple[tuple[Principal, set[UUID]], ...] = (
        (principals.holding(), {kept.id, inner.id}),
        (principals.holding(channel_ids=frozenset({channel})), {kept.id}),
        (principals.holding(channel_ids=frozenset({new_id()})), set()),
        (principals.holding(customer_id=customer), {kept.id}),
        (principals.holding(customer_id=new_id()), set()),
        (principals.holding(partner_id=new_id()), set()),
        (principals.holding(location_ids=frozenset({new_id()})), set()),
    )
    async with database.read_only() as db:
        for principal, visible in cases:
            assert set(await db.scalars(queries.visible_to(principal).with_only_columns(Document.id))) == visible
            if kept.id not in visible:
                with pytest.raises(NotFound):
                    await queries.get_document(db, kept.id, principal)
        assert await db.scalar(sa.select(sa.func.count()).select_from(Document)) == 2
