"""Finding partners. A partner sees itself only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.partners.errors import PartnerNotFound
from kontor.partners.models import Partner, PartnerKind
from kontor.partners.states import PartnerState

SORTS: dict[str, Any] = {"CODE": Partner.code, "NAME": Partner.name, "UPDATED_AT": Partner.updated_at}


@dataclass(frozen=True, slots=True)
class PartnerFilter:
    """Which partners are wanted; what is None does not narrow. `search` looks into code, name and email."""

    codes: Sequence[str] | None = None
    kinds: Sequence[PartnerKind] | None = None
    states: Sequence[PartnerState] | None = None
    countries: Sequence[str] | None = None
    search: str | None = None
    changed_since: datetime | None = None


def visible_to(principal: Principal) -> sa.ColumnElement[bool]:
    """A partner sees itself; who is scoped to stores, channels or a customer sees none."""
    if principal.partner_id is not None:
        return Partner.id == principal.partner_id
    return sa.false() if principal.restricted else sa.true()


async def list_partners(
    db: Session, wanted: PartnerFilter, page: PageRequest, *, sort: str = "CODE", descending: bool = False
) -> Page[Partner]:
    """Partners the principal of the session may see."""
    found = sa.select(Partner).where(visible_to(db.principal))
    if wanted.codes is not None:
        found = found.where(Partner.code.in_(wanted.codes))
    if wanted.kinds is not None:
        found = found.where(Partner.kind.in_(wanted.kinds))
    if wanted.states is not None:
        found = found.where(Partner.state.in_(wanted.states))
    if wanted.countries is not None:
        found = found.where(Partner.country.in_(wanted.countries))
    found = narrow(found, (Partner.updated_at.__ge__, wanted.changed_since))
    if wanted.search:
        columns = (Partner.code, Partner.name, Partner.email)
        found = found.where(sa.or_(*(column.icontains(wanted.search, autoescape=True) for column in columns)))
    return await paginate(db, found, choose(SORTS, sort, descending=descending), Partner.id, page)


async def find_partner(db: Session, *, id: UUID | None = None, code: str | None = None) -> Partner | None:
    """One visible partner by id or code."""
    return await db.scalar(_one(db, id, code))


async def lock_partner(db: Session, *, id: UUID | None = None, code: str | None = None) -> Partner:
    """One visible partner by id or code, locked; raises `PartnerNotFound`."""
    partner = await db.scalar(_one(db, id, code).with_for_update().execution_options(populate_existing=True))
    if partner is None:
        raise PartnerNotFound("There is no such partner.", path=("id" if id is not None else "code",))
    return partner


async def partners_by_id(db: Session, ids: Sequence[UUID]) -> dict[UUID, Partner]:
    """Visible partners by id, in one statement."""
    found = await db.scalars(sa.select(Partner).where(Partner.id.in_(ids), visible_to(db.principal)))
    return {partner.id: partner for partner in found}


async def partners_without_new_work(db: Session) -> frozenset[UUID]:
    """Those that nothing new is routed to: every partner that is not active."""
    return frozenset(await db.scalars(sa.select(Partner.id).where(Partner.state != PartnerState.ACTIVE)))


def _one(db: Session, id: UUID | None, code: str | None) -> sa.Select[Partner]:
    key = Partner.id == id if id is not None else Partner.code == code
    return sa.select(Partner).where(key, visible_to(db.principal))
