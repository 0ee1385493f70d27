"""What an order holds and still needs, as the router takes it: given back to a book of supply, asked for, kept.

Used wherever orders that hold stock are planned again: when they are released, and when all that wait are planned
jointly.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.models import Product, ProductKind, ProductVariant
from kontor.core.db import Session, chunks
from kontor.fulfillment.moving import Key
from kontor.inventory import allocations as stock
from kontor.inventory.allocating import Pick
from kontor.inventory.models import Allocation
from kontor.orders.models import Order, OrderLine
from kontor.routing.masters import region_key
from kontor.routing.service import SupplyBook
from kontor.routing.values import FAR_AHEAD, Demand, DemandLine, FulfillmentPlan, Id, Stock


def is_physical(line: OrderLine) -> bool:
    """Whether the line needs a place to be sent from."""
    return line.kind == ProductKind.PHYSICAL


async def articles_of(db: Session, variant_ids: Iterable[UUID]) -> dict[UUID, tuple[bool, bool]]:
    """Of each article whether it is hazardous and whether it is bulky."""
    found: dict[UUID, tuple[bool, bool]] = {}
    for part in chunks(sorted(set(variant_ids))):
        rows = await db.execute(
            sa.select(ProductVariant.id, Product.hazmat, Product.bulky)
            .join(Product, Product.id == ProductVariant.product_id)
            .where(ProductVariant.id.in_(part))
        )
        found.update({variant_id: (hazmat, bulky) for variant_id, hazmat, bulky in rows})
    return found


def row_of(book: SupplyBook, held: Allocation | Pick) -> Stock:
    """What the book has left where these pieces lie."""
    return book.stock.get(held.variant_id, {}).get(held.location_id, Stock(0))


def give_back(book: SupplyBook, channel_id: UUID, held: Iterable[Allocation | Pick]) -> None:
    """Put what an order of the channel holds back into the book, for the plan that follows."""
    code = book.masters.channels_by_id[channel_id].code
    for each in held:
        places = book.stock.setdefault(each.variant_id, {})
        row = places.get(each.location_id, Stock(0))
        if each.inbound_id is not None:
            coming = book.inbound.get((each.location_id, each.variant_id), [])
            for goods in coming:
                goods.free += each.quantity if goods.id == each.inbound_id else 0
            places[each.location_id] = row._replace(inbound=tuple((one.day, one.free) for one in coming if one.free))
            continue
        reserved = row.reserved
        if each.from_reservation:
            reserved = {**(reserved or {}), code: (reserved or {}).get(code, 0) + each.from_reservation}
        places[each.location_id] = row._replace(on_hand=row.on_hand + each.quantity, reserved=reserved)


def demand_of(
    book: SupplyBook,
    order: Order,
    wanted: Mapping[UUID, int],
    *,
    members: Sequence[OrderLine],
    articles: Mapping[UUID, tuple[bool, bool]],
) -> Demand:
    """What the router has to serve: the pieces wanted of these lines of an order."""
    address = order.shipping_address or order.billing_address
    return Demand(
        lines=tuple(
            DemandLine(
                line.id, line.variant_id, wanted[line.id], line.weight_g, None, line.group_key, line.no_split,
                *articles.get(line.variant_id, (False, False)),
            )
            for line in members
        ),
        channel=book.masters.channels_by_id[order.channel_id].code,
        region=region_key(address["country"], address.get("latitude"), address.get("longitude")),
        promised_day=order.promised_on.toordinal() if order.promised_on else book.today + FAR_AHEAD,
        priority=order.priority,
        max_parcels=order.max_parcels,
        ship_complete=order.ship_complete,
        pickup_location_id=order.pickup_location_id,
    )  # fmt: skip


def plan_held(book: SupplyBook, demand: Demand, held: Iterable[Allocation], channel_id: UUID) -> FulfillmentPlan:
    """The cheapest plan out of these allocations alone; expected goods count from the day they come."""
    own: dict[Id, dict[Id, Stock]] = {line.variant_id: {} for line in demand.lines}
    for each in held:
        row = own[each.variant_id].get(each.location_id)
        if row is None:
            row = Stock(0, price_cents=row_of(book, each).price_cents)
        if each.inbound_id is None:
            row = row._replace(on_hand=row.on_hand + each.quantity)
        else:
            coming = book.inbound.get((each.location_id, each.variant_id), ())
            days = [goods.day for goods in coming if goods.id == each.inbound_id]
            row = row._replace(inbound=tuple(sorted((*row.inbound, *((day, each.quantity) for day in days)))))
        own[each.variant_id][each.location_id] = row
    return book.plan_from(own, demand, channel_id)


def gives_of(held: Sequence[Allocation], picks: list[Pick], unsent: dict[Id, int]) -> list[stock.Slice]:
    """What a move gives up: neither what is picked again as it is (that pick goes), nor what nobody can send now.

    A promise is never given up for nothing.
    """
    gives: list[stock.Slice] = []
    for row in held:
        twin = next(
            (
                pick
                for pick in picks
                if (pick.order_line_id, pick.location_id, pick.quantity, pick.from_reservation, pick.inbound_id)
                == (row.order_line_id, row.location_id, row.quantity, row.from_reservation, row.inbound_id)
            ),
            None,
        )
        if twin is not None:
            picks.remove(twin)
            continue
        stays = min(row.quantity, unsent.get(row.order_line_id, 0))
        if stays:
            unsent[row.order_line_id] -= stays
        if stays < row.quantity:
            gives.append(part_of(row, row.quantity - stays))
    return gives


def part_of(row: Allocation, quantity: int) -> stock.Slice:
    """So many pieces of an allocation; those out of a reservation go last."""
    return stock.Slice(row, quantity, max(0, quantity - (row.quantity - row.from_reservation)))


class Shelves:
    """How a book stood before anything was given back to it."""

    def __init__(self, book: SupplyBook) -> None:
        self._stock = {variant_id: dict(places) for variant_id, places in book.stock.items()}
        self._goods = {goods.id: goods.free for rows in book.inbound.values() for goods in rows}
        self._capacity = dict(book.capacity)

    def restore(self, book: SupplyBook) -> None:
        """Bring the book back to that."""
        book.stock.update({variant_id: dict(places) for variant_id, places in self._stock.items()})
        book.capacity.update(self._capacity)
        for goods in (each for rows in book.inbound.values() for each in rows):
            goods.free = self._goods[goods.id]


def free_of(book: SupplyBook) -> Counter[Key]:
    """What nobody holds: pieces at places, in quotas of channels, of expected goods, and room on days."""
    free: Counter[Key] = Counter()
    for variant_id, places in book.stock.items():
        for location_id, row in places.items():
            free["stock", location_id, variant_id] = row.on_hand - row.safety - sum((row.reserved or {}).values())
            for code, quantity in (row.reserved or {}).items():
                free["quota", location_id, variant_id, code] = quantity
    for goods in (each for rows in book.inbound.values() for each in rows):
        free["goods", goods.id] = goods.free
    for location_id, capacity in book.capacity.items():
        for kind, left in (("units", capacity.units), ("parcels", capacity.parcels)):
            for step, count in enumerate(left or ()):
                free[kind, location_id, book.today + step] = count
    return free


def keys_of(book: SupplyBook, channel_id: UUID, each: stock.Slice | Pick) -> dict[Key, int]:
    """What is short that these pieces take."""
    row = each.allocation if isinstance(each, stock.Slice) else each
    if row.inbound_id is not None:
        return {("goods", row.inbound_id): each.quantity}
    keys: dict[Key, int] = {("stock", row.location_id, row.variant_id): each.quantity - each.from_reservation}
    if each.from_reservation:
        code = book.masters.channels_by_id[channel_id].code
        keys["quota", row.location_id, row.variant_id, code] = each.from_reservation
    return keys


def room_of(book: SupplyBook, location_id: Id, day: int, units: int) -> dict[Key, int]:
    """What a parcel of so many units takes of a place's day, as far as that is limited."""
    capacity = book.capacity.get(location_id)
    if capacity is None:
        return {}
    limits = (("units", capacity.units, units), ("parcels", capacity.parcels, 1))
    return {(kind, location_id, day): count for kind, limit, count in limits if limit is not None}
