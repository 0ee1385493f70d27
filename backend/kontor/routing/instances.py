"""Routing problems and their answers as JSON (`routing-instance/1`, `routing-decision/1`): for comparing routers.

An instance holds places, lanes, stock and orders in whole cents, days and units; a decision says of each order which
place sends what on which day. In the mode `independent` every order sees all of the stock, in `batch` they share it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kontor.core.errors import InvalidInput
from kontor.routing.values import (
    Capacity,
    Demand,
    DemandLine,
    FulfillmentPlan,
    Id,
    Lane,
    Network,
    Policy,
    Site,
    Stock,
    Supply,
)

INSTANCE, DECISION = "routing-instance/1", "routing-decision/1"
MODES = ("independent", "batch")


class InvalidInstance(InvalidInput):
    """The file is no routing instance; `path` names the field."""

    default_code = "INVALID_INSTANCE"


@dataclass(frozen=True, slots=True)
class Instance:
    """Orders by their ids in the order given, what there is to serve them from, and how costs are weighed."""

    mode: str
    demands: Mapping[str, Demand]
    supply: Supply
    policy: Policy


def read_instance(data: Any) -> Instance:
    """An instance of its JSON; raises `InvalidInstance`."""
    root = Row(data, ())
    if root.text("format") != INSTANCE:
        raise InvalidInstance(f"The format is not {INSTANCE}.", path=("format",))
    mode = root.text("mode")
    if mode not in MODES:
        raise InvalidInstance(f"The mode is none of {', '.join(MODES)}.", path=("mode",))
    today, horizon = root.whole("now"), root.whole("horizon_days", least=1)
    articles = articles_of(root)
    network = network_of(root)
    supply = Supply(network, _stock_of(root, network, articles), today, horizon, _capacity_of(root))
    demands: dict[str, Demand] = {}
    for row in root.rows("orders"):
        if row.text("id") in demands:
            raise row.wrong("id", "There are two orders of this id.")
        demands[row.text("id")] = demand_of(row, articles)
    return Instance(mode, demands, supply, policy_of(root))


def articles_of(root: Row) -> dict[str, DemandLine]:
    """A line of each article, as orders of it begin with."""
    return {
        row.text("id"): DemandLine(
            "",
            row.text("id"),
            1,
            row.whole("weight_g", least=0),
            row.whole("shortage_cents"),
            hazmat=row.flag("hazmat", usual=False),
            bulky=row.flag("bulky", usual=False),
        )
        for row in root.rows("skus")
    }


def policy_of(root: Row) -> Policy:
    """The weights of the instance."""
    given, factors = root.row("policy"), root.row("policy").row("priority_factor")
    priorities = range(max((int(key) for key in factors.value if key.isdecimal()), default=0) + 1)
    return Policy(
        "instance/1",
        split_cents=given.whole("split_cents"),
        late_parcel_day_cents=given.whole("late_parcel_day_cents"),
        late_unit_day_cents=given.whole("late_unit_day_cents"),
        bulky_unit_cents=root.row("tariff").whole("bulky_unit_cents"),
        priority_factors=tuple(factors.whole(str(each), usual=1) for each in priorities),
    )


def network_of(root: Row) -> Network:
    """The places with their lanes."""
    lanes, sites = root.row("lanes"), {}
    for row in root.rows("locations"):
        name = row.text("id")
        if name in sites:
            raise row.wrong("id", "There are two places of this id.")
        channels = row.value.get("channels")
        sites[name] = Site(
            name,
            _lanes_of(lanes.row(name)) if name in lanes.value else {},
            active=row.flag("active", usual=True),
            channels=None if channels is None else frozenset(row.texts("channels")),
            hazmat=row.flag("hazmat", usual=True),
            bulky=row.flag("bulky", usual=True),
            lead_days=row.whole("lead_days", usual=0),
            handling_parcel_cents=row.whole("handling_parcel_cents"),
            handling_unit_cents=row.whole("handling_unit_cents"),
        )
    return Network(sites.values())


def _lanes_of(row: Row) -> dict[str, Lane]:
    found = {}
    for region in row.value:
        km, parcel_cents, cents_per_kg, transit_days = row.wholes(region, count=4)
        found[region] = Lane(parcel_cents, cents_per_kg, transit_days, km)
    return found


def _stock_of(root: Row, network: Network, articles: Mapping[str, DemandLine]) -> dict[Id, dict[Id, Stock]]:
    found: dict[tuple[str, str], Stock] = {}
    for row in root.rows("stock"):
        key = _place_of(row, network, articles)
        old = found.get(key, Stock(0))
        found[key] = Stock(
            old.on_hand + row.whole("on_hand"),
            old.safety + row.whole("safety", usual=0),
            row.whole("price_cents", usual=0),
        )
    for row in root.rows("inbound", needed=False):
        key = _place_of(row, network, articles)
        old = found.get(key, Stock(0))
        found[key] = old._replace(inbound=(*old.inbound, (row.whole("day"), row.whole("qty"))))
    for row in root.rows("reservations", needed=False):
        key = _place_of(row, network, articles)
        old, channel = found.get(key, Stock(0)), row.text("channel")
        kept = dict(old.reserved or {})
        kept[channel] = kept.get(channel, 0) + row.whole("qty")
        found[key] = old._replace(reserved=kept)
    stock: dict[Id, dict[Id, Stock]] = {article: {} for article in articles}
    for (location, article), each in found.items():
        stock[article][location] = each._replace(inbound=tuple(sorted(each.inbound)))
    return stock


def _place_of(row: Row, network: Network, articles: Mapping[str, DemandLine]) -> tuple[str, str]:
    location, article = row.text("location"), row.text("sku")
    if location not in network.sites:
        raise row.wrong("location", "There is no such place.")
    if article not in articles:
        raise row.wrong("sku", "There is no such article.")
    return location, article


def _capacity_of(root: Row) -> dict[Id, Capacity]:
    found: dict[Id, Capacity] = {}
    for row in root.rows("locations"):
        units, parcels, prices = (
            tuple(row.wholes(name)) if row.value.get(name) is not None else None
            for name in ("unit_capacity", "parcel_capacity", "unit_capacity_price")
        )
        if units is not None or parcels is not None or prices:
            found[row.text("id")] = Capacity(units, parcels, prices or ())
    return found


def demand_of(row: Row, articles: Mapping[str, DemandLine]) -> Demand:
    """An order; raises `InvalidInstance` for one without lines or with two of one article."""
    lines: dict[str, DemandLine] = {}
    for each in row.rows("lines"):
        article = each.text("sku")
        if article not in articles:
            raise each.wrong("sku", "There is no such article.")
        if any(line.variant_id == article for line in lines.values()):
            raise each.wrong("sku", "There are two lines of this article.")
        lines[each.text("id")] = replace(
            articles[article],
            line_id=each.text("id"),
            quantity=each.whole("qty", least=1),
            group=None if each.value.get("group") is None else each.text("group"),
            no_split=each.flag("no_split", usual=False),
        )
    if not lines or len(lines) < len(row.value["lines"]):
        raise row.wrong("lines", "An order has lines, each with an id of its own.")
    return Demand(
        tuple(lines.values()),
        row.text("channel"),
        row.text("region"),
        row.whole("promised_day"),
        row.whole("priority", usual=0),
        None if row.value.get("max_parcels") is None else row.whole("max_parcels"),
        row.flag("ship_complete", usual=False),
    )


def decision_json(plans: Mapping[str, FulfillmentPlan]) -> dict[str, Any]:
    """The decision of an instance's orders."""
    return {
        "format": DECISION,
        "orders": [
            {
                "id": name,
                "cost_cents": chosen.cost_cents,
                "gap_cents": chosen.gap_cents,
                "parcels": parcels_json(chosen),
            }
            for name, chosen in plans.items()
        ],
    }


def parcels_json(chosen: FulfillmentPlan) -> list[dict[str, Any]]:
    """The parcels of a plan."""
    return [
        {
            "location": parcel.location_id,
            "day": parcel.day,
            "lines": [{"line": line, "qty": count} for line, count in parcel.lines],
        }
        for parcel in chosen.parcels
    ]


class Row:
    """An object of the file with its path, read field by field."""

    def __init__(self, value: Any, path: Sequence[str | int]) -> None:
        self.path = tuple(path)
        if not isinstance(value, dict):
            raise InvalidInstance("An object is expected.", path=self.path)
        self.value: dict[str, Any] = value

    def wrong(self, name: str, message: str) -> InvalidInstance:
        return InvalidInstance(message, path=(*self.path, name))

    def text(self, name: str) -> str:
        value = self.value.get(name)
        if not isinstance(value, str) or not value:
            raise self.wrong(name, "A text is expected.")
        return value

    def texts(self, name: str) -> list[str]:
        value = self.value.get(name)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.wrong(name, "A list of texts is expected.")
        return value

    def flag(self, name: str, *, usual: bool) -> bool:
        value = self.value.get(name, usual)
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false is expected.")
        return value

    def whole(self, name: str, *, usual: int | None = None, least: int | None = None) -> int:
        value = self.value.get(name, usual)
        if not isinstance(value, int) or isinstance(value, bool) or (least is not None and value < least):
            raise self.wrong(name, "A whole number is expected." if least is None else f"At least {least} is expected.")
        return value

    def wholes(self, name: str, *, count: int | None = None) -> list[int]:
        value = self.value.get(name)
        if (
            not isinstance(value, list)
            or not all(isinstance(each, int) and not isinstance(each, bool) for each in value)
            or (count is not None and len(value) != count)
        ):
            raise self.wrong(name, f"A list of {count or ''} whole numbers is expected.".replace("  ", " "))
        return value

    def row(self, name: str) -> Row:
        return Row(self.value.get(name), (*self.path, name))

    def rows(self, name: str, *, needed: bool = True) -> Iterable[Row]:
        value = self.value.get(name, None if needed else [])
        if not isinstance(value, list):
            raise self.wrong(name, "A list is expected.")
        return [Row(each, (*self.path, name, index)) for index, each in enumerate(value)]
