"""What a decision was made on, packed so that it can be made again: the demand, and what there was to serve it from.

Kept are the places that might have served this channel and region, with what of the goods they could have sent by which
day, their release days and what was left of their capacity. Tariffs, costs and lead times are not kept: they are those
of the network it is opened on.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from kontor.routing.candidates import available, offer_at
from kontor.routing.values import Capacity, Demand, DemandLine, Id, Network, Stock, Supply

_FORM = 1


class Situation(NamedTuple):
    """A packed situation, and what simulations select by."""

    packed: bytes
    channel_id: UUID
    country: str


def pack(demand: Demand, supply: Supply) -> bytes:
    """The demand and its supply, before any rules, as bytes; ids are UUIDs.

    Places excluded for this order are left out: whoever decides again finds nothing there.
    """
    supply = supply.before_rules or supply
    places: dict[Id, int] = {}
    stock = [
        [
            [places.setdefault(location, len(places)), *row]
            for location, row in _rows(demand, supply, variant)
        ]
        for variant in _variants(demand)
    ]  # fmt: skip
    return zlib.compress(
        orjson.dumps(
            {
                "form": _FORM,
                "demand": _demand_row(demand),
                "today": supply.today,
                "horizon": supply.horizon_days,
                "places": [_hex(location) for location in places],
                "stock": stock,
                "days": {
                    str(n): supply.release_days[place] for place, n in places.items() if place in supply.release_days
                },
                "capacity": {
                    str(n): list(supply.capacity[place]) for place, n in places.items() if place in supply.capacity
                },
            }
        ),
        level=1,
    )


def _variants(demand: Demand) -> list[Id]:
    return list(dict.fromkeys(line.variant_id for line in demand.lines))


def _rows(demand: Demand, supply: Supply, variant: Id) -> Iterable[tuple[Id, list[Any]]]:
    """What each place that may serve could send of a variant: now, its prices, and more of it by day."""
    last = supply.today + supply.horizon_days - 1
    for location, row in (supply.stock.get(variant) or {}).items():
        if location in demand.excluded or location not in supply.network.sites:
            continue
        if offer_at(demand, supply, location).reason is not None:
            continue
        if not row.inbound and not row.reserved:
            if row.on_hand > row.safety:
                yield location, [row.on_hand - row.safety, row.price_cents, [], *row.later_prices]
            continue
        now_there = before = available(row, demand.channel, supply.today)
        more = []
        for day in sorted({day for day, _ in row.inbound if supply.today < day <= last}):
            units = available(row, demand.channel, day)
            if units > before:
                more.append([day, units - before])
                before = units
        if before:
            yield location, [now_there, row.price_cents, more, *row.later_prices]


def _demand_row(demand: Demand) -> dict[str, Any]:
    pickup = demand.pickup_location_id
    return {
        "lines": [
            [_hex(line.line_id), _hex(line.variant_id), line.quantity, line.weight_g, line.shortage_cents, line.group,
             line.no_split, line.hazmat, line.bulky]
            for line in demand.lines
        ],
        "channel": demand.channel,
        "region": demand.region,
        "promised": demand.promised_day,
        "priority": demand.priority,
        "max_parcels": demand.max_parcels,
        "complete": demand.ship_complete,
        "pickup": None if pickup is None else _hex(pickup),
    }  # fmt: skip


def _hex(key: Id) -> str:
    return key.hex if isinstance(key, UUID) else UUID(key).hex


def unpack(packed: bytes, network: Network) -> tuple[Demand, Supply]:
    """The demand and the supply of a packed situation, on a network of today; raises `ValueError` for other bytes.

    A place that is not in the network any more has nothing.
    """
    try:
        row = orjson.loads(zlib.decompress(packed))
        if row["form"] != _FORM:
            raise ValueError(f"form {row['form']} of a situation is not known")
        return _opened(row, network)
    except (zlib.error, KeyError, TypeError, IndexError) as problem:
        raise ValueError(f"this is no situation: {problem!r}") from problem


def _opened(row: Mapping[str, Any], network: Network) -> tuple[Demand, Supply]:
    given = row["demand"]
    lines = tuple(DemandLine(UUID(line), UUID(variant), *rest) for line, variant, *rest in given["lines"])
    demand = Demand(
        lines, given["channel"], given["region"], given["promised"], given["priority"], given["max_parcels"],
        given["complete"], None if given["pickup"] is None else UUID(given["pickup"]),
    )  # fmt: skip
    places = [UUID(each) for each in row["places"]]
    known = [place in network.sites for place in places]
    stock: dict[Id, Mapping[Id, Stock]] = {
        variant: {
            places[n]: Stock(units, 0, price, tuple((day, count) for day, count in more), None, tuple(later))
            for n, units, price, more, *later in rows
            if known[n]
        }
        for variant, rows in zip(_variants(demand), row["stock"], strict=True)
    }
    capacity: dict[Id, Capacity] = {places[int(n)]: _capacity(each) for n, each in row["capacity"].items()}
    days: dict[Id, tuple[int, ...]] = {places[int(n)]: tuple(each) for n, each in row["days"].items()}
    return demand, Supply(network, stock, row["today"], row["horizon"], capacity, days)


def _capacity(row: Any) -> Capacity:
    units, parcels, unit_price, parcel_price = row
    return Capacity(
        None if units is None else tuple(units), None if parcels is None else tuple(parcels), tuple(unit_price),
        tuple(parcel_price),
    )  # fmt: skip
