"""Two customers who are one person become one: nothing is lost, and what differs is decided field by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.care.errors import InvalidMerge
from kontor.care.scope import require_whole
from kontor.core import outbox
from kontor.core.db import Model, Session
from kontor.core.errors import camel
from kontor.customers import terms
from kontor.customers.consents import note_changes
from kontor.customers.events import CustomerMerged
from kontor.customers.models import ConsentChange, Customer, CustomerAddress
from kontor.customers.queries import channels_of, lock_customers, refuse_gone
from kontor.customers.service import CUSTOMERS_STREAM, keys_of
from kontor.risk.models import RiskListEntry
from kontor.risk.values import ListKind

FIELDS = ("kind", "name", "company", "email", "phone", "language", "vat_id")
# Rows that say of themselves whose they are, and are not simply moved.
_NOT_MOVED = frozenset({"search_term", "customer_address"})


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that both have and that differs; without a choice the value of who stays counts."""

    field: str
    kept: str
    other: str


@dataclass(frozen=True, slots=True)
class Merge:
    """What a merge would do: the differences, the values that only the other has, and how many rows move by table."""

    differences: Sequence[Difference]
    gained: Mapping[str, str]
    moved: Mapping[str, int]


async def preview_merge(db: Session, keep_id: UUID, merge_id: UUID) -> Merge:
    """What merging would do. Raises `CustomerNotFound`, `CustomerGone`, `InvalidMerge`."""
    keep, other = await _both(db, keep_id, merge_id, lock=False)
    moved = {}
    for table in _tables():
        count = sa.select(sa.func.count()).select_from(table).where(table.c.customer_id == merge_id)
        moved[table.name] = await db.scalar(count) or 0
    return Merge(
        differences_of(_values(keep), _values(other)),
        {name: str(value) for name, value in _values(other).items() if value and not _values(keep)[name]},
        {name: count for name, count in moved.items() if count},
    )


async def merge_customers(
    db: Session, keep_id: UUID, merge_id: UUID, *, take: Iterable[str] = (), now: datetime
) -> Customer:
    """Make one customer of two: `take` names the fields whose value comes from the one that goes.

    Orders, addresses, references, documents, contacts and list entries move; the other stays as it was, names the one
    it went into and is matched and found no more. Of consents a refusal wins. Records CustomerMerged. Raises
    `CustomerNotFound`, `CustomerGone`, `InvalidMerge` for one customer twice or a field that is none.
    """
    keep, other = await _both(db, keep_id, merge_id)
    taken = set(take)
    if unknown := taken - set(FIELDS):
        raise InvalidMerge(f"There is no field {camel(min(unknown))}.", path=("take",), field=camel(min(unknown)))
    values = merged(_values(keep), _values(other), taken)
    for name, value in values.items():
        setattr(keep, name, value)
    keep.tags = list(dict.fromkeys([*keep.tags, *other.tags]))
    told = await _said(db, [keep_id, merge_id])
    agreed = consents_of({**told[keep_id], **keep.consents}, {**told[merge_id], **other.consents})
    agreed = {name: value for name, value in agreed.items() if name in {*keep.consents, *other.consents}}
    note_changes(db, keep_id, keep.consents, agreed, source="mergeCustomers")
    keep.consents = agreed
    for name, value in keys_of({"number": keep.number, **values}).items():
        setattr(keep, name, value)
    channels = await channels_of(db, [keep_id, merge_id])
    await _move(db, keep_id, merge_id, now=now)
    other.merged_into_id, other.merged_at = keep_id, now
    # Whoever went into the other one leads to who is there now, in one step.
    before = sa.update(Customer).where(Customer.merged_into_id == merge_id).values(merged_into_id=keep_id)
    await db.execute(before.execution_options(synchronize_session=False))
    other.email_key, other.name_key, other.search_key = None, "", other.number.casefold()
    await db.flush()
    await terms.forget(db, [merge_id])
    await terms.relearn(db, [keep_id])
    merger = CustomerMerged(
        stream_id=CUSTOMERS_STREAM, customer_id=merge_id, into_id=keep_id, channel_ids=channels
    )  # fmt: skip
    outbox.record(db, merger)
    return keep


def differences_of(keep: Mapping[str, Any], other: Mapping[str, Any]) -> list[Difference]:
    """The fields that both fill in, each otherwise. Pure."""
    return [
        Difference(name, str(keep[name]), str(other[name]))
        for name in FIELDS
        if keep[name] and other[name] and _compared(keep[name]) != _compared(other[name])
    ]


def merged(keep: Mapping[str, Any], other: Mapping[str, Any], taken: set[str]) -> dict[str, Any]:
    """The values of the one that stays: its own, else the other's; those that are taken from the other. Pure."""
    return {name: other[name] if name in taken and other[name] else keep[name] or other[name] for name in FIELDS}


def consents_of(keep: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """What both have agreed to: where they differ, the refusal. Pure."""
    both = {**other, **keep}
    refused = {name for name in both if keep.get(name, True) is False or other.get(name, True) is False}
    return {name: False if name in refused else value for name, value in both.items()}


def _compared(value: Any) -> str:
    return " ".join(str(value).casefold().split())


def _values(customer: Customer) -> dict[str, Any]:
    return {name: getattr(customer, name) for name in FIELDS}


async def _both(db: Session, keep_id: UUID, merge_id: UUID, *, lock: bool = True) -> tuple[Customer, Customer]:
    require_whole(db.principal)
    if keep_id == merge_id:
        raise InvalidMerge("A customer cannot be merged into itself.", path=("mergeId",))
    found = {row.id: row for row in await lock_customers(db, [keep_id, merge_id], lock=lock)}
    for name, customer in (("keepId", found[keep_id]), ("mergeId", found[merge_id])):
        refuse_gone(customer.erased_at, customer.merged_into_id, path=name)
    return found[keep_id], found[merge_id]


def _tables() -> list[sa.Table]:
    """Every table whose rows are a customer's."""
    return [
        table for table in Model.metadata.sorted_tables if "customer_id" in table.c and table.name not in _NOT_MOVED
    ]


async def _move(db: Session, keep_id: UUID, merge_id: UUID, *, now: datetime) -> None:
    for table in _tables():
        stamp = {"updated_at": now} if "updated_at" in table.c else {}
        moving = sa.update(table).where(table.c.customer_id == merge_id).values(customer_id=keep_id, **stamp)
        await db.execute(moving)
    columns = ("kind", "name", "company", "street", "extra", "postal_code", "city", "region", "country")
    rows = list(
        await db.scalars(
            sa.select(CustomerAddress)
            .where(CustomerAddress.customer_id.in_([keep_id, merge_id]))
            .order_by(CustomerAddress.created_at, CustomerAddress.id)
        )
    )
    known = {tuple(getattr(row, name) for name in columns) for row in rows if row.customer_id == keep_id}
    for row in rows:
        if row.customer_id == merge_id:
            if tuple(getattr(row, name) for name in columns) in known:
                await db.delete(row)
            else:
                row.customer_id = keep_id
    await _move_entry(db, keep_id, merge_id, now=now)
    await db.flush()


async def _said(db: Session, customer_ids: Sequence[UUID]) -> dict[UUID, dict[str, bool]]:
    """The last that customers said of each purpose: what was taken back stands nowhere else once its key is gone."""
    row = ConsentChange
    found: dict[UUID, dict[str, bool]] = {each: {} for each in customer_ids}
    said = sa.select(row.customer_id, row.purpose, row.granted).where(row.customer_id.in_(customer_ids))
    for each in await db.execute(said.order_by(row.at, row.id)):
        found[each.customer_id][each.purpose] = each.granted
    return {customer_id: {name: said for name, said in all_.items() if not said} for customer_id, all_ in found.items()}


async def _move_entry(db: Session, keep_id: UUID, merge_id: UUID, *, now: datetime) -> None:
    """Of a block or trust of both the stronger one is that of the one that stays; see `stronger`."""
    kind = str(ListKind.CUSTOMER)
    rows = await db.scalars(
        sa.select(RiskListEntry).where(
            RiskListEntry.kind == kind, RiskListEntry.value.in_([str(keep_id), str(merge_id)])
        )
    )
    found = {row.value: row for row in rows}
    ours, theirs = found.get(str(keep_id)), found.get(str(merge_id))
    chosen = stronger(ours, theirs, now=now) or ours or theirs
    for row in (ours, theirs):
        if row is not None and row is not chosen:
            await db.delete(row)
    await db.flush()
    if chosen is not None:
        chosen.value = str(keep_id)


def stronger(ours: RiskListEntry | None, theirs: RiskListEntry | None, *, now: datetime) -> RiskListEntry | None:
    """The entry that counts for both: one that has ended does not, a block before trust, the later end. Pure."""
    living = [row for row in (ours, theirs) if row is not None and (row.until is None or row.until > now)]
    return max(living, key=lambda row: (row.blocked, row.until is None, row.until or now), default=None)
