"""`kontor bench geography`: what the rules of others cost on real maps, against the exact router, order by order.

Two worlds. Sellers: recorded orders of a marketplace, its sellers as places, freight fitted by distance and weight to
what was paid, stock of the popular products spread over several sellers. Stores: the stores of a grocery chain with
their opening hours as places that ship, customers at the postal codes of their country. Without the recorded data (its
folder by `KONTOR_TESTDATA`) a generated map of the same shape is used and the figures say so.

Every way of routing plays the same orders in the same sequence, each from the stock that it has left itself. Its plans
are then priced by one and the same cost model, so that rules which do not look at costs are measured by them too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kontor.bench.geography_worlds import HORIZON_DAYS, World, sellers, stores
from kontor.bench.report import Figure, Section
from kontor.core.expressions import evaluate
from kontor.routing.candidates import offer_of
from kontor.routing.costs import parcel_terms, shortage_cents, total_terms
from kontor.routing.planner import plan
from kontor.routing.policies import policy_of, row_of, weights_of
from kontor.routing.presets import PRESETS, Preset
from kontor.routing.values import Demand, FulfillmentPlan, Id, Policy, Stock, Supply, Terms

Router = Callable[[Demand, Supply], FulfillmentPlan]

ORDERS = 300


@dataclass(slots=True)
class Played:
    """What one way of routing cost over a world: cents by term, parcels, units not sent, CPU seconds."""

    orders: int = 0
    terms: Terms = field(default_factory=Terms)
    parcels: int = 0
    unsent: int = 0
    late: int = 0
    seconds: float = 0.0

    @property
    def cost_cents(self) -> int:
        """What the orders cost, without prices that only steer."""
        return sum(self.terms) - self.terms.steering


def measure(*, orders: int = ORDERS) -> Section:
    """Play both worlds by the exact router and by every preset: cost per order and its ratio to the exact router's."""
    named = os.environ.get("KONTOR_TESTDATA")
    folder = Path(named) if named else None
    figures: list[Figure] = []
    for world in (sellers(folder, orders), stores(folder, orders)):
        figures += _figures(world)
    return Section("geography", figures)


def _figures(world: World) -> Iterator[Figure]:
    exact = None
    for name, router in routers(world):
        played = play(world, router)
        exact = exact or played
        yield Figure(
            f"{world.name}: {name}",
            f"{played.cost_cents / max(1, played.orders) / 100:.2f} an order",
            played.cost_cents / max(1, exact.cost_cents),
            note=f"{played.parcels} parcels for {played.orders} orders, {played.unsent} units not sent, "
            f"{played.late} parcels late, {1000 * played.seconds / max(1, played.orders):.1f} ms CPU an order",
        )


def routers(world: World) -> Sequence[tuple[str, Router]]:
    """The ways to route, the exact one first."""
    found: list[tuple[str, Router]] = [("exact", _by(world.policy))]
    for preset, template in PRESETS.items():
        if preset is not Preset.COST:
            weights, rules = template()
            rows = [row_of(rule) for rule in rules]
            found.append((preset.value, _by(policy_of(preset.value, weights_of(weights), rows, evaluate))))
    return found


def _by(policy: Policy) -> Router:
    return lambda demand, supply: plan(demand, supply, policy)


def play(world: World, router: Router) -> Played:
    """Serve the orders in turn, each from what the ones before left."""
    stock: dict[Id, dict[Id, Stock]] = {variant: dict(rows) for variant, rows in world.stock.items()}
    played = Played()
    for arrival in world.arrivals:
        days = world.release_days(arrival.at, HORIZON_DAYS)
        supply = Supply(world.network, stock, arrival.at.date().toordinal(), HORIZON_DAYS, {}, days)
        began = time.process_time()
        chosen = router(arrival.demand, supply)
        played.seconds += time.process_time() - began
        _count(played, arrival.demand, chosen, _priced(arrival.demand, chosen, supply, world.policy))
        _take(stock, arrival.demand, chosen)
    return played


def _priced(demand: Demand, chosen: FulfillmentPlan, supply: Supply, policy: Policy) -> Terms:
    """The plan by the cost model of the world, however it was found."""
    position = {line.line_id: n for n, line in enumerate(demand.lines)}
    parcels = [
        parcel_terms(
            demand,
            supply,
            policy,
            offer=offer_of(supply.network, demand, parcel.location_id),
            day=parcel.day,
            quantities={position[line_id]: count for line_id, count in parcel.lines},
        )
        for parcel in chosen.parcels
    ]
    owed = sum(shortage_cents(demand, demand.lines[position[line_id]], policy) * n for line_id, n in chosen.unsent)
    return total_terms(parcels or [Terms()], split_cents=policy.split_cents, shortage=owed)


def _count(played: Played, demand: Demand, chosen: FulfillmentPlan, terms: Terms) -> None:
    played.orders += 1
    played.terms = Terms(*map(sum, zip(played.terms, terms, strict=True)))
    played.parcels += len(chosen.parcels)
    played.unsent += sum(count for _, count in chosen.unsent)
    played.late += sum(1 for parcel in chosen.parcels if parcel.arrival_day > demand.promised_day)


def _take(stock: dict[Id, dict[Id, Stock]], demand: Demand, chosen: FulfillmentPlan) -> None:
    variants = {line.line_id: line.variant_id for line in demand.lines}
    for parcel in chosen.parcels:
        for line_id, count in parcel.lines:
            rows = stock[variants[line_id]]
            row = rows[parcel.location_id]
            rows[parcel.location_id] = row._replace(on_hand=row.on_hand - count)
