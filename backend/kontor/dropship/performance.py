"""A partner's figures per week, against what was agreed; the same numbers for the chart, the table and the file."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.dropship.errors import InvalidWeeks
from kontor.dropship.models import StockAge
from kontor.dropship.queries import Counted, rows_of
from kontor.dropship.states import Measure
from kontor.dropship.weeks import Week, last_weeks, position
from kontor.locations.models import StockLocation
from kontor.partners.agreements import agreements_of, in_force
from kontor.partners.errors import PartnerNotFound
from kontor.partners.models import PartnerAgreement
from kontor.partners.queries import find_partner

WEEKS, MOST_WEEKS, MOST_ORDERS = 13, 53, 500
_TARGETS: Mapping[Measure, str] = {
    Measure.ACCEPTED: "accepted_permille",
    Measure.ON_TIME: "on_time_permille",
    Measure.CANCELED: "canceled_permille",
    Measure.TRACKING: "tracking_permille",
    Measure.RETURNED: "returned_permille",
    Measure.STOCK_AGE: "stock_age_hours",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: `counted` out of `base`; its value in permille, or hours for the age of stock; None for nothing."""

    counted: int
    base: int
    value: int | None
    target: int | None


@dataclass(frozen=True, slots=True)
class Series:
    """A figure over the weeks and over all of them."""

    measure: Measure
    total: Figure
    weeks: Sequence[Figure]


@dataclass(frozen=True, slots=True)
class Performance:
    """A partner's figures; `orders` is how many answered orders they rest on."""

    partner_id: UUID
    time_zone: str
    weeks: Sequence[Week]
    series: Sequence[Series]

    @property
    def orders(self) -> int:
        """How many answered orders there were."""
        return self.series[0].total.base


@dataclass(frozen=True, slots=True)
class CountedOrder:
    """An order behind a number: what counted of it, out of how much."""

    id: UUID
    number: str
    moment: datetime
    counted: int
    base: int


def figure(measure: Measure, counted: int, base: int, target: int | None) -> Figure:
    """The value of a number, halves rounded up: permille, or whole hours for the age of stock."""
    scale = 1 if measure is Measure.STOCK_AGE else 1000
    return Figure(counted, base, (2 * scale * counted + base) // (2 * base) if base else None, target)


async def partner_performance(db: Session, partner_id: UUID, *, weeks: int = WEEKS) -> Performance:
    """The figures of a visible partner for the last weeks, the present one included.

    A fixed number of statements however many orders there are. Raises `PartnerNotFound`, `InvalidWeeks`.
    """
    if not 1 <= weeks <= MOST_WEEKS:
        raise InvalidWeeks(f"1 to {MOST_WEEKS} weeks.", path=("weeks",), max=MOST_WEEKS)
    span, zone = await _span(db, partner_id, weeks)
    agreed = (await agreements_of(db, [partner_id]))[partner_id]
    wanted = Counted(partner_id, span[0].since, span[-1].until, db.now)
    series = []
    for measure in Measure:
        if measure is Measure.STOCK_AGE:
            sums = await _stock_age(db, partner_id, span)
        else:
            sums = await _sums(db, measure, wanted, span)
        series.append(_series(measure, sums, span, agreed))
    return Performance(partner_id, zone, span, series)


async def counted_orders(
    db: Session, partner_id: UUID, measure: Measure, *, monday: date | None, missed: bool, weeks: int = WEEKS
) -> list[CountedOrder]:
    """The orders behind a number, the newest first, at most `MOST_ORDERS`: of one week, or of all the weeks.

    `missed` leaves those that did as agreed. Raises `PartnerNotFound`; stock has no orders behind it.
    """
    span, _ = await _span(db, partner_id, weeks)
    if measure is Measure.STOCK_AGE:
        return []
    of = [week for week in span if monday is None or week.monday == monday]
    if not of:
        raise InvalidWeeks("No week begins on this day.", path=("week",))
    judged = rows_of(measure, Counted(partner_id, of[0].since, of[-1].until, db.now))
    found = sa.select(judged).order_by(judged.c.moment.desc(), judged.c.id.desc()).limit(MOST_ORDERS)
    if missed:
        found = found.where(judged.c.hit < judged.c.base if measure.more_is_better else judged.c.hit > 0)
    rows = await db.execute(found)
    return [CountedOrder(row.id, row.number, row.moment, int(row.hit), int(row.base)) for row in rows]


async def _span(db: Session, partner_id: UUID, weeks: int) -> tuple[list[Week], str]:
    """The weeks of a visible partner, in the zone of its first place."""
    if await find_partner(db, id=partner_id) is None:
        raise PartnerNotFound("There is no such partner.", path=("partnerId",))
    zone = await db.scalar(
        sa.select(StockLocation.timezone)
        .where(StockLocation.partner_id == partner_id)
        .order_by(StockLocation.code)
        .limit(1)
    )
    time_zone = zone or "UTC"
    return last_weeks(local_day(db.now, time_zone), time_zone, weeks), time_zone


async def _sums(db: Session, measure: Measure, wanted: Counted, span: Sequence[Week]) -> dict[int, tuple[int, int]]:
    judged = rows_of(measure, wanted)
    starts = [(judged.c.moment >= week.since, at) for at, week in reversed(list(enumerate(span)))]
    week = sa.case(*starts, else_=0).label("week")
    inner: Any = sa.select(week, judged.c.hit, judged.c.base).subquery()
    rows = await db.execute(
        sa.select(inner.c.week, sa.func.sum(inner.c.hit), sa.func.sum(inner.c.base)).group_by(inner.c.week)
    )
    return {int(at): (int(hit or 0), int(base or 0)) for at, hit, base in rows}


async def _stock_age(db: Session, partner_id: UUID, span: Sequence[Week]) -> dict[int, tuple[int, int]]:
    rows = await db.execute(
        sa.select(StockAge.day, StockAge.hours, StockAge.levels).where(
            StockAge.partner_id == partner_id, StockAge.day >= span[0].monday, StockAge.day <= span[-1].sunday
        )
    )
    sums: dict[int, tuple[int, int]] = {}
    for day, hours, levels in rows:
        at = position(span, day)
        if at is not None:
            before = sums.get(at, (0, 0))
            sums[at] = (before[0] + hours, before[1] + levels)
    return sums


def _series(
    measure: Measure,
    sums: Mapping[int, tuple[int, int]],
    span: Sequence[Week],
    agreed: Sequence[PartnerAgreement],
) -> Series:
    targets = [_target(agreed, measure, week) for week in span]
    found = [figure(measure, *sums.get(at, (0, 0)), target) for at, target in enumerate(targets)]
    whole = figure(measure, sum(each.counted for each in found), sum(each.base for each in found), targets[-1])
    return Series(measure, whole, found)


def _target(agreed: Sequence[PartnerAgreement], measure: Measure, week: Week) -> int | None:
    """What was agreed at the end of the week."""
    row = in_force(agreed, week.sunday)
    return None if row is None else int(getattr(row, _TARGETS[measure]))


def as_csv(found: Performance) -> str:
    """The figures as a file: a row per figure and week, percent and hours with a point, as the chart shows them."""
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(["measure", "week", "counted", "of", "value", "target", "unit"])
    for each in found.series:
        stock = each.measure is Measure.STOCK_AGE
        for week, number in zip(found.weeks, each.weeks, strict=True):
            shown = [_shown(value, stock) for value in (number.value, number.target)]
            unit = "hours" if stock else "percent"
            write.writerow([each.measure, week.monday.isoformat(), number.counted, number.base, *shown, unit])
    return out.getvalue()


def _shown(value: int | None, whole: bool) -> str:
    if value is None:
        return ""
    return str(value) if whole else f"{value // 10}.{value % 10}"
