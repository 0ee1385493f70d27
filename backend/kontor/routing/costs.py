"""Every criterion as a named term in cents. The terms of a decision sum to its cost."""

from collections.abc import Mapping, Sequence

from kontor.routing.values import Demand, DemandLine, Lane, Offer, Policy, Site, Supply, Terms


def weight_step_cents(steps: tuple[tuple[int, int], ...], weight_g: int) -> int:
    """What the weight adds to a parcel; beyond the last step it travels as several full ones and a rest."""
    if not steps:
        return 0
    heaviest, dearest = steps[-1]
    if heaviest <= 0:
        return dearest
    full = max(0, weight_g - 1) // heaviest
    rest = weight_g - full * heaviest
    return full * dearest + next(cents for limit, cents in steps if rest <= limit)


def lightest_cents(lane: Lane) -> int:
    """What the lightest parcel costs to send."""
    return lane.parcel_cents + min((cents for _, cents in lane.weight_steps), default=0)


def late_days(demand: Demand, offer: Offer, day: int) -> int:
    """Whole days after the promise on which a parcel released on `day` arrives."""
    return max(0, day + offer.days - demand.promised_day)


def distance_cents(lane: Lane, policy: Policy) -> int:
    return lane.distance_km * policy.distance_cents_per_100km // 100


def rejection_cents(site: Site, policy: Policy) -> int:
    """What a parcel bears because the place may refuse it."""
    return site.rejection_permille * policy.rejection_cents // 1000


def is_weighed(policy: Policy) -> bool:
    """Whether a parcel bears more than what its place and lane say."""
    return bool(policy.distance_cents_per_100km or policy.rejection_cents)


def weighed_cents(offer: Offer, policy: Policy) -> int:
    """What a parcel bears by the policy, whatever is in it and whenever it leaves."""
    return distance_cents(offer.lane, policy) + rejection_cents(offer.site, policy)


def freight_cents(lane: Lane, weight_g: int) -> int:
    """The weight charge of one unit, rounded half up."""
    return (lane.cents_per_kg * weight_g + 500) // 1000


def shortage_cents(demand: Demand, line: DemandLine, policy: Policy) -> int:
    """What one unit of the line left unsent costs, weighed by the order's priority."""
    cents = policy.shortage_cents if line.shortage_cents is None else line.shortage_cents
    return policy.factor(demand.priority) * cents


def price_on(prices: tuple[int, ...], offset: int) -> int:
    return prices[offset] if 0 <= offset < len(prices) else 0


def parcel_terms(
    demand: Demand, supply: Supply, policy: Policy, *, offer: Offer, day: int, quantities: Mapping[int, int]
) -> Terms:
    """The terms of one parcel that carries `quantities` (units by position of the line in the demand)."""
    site, lane = offer.site, offer.lane
    late = policy.factor(demand.priority) * late_days(demand, offer, day)
    capacity = supply.capacity.get(site.location_id)
    offset = day - supply.today
    shipping, bulky, stock_price, units, weight = lane.parcel_cents, 0, 0, 0, 0
    for index, count in quantities.items():
        line = demand.lines[index]
        units += count
        weight += line.weight_g * count
        shipping += freight_cents(lane, line.weight_g) * count
        bulky += (policy.bulky_unit_cents + lane.bulky_unit_cents) * count if line.bulky else 0
        stock_price += supply.stock[line.variant_id][site.location_id].price_after(offset) * count
    terms = Terms(
        shipping=shipping + weight_step_cents(lane.weight_steps, weight),
        handling=site.handling_parcel_cents
        + site.handling_line_cents * len(quantities)
        + site.handling_unit_cents * units,
        distance=distance_cents(lane, policy),
        rejection=rejection_cents(site, policy),
        bulky=bulky,
        late=late * (policy.late_parcel_day_cents + policy.late_unit_day_cents * units),
        capacity_price=0
        if capacity is None
        else price_on(capacity.parcel_price, offset) + price_on(capacity.unit_price, offset) * units,
        stock_price=stock_price,
    )
    if supply.before_rules is None:
        return terms
    offer = offer if site.ruled is None else site.ruled.offer
    plain = parcel_terms(demand, supply.before_rules, policy, offer=offer, day=day, quantities=quantities)
    fall_back = 0 if site.ruled is None else site.ruled.fall_back_cents * units
    return plain._replace(rule=sum(terms) - sum(plain) - fall_back, fall_back=fall_back)


def total_terms(parcels: Sequence[Terms], *, split_cents: int, shortage: int) -> Terms:
    """The terms of a whole plan: its parcels, the penalty for each further parcel, what stays unsent."""
    summed = parcels[0] if len(parcels) == 1 else Terms(*map(sum, zip(*parcels, strict=True)))
    return summed._replace(split=split_cents * max(0, len(parcels) - 1), shortage=shortage)
