"""Erase a person: what the law does not ask to keep goes, in one transaction, and nobody finds them any more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa

from kontor.care import leftovers, service
from kontor.care.errors import CustomerInUse, InvalidErasure
from kontor.care.models import Case
from kontor.care.personal import (
    ERASED,
    FILES_REMOVED,
    Kept,
    Of,
    address_without_person,
    blanked,
    held,
    rows_of,
    steps_of,
    without_words,
)
from kontor.care.scope import require_whole
from kontor.care.states import CaseState
from kontor.care.values import CaseKind
from kontor.core import outbox
from kontor.core.db import Model, Session
from kontor.customers.events import CustomersErased
from kontor.customers.models import Customer, CustomerAddress
from kontor.customers.queries import channels_of, lock_customers, refuse_gone
from kontor.customers.service import CUSTOMERS_STREAM
from kontor.documents.models import Document
from kontor.invoicing.models import Invoice, OpenItem
from kontor.orders.models import Order
from kontor.orders.states import OrderState
from kontor.payments.models import Dispute, Refund
from kontor.payments.states import DisputeState, RefundState
from kontor.returns.models import Return
from kontor.returns.states import ReturnState
from kontor.risk import queries as risk
from kontor.risk.models import RiskListEntry
from kontor.risk.rules import address_key, key_of
from kontor.risk.values import ListKind

LONGEST_REASON = 300


class Blocker(StrEnum):
    """Why a person cannot be erased yet."""

    OPEN_ORDER = "OPEN_ORDER"
    OPEN_RETURN = "OPEN_RETURN"
    OPEN_REFUND = "OPEN_REFUND"
    OPEN_INVOICE = "OPEN_INVOICE"
    OPEN_DISPUTE = "OPEN_DISPUTE"
    OPEN_CASE = "OPEN_CASE"


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one table, or files (`document`): how many go or are blanked, how many stay and why."""

    table: str
    erased: int
    kept: int
    reason: Kept | None


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure would do, and what stands in its way: [(blocker, order number)]."""

    parts: Sequence[Part]
    blockers: Sequence[tuple[Blocker, str]]


_OPEN_ORDERS = (OrderState.RECEIVED, OrderState.CONFIRMED, OrderState.IN_FULFILLMENT)
_DONE_RETURNS = (ReturnState.REFUNDED, ReturnState.CLOSED, ReturnState.DECLINED, ReturnState.CANCELED)
_OPEN_REFUNDS = (RefundState.AWAITING_APPROVAL, RefundState.REQUESTED, RefundState.FAILED)
_OPEN_DISPUTES = (DisputeState.NEEDS_RESPONSE, DisputeState.UNDER_REVIEW)


async def preview_erasure(db: Session, customer_id: UUID) -> Erasure:
    """What would go, what the law keeps, and what is still open. Raises `CustomerNotFound`, `CustomerGone`."""
    (customer,) = await lock_customers(db, [customer_id], lock=False)
    refuse_gone(None, customer.merged_into_id, path="id")
    ids = await all_ids(db, customer_id)
    parts: dict[tuple[str, Kept | None], Part] = {}
    for each, table in held():
        count = await db.scalar(sa.select(sa.func.count()).select_from(table).where(rows_of(each, table, ids))) or 0
        if not count or not each.told:
            continue
        erased = count if each.delete or each.blank else 0
        old = parts.get((each.table, each.kept), Part(each.table, 0, 0, each.kept))
        kept = old.kept + (count if each.kept else 0)
        parts[each.table, each.kept] = Part(each.table, old.erased + erased, kept, each.kept)
    counted = await db.execute(_files(ids, Document.kind, sa.func.count()).group_by(Document.kind))
    files: dict[str, int] = {row[0]: row[1] for row in counted}
    gone = sum(count for kind, count in files.items() if kind in FILES_REMOVED)
    if files:
        stay = sum(files.values()) - gone
        parts["document", None] = Part("document", gone, stay, Kept.TAX_RECORDS if stay else None)
    gone, stay = await leftovers.count_mandates(db, ids, now=db.now)
    if gone + stay:
        reason = Kept.PAYMENT_RECORDS if stay else None
        parts["direct_debit_mandate", None] = Part("direct_debit_mandate", gone, stay, reason)
    numbers, billed = await leftovers.vat_ids_of(db, ids)
    if numbers or billed:
        parts["vat_id", None] = Part("vat_id", len(numbers), len(billed), Kept.TAX_RECORDS if billed else None)
    entries = await entries_of(db, ids)
    if entries:
        blocked = sum(entry.blocked for entry in entries)
        reason = Kept.FRAUD_PREVENTION if blocked else None
        parts["risk_list_entry", None] = Part("risk_list_entry", len(entries) - blocked, blocked, reason)
    return Erasure(list(parts.values()), await blockers_of(db, ids))


async def erase_customer(db: Session, customer_id: UUID, *, reason: str, now: datetime) -> Customer:
    """Erase the person; refused (`CustomerInUse`) while anything is open. Records CustomersErased.

    Invoices, credit notes, bookings and payments stay as the law asks; orders stay without the person. Customers that
    were merged into this one are erased with it. Files go after the commit. Who was erased before can be erased again:
    what came to light about them since goes too.
    """
    require_whole(db.principal)
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise InvalidErasure(f"A reason of at most {LONGEST_REASON} characters is needed.", path=("reason",))
    (customer,) = await lock_customers(db, [customer_id])
    refuse_gone(None, customer.merged_into_id, path="id")
    ids = await all_ids(db, customer_id)
    await lock_customers(db, ids)
    await db.execute(sa.select(Order.id).where(Order.customer_id.in_(ids)).order_by(Order.id).with_for_update())
    open_things = await blockers_of(db, ids)
    if open_things:
        kind, number = open_things[0]
        raise CustomerInUse(
            f"Something is still open: {kind} {number}.", path=("id",), blocker=str(kind), order=number,
            count=len(open_things),
        )  # fmt: skip
    channels = await channels_of(db, ids)
    await _remove_files(db, ids)
    await leftovers.forget_mandates(db, now=now, customer_ids=ids)
    await leftovers.forget_vat_ids(db, ids)
    await leftovers.forget_uploads(db, ids)
    trusted = [entry.id for entry in await entries_of(db, ids) if not entry.blocked]
    await db.execute(sa.delete(RiskListEntry).where(RiskListEntry.id.in_(trusted)))
    await _end_follow_ups(db, ids, now=now)
    await _blank_addresses(db, ids)
    await _blank_words(db, ids)
    await leftovers.blank_audit(db, ids)
    await _blank_steps(db, ids)
    for each, table in held():
        rows = rows_of(each, table, ids)
        values = blanked(each, table)
        if each.delete:
            await db.execute(sa.delete(table).where(rows))
        elif values:
            stamp = {"updated_at": now} if "updated_at" in table.c else {}
            await db.execute(sa.update(table).where(rows).values(**values, **stamp))
    gone = (
        sa.update(Customer).where(Customer.id.in_(ids)).values(erased_at=now, search_key=sa.func.lower(Customer.number))
    )
    await db.execute(gone.execution_options(synchronize_session=False))
    outbox.record(db, CustomersErased(stream_id=CUSTOMERS_STREAM, ids=tuple(ids), channel_ids=channels))
    await db.refresh(customer)
    return customer


async def all_ids(db: Session, customer_id: UUID) -> list[UUID]:
    """The customer and all that were merged into them, however many times over."""
    found, fresh = {customer_id}, [customer_id]
    while fresh:
        rows = await db.scalars(sa.select(Customer.id).where(Customer.merged_into_id.in_(fresh)))
        fresh = [row for row in rows if row not in found]
        found.update(fresh)
    return sorted(found)


async def entries_of(db: Session, customer_ids: Sequence[UUID]) -> list[RiskListEntry]:
    """What is blocked or trusted of these customers, who are one person: they themselves, their mails, phones and
    addresses, those of today and those that stand on orders and messages alone. Where they had parcels sent to somebody
    else, that address and phone are not theirs."""
    known = await _known_by(db, customer_ids)
    return await risk.entries_for(db, {kind: {key_of(kind, value) for value in each} for kind, each in known.items()})


async def _known_by(db: Session, customer_ids: Sequence[UUID]) -> dict[ListKind, set[str]]:
    """All that these people were ever reached by themselves, as far as it is still kept."""
    person, place, message = Customer, CustomerAddress, Model.metadata.tables["notification"].c
    own = sa.select(Order.id).where(Order.customer_id.in_(customer_ids))
    orders = sa.select(Order.email, Order.billing_address, Order.shipping_address).where(Order.id.in_(own))
    homes = sa.select(place.street, place.postal_code, place.country).where(place.customer_id.in_(customer_ids))
    told = sa.select(message.recipient).where(message.order_id.in_(own)).distinct()
    mails: set[str | None] = set(await db.scalars(told))
    phones: set[str | None] = set()
    names: set[str] = set()
    addresses = {address_key(dict(row)) for row in (await db.execute(homes)).mappings()}
    for each in await db.execute(sa.select(person.name, person.email, person.phone).where(person.id.in_(customer_ids))):
        mails.add(each.email)
        phones.add(each.phone)
        names.add(_written(each.name))
    for order in await db.execute(orders):
        mails.add(order.email)
        for address in _own_addresses(order.billing_address, order.shipping_address, names):
            if address.get("street"):
                phones.add(address.get("phone"))
                addresses.add(address_key(address))
    return {
        ListKind.CUSTOMER: {str(each) for each in customer_ids},
        ListKind.EMAIL: {each for each in mails if each},
        ListKind.PHONE: {each for each in phones if each},
        ListKind.ADDRESS: addresses,
    }


def _own_addresses(
    billing: Mapping[str, Any] | None, shipping: Mapping[str, Any] | None, names: Collection[str]
) -> list[Mapping[str, Any]]:
    """Of an order's addresses those of who ordered: the bill's, and the goods' if these go to nobody else."""
    own = [billing] if billing else []
    if shipping and _written(shipping.get("name")) in {*names, *(_written(each.get("name")) for each in own)}:
        own.append(shipping)
    return own


def _written(name: object) -> str:
    return " ".join(str(name or "").casefold().split())


async def blockers_of(db: Session, customer_ids: Sequence[UUID]) -> list[tuple[Blocker, str]]:
    """What is still open for these customers, with the number of its order."""
    mine = Order.customer_id.in_(customer_ids)
    checks: tuple[tuple[Blocker, Any], ...] = (
        (Blocker.OPEN_ORDER, sa.select(Order.number).where(mine, Order.state.in_(_OPEN_ORDERS))),
        (Blocker.OPEN_RETURN, _through(Return, mine).where(Return.state.not_in(_DONE_RETURNS))),
        (Blocker.OPEN_REFUND, _through(Refund, mine).where(Refund.state.in_(_OPEN_REFUNDS))),
        (
            Blocker.OPEN_INVOICE,
            _through(OpenItem, mine).where(OpenItem.open != 0, OpenItem.number.in_(sa.select(Invoice.number))),
        ),
        (Blocker.OPEN_DISPUTE, _through(Dispute, mine).where(Dispute.state.in_(_OPEN_DISPUTES))),
        (Blocker.OPEN_CASE, _through(Case, mine).where(Case.state != CaseState.DONE)),
    )
    found: list[tuple[Blocker, str]] = []
    for kind, query in checks:
        found += [(kind, number) for number in await db.scalars(query.distinct().order_by(Order.number).limit(20))]
    return found


def _through(model: Any, mine: sa.ColumnElement[bool]) -> Any:
    return sa.select(Order.number).join(model, model.order_id == Order.id).where(mine)


def _files(ids: Sequence[UUID], *columns: Any) -> sa.Select[Any]:
    orders = sa.select(Order.id).where(Order.customer_id.in_(ids))
    about = sa.or_(Document.customer_id.in_(ids), Document.order_id.in_(orders), Document.subject_id.in_(ids))
    return sa.select(*columns).where(about)


async def _remove_files(db: Session, ids: Sequence[UUID]) -> None:
    """Take the rows of files that name the person; the files follow when this is committed."""
    rows = (await db.execute(_files(ids, Document.id, Document.key).where(Document.kind.in_(FILES_REMOVED)))).all()
    paper = Model.metadata.tables["printed_paper"]
    gone = [row.id for row in rows]
    await db.execute(sa.update(paper).where(paper.c.document_id.in_(gone)).values(document_id=None))
    await db.execute(sa.delete(Document).where(Document.id.in_(gone)))
    for row in rows:
        outbox.schedule(db, "care.remove_file", {"key": row.key}, unique_key=f"remove/{uuid5(row.id, ERASED)}")


async def _blank_words(db: Session, ids: Sequence[UUID]) -> None:
    """What people wrote about the person stands in events too: the fact stays, their words go."""
    orders = sa.select(Order.id).where(Order.customer_id.in_(ids))
    mine = sa.or_(outbox.EventRecord.stream_id.in_(orders), outbox.EventRecord.stream_id.in_(ids))
    for event in await db.scalars(sa.select(outbox.EventRecord).where(mine).order_by(outbox.EventRecord.position)):
        told = without_words(event.payload)
        if told != event.payload:
            event.payload = told
    await db.flush()


async def _blank_steps(db: Session, ids: Sequence[UUID]) -> None:
    """The notes with which a case was put aside, an order was canceled: the step stays."""
    step = Model.metadata.tables["state_change"]
    for mine in steps_of(ids):
        await db.execute(sa.update(step).where(mine, step.c.reason.is_not(None)).values(reason=""))


async def _end_follow_ups(db: Session, ids: Sequence[UUID], *, now: datetime) -> None:
    """Nobody is to be called back any more: cases of follow-ups without an order end; one of an order is a blocker."""
    table = Model.metadata.tables["care_case"]
    mine = [rows_of(each, table, ids) for each, _ in held() if each.of is Of.CONTACT]
    cases = await db.execute(sa.select(table.c.subject_key).where(sa.or_(*mine), table.c.state != CaseState.DONE))
    subjects = [key.partition(":")[2] for (key,) in cases]
    await service.settle_cases(db, [(CaseKind.FOLLOW_UP, each) for each in subjects], now=now)
    await db.flush()


async def _blank_addresses(db: Session, ids: Sequence[UUID]) -> None:
    for order in await db.scalars(sa.select(Order).where(Order.customer_id.in_(ids)).order_by(Order.id)):
        order.billing_address = address_without_person(order.billing_address) or {}
        order.shipping_address = address_without_person(order.shipping_address)
    await db.flush()
