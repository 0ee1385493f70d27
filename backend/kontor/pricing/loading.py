"""Price lists as the rule takes them, kept in memory per process until one of them is saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from kontor.imports.saving import changes_masters
from kontor.pricing.calculation import Terms
from kontor.pricing.models import PriceList

if TYPE_CHECKING:
    from kontor.core.db import Database, Session

Lists = Mapping[UUID, Sequence[Terms]]
_kept: WeakKeyDictionary[Database, tuple[int, Lists]] = WeakKeyDictionary()


async def load(db: Session, version: int) -> Lists:
    """The lists of each channel, ended and planned ones included; `version` is the present one of the masters.

    A transaction that changes masters itself reads for itself alone: it may still be rolled back.
    """
    known = _kept.get(db.database)
    if known is not None and known[0] == version and not changes_masters(db):
        return known[1]
    lists = by_channel(await db.scalars(sa.select(PriceList)))
    if not changes_masters(db):
        _kept[db.database] = (version, lists)
    return lists


def by_channel(rows: Iterable[PriceList]) -> dict[UUID, list[Terms]]:
    """Stored lists by their channel."""
    lists: dict[UUID, list[Terms]] = {}
    for row in rows:
        lists.setdefault(row.channel_id, []).append(
            Terms(
                row.id, row.code, row.currency, row.country, row.customer_group, row.priority, row.valid_from,
                row.valid_to,
            )
        )  # fmt: skip
    return lists
