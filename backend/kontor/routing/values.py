"""Demand, supply, policy and plan of one routing decision. Cents, units and days are integers throughout.

A day is a whole number the caller chooses (a date's ordinal, say); only differences count.
Rows that are made by the dozen for every order are named tuples, because those are made four times as fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from uuid import UUID

if TYPE_CHECKING:
    from kontor.routing.ruling import RuleBook

Id: TypeAlias = UUID | str

FAR_AHEAD = 3650
"""So many days from today is the promise of an order that has none: nothing is late then."""


class Reason(StrEnum):
    """Why a place was no candidate."""

    NO_STOCK = "NO_STOCK"
    EXCLUDED = "EXCLUDED"
    INACTIVE = "INACTIVE"
    NOT_ACCEPTING = "NOT_ACCEPTING"
    NOT_THE_AGREED_STORE = "NOT_THE_AGREED_STORE"
    NO_PICKUP = "NO_PICKUP"
    NO_SHIPPING = "NO_SHIPPING"
    CHANNEL_NOT_ALLOWED = "CHANNEL_NOT_ALLOWED"
    REGION_NOT_SERVED = "REGION_NOT_SERVED"
    HAZMAT_NOT_ALLOWED = "HAZMAT_NOT_ALLOWED"
    BULKY_NOT_ALLOWED = "BULKY_NOT_ALLOWED"
    NO_CAPACITY = "NO_CAPACITY"
    CLOSED = "CLOSED"
    RULED_OUT = "RULED_OUT"


class Terms(NamedTuple):
    """The criteria of a decision in cents; they sum to its cost."""

    shipping: int = 0
    handling: int = 0
    distance: int = 0
    rejection: int = 0
    bulky: int = 0
    late: int = 0
    capacity_price: int = 0
    stock_price: int = 0
    split: int = 0
    shortage: int = 0
    rule: int = 0
    fall_back: int = 0

    @property
    def steering(self) -> int:
        """The part that steers the choice but that nobody pays."""
        return self.capacity_price + self.stock_price + self.rule + self.fall_back


@dataclass(frozen=True, slots=True)
class DemandLine:
    """Units of one variant. Lines of one `group` leave whole in one parcel or not at all; so does a `no_split` line.

    `shortage_cents` is the price of one unit not sent, before the priority factor; None takes the policy's.
    """

    line_id: Id
    variant_id: Id
    quantity: int
    weight_g: int = 0
    shortage_cents: int | None = None
    group: str | None = None
    no_split: bool = False
    hazmat: bool = False
    bulky: bool = False


@dataclass(frozen=True, slots=True)
class Demand:
    """What one order still needs. With `pickup_location_id` only that store may serve it, and nothing is shipped."""

    lines: tuple[DemandLine, ...]
    channel: str
    region: str
    promised_day: int
    priority: int = 0
    max_parcels: int | None = None
    ship_complete: bool = False
    pickup_location_id: Id | None = None
    excluded: frozenset[Id] = frozenset()


class Lane(NamedTuple):
    """What a parcel from one place to one region costs and how long it travels.

    `weight_steps` are (up to grams, cents) ascending and come on top of `parcel_cents`; a heavier parcel counts as
    several full ones. `cents_per_kg` is charged per unit, rounded half up, `bulky_unit_cents` per bulky unit beside the
    policy's surcharge. A parcel may as well go by one of `others`: carriers that are faster, or cheaper at some weight.
    """

    parcel_cents: int = 0
    cents_per_kg: int = 0
    transit_days: int = 0
    distance_km: int = 0
    weight_steps: tuple[tuple[int, int], ...] = ()
    bulky_unit_cents: int = 0
    carrier: str = ""
    others: tuple[Lane, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """A place that may serve, as far as it changes seldom. A region without an entry in `lanes` is not served.

    None for `channels` allows every channel; a lower `priority` wins ties. What places of one `dispatch_group` send on
    a day leaves in one parcel. `facts` are what conditions of rules may ask of the place; `ruled` is set on a site as
    the rules of an order make it.
    """

    location_id: Id
    lanes: Mapping[str, Lane]
    priority: int = 0
    dispatch_group: str | None = None
    rejection_permille: int = 0
    active: bool = True
    accepting: bool = True
    ships: bool = True
    hands_over: bool = False
    channels: frozenset[str] | None = None
    hazmat: bool = True
    bulky: bool = True
    lead_days: int = 0
    handling_parcel_cents: int = 0
    handling_line_cents: int = 0
    handling_unit_cents: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False)
    ruled: Ruled | None = None


class Stock(NamedTuple):
    """Uncommitted units of a variant at a place. A reservation keeps units for its channel; inbound is (day, units).

    `price_cents` is the shadow price of a unit less its mark-down credit, and may be negative; `later_prices` are those
    of units that leave later, by day from the next on, where they differ: the last one holds on.
    """

    on_hand: int
    safety: int = 0
    price_cents: int = 0
    inbound: tuple[tuple[int, int], ...] = ()
    reserved: Mapping[str, int] | None = None
    later_prices: tuple[int, ...] = ()

    def price_after(self, days: int) -> int:
        """The price of a unit that leaves so many days from today."""
        later = self.later_prices
        return later[min(days, len(later)) - 1] if days > 0 and later else self.price_cents


class Capacity(NamedTuple):
    """What a place can still release, by day from `Supply.today` on; None is unlimited, a day not listed has none left.

    The prices steer units and parcels to quieter days and places; a day not listed costs nothing.
    """

    units: tuple[int, ...] | None = None
    parcels: tuple[int, ...] | None = None
    unit_price: tuple[int, ...] = ()
    parcel_price: tuple[int, ...] = ()


class Offer(NamedTuple):
    """A site as one channel and region see it; `reason` is set when it may not serve them.

    `others` are the same site by its other carriers.
    """

    rank: int
    site: Site
    lane: Lane
    parcel_cents: int
    days: int
    reason: Reason | None
    others: tuple[Offer, ...] = ()


class Ruled(NamedTuple):
    """What rules did to an offer: the offer before, the rules that held, the price of a unit served as a fall-back."""

    offer: Offer
    names: tuple[str, ...]
    fall_back_cents: int


class Door(NamedTuple):
    """What handling a unit costs at a site that may serve, and the first unit of a line.

    `number` is the rank of the site, `kind` a position in `Doors.kinds`.
    """

    number: int
    unit_cents: int
    first_cents: int
    kind: int


class Kind(NamedTuple):
    """What decides beside the site's own handling what its units cost: equal for most sites of a network."""

    cents_per_kg: int
    days: int
    bulky_unit_cents: int
    hazmat: bool
    bulky: bool


class Doors(NamedTuple):
    """Sites as a channel and region see them, for reading stock by the line; filled in as goods are asked for.

    None stands for a site that may not serve. Parts of offers are by number; where there is none, no parcel is
    possible.
    """

    by_location: dict[Id, Door | None]
    kinds: list[Kind]
    numbers: dict[Kind, int]
    offers: list[Offer | None]
    parcel_cents: list[int]


class View:
    """What one channel and region see of the sites, each remembered when it was first asked for."""

    __slots__ = ("doors", "offers")

    def __init__(self) -> None:
        self.offers: dict[Id, Offer] = {}
        self.doors: Doors | None = None


class Network:
    """The sites, ranked for ties, with what each channel and region sees of them remembered.

    Build one when masters change and share it between orders: it holds nothing of an order. `rule` makes an offer what
    the rules of a policy make it; `under` keeps such networks of the same sites by rules and what they ask of orders.
    """

    __slots__ = ("_views", "groups", "ranks", "rule", "sites", "under")

    _MAX_OFFERS = 1_000_000

    def __init__(self, sites: Iterable[Site]) -> None:
        ordered = sorted(sites, key=lambda site: (site.priority, str(site.location_id)))
        self.sites: Mapping[Id, Site] = {site.location_id: site for site in ordered}
        self.ranks: Mapping[Id, int] = {site.location_id: rank for rank, site in enumerate(ordered)}
        self.rule: Callable[[Offer], Offer] | None = None
        self.under: dict[Any, Network] = {}
        together: dict[str, list[Id]] = {}
        for site in ordered:
            if site.dispatch_group is not None:
                together.setdefault(site.dispatch_group, []).append(site.location_id)
        self.groups: list[list[Id]] = [members for members in together.values() if len(members) > 1]
        self._views: dict[tuple[str, str, Id | None], View] = {}

    def ruled_by(self, rule: Callable[[Offer], Offer]) -> Network:
        """The same sites, offered as `rule` makes them."""
        copy = object.__new__(Network)
        copy.sites, copy.ranks, copy.groups = self.sites, self.ranks, self.groups
        copy.rule, copy.under, copy._views = rule, {}, {}
        return copy

    def view(self, channel: str, region: str, pickup: Id | None) -> View:
        """What is remembered of one channel and region; the caller fills in what is missing."""
        key = (channel, region, pickup)
        view = self._views.get(key)
        if view is None:
            if len(self._views) * len(self.sites) >= self._MAX_OFFERS:
                self._views.clear()
            view = self._views[key] = View()
        return view


@dataclass(frozen=True, slots=True)
class Supply:
    """What is there to serve from: the network, stock by variant and place, capacity and release days by place.

    A place without an entry in `release_days` releases on every day of the horizon; without one in `capacity` it is
    unlimited. Release days are ascending and already respect calendar and cut-off. `days_for` gives those of an order
    that is planned jointly with others, where they differ by order. `before_rules` is set on supply as an order's rules
    make it, whose stock prices hold what rules add to a unit; `kept_out` are the rules by place that took goods of it
    away.
    """

    network: Network
    stock: Mapping[Id, Mapping[Id, Stock]]
    today: int
    horizon_days: int = 4
    capacity: Mapping[Id, Capacity] = field(default_factory=dict)
    release_days: Mapping[Id, tuple[int, ...]] = field(default_factory=dict)
    before_rules: Supply | None = None
    kept_out: Mapping[Id, str] = field(default_factory=dict)
    days_for: Callable[[Demand], Mapping[Id, tuple[int, ...]]] | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The weights of a decision, in cents, and its rules. Priorities beyond the listed factors take the last one.

    `rejection_cents` is what work costs that a place refuses: a parcel bears it as often as its place refuses.
    `move_gain_cents`: what an order holds when it is released is moved only where that saves more, as moving costs work
    and trust. An order that waits is moved where that gains more than `move_cents` and more than `move_percent` of what
    it costs. With `shadow_prices` a unit costs what it is worth to orders still to come.
    """

    version: str
    split_cents: int = 0
    late_parcel_day_cents: int = 0
    late_unit_day_cents: int = 0
    shortage_cents: int = 10_000
    bulky_unit_cents: int = 0
    distance_cents_per_100km: int = 0
    rejection_cents: int = 0
    priority_factors: tuple[int, ...] = (1,)
    move_gain_cents: int = 100
    move_cents: int = 50
    move_percent: int = 2
    shadow_prices: bool = False
    rules: RuleBook | None = None

    def factor(self, priority: int) -> int:
        """The weight of an order's delay and shortage."""
        factors = self.priority_factors
        return factors[priority] if 0 <= priority < len(factors) else factors[0 if priority < 0 else -1]


class PlannedParcel(NamedTuple):
    """Units by line id that leave one place on one day together, by which carrier, and what that costs."""

    location_id: Id
    day: int
    arrival_day: int
    lines: tuple[tuple[Id, int], ...]
    terms: Terms
    carrier: str = ""


@dataclass(frozen=True, slots=True)
class FulfillmentPlan:
    """The cheapest way to serve a demand. `gap_cents` is 0 when that is proven, else the most it may be off."""

    parcels: tuple[PlannedParcel, ...]
    unsent: tuple[tuple[Id, int], ...]
    terms: Terms
    cost_cents: int
    gap_cents: int
    policy_version: str

    @property
    def true_cost_cents(self) -> int:
        """The cost without the prices that only steer."""
        return self.cost_cents - self.terms.steering

    @property
    def is_complete(self) -> bool:
        return not self.unsent

    @property
    def arrival_day(self) -> int | None:
        """The day on which the last parcel is there; None when nothing is sent."""
        return max([parcel.arrival_day for parcel in self.parcels], default=None)
