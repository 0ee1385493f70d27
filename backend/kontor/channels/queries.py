"""Finding sales channels and legal entities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.errors import ChannelNotFound
from kontor.channels.models import ChannelKind, LegalEntity, SalesChannel
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal

SORTS: dict[str, Any] = {
    "CODE": SalesChannel.code,
    "NAME": SalesChannel.name,
    "UPDATED_AT": SalesChannel.updated_at,
}


@dataclass(frozen=True, slots=True)
class SalesChannelFilter:
    """Which channels are wanted; what is None does not narrow. `search` looks into code and name."""

    codes: Sequence[str] | None = None
    kinds: Sequence[ChannelKind] | None = None
    countries: Sequence[str] | None = None
    active: bool | None = None
    search: str | None = None
    changed_since: datetime | None = None


async def time_zone_of(db: Session, channel: SalesChannel) -> str:
    """The time zone of who sells in a channel: a day of law or of documents is one there."""
    found = sa.select(LegalEntity.timezone).where(LegalEntity.id == channel.legal_entity_id)
    zone: str = (await db.scalars(found)).one()
    return zone


async def days_of_sellers(db: Session, now: datetime) -> dict[UUID, date]:
    """What day it is at each legal entity."""
    rows = await db.execute(sa.select(LegalEntity.id, LegalEntity.timezone))
    return {entity_id: local_day(now, zone) for entity_id, zone in rows}


def before_today(entity: Any, day: Any, today: Mapping[UUID, date]) -> sa.ColumnElement[bool]:
    """Whether a column's day has passed at the legal entity that another column names."""
    groups: dict[date, list[UUID]] = {}
    for entity_id, its_day in sorted(today.items()):
        groups.setdefault(its_day, []).append(entity_id)
    return sa.or_(sa.false(), *(sa.and_(day < each, entity.in_(ids)) for each, ids in groups.items()))


def visible_to(principal: Principal) -> sa.ColumnElement[bool]:
    """A shop sees its channels; partners see none."""
    if principal.partner_id is not None:
        return sa.false()
    return sa.true() if principal.channel_ids is None else SalesChannel.id.in_(principal.channel_ids)


async def list_sales_channels(
    db: Session, wanted: SalesChannelFilter, page: PageRequest, *, sort: str = "CODE", descending: bool = False
) -> Page[SalesChannel]:
    """Channels the principal of the session may see."""
    found = sa.select(SalesChannel).where(visible_to(db.principal))
    if wanted.codes is not None:
        found = found.where(SalesChannel.code.in_(wanted.codes))
    if wanted.kinds is not None:
        found = found.where(SalesChannel.kind.in_(wanted.kinds))
    if wanted.countries is not None:
        found = found.where(SalesChannel.country.in_(wanted.countries))
    if wanted.active is not None:
        found = found.where(SalesChannel.active.is_(wanted.active))
    found = narrow(found, (SalesChannel.updated_at.__ge__, wanted.changed_since))
    if wanted.search:
        found = found.where(
            sa.or_(
                SalesChannel.code.icontains(wanted.search, autoescape=True),
                SalesChannel.name.icontains(wanted.search, autoescape=True),
            )
        )
    return await paginate(db, found, choose(SORTS, sort, descending=descending), SalesChannel.id, page)


async def find_sales_channel(db: Session, *, id: UUID | None = None, code: str | None = None) -> SalesChannel | None:
    """One visible channel by id or code."""
    key = SalesChannel.id == id if id is not None else SalesChannel.code == code
    return await db.scalar(sa.select(SalesChannel).where(key, visible_to(db.principal)))


async def get_sales_channel(db: Session, *, id: UUID | None = None, code: str | None = None) -> SalesChannel:
    """One visible channel by id or code; raises `ChannelNotFound`."""
    channel = await find_sales_channel(db, id=id, code=code)
    if channel is None:
        raise ChannelNotFound("There is no such sales channel.", path=("id" if id is not None else "code",))
    return channel


async def channels_by_id(db: Session, ids: Sequence[UUID]) -> dict[UUID, SalesChannel]:
    """Visible channels by id, in one statement."""
    found = await db.scalars(sa.select(SalesChannel).where(SalesChannel.id.in_(ids), visible_to(db.principal)))
    return {channel.id: channel for channel in found}


async def all_sales_channels(db: Session) -> Sequence[SalesChannel]:
    """Every channel, for those who keep them in memory until the masters' version changes."""
    return (await db.scalars(sa.select(SalesChannel).order_by(SalesChannel.code))).all()


async def legal_entities_by_id(db: Session, ids: Sequence[UUID]) -> dict[UUID, LegalEntity]:
    """Legal entities by id, in one statement."""
    found = await db.scalars(sa.select(LegalEntity).where(LegalEntity.id.in_(ids)))
    return {entity.id: entity for entity in found}


async def list_legal_entities(db: Session) -> Sequence[LegalEntity]:
    """All legal entities by code: a company has few; who is scoped sees those of its channels."""
    found = sa.select(LegalEntity).order_by(LegalEntity.code)
    if db.principal.restricted:
        seen = sa.select(SalesChannel.legal_entity_id).where(visible_to(db.principal))
        found = found.where(LegalEntity.id.in_(seen))
    return (await db.scalars(found)).all()
