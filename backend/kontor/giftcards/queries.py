"""Finding gift cards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.pagination import Page, PageRequest, choose, paginate
from kontor.giftcards.models import GiftCard

SORTS: dict[str, Any] = {"ISSUED_AT": GiftCard.issued_at, "UPDATED_AT": GiftCard.updated_at}


@dataclass(frozen=True, slots=True)
class GiftCardFilter:
    """Which cards are wanted; what is None does not narrow. `endings` are last characters of codes."""

    order_ids: Sequence[UUID] | None = None
    endings: Sequence[str] | None = None
    blocked: bool | None = None
    changed_since: datetime | None = None


async def list_gift_cards(
    db: Session, wanted: GiftCardFilter, page: PageRequest, *, sort: str = "ISSUED_AT", descending: bool = True
) -> Page[GiftCard]:
    """Cards, the newest first; who sees a part of the company only sees none."""
    found = sa.select(GiftCard)
    if db.principal.restricted:
        found = found.where(sa.false())
    if wanted.order_ids is not None:
        found = found.where(GiftCard.order_id.in_(wanted.order_ids))
    if wanted.endings is not None:
        found = found.where(GiftCard.ending.in_([text.upper() for text in wanted.endings]))
    if wanted.blocked is not None:
        found = found.where(GiftCard.blocked_at.is_not(None) if wanted.blocked else GiftCard.blocked_at.is_(None))
    if wanted.changed_since is not None:
        found = found.where(GiftCard.updated_at >= wanted.changed_since)
    return await paginate(db, found, choose(SORTS, sort, descending=descending), GiftCard.id, page)
