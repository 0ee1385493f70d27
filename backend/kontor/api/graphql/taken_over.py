"""Who took work over that a place has lost: the kind of place, never its name, for a partner may ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
import strawberry
from sqlalchemy.orm import aliased

from kontor.api.graphql.context import Context
from kontor.core.db import chunks
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState, RejectReason
from kontor.locations.models import LocationKind, StockLocation

LOST = (FulfillmentState.REJECTED, FulfillmentState.CANCELED)


@strawberry.type(description="What became of pieces that a place lost.")
class TakenOver:
    at: datetime = strawberry.field(description="When the place lost them.")
    unanswered: bool = strawberry.field(description="They were taken away because no answer came in time.")
    kind: LocationKind | None = strawberry.field(description="What kind of place has them now; null for none yet.")


@dataclass(frozen=True, slots=True)
class _Lost:
    at: datetime
    unanswered: bool


async def taken_over(context: Context, ids: list[UUID]) -> Sequence[TakenOver | None]:
    """For each fulfillment order what became of its pieces; None while they are with its place, or canceled."""
    async with context.runtime.database.read_only(context.principal, bare=True) as db:
        lost: dict[UUID, _Lost] = {}
        heirs: dict[UUID, LocationKind] = {}
        line, row = FulfillmentLine, FulfillmentOrder
        for part in chunks(ids):
            unanswered = sa.func.max(sa.case((line.reject_reason == RejectReason.NO_ANSWER.value, 1), else_=0))
            found = await db.execute(
                sa.select(row.id, row.updated_at, unanswered)
                .join(line, line.fulfillment_order_id == row.id)
                .where(row.id.in_(part), row.state.in_(LOST))
                .group_by(row.id, row.updated_at)
            )
            lost.update({row_id: _Lost(at, bool(silent)) for row_id, at, silent in found})
        for part in chunks(list(lost)):
            heir, inherited = aliased(FulfillmentOrder), aliased(FulfillmentLine)
            after = await db.execute(
                sa.select(row.id, StockLocation.kind)
                .join(line, line.fulfillment_order_id == row.id)
                .join(inherited, inherited.order_line_id == line.order_line_id)
                .join(heir, heir.id == inherited.fulfillment_order_id)
                .join(StockLocation, StockLocation.id == heir.location_id)
                .where(row.id.in_(part), heir.created_at >= row.updated_at, heir.location_id != row.location_id)
                .order_by(heir.created_at.desc(), heir.id.desc())
            )
            heirs.update({found.id: found.kind for found in after})
    return [_shown(lost.get(row_id), heirs.get(row_id)) for row_id in ids]


def _shown(lost: _Lost | None, kind: LocationKind | None) -> TakenOver | None:
    if lost is None or (kind is None and not lost.unanswered):
        return None
    return TakenOver(at=lost.at, unanswered=lost.unanswered, kind=kind)
