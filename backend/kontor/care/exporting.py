"""Everything that is kept of a person as one file: what a customer may ask for (GDPR, articles 15 and 20)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from kontor.care import leftovers
from kontor.care.erasing import all_ids, entries_of
from kontor.care.personal import held, rows_of
from kontor.care.scope import require_whole
from kontor.core import outbox
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.customers.queries import get_customer, refuse_gone
from kontor.documents.models import Document
from kontor.documents.service import NewDocument
from kontor.orders.models import Order
from kontor.risk.models import RiskListEntry

KIND = "CUSTOMER_EXPORT"
EVIDENCE = "EVIDENCE"  # what a company says against somebody at a bank is not theirs to have (GDPR article 15 (4))
# What proves something to somebody else stays in the house; so does what is only ours.
_LEFT_OUT = frozenset({"body_hash", "token", "search_key", "email_key", "name_key"})


async def export_customer(db: Session, customer_id: UUID) -> UUID:
    """Ask for the file of a customer; its id, under which the document comes. Raises `CustomerNotFound`."""
    require_whole(db.principal)
    customer = await get_customer(db, customer_id)
    refuse_gone(customer.erased_at, None, path="id")
    request_id = new_id()
    outbox.schedule(
        db, "care.export_customer", {"customer_id": str(customer_id), "request_id": str(request_id)}, key=customer_id
    )
    return request_id


async def data_of(db: Session, customer_id: UUID) -> tuple[dict[str, list[dict[str, Any]]], Sequence[Document]]:
    """Rows by table, and the files that belong to the person."""
    ids = await all_ids(db, customer_id)
    found: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}
    for each, table in held():
        if not each.told:
            continue
        keys = [column.name for column in table.primary_key]
        rows = await db.execute(sa.select(table).where(rows_of(each, table, ids)))
        found.setdefault(each.table, {}).update(
            {tuple(item[name] for name in keys): _row(item) for item in rows.mappings()}
        )
    entries = await entries_of(db, ids)
    listed = [_listed(row) for row in entries]
    orders = sa.select(Order.id).where(Order.customer_id.in_(ids))
    mine = sa.or_(Document.customer_id.in_(ids), Document.order_id.in_(orders))
    told = Document.kind.not_in([KIND, EVIDENCE])
    files = await db.scalars(sa.select(Document).where(mine, told).order_by(Document.created_at))
    more = {name: [_row(row) for row in rows] for name, rows in (await leftovers.told_of(db, ids)).items()}
    data = {**{name: list(rows.values()) for name, rows in found.items()}, **more, "risk_list_entry": listed}
    return {name: rows for name, rows in data.items() if rows}, files.all()


def _listed(row: RiskListEntry) -> dict[str, Any]:
    """An entry as its person is told of it: why somebody is blocked is ours, and may be about somebody else."""
    told = {"kind": row.kind, "value": row.value, "blocked": row.blocked}
    return told if row.blocked else {**told, "reason": row.reason}


def _row(row: Mapping[str, Any] | sa.RowMapping) -> dict[str, Any]:
    return {str(name): value for name, value in row.items() if name not in _LEFT_OUT}


def packed(data: Mapping[str, Any], files: Mapping[str, bytes], *, now: datetime) -> bytes:
    """One ZIP: `data.json` and the files by their names. The same content gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        text = orjson.dumps(data, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)
        for name, content in (("data.json", text), *sorted(files.items())):
            archive.writestr(zipfile.ZipInfo(name, now.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def document_of(customer_id: UUID, request_id: UUID, number: str, data: bytes, *, now: datetime) -> NewDocument:
    """The file as it is kept."""
    return NewDocument(
        kind=KIND,
        number=f"{number}-{now:%Y-%m-%d}",
        key=f"customers/{customer_id}/{request_id}.zip",
        data=data,
        subject_id=customer_id,
        content_type="application/zip",
    )
