"""Where, how and when an order goes instead: what may still be changed, how it is taxed then, what becomes of fees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from kontor.catalog.models import ProductKind
from kontor.catalog.vouchers import VOUCHER_CLASS
from kontor.changes.errors import NotChangeable
from kontor.changes.pricing import supply_of
from kontor.changes.reducing import add_charge
from kontor.changes.values import ChargePreview, DeliveryWish, Wish
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, NotFound, Path
from kontor.core.money import spread
from kontor.fulfillment.amounts import of_pieces
from kontor.fulfillment.canceling import WAITING
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState
from kontor.fulfillment.work import Work
from kontor.orders.bounds import MAX_AMOUNT, check_address
from kontor.orders.models import Order, OrderCharge, OrderLine
from kontor.orders.promoting import SHIPPING
from kontor.orders.resolving import UNTAXED
from kontor.orders.states import DeliveryType
from kontor.orders.totals import with_tax
from kontor.routing import masters as routing_masters
from kontor.routing.masters import Masters
from kontor.tax.determination import PlaceOfSupply
from kontor.tax.vat_ids import VatIdBasis, counts

FEE_NAMES = {"de": "Versand", "en": "Shipping"}
LATEST_DAYS = 365


@dataclass(slots=True)
class NewDelivery:
    """The order as it is to be: a row of its own that is in no session, and what changes with it.

    `retaxed` are new (rate, net, tax, gross, gross of canceled pieces) by line, where the place of supply is another.
    `fees` are (tax class, rate, net, tax, gross) to add, `waived` charges that fall away.
    """

    order: Order
    what: list[str] = field(default_factory=list)
    retaxed: dict[UUID, tuple[Decimal, int, int, int, int]] = field(default_factory=dict)
    retaxed_charges: dict[UUID, tuple[Decimal, int, int, int]] = field(default_factory=dict)
    waived: list[OrderCharge] = field(default_factory=list)
    fees: list[tuple[str, Decimal, int, int, int]] = field(default_factory=list)

    @property
    def moves(self) -> bool:
        """Whether places are chosen anew."""
        return bool(self.what)


def copy_of(order: Order) -> Order:
    """A row like the order's that is in no session."""
    return Order(**{column.key: getattr(order, column.key) for column in Order.__mapper__.column_attrs})


async def plan_delivery(
    db: Session, order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge], work: Work, wish: Wish
) -> NewDelivery:
    """What another address, way or day does. Changes nothing.

    Raises `NotChangeable` when the order has no open goods, when work at a place has begun or when what has left was
    taxed by the old place; `InvalidInput` or `NotFound` for an address, day or pick-up place that is wrong.
    """
    new = NewDelivery(copy_of(order))
    if wish.address is None and wish.delivery is None and wish.requested_on is None:
        return new
    if not any(line.open_quantity for line in lines if line.kind == ProductKind.PHYSICAL):
        raise NotChangeable("Nothing of the order is left to be sent.", code="NOTHING_LEFT", path=("address",))
    masters = await routing_masters.load(db)
    if wish.requested_on is not None and wish.requested_on != order.promised_on:
        _check_day(wish.requested_on, masters.day_of(masters.channels_by_id[order.channel_id], db.now))
        new.order.promised_on = wish.requested_on
        new.what.append("DATE")
    _go_elsewhere(new, order, wish, masters)
    if new.what:
        _check_not_begun(work, ("requestedOn",) if new.what == ["DATE"] else ("address",))
    if {"ADDRESS", "DELIVERY_TYPE", "PLACE"} & set(new.what):
        _tax_anew(new, order, lines, charges, masters)
    if wish.delivery is not None:
        _fees(new, order, lines, charges, wish.delivery, masters)
    return new


def _check_day(day: date, today: date) -> None:
    if not 0 <= (day - today).days <= LATEST_DAYS:
        raise InvalidInput("A day of the coming year.", code="INVALID_DATE", path=("requestedOn",))


def _go_elsewhere(new: NewDelivery, order: Order, wish: Wish, masters: Masters) -> None:
    if order.delivery_type is DeliveryType.DIGITAL:
        raise NotChangeable("The order has no goods to be sent.", code="NO_DELIVERY_ADDRESS", path=("delivery",))
    way = wish.delivery
    to = order.delivery_type if way is None else way.type
    if to is DeliveryType.DIGITAL:
        raise InvalidInput("Goods are sent or collected.", code="INVALID_DELIVERY_TYPE", path=("delivery", "type"))
    if to is not order.delivery_type:
        new.order.delivery_type = to
        new.what.append("DELIVERY_TYPE")
    if to is DeliveryType.PICKUP:
        _to_place(new, order, way, masters)
        return
    new.order.pickup_location_id = None
    if wish.address is not None:
        check_address(wish.address, "address")
        if wish.address.as_json() != order.shipping_address:
            new.order.shipping_address = wish.address.as_json()
            new.what.append("ADDRESS")
    elif order.shipping_address is None:
        new.order.shipping_address = dict(order.billing_address)
    new.order.country = (new.order.shipping_address or new.order.billing_address)["country"]


def _to_place(new: NewDelivery, order: Order, way: DeliveryWish | None, masters: Masters) -> None:
    if way is None or way.pickup_location is None:
        if order.pickup_location_id is None:
            raise InvalidInput("Name the place.", code="PICKUP_MISSING", path=("delivery", "pickupLocation"))
        return
    place = masters.locations_by_code.get(way.pickup_location)
    if place is None or not place.can_pickup or not place.active:
        raise NotFound("There is no such pick-up place.", code="PICKUP_NOT_FOUND", path=("delivery", "pickupLocation"))
    if place.id != order.pickup_location_id:
        new.order.pickup_location_id = place.id
        new.order.country = place.country
        new.what.append("PLACE")


def _check_not_begun(work: Work, path: Path) -> None:
    begun = [row for row in work.rows.values() if phase(row) not in WAITING]
    if begun:
        raise NotChangeable(
            "A place has begun with the goods.", code="WORK_HAS_BEGUN", path=path,
            numbers=[row.number for row in begun],
        )  # fmt: skip


def phase(row: FulfillmentOrder) -> FulfillmentState:
    """Where work stands, interrupted or not."""
    return (row.held_from or FulfillmentState.OPEN) if row.state is FulfillmentState.ON_HOLD else row.state


def _tax_anew(
    new: NewDelivery, order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge], masters: Masters
) -> None:
    """Decide the place of supply as when the order was placed; nothing changes where it is the same one."""
    channel = masters.channels_by_id[order.channel_id]
    day = masters.day_of(channel, order.placed_at)
    place = masters.locations.get(new.order.pickup_location_id) if new.order.pickup_location_id else None
    to: dict[str, Any] = new.order.shipping_address or new.order.billing_address
    if place is not None:
        arrival = masters.territory(place.country, place.postal_code, place.region, day)
    else:
        arrival = masters.territory(to["country"], to.get("postal_code"), to.get("region"), day)
    supply = masters.place_of_supply(channel, arrival, pickup=place is not None, vat_id=_believed(order), on=day)
    if supply == supply_of(order):
        return
    if any(line.shipped for line in lines):
        raise NotChangeable(
            "What has left was taxed by the old place.", code="TAXED_ELSEWHERE", path=("address", "country"),
            country=supply.country,
        )  # fmt: skip
    new.order.taxation = {**(order.taxation or {}), **supply.as_json()}
    for line in lines:
        rate = _rate(masters, supply, line.tax_class, day)
        net, tax, gross = with_tax(line.gross_total if order.gross else line.net_total, rate, gross=order.gross)
        frozen = OrderLine(ordered=line.ordered, net_total=net, tax_total=tax, gross_total=gross, tax_rate=rate)
        gone = of_pieces(frozen, 0, line.canceled, gross=order.gross).gross if line.canceled else 0
        new.retaxed[line.id] = (rate, net, tax, gross, gone)
    for charge in charges:
        rate = _rate(masters, supply, charge.tax_class, day)
        amounts = with_tax(charge.gross if order.gross else charge.net, rate, gross=order.gross)
        new.retaxed_charges[charge.id] = (rate, *amounts)


def _believed(order: Order) -> str | None:
    basis = (order.taxation or {}).get("vat_id_basis")
    return order.vat_id if basis is not None and counts(VatIdBasis(basis)) else None


def _rate(masters: Masters, supply: PlaceOfSupply, tax_class: str, day: date) -> Decimal:
    if not supply.taxed or tax_class == VOUCHER_CLASS:
        return UNTAXED
    return masters.tax_rate(supply, tax_class, day)


def _fees(
    new: NewDelivery, order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge], way: DeliveryWish,
    masters: Masters,
) -> None:  # fmt: skip
    """Who collects the goods pays no carriage that was not charged yet; who has them sent pays what was agreed.

    That is taxed as the goods that are still to be sent are.
    """
    if not 0 <= way.fee <= MAX_AMOUNT:
        raise InvalidInput("A fee is not negative.", code="INVALID_AMOUNT", path=("delivery", "fee"))
    if "DELIVERY_TYPE" not in new.what:
        if way.fee:
            raise InvalidInput("Carriage was agreed already.", code="FEE_NOT_CHANGED", path=("delivery", "fee"))
        return
    if new.order.delivery_type is DeliveryType.PICKUP:
        new.waived = [
            row for row in charges if row.kind.upper() == SHIPPING and row.shipment_id is None and not row.canceled
        ]
        return
    weights: dict[tuple[str, Decimal], int] = {}
    for line in lines:
        rate = new.retaxed.get(line.id, (line.tax_rate,))[0]
        key = (line.tax_class, rate)
        if line.tax_class != VOUCHER_CLASS and line.open_quantity:
            worth = of_pieces(line, line.shipped + line.canceled, line.open_quantity, gross=order.gross)
            weights[key] = weights.get(key, 0) + max(1, worth.gross if order.gross else worth.net)
    for (tax_class, rate), part in zip(weights, spread(way.fee, list(weights.values())), strict=True):
        if part:
            new.fees.append((tax_class, rate, *with_tax(part, rate, gross=order.gross)))


def fee_previews(new: NewDelivery) -> list[ChargePreview]:
    """The fees that fall away and are added, as a preview shows them."""
    gone = [ChargePreview(row.kind, row.name, -row.gross) for row in new.waived]
    name = FEE_NAMES.get(new.order.language, FEE_NAMES["en"])
    return gone + ([ChargePreview(SHIPPING, name, sum(fee[4] for fee in new.fees))] if new.fees else [])


def cost_of(new: NewDelivery, lines: Sequence[OrderLine], charges: Sequence[OrderCharge]) -> tuple[int, int, int]:
    """What the order costs less, what more, and by how much its tax changes; minor units, canceled pieces left out."""
    less = sum(row.gross for row in new.waived)
    more = sum(fee[4] for fee in new.fees)
    tax = sum(fee[3] for fee in new.fees) - sum(row.tax for row in new.waived)
    for line in lines:
        if line.id in new.retaxed:
            _, _, new_tax, gross, gone = new.retaxed[line.id]
            change = (gross - gone) - (line.gross_total - line.canceled_gross)
            less, more, tax = less + max(0, -change), more + max(0, change), tax + new_tax - line.tax_total
    waived = {row.id for row in new.waived}
    for charge in charges:
        if charge.id in new.retaxed_charges and not charge.canceled and charge.id not in waived:
            _, _, new_tax, gross = new.retaxed_charges[charge.id]
            change = gross - charge.gross
            less, more, tax = less + max(0, -change), more + max(0, change), tax + new_tax - charge.tax
    return less, more, tax


def book_delivery(
    db: Session, order: Order, lines: Sequence[OrderLine], charges: Sequence[OrderCharge], new: NewDelivery
) -> None:
    """Write what was planned to the rows of a locked order; places are chosen by the caller."""
    for name in ("delivery_type", "pickup_location_id", "shipping_address", "country", "promised_on", "taxation"):
        setattr(order, name, getattr(new.order, name))
    for line in lines:
        if line.id in new.retaxed:
            line.tax_rate, line.net_total, line.tax_total, line.gross_total, line.canceled_gross = new.retaxed[line.id]
    waived = {row.id for row in new.waived}
    for charge in charges:
        if charge.id in new.retaxed_charges and charge.id not in waived and not charge.canceled:
            charge.tax_rate, charge.net, charge.tax, charge.gross = new.retaxed_charges[charge.id]
        charge.canceled = charge.canceled or charge.id in waived
    if new.retaxed:
        order.goods_total = sum(line.gross_total for line in lines)
        order.charges_total = sum(charge.gross for charge in charges)
        order.tax_total = sum(line.tax_total for line in lines) + sum(charge.tax for charge in charges)
        order.total = order.goods_total + order.charges_total
    name = FEE_NAMES.get(order.language, FEE_NAMES["en"])
    for tax_class, rate, net, tax, gross in new.fees:
        add_charge(db, order, SHIPPING, name, tax_class=tax_class, rate=rate, amounts=(net, tax, gross))
