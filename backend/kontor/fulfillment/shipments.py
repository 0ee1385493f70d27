"""Shipments with their frozen amounts: what leaves, by parcel, over the counter or as a code.

The shipping charge goes with the first shipment of the order, of its goods if it has any; what kept goods no longer
earn of discounts goes with the last one, as more may be canceled before. Recalled shipments give their pieces and
charges back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from kontor.catalog.models import ProductKind
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.fulfillment import queries
from kontor.fulfillment.amounts import of_charge, of_pieces
from kontor.fulfillment.models import FulfillmentOrder, Shipment, ShipmentLine
from kontor.orders import queries as orders
from kontor.orders.models import Order, OrderCharge, OrderLine
from kontor.orders.states import DeliveryType
from kontor.orders.totals import LOST_DISCOUNT
from kontor.routing import masters as routing_masters
from kontor.routing.masters import Masters
from kontor.tax.determination import PlaceOfSupply, TaxTreatment


@dataclass(slots=True)
class Leaving:
    """Pieces of one order that leave together: by order line. `shipment` and `lines_sent` are filled by booking."""

    order: Order
    lines: Sequence[OrderLine]
    pieces: dict[UUID, int]
    delivery_type: DeliveryType
    shipped_at: datetime
    row: FulfillmentOrder | None = None
    delivered_at: datetime | None = None
    shipment: Shipment | None = None
    sent_lines: list[ShipmentLine] = field(default_factory=list)

    @property
    def sent(self) -> Shipment:
        """The shipment, once it is booked."""
        assert self.shipment is not None
        return self.shipment


async def book_shipments(db: Session, leaving: Sequence[Leaving]) -> None:
    """Write a shipment for each, amounts frozen at the tax rate of its date of supply; counters are the caller's."""
    if not leaving:
        return
    ids = {each.order.id for each in leaving}
    numbers = await queries.count_rows(db, Shipment, ids)
    charges = await orders.charges_of(db, ids)
    masters = await routing_masters.load(db)
    done: dict[UUID, int] = {}
    for each in leaving:
        numbers[each.order.id] = numbers.get(each.order.id, 0) + 1
        number = f"{each.order.number}-S{numbers[each.order.id]}"
        row = each.row
        each.shipment = Shipment(
            id=new_id(), number=number, order_id=each.order.id, fulfillment_order_id=row.id if row else None,
            location_id=row.location_id if row else None, delivery_type=each.delivery_type,
            shipped_at=each.shipped_at, delivered_at=each.delivered_at, amount=0,
        )  # fmt: skip
        day = _day_of_supply(each, masters)
        each.sent_lines = [
            _line(each, line, each.pieces[line.id], done, _rate(masters, each.order, line, day))
            for line in each.lines
            if each.pieces.get(line.id)
        ]
        each.shipment.amount = sum(line.gross for line in each.sent_lines)
        if _takes_charges(each):
            each.shipment.amount += _charge(charges[each.order.id], each, masters, day, last=_is_last(each, done))
    db.add_all(each.sent for each in leaving)
    await db.flush()  # the shipments before their lines
    db.add_all(line for each in leaving for line in each.sent_lines)
    await db.flush()


def _line(each: Leaving, line: OrderLine, count: int, done: dict[UUID, int], rate: Decimal) -> ShipmentLine:
    before = done.get(line.id, line.shipped + line.canceled)
    amounts = of_pieces(line, before, count, gross=each.order.gross, rate=rate)
    done[line.id] = before + count
    return ShipmentLine(
        id=new_id(), shipment_id=each.sent.id, order_line_id=line.id, quantity=count, first_unit=before,
        net=amounts.net, tax=amounts.tax, gross=amounts.gross, tax_rate=amounts.rate, returned=0, refunded_units=0,
        refunded_gross=0,
    )  # fmt: skip


def _day_of_supply(each: Leaving, masters: Masters) -> date:
    """The day on which the goods leave, on the wall of their place (VAT Directive art. 63), else of who sells."""
    place = masters.locations.get(each.row.location_id) if each.row else None
    if place is None:
        return masters.day_of(masters.channels_by_id[each.order.channel_id], each.shipped_at)
    return local_day(each.shipped_at, place.timezone)


def _rate(masters: Masters, order: Order, line: OrderLine | OrderCharge, day: date) -> Decimal:
    """The rate of the date of supply. What was taxed otherwise at order time (reverse charge, say) stays so."""
    try:
        ordered_on = masters.day_of(masters.channels_by_id[order.channel_id], order.placed_at)
        place = order.place_of_supply or PlaceOfSupply(order.country, TaxTreatment.DOMESTIC)
        usual = masters.tax_rate(place, line.tax_class, ordered_on)
        return masters.tax_rate(place, line.tax_class, day) if usual == line.tax_rate else line.tax_rate
    except InvalidInput:  # the master is gone: what was agreed with the customer counts
        return line.tax_rate


def _takes_charges(each: Leaving) -> bool:
    if each.row is not None:
        return True
    return all(line.kind != ProductKind.PHYSICAL or line.canceled == line.ordered for line in each.lines)


def _is_last(each: Leaving, done: Mapping[UUID, int]) -> bool:
    """Whether no goods of the order are left behind; `done` are the pieces of lines that are used up with this."""
    used = {line.id: done.get(line.id, line.shipped + line.canceled) for line in each.lines}
    return all(used[line.id] >= line.ordered for line in each.lines if line.kind == ProductKind.PHYSICAL)


def _charge(charges: Sequence[OrderCharge], each: Leaving, masters: Masters, day: date, *, last: bool) -> int:
    """Bind the order's charges that nobody has charged yet to this shipment; their sum, gross."""
    total = 0
    for charge in charges:
        if charge.shipment_id is None and not charge.canceled and (last or charge.kind != LOST_DISCOUNT):
            amounts = of_charge(charge, _rate(masters, each.order, charge, day), gross=each.order.gross)
            charge.net, charge.tax, charge.gross = amounts.net, amounts.tax, amounts.gross
            charge.tax_rate, charge.shipment_id = amounts.rate, each.sent.id
            total += amounts.gross
    return total


async def give_back_charges(db: Session, order_id: UUID, shipment_id: UUID) -> None:
    """A shipment was recalled: the next one carries its charges."""
    for charge in (await orders.charges_of(db, [order_id]))[order_id]:
        if charge.shipment_id == shipment_id:
            charge.shipment_id = None
