"""Shipping by file: a line is a parcel, its order by number and the number on its label.

Lines of one order are its parcels and leave together or not at all. Nothing leaves twice: an order that left with this
parcel before is told so.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from kontor.auth import audit
from kontor.auth.permissions import Permission
from kontor.core.db import Session, chunks
from kontor.core.errors import KontorError
from kontor.fulfillment import queries
from kontor.fulfillment.errors import (
    AlreadyShipped,
    AskedToCancel,
    FulfillmentOrderNotFound,
    OrderInParts,
    TrackingUsed,
    WrongState,
    WrongTrackingNumber,
)
from kontor.fulfillment.models import FulfillmentOrder, Parcel
from kontor.fulfillment.parcels import ParcelInput
from kontor.fulfillment.shipping import How, Shipping, check_leaving, ship_all
from kontor.fulfillment.states import FulfillmentState
from kontor.fulfillment.tracking import read_number
from kontor.fulfillment.work import look_at_work
from kontor.imports import fields
from kontor.imports.errors import OtherLineRefused, StandsTwice
from kontor.imports.fields import Field
from kontor.imports.kinds import FileRow, columns_of
from kontor.imports.uploads import UploadKind, Verdict, Work, register
from kontor.orders.models import Order
from kontor.orders.states import DeliveryType
from kontor.partners.models import Partner
from kontor.partners.own import own_settings

KIND = "shipments"
READY, SHIPPED, SAME, EMPTY = "READY", "SHIPPED", "SAME", "EMPTY"
DOUBLED, UNKNOWN, WRONG = "DOUBLED", "UNKNOWN", "WRONG"
S = FulfillmentState
TO_SHIP = (S.OPEN, S.ACCEPTED, S.PICKED, S.PACKED)
LEFT = (S.SHIPPED, S.DELIVERED)
HOW = How(recallable=True, accepts_open=True)
"""As from a page it can be recalled for a minute; who sends the parcels has taken the work on."""
MOST_IN_TEMPLATE = 10_000
_CUT = re.compile(r"\d[.,]?\d*E\+?\d+", re.IGNORECASE)
_DOUBLED = (StandsTwice, AlreadyShipped, TrackingUsed)
FIELDS: dict[str, Field] = {
    "number": Field(fields.code(), aliases=(
        "order", "order_number", "order_no", "order_id", "auftrag", "auftragsnummer", "auftrags_nr", "auftragsnr",
        "bestellung", "bestellnummer", "bestell_nr", "lieferauftrag", "lieferschein", "lieferscheinnummer",
    )),
    "tracking_number": Field(fields.text(80), aliases=(
        "tracking", "tracking_no", "tracking_id", "tracking_code", "parcel", "parcel_number", "shipment_number",
        "trackingnummer", "paketnummer", "paket_nr", "sendungsnummer", "sendungs_nr", "sendungsnr", "paketschein",
    )),
    "carrier": Field(fields.text(60), empty=True, aliases=(
        "carrier_name", "shipper", "paketdienst", "versanddienst", "versanddienstleister", "dienstleister", "versand",
    )),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that names work and a parcel."""

    line: int
    key: str
    row: FulfillmentOrder
    parcel: ParcelInput


@dataclass(slots=True)
class _Sorted:
    """Parcels that can leave, by fulfillment order, and what becomes of the other lines of a portion."""

    going: dict[UUID, list[_Line]] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    blocked: set[UUID] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the numbers in a portion: work by its own and its order's number, parcels by theirs."""

    rows: Mapping[str, Sequence[FulfillmentOrder]]
    parcels: Mapping[str, Sequence[Parcel]]
    numbers: Mapping[UUID, str] = field(default_factory=dict)
    carrier: str | None = None


async def check(db: Session, rows: Sequence[FileRow], work: Work) -> list[Verdict]:
    """What shipping the lines would say, line by line."""
    found = sort_lines(rows, await _known(db, rows), work.seen)
    there = {row_id: lines[0].row for row_id, lines in found.going.items()}
    looked = await look_at_work(db, there)
    for row_id, lines in found.going.items():
        try:
            check_leaving(looked, there[row_id], _request(row_id, lines), HOW, now=db.now)
            found.verdicts += [Verdict(each.line, each.key, READY) for each in lines]
        except KontorError as problem:
            found.verdicts += _refused(lines, problem)
    return found.verdicts


async def apply(db: Session, rows: Sequence[FileRow], work: Work) -> list[Verdict]:
    """Ship what can leave; it can be recalled for a minute."""
    found = sort_lines(rows, await _known(db, rows), work.seen)
    requests = [_request(row_id, lines) for row_id, lines in found.going.items()]
    results = await ship_all(db, requests, now=db.now, how=HOW, principal=db.principal)
    sent: list[tuple[str, UUID]] = []
    for (row_id, lines), result in zip(found.going.items(), results, strict=True):
        if isinstance(result, KontorError):
            found.verdicts += _refused(lines, result)
        else:
            sent.append(("fulfillmentOrder", row_id))
            found.verdicts += [Verdict(each.line, each.key, SHIPPED) for each in lines]
    audit.note(db, "applyUpload", [*sent, ("upload", work.upload.id)], {"kind": KIND, "rows": len(rows)})
    return found.verdicts


def _request(row_id: UUID, lines: Iterable[_Line]) -> Shipping:
    return Shipping(row_id, parcels=tuple(each.parcel for each in lines))


def _refused(lines: Iterable[_Line], problem: KontorError) -> list[Verdict]:
    problem.path = ("number",)  # the file has no other word for it
    return [Verdict(each.line, each.key, WRONG, problem) for each in lines]


def sort_lines(rows: Sequence[FileRow], known: Known, seen: set[str]) -> _Sorted:
    """Which parcels can leave with which work; `seen` are orders and parcels of earlier lines of the file."""
    found = _Sorted()
    before = frozenset(seen)
    for row in rows:
        key = _text(row, "number")
        if key and not _text(row, "tracking_number"):
            found.verdicts.append(Verdict(row.line, key, EMPTY))
            continue
        work: FulfillmentOrder | None = None
        try:
            number, parcel = _parcel(row, known)
            if _left_with(key, number, known):
                found.verdicts.append(Verdict(row.line, key, SAME))
                seen.add(f"parcel {number}")
                continue
            if f"parcel {number}" in seen:
                raise StandsTwice(f"{number} stands in an earlier line too.", path=("trackingNumber",), key=number)
            work = _work_of(key, known)
            if f"order {work.id}" in before:
                raise StandsTwice(f"{key} stands in an earlier line too.", path=("number",), key=key)
            _check_number(number, work, known)
        except KontorError as problem:
            found.verdicts.append(Verdict(row.line, key, _ending(problem), problem))
            if work is not None:
                found.blocked.add(work.id)
            continue
        seen.add(f"parcel {number}")
        found.going.setdefault(work.id, []).append(_Line(row.line, key, work, parcel))
    for row_id in found.blocked & set(found.going):
        lines = found.going.pop(row_id)
        found.verdicts += _refused(lines, OtherLineRefused(lines[0].key))
    seen.update(f"order {row_id}" for row_id in {*found.going, *found.blocked})
    return found


def _text(row: FileRow, name: str) -> str:
    return str(row.values.get(name) or "").strip()


def _parcel(row: FileRow, known: Known) -> tuple[str, ParcelInput]:
    """The number of the parcel as it is kept, and the parcel; raises why a cell cannot be."""
    given = fields.completed(fields.checked(row.values, FIELDS), FIELDS)
    number = read_number(given["tracking_number"]).number
    return number, ParcelInput(carrier=given["carrier"] or known.carrier, tracking_number=number)


def _left_with(key: str, number: str, known: Known) -> bool:
    """Whether work of this number left in this parcel before."""
    asked = {row.id for row in known.rows.get(key, ())}
    return any(each.shipment_id and each.fulfillment_order_id in asked for each in known.parcels.get(number, ()))


def _work_of(key: str, known: Known) -> FulfillmentOrder:
    """The one piece of work with this number that can leave; raises why there is none."""
    rows = known.rows.get(key, ())
    if not rows:
        raise FulfillmentOrderNotFound("There is no such fulfillment order.", path=("number",))
    waiting = [row for row in rows if row.state in TO_SHIP]
    if len(waiting) > 1:
        parts = ", ".join(row.number for row in waiting)
        raise OrderInParts(f"{key} has several parts: {parts}.", path=("number",), parts=parts)
    if waiting:
        if waiting[0].cancel_requested:
            raise AskedToCancel("The customer wants to cancel.", path=("number",))
        return waiting[0]
    if any(row.state in LEFT for row in rows):
        raise AlreadyShipped(f"{key} left before.", path=("number",), key=key)
    raise WrongState(f"The fulfillment order is {rows[0].state}.", path=("number",), state=str(rows[0].state))


def _check_number(number: str, work: FulfillmentOrder, known: Known) -> None:
    """Raise `WrongTrackingNumber` or `TrackingUsed`."""
    if _CUT.fullmatch(number):
        raise WrongTrackingNumber("A spreadsheet cut the number.", code="TRACKING_CUT", path=("trackingNumber",))
    if read_number(number).valid is False:
        raise WrongTrackingNumber("The check digit is wrong.", path=("trackingNumber",))
    others = [each for each in known.parcels.get(number, ()) if each.fulfillment_order_id != work.id]
    if others:
        owner = known.numbers.get(others[0].fulfillment_order_id, "")
        raise TrackingUsed(f"{number} belongs to {owner}.", path=("trackingNumber",), owner=owner)


def _ending(problem: KontorError) -> str:
    if isinstance(problem, FulfillmentOrderNotFound):
        return UNKNOWN
    return DOUBLED if isinstance(problem, _DOUBLED) else WRONG


async def _known(db: Session, rows: Sequence[FileRow]) -> Known:
    asked = {_text(row, "number") for row in rows} - {""}
    found: dict[str, list[FulfillmentOrder]] = {}
    visible = queries.visible_to(db.principal)
    for part in chunks(sorted(asked)):
        own = await db.scalars(visible.where(FulfillmentOrder.number.in_(part)))
        found.update({row.number: [row] for row in own})
        of_orders = visible.join(Order, Order.id == FulfillmentOrder.order_id).where(Order.number.in_(part))
        pairs = of_orders.add_columns(Order.number).order_by(FulfillmentOrder.id)
        for row, number in await db.execute(pairs):
            found.setdefault(number, []).append(row)
    numbers = [read_number(text).number for row in rows if (text := _text(row, "tracking_number"))]
    parcels = await queries.tracked(db, numbers, db.principal)
    owners = {each.fulfillment_order_id for group in parcels.values() for each in group}
    return Known(found, parcels, await _numbers(db, owners), await _carrier(db))


async def _numbers(db: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    found: dict[UUID, str] = {}
    for part in chunks(sorted(ids)):
        wanted = sa.select(FulfillmentOrder.id, FulfillmentOrder.number).where(FulfillmentOrder.id.in_(part))
        found.update({row.id: row.number for row in await db.execute(wanted)})
    return found


async def _carrier(db: Session) -> str | None:
    """The carrier of a partner that works with one alone: it need not stand in the file."""
    partner = await db.get(Partner, db.principal.partner_id) if db.principal.partner_id else None
    carriers = own_settings(partner)["carriers"] if partner is not None else []
    return carriers[0] if len(carriers) == 1 else None


async def template(db: Session) -> list[list[str]]:
    """What waits to leave, the most urgent first, up to 10,000: the numbers of the parcels are to be filled in."""
    found = (
        queries.visible_to(db.principal)
        .where(
            FulfillmentOrder.state.in_(TO_SHIP),
            FulfillmentOrder.cancel_requested.is_(False),
            FulfillmentOrder.delivery_type != DeliveryType.PICKUP,
        )
        .order_by(FulfillmentOrder.due_at, FulfillmentOrder.id)
        .limit(MOST_IN_TEMPLATE)
    )
    rows = list(await db.scalars(found))
    lines = await queries.lines_of(db, [row.id for row in rows])
    towns = await _towns(db, {row.order_id for row in rows})
    carrier = await _carrier(db) or ""
    header = ["number", "ship_to", "articles", "carrier", "tracking_number"]
    return [header, *(
        [row.number, towns.get(row.order_id, ""), ", ".join(f"{each.quantity} x {each.sku}" for each in lines[row.id]),
         carrier, ""]
        for row in rows
    )]  # fmt: skip


async def _towns(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, str]:
    found: dict[UUID, str] = {}
    for part in chunks(sorted(order_ids)):
        wanted = sa.select(Order.id, Order.shipping_address).where(Order.id.in_(part))
        for order_id, address in await db.execute(wanted):
            parts = ((address or {}).get(name) for name in ("name", "city", "country"))
            found[order_id] = ", ".join(filter(None, parts))
    return found


register(
    UploadKind(
        KIND,
        Permission.FULFILLMENT_WRITE,
        columns_of(FIELDS),
        [["number"], ["tracking_number"]],
        check,
        apply,
        template,
        portion=200,
        same=lambda row: row.values.get("number"),
        quiet=frozenset({READY, SHIPPED, SAME, EMPTY}),
    )
)
