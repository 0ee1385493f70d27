"""How each figure is counted: one statement a figure, an order a row, with its moment, what counts and out of how much.

- ACCEPTED: of orders that were answered, or taken away unanswered, those accepted; in the week they were given.
- ON_TIME: of accepted orders whose time to ship has passed or that were shipped, those shipped in time; in the week
  they were due. What was refused or canceled since is none of them; without an agreed time nothing is due.
- CANCELED: of accepted orders those the partner gave up afterwards; in the week they were given.
- TRACKING: of shipments those whose every parcel has a carrier and a number that no other shipment bears; in the week
  they were shipped.
- RETURNED: of pieces shipped those that came back since; in the week they were shipped.

Recalled shipments never left. Orders with an upheld objection are left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from kontor.dropship.models import Objection
from kontor.dropship.states import Measure, ObjectionState
from kontor.fulfillment.models import FulfillmentOrder, Parcel, Shipment, ShipmentLine
from kontor.fulfillment.states import FulfillmentState, ParcelState
from kontor.orders.states import DeliveryType

S = FulfillmentState
F = FulfillmentOrder


@dataclass(frozen=True, slots=True)
class Counted:
    """Whose orders, between which moments (from inclusive, until exclusive), and what is the present."""

    partner_id: UUID
    since: datetime
    until: datetime
    now: datetime


def rows_of(measure: Measure, wanted: Counted) -> sa.Subquery:
    """The orders a figure is counted from: id, number, order_id, moment, hit, base; upheld objections left out."""
    found = _ROWS[measure](wanted).subquery("counted")
    excluded = sa.select(Objection.id).where(
        Objection.fulfillment_order_id == found.c.id,
        Objection.measure == measure,
        Objection.state == ObjectionState.UPHELD,
    )
    inside = (found.c.moment >= wanted.since, found.c.moment < wanted.until)
    return sa.select(found).where(*inside, sa.not_(sa.exists(excluded))).subquery("judged")


def _row(moment: Any, hit: Any, base: Any) -> sa.Select[Any]:
    return sa.select(
        F.id, F.number, F.order_id, moment.label("moment"), hit.label("hit"), base.label("base")
    )  # fmt: skip


def _one(condition: Any) -> Any:
    return sa.case((condition, 1), else_=0)


_ALL = sa.literal(1)


def _accepted(wanted: Counted) -> sa.Select[Any]:
    answered = sa.or_(F.accepted_at.is_not(None), F.state == S.REJECTED)
    return _row(F.created_at, _one(F.accepted_at.is_not(None)), _ALL).where(F.partner_id == wanted.partner_id, answered)


def _canceled(wanted: Counted) -> sa.Select[Any]:
    return _row(F.created_at, _one(F.state == S.REJECTED), _ALL).where(
        F.partner_id == wanted.partner_id, F.accepted_at.is_not(None)
    )


_LEFT = sa.and_(Shipment.fulfillment_order_id == F.id, Shipment.recalled_at.is_(None))


def _on_time(wanted: Counted) -> sa.Select[Any]:
    due = sa.or_(Shipment.id.is_not(None), F.ship_due_at < wanted.now)
    rows = _row(F.ship_due_at, _one(Shipment.shipped_at <= F.ship_due_at), _ALL).outerjoin(Shipment, _LEFT)
    return rows.where(
        F.partner_id == wanted.partner_id, F.accepted_at.is_not(None), F.state.not_in((S.REJECTED, S.CANCELED)), due
    )


def _tracking(wanted: Counted) -> sa.Select[Any]:
    twin = aliased(Parcel)
    doubled = sa.exists().where(
        twin.tracking_number == Parcel.tracking_number,
        twin.shipment_id != Parcel.shipment_id,
        twin.state != ParcelState.VOIDED,
    )
    named = sa.and_(Parcel.carrier.is_not(None), Parcel.tracking_number.is_not(None), sa.not_(doubled))
    parcels = (
        sa.select(Parcel.shipment_id, sa.func.count().label("all"), sa.func.sum(_one(named)).label("good"))
        .where(Parcel.state != ParcelState.VOIDED, _own_parcel(wanted))
        .group_by(Parcel.shipment_id)
        .subquery()
    )
    rows = _row(Shipment.shipped_at, _one(parcels.c.good == parcels.c.all), _ALL).join(Shipment, _LEFT)
    return rows.outerjoin(parcels, parcels.c.shipment_id == Shipment.id).where(
        F.partner_id == wanted.partner_id, Shipment.delivery_type == DeliveryType.SHIP
    )


def _own_parcel(wanted: Counted) -> sa.ColumnElement[bool]:
    shipped = sa.select(Shipment.id).join(F, F.id == Shipment.fulfillment_order_id)
    return Parcel.shipment_id.in_(
        shipped.where(
            F.partner_id == wanted.partner_id, Shipment.shipped_at >= wanted.since, Shipment.shipped_at < wanted.until
        )
    )


def _returned(wanted: Counted) -> sa.Select[Any]:
    came_back, sent = sa.func.sum(ShipmentLine.returned), sa.func.sum(ShipmentLine.quantity)
    rows = _row(Shipment.shipped_at, came_back, sent).join(Shipment, _LEFT)
    lines = rows.join(ShipmentLine, ShipmentLine.shipment_id == Shipment.id)
    return lines.where(F.partner_id == wanted.partner_id).group_by(F.id, F.number, F.order_id, Shipment.shipped_at)


_ROWS: Mapping[Measure, Callable[[Counted], sa.Select[Any]]] = {
    Measure.ACCEPTED: _accepted,
    Measure.ON_TIME: _on_time,
    Measure.CANCELED: _canceled,
    Measure.TRACKING: _tracking,
    Measure.RETURNED: _returned,
}
