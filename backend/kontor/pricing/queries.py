"""Finding prices and price lists: now, at any past or planned moment, for a buyer and a quantity."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.core.sets import any_of
from kontor.pricing.calculation import Buyer, LowestPrice, Terms, lowest_price, price_for, ranking, shown_prices
from kontor.pricing.errors import PriceListNotFound
from kontor.pricing.loading import by_channel
from kontor.pricing.models import Price, PriceList

SORTS: dict[str, Any] = {"VALID_FROM": Price.valid_from, "CREATED_AT": Price.created_at, "AMOUNT": Price.amount}
LIST_SORTS: dict[str, Any] = {
    "CODE": PriceList.code,
    "VALID_FROM": PriceList.valid_from,
    "UPDATED_AT": PriceList.updated_at,
}


@dataclass(frozen=True, slots=True)
class PriceFilter:
    """Which prices are wanted; what is None does not narrow. `at` keeps those valid at a moment.

    `price_list_ids` keeps those of these lists, `own` those in a list (False) or the channels' own (True), `planned`
    those that do not count yet (True) or do already or did (False).
    """

    channel_ids: Sequence[UUID] | None = None
    variant_ids: Sequence[UUID] | None = None
    price_list_ids: Sequence[UUID] | None = None
    own: bool | None = None
    at: datetime | None = None
    planned: bool | None = None


@dataclass(frozen=True, slots=True)
class PriceListFilter:
    """Which lists are wanted; what is None does not narrow. `at` keeps those valid at a moment."""

    codes: Sequence[str] | None = None
    channel_ids: Sequence[UUID] | None = None
    currencies: Sequence[str] | None = None
    countries: Sequence[str] | None = None
    customer_groups: Sequence[str] | None = None
    at: datetime | None = None
    planned: bool | None = None
    changed_since: datetime | None = None


class Point(NamedTuple):
    """A price as the rule takes it."""

    channel_id: UUID
    variant_id: UUID
    price_list_id: UUID | None
    min_quantity: int
    amount: int
    valid_from: datetime
    valid_to: datetime | None


Points = dict[tuple[UUID, UUID], list[Point]]
"""Prices by channel and variant."""
_POINT = sa.select(
    Price.channel_id, Price.variant_id, Price.price_list_id, Price.min_quantity, Price.amount, Price.valid_from,
    Price.valid_to,
)  # fmt: skip


def visible_to(principal: Principal) -> sa.ColumnElement[bool]:
    """A shop sees the prices of its channels; partners see none."""
    return _seen(principal, Price.channel_id)


def lists_visible_to(principal: Principal) -> sa.ColumnElement[bool]:
    """A shop sees the lists of its channels; partners see none."""
    return _seen(principal, PriceList.channel_id)


def _seen(principal: Principal, channel: Any) -> sa.ColumnElement[bool]:
    if principal.partner_id is not None:
        return sa.false()
    return sa.true() if principal.channel_ids is None else channel.in_(principal.channel_ids)


async def read_points(
    db: Session,
    channels: Iterable[UUID],
    variants: Iterable[UUID],
    lists: Collection[UUID],
    *,
    first: datetime,
    last: datetime,
) -> Points:
    """What these channels charge for these articles at any moment from `first` to `last`: one statement.

    Their own prices and those of the named lists.
    """
    own = Price.price_list_id.is_(None)
    rows = await db.execute(
        _POINT.where(
            Price.channel_id.in_(sorted(set(channels))),
            Price.variant_id.in_(sorted(set(variants))),
            sa.or_(own, Price.price_list_id.in_(sorted(lists))) if lists else own,
            Price.valid_from <= last,
            sa.or_(Price.valid_to.is_(None), Price.valid_to > first),
        )
    )
    found: Points = {}
    for row in rows:
        point = Point(*row)
        found.setdefault((point.channel_id, point.variant_id), []).append(point)
    return found


async def lists_of(db: Session, channel_id: UUID) -> Sequence[Terms]:
    """The lists of a channel that the principal of the session may see."""
    found = sa.select(PriceList).where(PriceList.channel_id == channel_id, lists_visible_to(db.principal))
    return by_channel(await db.scalars(found)).get(channel_id, [])


async def price_at(
    db: Session, channel_id: UUID, variant_id: UUID, at: datetime, *, buyer: Buyer, own: str, quantity: int = 1
) -> Price | None:
    """The unit price of one variant for a buyer and a quantity at a moment; `own` is the channel's currency.

    Reads what is visible to the principal.
    """
    ranked = ranking(await lists_of(db, channel_id), buyer, at, own=own)
    found = await db.scalars(
        sa.select(Price).where(
            Price.channel_id == channel_id, Price.variant_id == variant_id, visible_to(db.principal), *_valid_at(at)
        )
    )
    return price_for(found, ranked, quantity, at)


async def lowest_prices(
    db: Session, channel_id: UUID, variant_ids: Sequence[UUID], at: datetime, *, buyer: Buyer, own: str
) -> dict[UUID, LowestPrice]:
    """What the price of one piece that a buyer is shown at a moment has to be compared with; two statements.

    Articles without a price then are left out. Reads what is visible to the principal.
    """
    lists = await lists_of(db, channel_id)
    found = await db.execute(
        _POINT.where(
            Price.channel_id == channel_id, Price.variant_id.in_(variant_ids), Price.min_quantity == 1,
            Price.valid_from <= at, visible_to(db.principal),
        )
    )  # fmt: skip
    rows: dict[UUID, list[Point]] = {}
    for row in found:
        point = Point(*row)
        rows.setdefault(point.variant_id, []).append(point)
    compared = {
        variant_id: lowest_price(shown_prices(points, lists, buyer, own=own), at) for variant_id, points in rows.items()
    }
    return {variant_id: each for variant_id, each in compared.items() if each is not None}


async def list_prices(
    db: Session,
    wanted: PriceFilter,
    page: PageRequest,
    *,
    sort: str = "VALID_FROM",
    descending: bool = True,
) -> Page[Price]:
    """Prices the principal of the session may see, closed and planned ones included unless `at` is given."""
    found = sa.select(Price).where(visible_to(db.principal))
    for column, values in (
        (Price.channel_id, wanted.channel_ids),
        (Price.variant_id, wanted.variant_ids),
        (Price.price_list_id, wanted.price_list_ids),
    ):
        if values is not None:
            found = found.where(column.in_(values))
    if wanted.own is not None:
        found = found.where(Price.price_list_id.is_(None) if wanted.own else Price.price_list_id.is_not(None))
    if wanted.at is not None:
        found = found.where(*_valid_at(wanted.at))
    if wanted.planned is not None:
        found = found.where(Price.valid_from > db.now if wanted.planned else Price.valid_from <= db.now)
    return await paginate(db, found, choose(SORTS, sort, descending=descending), Price.id, page)


async def get_price_list(db: Session, list_id: UUID) -> PriceList:
    """A list; raises `PriceListNotFound` also when the principal of the session may not see it."""
    row = await db.scalar(sa.select(PriceList).where(PriceList.id == list_id, lists_visible_to(db.principal)))
    if row is None:
        raise PriceListNotFound("There is no such price list.", path=("id",))
    return row


async def list_price_lists(
    db: Session,
    wanted: PriceListFilter,
    page: PageRequest,
    *,
    sort: str = "CODE",
    descending: bool = False,
) -> Page[PriceList]:
    """Lists the principal of the session may see, ended and planned ones included unless `at` is given."""
    found = sa.select(PriceList).where(lists_visible_to(db.principal))
    found = narrow(found, (PriceList.updated_at.__ge__, wanted.changed_since))
    if wanted.channel_ids is not None:
        found = found.where(PriceList.channel_id.in_(wanted.channel_ids))
    for column, values in (
        (PriceList.code, wanted.codes),
        (PriceList.currency, wanted.currencies),
        (PriceList.country, wanted.countries),
        (PriceList.customer_group, wanted.customer_groups),
    ):
        if values is not None:
            found = found.where(any_of(column, values))
    if wanted.at is not None:
        found = found.where(
            PriceList.valid_from <= wanted.at,
            sa.or_(PriceList.valid_to.is_(None), PriceList.valid_to > wanted.at),
        )
    if wanted.planned is not None:
        found = found.where(PriceList.valid_from > db.now if wanted.planned else PriceList.valid_from <= db.now)
    return await paginate(db, found, choose(LIST_SORTS, sort, descending=descending), PriceList.id, page)


def _valid_at(at: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (Price.valid_from <= at, sa.or_(Price.valid_to.is_(None), Price.valid_to > at))
