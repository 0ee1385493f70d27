"""Fulfillment orders out of plans: one per place and day, bound to the stock that was promised for them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from kontor.core.clock import local_day, utc_day
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.outbox import record, schedule
from kontor.core.statemachine import change_row
from kontor.fulfillment import queries
from kontor.fulfillment.events import FulfillmentOrdersCreated
from kontor.fulfillment.lateness import Told, promised_day, told_days
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState
from kontor.fulfillment.work import Capacity, Place, use_capacity
from kontor.inventory import allocations as stock
from kontor.inventory.models import Allocation
from kontor.locations.calendars import after_working_hours
from kontor.locations.models import StockLocation
from kontor.orders import progress
from kontor.orders.models import Order, OrderLine
from kontor.orders.states import DeliveryType
from kontor.partners.agreements import agreed_hours, agreements_of
from kontor.partners.models import Partner, PartnerAgreement
from kontor.routing import masters as routing_masters
from kontor.routing.calendars import calendar_of
from kontor.routing.values import FulfillmentPlan

_ROW = (
    "id", "number", "order_id", "location_id", "partner_id", "channel_id", "state", "delivery_type", "priority",
    "ship_on", "promised_on", "due_at", "ship_due_at", "decision_id", "cancel_requested", "created_at", "updated_at",
)  # fmt: skip
_LINE = ("id", "fulfillment_order_id", "order_line_id", "variant_id", "sku", "name", "quantity", "picked")


@dataclass(frozen=True, slots=True)
class Release:
    """What is to be given to places for one order: plans, and the decision behind each by its position."""

    order: Order
    lines: Sequence[OrderLine]
    plans: Sequence[FulfillmentPlan]
    decisions: Mapping[int, UUID]


@dataclass(slots=True)
class Released:
    """What was made: ids by order, pieces by order and line, and all allocations as they were before binding."""

    ids: dict[UUID, list[UUID]] = field(default_factory=dict)
    pieces: dict[UUID, dict[UUID, int]] = field(default_factory=dict)
    allocations: dict[UUID, list[Allocation]] = field(default_factory=dict)


@dataclass(slots=True)
class _Job:
    """A fulfillment order on its way into the database."""

    release: Release
    location: StockLocation
    day: date
    arrival: date
    decision_id: UUID | None
    id: UUID = field(default_factory=new_id)
    number: str = ""
    pieces: dict[UUID, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Bound:
    """Allocations by the job they serve, whole or in part."""

    whole: dict[UUID, UUID] = field(default_factory=dict)
    parts: dict[UUID, list[stock.Slice]] = field(default_factory=dict)


async def create_fulfillment_orders(
    db: Session, releases: Sequence[Release], *, now: datetime, freed: Capacity = ({}, {})
) -> Released:
    """Write the work of the plans; pieces without stock on hand stay where they are.

    `freed` is what places have to release no more: it is written with what others have to release now, after all stock.
    """
    made = Released()
    jobs = await _create(db, releases, made, now=now)
    await _use_up(db, jobs, *freed)
    _tell(db, jobs, now=now)
    return made


async def _create(db: Session, releases: Sequence[Release], made: Released, *, now: datetime) -> list[_Job]:
    ids = {release.order.id for release in releases}
    for row in await stock.of_orders(db, ids):
        made.allocations.setdefault(row.order_id, []).append(row)
    planned = [release for release in releases if release.plans]
    if not planned:
        return []
    masters = await routing_masters.load(db)
    bound = _Bound()
    jobs = [job for each in planned for job in _jobs(each, masters.locations, made.allocations, bound)]
    if not jobs:
        return []
    counts = await queries.count_rows(db, FulfillmentOrder, {job.release.order.id for job in jobs})
    for job in jobs:
        order = job.release.order
        counts[order.id] = counts.get(order.id, 0) + 1
        job.number = f"{order.number}-{counts[order.id]}"
        made.ids.setdefault(order.id, []).append(job.id)
        pieces = made.pieces.setdefault(order.id, {})
        for line_id, quantity in job.pieces.items():
            pieces[line_id] = pieces.get(line_id, 0) + quantity
    await _write(db, jobs, await _agreed(db, jobs), now=now)
    await stock.give_to_fulfillment(db, bound.whole)
    for row_id, slices in bound.parts.items():
        await stock.split_off(db, slices, row_id)
    return jobs


def _jobs(
    release: Release,
    places: Mapping[UUID, StockLocation],
    allocations: Mapping[UUID, Sequence[Allocation]],
    bound: _Bound,
) -> Iterable[_Job]:
    left = {row.id: row.quantity for row in allocations.get(release.order.id, ()) if _is_free(row)}
    rows = [row for row in allocations.get(release.order.id, ()) if row.id in left]
    jobs: dict[tuple[UUID, int], _Job] = {}
    for index, plan in enumerate(release.plans):
        for parcel in sorted(plan.parcels, key=lambda parcel: parcel.day):
            location_id = parcel.location_id
            assert isinstance(location_id, UUID)
            job = jobs.get((location_id, parcel.day)) or _Job(
                release, places[location_id], date.fromordinal(parcel.day), date.fromordinal(parcel.arrival_day),
                release.decisions.get(index),
            )  # fmt: skip
            for line_id, quantity in parcel.lines:
                assert isinstance(line_id, UUID)
                there = [row for row in rows if row.order_line_id == line_id and row.location_id == location_id]
                _bind(job, line_id, quantity, there, left, bound)
            if job.pieces:
                jobs[location_id, parcel.day] = job
    return jobs.values()


def _is_free(row: Allocation) -> bool:
    return row.fulfillment_order_id is None and row.inbound_id is None


def _bind(
    job: _Job, line_id: UUID, quantity: int, rows: Sequence[Allocation], left: dict[UUID, int], bound: _Bound
) -> None:
    for row in rows:
        part = min(quantity, left[row.id])
        if not part:
            continue
        if part == row.quantity:
            bound.whole[row.id] = job.id
        else:
            used = row.quantity - left[row.id]
            reserved = min(row.from_reservation, used + part) - min(row.from_reservation, used)
            bound.parts.setdefault(job.id, []).append(stock.Slice(row, part, reserved))
        left[row.id] -= part
        quantity -= part
        job.pieces[line_id] = job.pieces.get(line_id, 0) + part


@dataclass(frozen=True, slots=True)
class _Agreed:
    """What was agreed with the partners of jobs, and their facts without a date."""

    terms: Mapping[UUID, Sequence[PartnerAgreement]]
    facts: Mapping[UUID, Mapping[str, Any]]


async def _agreed(db: Session, jobs: Sequence[_Job]) -> _Agreed:
    partners = {job.location.partner_id for job in jobs if job.location.partner_id is not None}
    if not partners:
        return _Agreed({}, {})
    rows = await db.execute(sa.select(Partner.id, Partner.agreement).where(Partner.id.in_(partners)))
    return _Agreed(await agreements_of(db, partners), {row.id: row.agreement for row in rows})


def _due(job: _Job, agreed: _Agreed, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Until when a partner has to answer and to ship, in working hours of the place; of our own places nobody asks.

    Without an agreement nobody has promised when to ship.
    """
    place = job.location
    if place.partner_id is None:
        return None, None
    begins, calendar = max(now, opening_of(job)), calendar_of(place)
    day = local_day(begins, place.timezone)
    facts = agreed.facts.get(place.partner_id, {})
    answer, ship = agreed_hours(agreed.terms.get(place.partner_id, ()), facts, day, otherwise=place.answer_hours)
    due_at = after_working_hours(calendar, begins, answer)
    return due_at, None if ship is None else after_working_hours(calendar, begins, ship)


def opening_of(job: _Job) -> datetime:
    """The beginning of the job's day at its place."""
    return datetime.combine(job.day, time(), ZoneInfo(job.location.timezone)).astimezone(UTC)


def _promise(job: _Job, told: Told) -> date:
    """By when customers expect the goods: as promised with the order, or as they were told since.

    Goods that were added later, for others or for nothing, were not promised then.
    """
    order = job.release.order
    if order.promised_on is None:
        return job.arrival
    there = [line.id for line in job.release.lines if line.id in job.pieces and line.added_at is None]
    if not there:
        return max(order.promised_on, job.arrival)
    return promised_day(order.promised_on, [told.get((order.id, line_id)) for line_id in there])


async def _write(db: Session, jobs: Sequence[_Job], agreed: _Agreed, *, now: datetime) -> None:
    await db.flush()
    # Customers are told of later days alone: what arrives as promised needs no look at what they heard.
    late = {
        job.release.order.id for job in jobs if (day := job.release.order.promised_on) is not None and day < job.arrival
    }
    told = await told_days(db, late) if late else {}
    rows: list[tuple[Any, ...]] = []
    for job in jobs:
        order, place = job.release.order, job.location
        later = job.day > utc_day(now) and opening_of(job) > now
        state = FulfillmentState.SCHEDULED if later else FulfillmentState.OPEN
        due_at, ship_due_at = _due(job, agreed, now)
        delivery = DeliveryType.PICKUP if order.delivery_type is DeliveryType.PICKUP else DeliveryType.SHIP
        rows.append(
            (job.id, job.number, order.id, place.id, place.partner_id, order.channel_id, state, delivery,
             order.priority, job.day, _promise(job, told), due_at, ship_due_at, job.decision_id, False,
             now, now)
        )  # fmt: skip
        db.note_state(change_row("fulfillment_order", job.id, None, state, now=now, by=db.by))
        if later:
            schedule(
                db, "fulfillment.open", {"fulfillment_order_id": job.id}, key=order.id, due_at=opening_of(job),
                unique_key=f"open/{job.id}",
            )  # fmt: skip
    await db.bulk_insert(FulfillmentOrder, _ROW, rows)
    await db.bulk_insert(FulfillmentLine, _LINE, [row for job in jobs for row in _line_rows(job)])


def _line_rows(job: _Job) -> Iterable[tuple[Any, ...]]:
    for line in job.release.lines:
        if line.id in job.pieces:
            yield (new_id(), job.id, line.id, line.variant_id, line.sku, line.name, job.pieces[line.id], 0)


async def _use_up(
    db: Session, jobs: Sequence[_Job], freed_units: Mapping[Place, int], freed_parcels: Mapping[Place, int]
) -> None:
    units, parcels = dict(freed_units), dict(freed_parcels)
    for job in jobs:
        if job.location.unit_capacity is None and job.location.parcel_capacity is None:
            continue
        key = (job.location.id, job.day)
        units[key] = units.get(key, 0) + sum(job.pieces.values())
        parcels[key] = parcels.get(key, 0) + 1
    await use_capacity(db, units, parcels)


def _tell(db: Session, jobs: Sequence[_Job], *, now: datetime) -> None:
    by_order: dict[UUID, list[_Job]] = {}
    for job in jobs:
        by_order.setdefault(job.release.order.id, []).append(job)
    for order_id, own in by_order.items():
        progress.start_work(db, own[0].release.order, now=now)
        rows = tuple(
            {"id": str(job.id), "location_id": str(job.location.id), "partner_id": str(job.location.partner_id or "")}
            for job in own
        )
        record(db, FulfillmentOrdersCreated(stream_id=order_id, fulfillment_orders=rows))
