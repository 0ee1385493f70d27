"""How people look for work: by what is written on it, where it goes, what is in it, and what is wrong with it."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from kontor.catalog.models import ProductVariant
from kontor.fulfillment.hiding import NEEDS_CUSTOMER
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder, Parcel
from kontor.fulfillment.states import FulfillmentState, RejectReason
from kontor.orders.models import Order

S = FulfillmentState
LONGEST = 100
_LOST_SHOWN = timedelta(days=7)


def _asked(text: str) -> str:
    return text.replace("\0", "").strip()[:LONGEST]


def bears(text: str) -> sa.ColumnElement[bool]:
    """Work that bears this: the beginning of its own or its order's number, or the number of a parcel."""
    asked, row = _asked(text), FulfillmentOrder
    numbered = sa.select(Order.id).where(Order.number.startswith(asked, autoescape=True))
    return sa.or_(row.number.startswith(asked, autoescape=True), row.order_id.in_(numbered), tracked_as(asked))


def tracked_as(number: str) -> sa.ColumnElement[bool]:
    """Work a parcel with this number belongs to."""
    parcels = sa.select(Parcel.fulfillment_order_id).where(Parcel.tracking_number == _asked(number))
    return FulfillmentOrder.id.in_(parcels)


def goes_to(text: str) -> sa.ColumnElement[bool]:
    """Work whose address says this: part of the name or city, the beginning of the postal code, or the country.

    Addresses that are not shown any more are not found either.
    """
    asked = _asked(text)
    conditions: list[sa.ColumnElement[bool]] = []
    for address in (Order.shipping_address, Order.billing_address):
        part: Any = address
        conditions.append(
            sa.and_(
                Order.shipping_address.is_not(None) if address is Order.shipping_address else sa.true(),
                sa.or_(
                    part["city"].as_string().icontains(asked, autoescape=True),
                    part["name"].as_string().icontains(asked, autoescape=True),
                    part["postal_code"].as_string().startswith(asked, autoescape=True),
                    part["country"].as_string() == asked.upper(),
                ),
            )
        )
    delivered, billed = conditions
    found = sa.select(Order.id).where(sa.or_(delivered, sa.and_(Order.shipping_address.is_(None), billed)))
    return sa.and_(
        FulfillmentOrder.order_id.in_(found),
        FulfillmentOrder.state.in_(NEEDS_CUSTOMER),
        FulfillmentOrder.hidden_at.is_(None),
    )


def holds_article(text: str) -> sa.ColumnElement[bool]:
    """Work with an article of this SKU or GTIN, or with this in its name."""
    asked, line = _asked(text), FulfillmentLine
    coded = sa.select(ProductVariant.id).where(ProductVariant.gtin == asked)
    found = sa.select(line.fulfillment_order_id).where(
        sa.or_(line.sku == asked, line.name.icontains(asked, autoescape=True), line.variant_id.in_(coded))
    )
    return FulfillmentOrder.id.in_(found)


def is_problem(at: datetime) -> sa.ColumnElement[bool]:
    """Work somebody has to look at now: asked back, interrupted, not answered in time, or lost for that reason."""
    row, line = FulfillmentOrder, FulfillmentLine
    unanswered = sa.select(line.fulfillment_order_id).where(line.reject_reason == RejectReason.NO_ANSWER)
    open_states = (S.OPEN, S.ACCEPTED, S.PICKED, S.PACKED)
    return sa.or_(
        sa.and_(row.cancel_requested, row.state.in_((*open_states, S.ON_HOLD))),
        row.state == S.ON_HOLD,
        sa.and_(row.state == S.OPEN, row.due_at < at),
        sa.and_(row.state == S.REJECTED, row.updated_at >= at - _LOST_SHOWN, row.id.in_(unanswered)),
    )
