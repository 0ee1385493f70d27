"""What exclusions take away from a plan, and how its explanation says so. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from kontor.routing.values import Demand, Id, Reason, Stock, Supply

_NOTHING = Stock(0)


class Exclusion(NamedTuple):
    """A place that gets no new work: of a variant, of an order, of both together, or (both None) none at all."""

    location_id: Id
    variant_id: Id | None = None
    order_id: Id | None = None
    reason: str = ""


def of_line(exclusions: Iterable[Exclusion], order_id: Id, variant_id: Id) -> frozenset[Id]:
    """The places that were excluded for this very order, or for this article of it."""
    return frozenset(
        each.location_id for each in exclusions if each.order_id == order_id and each.variant_id in (None, variant_id)
    )


def whole_places(exclusions: Iterable[Exclusion]) -> frozenset[Id]:
    """The places that get nothing at all."""
    return frozenset(each.location_id for each in exclusions if each.order_id is None and each.variant_id is None)


def shut_for_all(exclusions: Iterable[Exclusion], variant_id: Id) -> frozenset[Id]:
    """The places from which no new order gets the article."""
    return frozenset(
        each.location_id for each in exclusions if each.order_id is None and each.variant_id in (None, variant_id)
    )


def shuts(exclusions: Iterable[Exclusion], location_id: Id, variant_id: Id, order_id: Id) -> bool:
    """Whether the place gets nothing new of this article for this order."""
    return any(
        each.location_id == location_id and each.order_id in (None, order_id) and each.variant_id in (None, variant_id)
        for each in exclusions
    )


def without(exclusions: Iterable[Exclusion], demand: Demand, supply: Supply) -> tuple[Demand, Supply]:
    """Demand and supply as routing may use them: whole places are out, and excluded articles lie nowhere there."""
    whole = whole_places(exclusions)
    if whole:
        demand = replace(demand, excluded=demand.excluded | whole)
    return demand, hiding(exclusions, supply, {line.variant_id for line in demand.lines})


def hiding(exclusions: Iterable[Exclusion], supply: Supply, wanted: Collection[Id]) -> Supply:
    """The supply without the articles that lie where they were excluded for all orders."""
    hidden: dict[Id, set[Id]] = {}
    for each in exclusions:
        if each.order_id is None and each.variant_id in wanted and each.variant_id is not None:
            hidden.setdefault(each.variant_id, set()).add(each.location_id)
    if not hidden:
        return supply
    stock: Mapping[Id, Mapping[Id, Stock]] = {
        **supply.stock,
        **{
            variant_id: {
                place: _NOTHING if place in places else row for place, row in supply.stock.get(variant_id, {}).items()
            }
            for variant_id, places in hidden.items()
        },
    }
    return replace(supply, stock=stock)


def note(record: dict[str, Any], exclusions: Iterable[Exclusion], demand: Demand) -> None:
    """Say in the record which places were out, and why; a place without another article of the order is EXCLUDED."""
    wanted = {line.variant_id for line in demand.lines}
    why = {
        str(each.location_id): each.reason
        for each in exclusions
        if each.location_id in demand.excluded or (each.order_id is None and each.variant_id in wanted)
    }
    for row in record["eliminated"]:
        if row["location"] in why and row["reason"] in (Reason.NO_STOCK.value, Reason.EXCLUDED.value):
            row["reason"], row["note"] = Reason.EXCLUDED.value, why[row["location"]]
