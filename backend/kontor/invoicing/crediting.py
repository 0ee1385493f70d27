"""Issue credit notes: what a refund takes off an invoice, line by line."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import LegalEntity
from kontor.core import numbering
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.fulfillment.models import ShipmentLine
from kontor.giftcards.values import is_taxed
from kontor.invoicing import queries
from kontor.invoicing.build import Credited, Line, credit_line, fee_line, plain_rate, tax_rows
from kontor.invoicing.cards import take_cards_back
from kontor.invoicing.events import CreditNoteIssued
from kontor.invoicing.issuing import Issued
from kontor.invoicing.models import CreditNote, Invoice
from kontor.invoicing.redeemed import supplied, vouchers_of
from kontor.orders.models import OrderCharge
from kontor.orders.queries import lock_orders
from kontor.payments.models import Payment, Refund, RefundAllocation
from kontor.payments.refund_due import Withheld
from kontor.payments.states import RefundState

SERIES = "CN"
_COLUMNS = (
    "id", "number", "legal_entity_id", "series", "year", "sequence", "order_id", "invoice_id", "refund_id",
    "source_key", "issued_at", "currency", "net", "tax", "gross", "content",
)  # fmt: skip
_WITHHELD = frozenset(map(str, Withheld))  # lowers what is paid out, not what goods cost
_NONE = frozenset({RefundState.CANCELED, RefundState.AWAITING_APPROVAL})


@dataclass(slots=True)
class Draft:
    """What one refund takes off one invoice."""

    refund: Refund
    invoice: Invoice
    lines: list[Line] = field(default_factory=list)


async def issue_credit_notes(db: Session, refund_ids: Sequence[UUID], *, now: datetime) -> dict[UUID, list[Issued]]:
    """Credit notes for refunds of invoiced goods and fees, by refund: one per invoice, once per refund and invoice.

    A refund without lines, or for what was never invoiced, gets none; what is invoiced later is credited when it is
    asked for again. What is kept stands in the first notes. Locks the orders, their invoices, gift cards that are
    paid back, then the number series of each legal entity, last.
    """
    refunds = list(await db.scalars(sa.select(Refund).where(Refund.id.in_(list(refund_ids))).order_by(Refund.id)))
    orders = await lock_orders(db, [refund.order_id for refund in refunds])
    invoices = await queries.lock_invoices(db, orders)
    notes = await _notes_of(db, orders)
    issued: dict[UUID, list[Issued]] = {}
    for note in notes:
        if note.refund_id is not None:
            issued.setdefault(note.refund_id, []).append(Issued(note.id, note.number))
    todo = [item for item in refunds if item.lines and item.state not in _NONE]
    drafts = await _drafts(db, todo, invoices, notes)
    await take_cards_back(db, [line for draft in drafts for line in draft.lines])
    await _give_vouchers_back(db, drafts)
    for draft, row in await _number(db, drafts, now=now):
        issued.setdefault(draft.refund.id, []).append(Issued(row[0], row[1]))
    return {refund.id: issued.get(refund.id, []) for refund in refunds}


async def _give_vouchers_back(db: Session, drafts: Sequence[Draft]) -> None:
    """Take off the notes what vouchers that were taxed when they were sold do not pay any more: that tax stays."""
    found = await vouchers_of(db, {draft.refund.order_id for draft in drafts})
    for draft in drafts:
        if (vouchers := found.get(draft.refund.order_id)) is not None:
            said = draft.invoice.content
            draft.lines += vouchers.credit(draft.refund.id, draft.lines, said["language"], by_gross=said["gross"])


async def preview_lines(db: Session, order_id: UUID, lines: Sequence[Mapping[str, Any]]) -> list[Line]:
    """The lines of the credit notes that a refund with these lines would have now; changes nothing."""
    if not lines:
        return []
    refund = Refund(id=new_id(), order_id=order_id, lines=[dict(line) for line in lines])  # never added to the session
    found = sa.select(Invoice).where(Invoice.order_id == order_id).order_by(Invoice.id)
    invoices = {order_id: list(await db.scalars(found))}
    drafts = await _drafts(db, [refund], invoices, await _notes_of(db, [order_id]))
    return [line for draft in drafts for line in draft.lines]


async def _notes_of(db: Session, order_ids: Iterable[UUID]) -> list[CreditNote]:
    found = sa.select(CreditNote).where(CreditNote.order_id.in_(list(order_ids))).order_by(CreditNote.id)
    return list(await db.scalars(found))


async def _drafts(
    db: Session,
    refunds: Sequence[Refund],
    invoices: Mapping[UUID, Sequence[Invoice]],
    notes: Sequence[CreditNote],
) -> list[Draft]:
    places = await _places(db, refunds)
    before: dict[str, Credited] = {}
    for note in notes:
        for line in note.content["lines"]:
            _remember(before, line)
    keeping = _Keeping((each for group in invoices.values() for each in group), notes)
    noted = {(note.refund_id, note.invoice_id) for note in notes}
    begun = {note.refund_id for note in notes}
    drafts: list[Draft] = []
    for refund in refunds:
        by_shipment = {invoice.shipment_id: invoice for invoice in invoices.get(refund.order_id, ())}
        mine: dict[UUID, Draft] = {}
        for wanted in refund.lines:
            shipment_id = places.get(_key_of(wanted))
            invoice = by_shipment.get(shipment_id) if shipment_id else None
            if invoice is None or (refund.id, invoice.id) in noted:
                continue
            invoiced = next(line for line in invoice.content["lines"] if _key_of(line) == _key_of(wanted))
            draft = mine.setdefault(invoice.id, Draft(refund, invoice))
            line = _credited(invoiced, wanted, before.get(_key_of(wanted), Credited()), invoice)
            draft.lines.append(line)
            _remember(before, line)
        if refund.id not in begun:
            keeping.lay(refund, mine)
        drafts.extend(mine.values())
    return drafts


async def _places(db: Session, refunds: Sequence[Refund]) -> dict[str, UUID]:
    """The shipment of each line or charge that the refunds name."""
    named = [line for refund in refunds for line in refund.lines]
    lines = [UUID(line["shipment_line_id"]) for line in named if line.get("shipment_line_id")]
    charges = [UUID(line["charge_id"]) for line in named if line.get("charge_id")]
    found: dict[str, UUID] = {}
    for column, of, ids in (
        (ShipmentLine.id, ShipmentLine.shipment_id, lines),
        (OrderCharge.id, OrderCharge.shipment_id, charges),
    ):
        rows = await queries.rows_of(db, sa.select(column.label("id"), of.label("shipment_id")), column, ids)
        found.update({str(row["id"]): row["shipment_id"] for row in rows if row["shipment_id"] is not None})
    return found


def _key_of(line: Mapping[str, Any]) -> str:
    return str(line.get("shipment_line_id") or line.get("charge_id") or "")


def _remember(before: dict[str, Credited], line: Line) -> None:
    known = before.get(_key_of(line), Credited())
    before[_key_of(line)] = Credited(
        known.pieces + line["pieces"], known.gross + line["gross"], known.tax + line["tax"]
    )


def _credited(invoiced: Line, wanted: Mapping[str, Any], before: Credited, invoice: Invoice) -> Line:
    return credit_line(
        invoiced,
        pieces=int(wanted.get("quantity", 0)),
        gross=int(wanted["gross"]),
        before=before,
        by_gross=invoice.content["gross"],
    )


@dataclass(slots=True)
class _Kept:
    """What an invoice's credit notes kept under one name at one rate, and has not been given back."""

    gross: int = 0
    tax: int = 0


class _Keeping:
    """Where the lines of a refund stand that are for no goods: what is kept, or given back of it later.

    What is kept stands where the credited goods are worth as much, shared only when no single note has room for it.
    What is given back stands on the invoices it was kept from, whether goods of theirs come back this time or not, so
    that no invoice is credited more than it says.
    """

    def __init__(self, invoices: Iterable[Invoice], notes: Sequence[CreditNote]) -> None:
        self._invoices = {invoice.id: invoice for invoice in invoices}
        self._kept: dict[tuple[str, str], dict[UUID, _Kept]] = {}
        for note in notes:
            for line in note.content["lines"]:
                if not _key_of(line) and not line.get("redeemed"):
                    self._note(note.invoice_id, line)

    def lay(self, refund: Refund, drafts: dict[UUID, Draft]) -> None:
        """Add the lines to the refund's drafts, with drafts of their own for invoices that have none."""
        if not drafts:
            return
        first = next(iter(drafts.values()))
        for fee in refund.lines:
            if _key_of(fee) or fee.get("name") in _WITHHELD:
                continue
            rate = plain_rate(Decimal(str(fee.get("tax_rate") or first.lines[0]["tax_rate"])))
            amount = int(fee["gross"])
            if amount > 0:
                amount = self._give_back(refund, drafts, fee, rate)
                amount = self._where_room_is(refund, drafts, {**fee, "gross": amount}, rate)
            for draft, part in _rooms(list(drafts.values()), amount):
                self._add(draft, {**fee, "gross": part}, rate)

    def _where_room_is(self, refund: Refund, drafts: dict[UUID, Draft], fee: Mapping[str, Any], rate: str) -> int:
        """Lay it on invoices that are not credited in full: goods for which everything was kept had no note."""
        left = int(fee["gross"])
        for each in sorted(self._invoices.values(), key=lambda each: (each.id not in drafts, each.id)):
            if each.order_id != refund.order_id:
                continue
            said = sum(line["gross"] for line in drafts[each.id].lines) if each.id in drafts else 0
            part = min(left, each.gross - each.credited - said)
            if part > 0:
                self._add(drafts.setdefault(each.id, Draft(refund, each)), {**fee, "gross": part}, rate)
                left -= part
        return left

    def _give_back(self, refund: Refund, drafts: dict[UUID, Draft], fee: Mapping[str, Any], rate: str) -> int:
        """Lay it on the invoices it was kept from; what was kept nowhere is left."""
        left = int(fee["gross"])
        places = self._kept.get((str(fee.get("name")), rate), {})
        for invoice_id, kept in sorted(places.items(), key=lambda place: (place[0] not in drafts, place[0])):
            part = min(left, kept.gross)
            if part > 0:
                draft = drafts.setdefault(invoice_id, Draft(refund, self._invoices[invoice_id]))
                self._add(draft, {**fee, "gross": part}, rate, tax=kept.tax if part == kept.gross else None)
                left -= part
        return left

    def _add(self, draft: Draft, fee: Mapping[str, Any], rate: str, *, tax: int | None = None) -> None:
        line = fee_line(fee, rate, by_gross=draft.invoice.content["gross"], tax=tax)
        draft.lines.append(line)
        self._note(draft.invoice.id, line)

    def _note(self, invoice_id: UUID, line: Mapping[str, Any]) -> None:
        rate = plain_rate(Decimal(line["tax_rate"]))
        kept = self._kept.setdefault((line["name"], rate), {}).setdefault(invoice_id, _Kept())
        kept.gross, kept.tax = kept.gross - line["gross"], kept.tax - line["tax"]


def _rooms(drafts: Sequence[Draft], amount: int) -> list[tuple[Draft, int]]:
    """On which notes an amount stands; a kept one is negative and needs goods to be taken off."""
    if not amount:
        return []
    room = {id(draft): sum(line["gross"] for line in draft.lines) for draft in drafts}
    whole = next((draft for draft in drafts if room[id(draft)] + amount >= 0), None)
    if whole is not None:
        return [(whole, amount)]
    found, left = [], -amount
    for draft in sorted(drafts, key=lambda each: -room[id(each)]):
        part = min(left, max(0, room[id(draft)]))
        found.append((draft, -part))
        left -= part
    found[0] = (found[0][0], found[0][1] - left)
    return [(draft, part) for draft, part in found if part]


async def _number(db: Session, drafts: Sequence[Draft], *, now: datetime) -> list[tuple[Draft, tuple[Any, ...]]]:
    if not drafts:
        return []
    entities = {draft.invoice.legal_entity_id for draft in drafts}
    sellers = {
        row.id: row
        for row in await db.execute(
            sa.select(LegalEntity.id, LegalEntity.code, LegalEntity.timezone).where(LegalEntity.id.in_(list(entities)))
        )
    }
    methods = await _methods(db, [draft.refund.id for draft in drafts])
    written = []
    for entity_id in sorted(entities):
        group = [draft for draft in drafts if draft.invoice.legal_entity_id == entity_id]
        code, today = sellers[entity_id].code, local_day(now, sellers[entity_id].timezone)
        first = await numbering.take(db, f"credit-note/{code}/{today.year}", len(group))
        for sequence, draft in enumerate(group, first):
            number = f"{code}-C-{today.year}-{sequence:06}"
            paid_by = methods.get(draft.refund.id, [])
            written.append((draft, _row(draft, number, sequence, paid_by, today=today, now=now)))
    await db.bulk_insert(CreditNote, _COLUMNS, [row for _, row in written])
    for draft, row in written:
        said = dict(zip(_COLUMNS, row, strict=True))
        draft.invoice.credited += said["gross"]
        record(
            db,
            CreditNoteIssued(
                stream_id=draft.refund.order_id,
                credit_note_id=said["id"],
                invoice_id=draft.invoice.id,
                return_id=draft.refund.return_id,
                number=said["number"],
                net=said["net"],
                tax=said["tax"],
                gross=said["gross"],
                currency=said["currency"],
            ),
        )
    return written


async def _methods(db: Session, refund_ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """How refunds go back, but for what their notes take off as paid by vouchers."""
    found = sa.select(
        RefundAllocation.refund_id, RefundAllocation.amount, Payment.label, Payment.kind, Payment.gateway
    ).join(Payment, Payment.id == RefundAllocation.payment_id)
    methods: dict[UUID, list[dict[str, Any]]] = {}
    for row in await queries.rows_of(db, found, RefundAllocation.refund_id, refund_ids):
        if is_taxed(row["kind"], row["gateway"]):
            continue
        share = {"method": row["label"] or row["kind"].value, "kind": row["kind"].value, "amount": row["amount"]}
        methods.setdefault(row["refund_id"], []).append(share)
    return methods


def _row(
    draft: Draft, number: str, sequence: int, methods: Sequence[dict[str, Any]], *, today: date, now: datetime
) -> tuple[Any, ...]:
    invoice, refund = draft.invoice, draft.refund
    net, tax, gross = supplied(draft.lines)
    kept = ("language", "currency", "gross", "seller", "brand", "recipient", "order_number", "ordered_on", "vat_id",
            "treatment", "tax_country", "supplied_on", "delivery_address", "email", "buyer_reference",
            "purchase_order")  # fmt: skip
    content = {name: invoice.content[name] for name in kept if name in invoice.content} | {
        "issued_on": today.isoformat(),
        "invoice_number": invoice.number,
        "invoice_issued_on": invoice.content["issued_on"],
        "reason": refund.reason,
        "lines": draft.lines,
        "taxes": tax_rows(draft.lines),
        "payments": list(methods) if gross == refund.amount else [],
    }
    return (
        new_id(), number, invoice.legal_entity_id, SERIES, today.year, sequence, invoice.order_id, invoice.id,
        refund.id, f"refund/{refund.id}/{invoice.id}", now, invoice.currency, net, tax, gross, content,
    )  # fmt: skip
