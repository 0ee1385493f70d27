"""Statements over risk: what is known beside an order, each for a whole batch at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks, in_key_order
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.core.sets import any_of
from kontor.orders import queries as orders
from kontor.orders.models import Order
from kontor.orders.states import OrderState
from kontor.risk.models import RiskAssessment, RiskListEntry, RiskRule, RiskSighting
from kontor.risk.states import RiskState
from kontor.risk.values import ListKind

WINDOW = timedelta(hours=24)
USUAL_WITHIN = timedelta(days=730)
_REFUSED = (OrderState.REJECTED, OrderState.CANCELED)
Keys = Mapping[ListKind, str]


@dataclass(frozen=True, slots=True)
class AssessmentFilter:
    """Which assessments are wanted; what is None does not narrow."""

    states: Sequence[RiskState] | None = None
    order_ids: Sequence[UUID] | None = None
    min_score: int | None = None
    assessed_since: datetime | None = None
    changed_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListEntryFilter:
    """Which list entries are wanted; what is None does not narrow. `search` looks into the value."""

    kinds: Sequence[ListKind] | None = None
    blocked: bool | None = None
    search: str | None = None


SORTS: dict[str, Any] = {"ASSESSED_AT": RiskAssessment.assessed_at, "UPDATED_AT": RiskAssessment.updated_at}
RULE_SORTS: dict[str, Any] = {"CODE": RiskRule.code, "SCORE": RiskRule.score}
ENTRY_SORTS: dict[str, Any] = {"CREATED_AT": RiskListEntry.created_at, "VALUE": RiskListEntry.value}


async def orders_to_assess(db: Session, order_ids: Iterable[UUID]) -> list[Any]:
    """The columns of orders that the rules look at."""
    found: list[Any] = []
    for part in chunks(in_key_order(order_ids)):
        rows = await db.execute(
            sa.select(
                Order.id, Order.channel_id, Order.customer_id, Order.email_key, Order.country, Order.total,
                Order.currency, Order.billing_address, Order.shipping_address, Order.facts, Order.placed_at,
            )
            .where(Order.id.in_(part))
            .order_by(Order.id)
        )  # fmt: skip
        found.extend(rows)
    return found


async def known_decisions(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, RiskState]:
    """What was said of orders that were assessed before."""
    found: dict[UUID, RiskState] = {}
    for part in chunks(in_key_order(order_ids)):
        rows = await db.execute(
            sa.select(RiskAssessment.order_id, RiskAssessment.state).where(RiskAssessment.order_id.in_(part))
        )
        found.update({row.order_id: row.state for row in rows})
    return found


async def listed(db: Session, keys: Iterable[Keys], *, now: datetime) -> dict[tuple[str, str], bool]:
    """Entries in force for any of the values: (kind, value) to whether it is blocked."""
    wanted = sorted({(str(kind), value) for each in keys for kind, value in each.items()})
    found: dict[tuple[str, str], bool] = {}
    for part in chunks(wanted, 400):
        rows = await db.execute(
            sa.select(RiskListEntry.kind, RiskListEntry.value, RiskListEntry.blocked).where(
                sa.tuple_(RiskListEntry.kind, RiskListEntry.value).in_(part),
                sa.or_(RiskListEntry.until.is_(None), RiskListEntry.until > now),
            )
        )
        found.update({(row.kind, row.value): row.blocked for row in rows})
    return found


async def entries_for(db: Session, values: Mapping[ListKind, Collection[str]]) -> list[RiskListEntry]:
    """Entries for any of the values, as `rules.key_of` writes them, the oldest first; also those that have ended."""
    pairs = [
        sa.and_(RiskListEntry.kind == str(kind), any_of(RiskListEntry.value, sorted(each)))
        for kind, each in values.items()
        if each
    ]
    found = sa.select(RiskListEntry).where(sa.or_(sa.false(), *pairs))
    return list(await db.scalars(found.order_by(RiskListEntry.created_at, RiskListEntry.id)))


async def seen_in_window(db: Session, order_ids: Iterable[UUID], keys: Iterable[str]) -> dict[tuple[UUID, str], int]:
    """How many orders left the same trace within 24 hours before an order, itself counted, by (order, kind)."""
    own, other = sa.orm.aliased(RiskSighting), sa.orm.aliased(RiskSighting)
    ids, traces = in_key_order(order_ids), sorted(set(keys))
    if not traces:
        return {}
    earlier = sa.or_(other.at < own.at, sa.and_(other.at == own.at, other.order_id <= own.order_id))
    counted = (
        sa.select(own.order_id, own.kind, sa.func.count())
        .join(other, sa.and_(other.key == own.key, other.at > own.at - int(WINDOW.total_seconds()), earlier))
        .where(any_of(own.key, traces), own.order_id.in_(ids))
        .group_by(own.order_id, own.kind)
    )
    return {(row[0], row[1]): int(row[2]) for row in await db.execute(counted)}


async def usual_totals(
    db: Session, customers: Iterable[UUID], *, without: Iterable[UUID], now: datetime
) -> dict[tuple[UUID, str], tuple[int, int]]:
    """Earlier orders of customers by currency: how many, and their mean total in minor units."""
    found: dict[tuple[UUID, str], tuple[int, int]] = {}
    left_out = in_key_order(without)
    for part in chunks(in_key_order(customers)):
        rows = await db.execute(
            sa.select(Order.customer_id, Order.currency, sa.func.count(), sa.func.sum(Order.total))
            .where(
                Order.customer_id.in_(part),
                Order.id.not_in(left_out),
                Order.state.not_in(_REFUSED),
                Order.placed_at > now - USUAL_WITHIN,
            )
            .group_by(Order.customer_id, Order.currency)
        )
        found.update({(row[0], row[1]): (int(row[2]), int(row[3]) // int(row[2])) for row in rows if row[0]})
    return found


async def active_rules(db: Session) -> list[RiskRule]:
    """The retailer's own rules that are in force, by code."""
    return list(await db.scalars(sa.select(RiskRule).where(RiskRule.active).order_by(RiskRule.code)))


# Reading for people


def visible_to(principal: Principal) -> sa.Select[RiskAssessment]:
    """Assessments of the orders a principal may see."""
    found = sa.select(RiskAssessment)
    if not principal.restricted:
        return found
    return found.where(RiskAssessment.order_id.in_(orders.visible_to(principal).with_only_columns(Order.id)))


def narrowed(found: sa.Select[RiskAssessment], wanted: AssessmentFilter) -> sa.Select[RiskAssessment]:
    """Of these assessments the wanted ones."""
    return narrow(
        found,
        (RiskAssessment.state.in_, wanted.states),
        (RiskAssessment.order_id.in_, wanted.order_ids),
        (RiskAssessment.score.__ge__, wanted.min_score),
        (RiskAssessment.assessed_at.__ge__, wanted.assessed_since),
        (RiskAssessment.updated_at.__ge__, wanted.changed_since),
    )


async def list_assessments(
    db: Session, wanted: AssessmentFilter, page: PageRequest, *, sort: str = "ASSESSED_AT", descending: bool = True
) -> Page[RiskAssessment]:
    """A page of assessments, newest first unless asked otherwise."""
    found = narrowed(visible_to(db.principal), wanted)
    return await paginate(db, found, choose(SORTS, sort, descending=descending), RiskAssessment.id, page)


async def find_assessment(db: Session, order_id: UUID) -> RiskAssessment | None:
    """The assessment of an order the principal of the session may see."""
    return await db.scalar(visible_to(db.principal).where(RiskAssessment.order_id == order_id))


async def lock_assessment(db: Session, order_id: UUID) -> RiskAssessment | None:
    """The assessment of a locked order."""
    return await db.scalar(
        sa.select(RiskAssessment)
        .where(RiskAssessment.order_id == order_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


async def list_rules(
    db: Session,
    page: PageRequest,
    *,
    channel_id: UUID | None = None,
    active: bool | None = None,
    sort: str = "CODE",
    descending: bool = False,
) -> Page[RiskRule]:
    """A page of the retailer's own rules, by code unless asked otherwise; of a channel those that hold there."""

    def held_in(channel: UUID) -> sa.ColumnElement[bool]:
        return sa.or_(RiskRule.channel_id == channel, RiskRule.channel_id.is_(None))

    found = narrow(sa.select(RiskRule), (held_in, channel_id), (RiskRule.active.is_, active))
    return await paginate(db, found, choose(RULE_SORTS, sort, descending=descending), RiskRule.id, page)


async def list_entries(
    db: Session, wanted: ListEntryFilter, page: PageRequest, *, sort: str = "CREATED_AT", descending: bool = True
) -> Page[RiskListEntry]:
    """A page of blocked and trusted values, newest first unless asked otherwise."""
    row, text = RiskListEntry, (wanted.search or "").strip().casefold()
    found = narrow(
        sa.select(row),
        (row.kind.in_, None if wanted.kinds is None else [str(kind) for kind in wanted.kinds]),
        (row.blocked.is_, wanted.blocked),
        (lambda part: row.value.icontains(part, autoescape=True), text or None),
    )
    return await paginate(db, found, choose(ENTRY_SORTS, sort, descending=descending), row.id, page)
