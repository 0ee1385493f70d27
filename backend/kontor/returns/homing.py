"""The best place for goods that come back: reads what the choice depends on, offers choices, keeps the decision."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.models import Product, ProductVariant
from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.sets import any_pair_of
from kontor.fulfillment.models import Shipment, ShipmentLine
from kontor.inventory.models import MovementKind, StockMovement
from kontor.locations.distance import Coordinates, distance_km
from kontor.locations.models import LocationKind, StockLocation
from kontor.orders.errors import LineNotFound
from kontor.orders.models import Order, OrderLine
from kontor.returns.models import Return, ReturnPlaceDecision
from kontor.returns.places import (
    Hurdle,
    ReturnChoice,
    ReturnPiece,
    ReturnPlace,
    ReturnWay,
    choices,
    hurdle,
    resale_cents,
    shown,
)
from kontor.routing import masters as routing_masters
from kontor.routing.masters import Masters, region_key
from kontor.routing.service import load_supply

KM_CENTS = 20  # what a kilometer to a counter is worth to the customer
RESALE_PERMILLE = 200  # the part of a price that is lost where a piece does not sell again
SOLD_DAYS = 90
MOST_STORES = 50
_STORES = frozenset({LocationKind.STORE, LocationKind.FRANCHISE})
_SENT_ONLY = frozenset({LocationKind.DROPSHIPPER, LocationKind.MARKETPLACE})
_MOST_PARCELS, _MOST_REFUSED = 5, 50


@dataclass(frozen=True, slots=True)
class ReturnPlaces:
    """The choices for all pieces together, the cheapest first; the cheapest of each line alone, None for nowhere.

    `refused` are the places that are no choice, with their hurdle.
    """

    choices: tuple[ReturnChoice, ...]
    lines: tuple[tuple[UUID, ReturnChoice | None], ...]
    refused: tuple[tuple[UUID, Hurdle], ...]

    @property
    def by_parcel(self) -> ReturnChoice | None:
        """Where a parcel goes when nobody says anything else."""
        return next((each for each in self.choices if each.way is ReturnWay.PARCEL), None)

    @property
    def usual(self) -> ReturnChoice | None:
        """The place of a return that names none: nobody is sent on a way unless no parcel is possible."""
        return self.by_parcel or (self.choices[0] if self.choices else None)

    def record(self) -> dict[str, Any]:
        """What is stored of the decision."""
        usual = self.usual
        return {
            "chosen": None if usual is None else shown(usual),
            "choices": [shown(each) for each in self.choices],
            "lines": [{"line": str(line), "best": None if best is None else shown(best)} for line, best in self.lines],
            "refused": [{"location": str(place), "reason": why.value} for place, why in self.refused[:_MOST_REFUSED]],
            "omitted": max(0, len(self.refused) - _MOST_REFUSED),
        }


async def return_places(
    db: Session,
    order: Order,
    lines: Sequence[OrderLine],
    wanted: Mapping[UUID, int],
    *,
    stores: int = 5,
    sent_from: Mapping[UUID, frozenset[UUID]] | None = None,
) -> ReturnPlaces:
    """Where pieces of the order's lines (by line id) come back best, with the `stores` nearest counters.

    `sent_from` says from where just these pieces left; without it they are of all shipments of their line. In a number
    of statements that does not depend on lines and places. Raises `LineNotFound` and `InvalidInput`.
    """
    if not 0 <= stores <= MOST_STORES:
        raise InvalidInput(f"0 to {MOST_STORES} stores.", code="INVALID_PAGE_SIZE", path=("stores",), max=MOST_STORES)
    by_id = {line.id: line for line in lines}
    if not wanted or not wanted.keys() <= by_id.keys():
        raise LineNotFound("The order has no such line.", path=("lines",))
    for line_id, count in wanted.items():
        if not 1 <= count <= by_id[line_id].ordered:
            raise InvalidInput("Not so many were ordered.", code="INVALID_QUANTITY", path=("lines",))
    masters = await routing_masters.load(db)
    channel = masters.channels_by_id[order.channel_id]
    sent = sent_from if sent_from is not None else await _sent_from(db, order.id)
    pieces = await _pieces(db, [by_id[line_id] for line_id in wanted], wanted, sent)
    places = _nearest(_places(masters, order), stores, pieces, channel.code)
    reachable = [place.location_id for place in places if place.accepts and place.active]
    prices = _prices([by_id[line_id] for line_id in wanted], order.currency == masters.currency)
    values = await _values(db, masters, prices, reachable)
    km_cents = _whole(channel.settings, "return_km_cents", KM_CENTS)
    together, refused = choices(pieces, places, values, channel=channel.code, km_cents=km_cents)
    alone = [(piece.line_id, choices([piece], places, values, channel=channel.code, km_cents=km_cents)[0])
             for piece in pieces]  # fmt: skip
    parcels = [each for each in together if each.way is ReturnWay.PARCEL][:_MOST_PARCELS]
    kept = [each for each in together if each.way is ReturnWay.COUNTER or each in parcels]
    return ReturnPlaces(
        tuple(kept), tuple((line_id, found[0] if found else None) for line_id, found in alone), tuple(refused)
    )


async def _pieces(
    db: Session, lines: Sequence[OrderLine], wanted: Mapping[UUID, int], sent: Mapping[UUID, frozenset[UUID]]
) -> list[ReturnPiece]:
    rows = await db.execute(
        sa.select(ProductVariant.id, Product.hazmat, Product.bulky)
        .join(Product, Product.id == ProductVariant.product_id)
        .where(ProductVariant.id.in_({line.variant_id for line in lines}))
    )
    nature = {variant_id: (hazmat, bulky) for variant_id, hazmat, bulky in rows}
    return [
        ReturnPiece(
            line.id, line.variant_id, wanted[line.id], line.weight_g, *nature.get(line.variant_id, (False, False)),
            sent.get(line.id, frozenset()),
        )
        for line in lines
    ]  # fmt: skip


async def _sent_from(db: Session, order_id: UUID) -> dict[UUID, frozenset[UUID]]:
    sent: dict[UUID, frozenset[UUID]] = {}
    for line_id, location_id in await db.execute(
        sa.select(ShipmentLine.order_line_id, Shipment.location_id)
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(Shipment.order_id == order_id, Shipment.recalled_at.is_(None))
    ):
        sent[line_id] = sent.get(line_id, frozenset()) | ({location_id} if location_id else set())
    return sent


def _places(masters: Masters, order: Order) -> list[ReturnPlace]:
    """Every place as the customer of the order sees it."""
    address = order.shipping_address or order.billing_address
    latitude, longitude = address.get("latitude"), address.get("longitude")
    region = region_key(address.get("country", order.country), latitude, longitude)
    here = None if latitude is None or longitude is None else Coordinates(latitude, longitude)
    return [_place(masters, place, region, here) for place in masters.locations.values()]


def _place(masters: Masters, place: StockLocation, region: str, here: Coordinates | None) -> ReturnPlace:
    store = place.kind in _STORES
    lane = km = None
    if place.accepts_returns and place.active:
        if takes_parcels(place):
            lane = masters.network.sites[place.id].lanes.get(region)
        counter = place.settings.get("return_counter", store)
        if counter and here is not None and place.latitude is not None and place.longitude is not None:
            km = distance_km(here, Coordinates(place.latitude, place.longitude))
    return ReturnPlace(
        place.id,
        rank=masters.network.ranks[place.id],
        active=place.active and masters.network.sites[place.id].accepting,
        accepts=place.accepts_returns,
        channels=None if place.channel_codes is None else frozenset(place.channel_codes),
        hazmat=place.hazmat,
        bulky=place.bulky,
        own_goods=place.kind in _SENT_ONLY,
        lane=lane,
        distance_km=km,
        parcel_cents=place.handling_parcel_cents,
        line_cents=place.handling_line_cents,
        unit_cents=_whole(place.settings, "return_handling_cents", place.handling_unit_cents),
    )


def _nearest(
    places: Sequence[ReturnPlace], stores: int, pieces: Sequence[ReturnPiece], channel: str
) -> list[ReturnPlace]:
    """All places but the counters that are farther than the nearest ones that take all of it.

    The nearest ones of all stay as well, to take a line alone or to say why they do not.
    """
    counters = sorted(
        (place for place in places if place.lane is None and place.distance_km is not None and place.active),
        key=lambda place: (place.distance_km or 0, place.rank),
    )
    able = [place for place in counters if hurdle(place, pieces, channel) is None]
    far = {place.location_id for place in counters} - {
        place.location_id for place in (*counters[:stores], *able[:stores])
    }
    return [place for place in places if place.location_id not in far]


def _prices(lines: Sequence[OrderLine], comparable: bool) -> dict[UUID, int]:
    """The net price of a piece by variant; 0 where the order's currency is not that of the places' costs.

    There are no rates between currencies: a price in another one says nothing of what a way may cost.
    """
    return {line.variant_id: line.net_total // line.ordered if comparable else 0 for line in lines}


async def _values(
    db: Session, masters: Masters, prices: Mapping[UUID, int], places: Sequence[UUID]
) -> dict[tuple[UUID, UUID], int]:
    """What one more piece of each variant is worth at each place, in cents of the company's currency.

    Its shadow price where there is one, else what the place sold of it lately; on top what the place itself names.
    """
    book = await load_supply(db, masters, prices)
    pairs = [(location_id, variant_id) for location_id in places for variant_id in prices]
    sold: dict[tuple[UUID, UUID], int] = {}
    key = (StockMovement.location_id, StockMovement.variant_id)
    since = db.now - timedelta(days=SOLD_DAYS)
    for location_id, variant_id, pieces in await db.execute(
        sa.select(*key, sa.func.sum(-StockMovement.on_hand))
        .where(any_pair_of(db, key, pairs), StockMovement.kind == MovementKind.SHIP, StockMovement.at >= since)
        .group_by(*key)
    ):
        sold[location_id, variant_id] = max(0, int(pieces))
    values = {}
    for location_id, variant_id in pairs:
        settings = masters.locations[location_id].settings
        row = book.stock.get(variant_id, {}).get(location_id)
        worth = row.price_cents if row is not None else 0
        if not worth:
            permille = _whole(settings, "return_resale_permille", RESALE_PERMILLE)
            there = max(0, row.on_hand) if row is not None else 0
            gone = sold.get((location_id, variant_id), 0)
            worth = resale_cents(prices[variant_id], permille, sold=gone, on_hand=there)
        values[location_id, variant_id] = worth + _whole(settings, "return_resale_cents", 0)
    return values


def _whole(settings: Mapping[str, Any], name: str, default: int) -> int:
    """A setting that is a whole number; anything else counts as not set."""
    value = settings.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def channel_places(channel: SalesChannel) -> bool:
    """Whether returns of the channel that name no place get the cheapest one (`return_best_place`, on by default)."""
    return bool(channel.settings.get("return_best_place", True))


def takes_parcels(place: StockLocation) -> bool:
    """Whether goods come back to a place by parcel: its `return_parcels` says so, without it all but stores do."""
    return bool(place.settings.get("return_parcels", place.kind not in _STORES))


async def comes_by_parcel(db: Session, found: Return, place: StockLocation) -> bool:
    """Whether the goods of a return travel to its place in a parcel; what is brought to a counter does not."""
    decision = await db.get(ReturnPlaceDecision, found.id)
    chosen = decision.record["chosen"] if decision is not None else None
    if chosen is not None and chosen["location"] == str(place.id):
        return bool(chosen["way"] == ReturnWay.PARCEL)
    return takes_parcels(place)


async def without_place(db: Session, return_ids: Collection[UUID]) -> set[UUID]:
    """Of returns those that no place takes: nobody can tell the customer where to send the goods.

    Not those whose channel leaves the place open, nor those of which nothing is a thing.
    """
    rows = await db.execute(
        sa.select(Return.id, ReturnPlaceDecision.record)
        .join(ReturnPlaceDecision, ReturnPlaceDecision.return_id == Return.id)
        .where(Return.id.in_(return_ids), Return.location_id.is_(None))
    )
    return {row.id for row in rows if row.record["chosen"] is None}
