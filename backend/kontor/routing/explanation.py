"""What is stored and shown of a decision: candidates with their cost or the reason against them, plan, runner-up.

The record is plain JSON. Terms that are zero are left out. Text is made from the record alone, so that an old decision
reads the same after rules have changed.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from kontor.routing.candidates import Item, Place, Pool, items_of
from kontor.routing.costs import parcel_terms, shortage_cents, total_terms
from kontor.routing.planner import plan
from kontor.routing.ruling import failed_rules, ruled
from kontor.routing.surveying import find_candidates
from kontor.routing.values import Demand, FulfillmentPlan, Id, PlannedParcel, Policy, Reason, Supply, Terms

Record = dict[str, Any]

_WORDS = {
    "en": {
        "shipping": "shipping",
        "handling": "handling",
        "distance": "distance",
        "rejection": "the place's refusals",
        "bulky": "bulky goods",
        "late": "lateness",
        "capacity_price": "scarce capacity",
        "stock_price": "value of the stock for later",
        "split": "further parcels",
        "shortage": "not sent",
        "rule": "rules",
        "fall_back": "use of a fall-back",
        "NO_STOCK": "has none of the goods in time",
        "EXCLUDED": "was excluded",
        "INACTIVE": "is not active",
        "NOT_ACCEPTING": "takes no new work",
        "NOT_THE_AGREED_STORE": "is not the agreed store",
        "NO_PICKUP": "hands nothing over to customers",
        "NO_SHIPPING": "does not ship",
        "CHANNEL_NOT_ALLOWED": "does not serve this channel",
        "REGION_NOT_SERVED": "does not serve this region",
        "HAZMAT_NOT_ALLOWED": "may not send hazardous goods",
        "BULKY_NOT_ALLOWED": "cannot send bulky goods",
        "NO_CAPACITY": "has no capacity left",
        "CLOSED": "is closed on every day in question",
        "RULED_OUT": "is kept out by the rule “{rule}”",
        "rules": " Rules: {rules}.",
        "failed": "Rules without a result, which did nothing: {rules}.",
        "chosen": "{place} on {day}: {units} units for {cost}",
        "carrier": ", by {carrier}",
        "units_1": "{place} on {day}: 1 unit for {cost}",
        "nothing": "Nothing is sent.",
        "unsent": "Not sent: {units}, which costs {cost}.",
        "total": "Total {cost} ({terms}), policy {policy}.",
        "runner_up": "Second best: {places}, dearer by {difference} ({terms}).",
        "no_runner_up": "There was no other way.",
        "alone": "{place} alone: {cost}, {difference} more",
        "partly": "{place} alone: {cost} and {units} units missing",
        "eliminated": "{place} {reason}.",
        "gap": "At most {cost} above the optimum.",
        "shared": "Alone it could be served for {cost} less; other orders need those goods more.",
        "moved": "Moved from {places} in a joint plan of {orders} orders, which saves {gain}.",
        "KEPT": "The order is locked where it is.",
        "REFUSED": "The order is locked where it is, but its place refused these pieces.",
        "FOUND": "The order is locked where it is; these pieces had no place yet.",
        "found": "Found in a joint plan of {orders} orders.",
        "made_room": "Moved from {places} in a joint plan of {orders} orders: costs {gain} more, saves others more.",
    },
    "de": {
        "shipping": "Versand",
        "handling": "Bearbeitung",
        "distance": "Entfernung",
        "rejection": "Ablehnungen der Stelle",
        "bulky": "Sperrgut",
        "late": "Verspätung",
        "capacity_price": "knappe Kapazität",
        "stock_price": "späterer Wert des Bestands",
        "split": "weitere Pakete",
        "shortage": "nicht versandt",
        "rule": "Regeln",
        "fall_back": "Ausweichen",
        "NO_STOCK": "hat nichts davon rechtzeitig",
        "EXCLUDED": "war ausgeschlossen",
        "INACTIVE": "ist nicht aktiv",
        "NOT_ACCEPTING": "nimmt nichts Neues an",
        "NOT_THE_AGREED_STORE": "ist nicht die vereinbarte Filiale",
        "NO_PICKUP": "gibt nichts an Kunden aus",
        "NO_SHIPPING": "versendet nicht",
        "CHANNEL_NOT_ALLOWED": "bedient diesen Kanal nicht",
        "REGION_NOT_SERVED": "beliefert diese Region nicht",
        "HAZMAT_NOT_ALLOWED": "darf kein Gefahrgut versenden",
        "BULKY_NOT_ALLOWED": "kann kein Sperrgut versenden",
        "NO_CAPACITY": "hat keine Kapazität mehr",
        "CLOSED": "ist an allen fraglichen Tagen geschlossen",
        "RULED_OUT": "ist durch die Regel „{rule}“ ausgeschlossen",
        "rules": " Regeln: {rules}.",
        "failed": "Regeln ohne Ergebnis, die nichts bewirkten: {rules}.",
        "chosen": "{place} am {day}: {units} Stück für {cost}",
        "carrier": ", mit {carrier}",
        "units_1": "{place} am {day}: 1 Stück für {cost}",
        "nothing": "Es wird nichts versandt.",
        "unsent": "Nicht versandt: {units}, das kostet {cost}.",
        "total": "Summe {cost} ({terms}), Regelwerk {policy}.",
        "runner_up": "Zweitbeste Lösung: {places}, {difference} teurer ({terms}).",
        "no_runner_up": "Es gab keine andere Möglichkeit.",
        "alone": "{place} allein: {cost}, {difference} mehr",
        "partly": "{place} allein: {cost}, und {units} Stück fehlen",
        "eliminated": "{place} {reason}.",
        "gap": "Höchstens {cost} über dem Optimum.",
        "shared": "Allein ginge es um {cost} billiger; andere Bestellungen brauchen diese Ware dringender.",
        "moved": "Verlegt von {places} in einem gemeinsamen Plan von {orders} Bestellungen; das spart {gain}.",
        "KEPT": "Die Bestellung ist an ihrem Ort festgehalten.",
        "REFUSED": "Die Bestellung ist an ihrem Ort festgehalten, doch er hat diese Stücke abgelehnt.",
        "FOUND": "Die Bestellung ist an ihrem Ort festgehalten; diese Stücke hatten noch keinen.",
        "found": "Gefunden in einem gemeinsamen Plan von {orders} Bestellungen.",
        "made_room": "Verlegt von {places} in einem gemeinsamen Plan von {orders} Bestellungen: "
        "kostet {gain} mehr, spart bei anderen mehr.",
    },
}
LANGUAGES = tuple(_WORDS)


def runner_up(demand: Demand, supply: Supply, policy: Policy, chosen: FulfillmentPlan) -> FulfillmentPlan | None:
    """The cheapest plan that does without at least one of the chosen places; None if nothing was chosen."""
    others = [
        plan(replace(demand, excluded=demand.excluded | {location}), supply, policy)
        for location in dict.fromkeys(parcel.location_id for parcel in chosen.parcels)
    ]
    return min(others, key=lambda other: other.cost_cents, default=None)


def explain(
    demand: Demand, supply: Supply, policy: Policy, chosen: FulfillmentPlan, *, most_candidates: int = 50
) -> Record:
    """The record of a decision: JSON values only, ids as text, money in cents.

    `candidates` show what each place would cost if it alone sent all it has at its earliest, cheapest first and at most
    `most_candidates`; `omitted` counts the rest.
    """
    supply = ruled(demand, supply, policy)
    items, pools = items_of(demand, policy)
    found = find_candidates(demand, supply, policy, items, pools)
    alone = _candidates(demand, supply, policy, places=found.places, items=items, pools=pools)
    second = runner_up(demand, supply, policy, chosen)
    record = {
        "policy": chosen.policy_version,
        "cost": chosen.cost_cents,
        "true_cost": chosen.true_cost_cents,
        "gap": chosen.gap_cents,
        "terms": _nonzero(chosen.terms),
        "parcels": [_parcel(parcel, _rules_at(demand, supply, parcel.location_id)) for parcel in chosen.parcels],
        "unsent": _counts(chosen.unsent),
        "candidates": alone[:most_candidates],
        "omitted": max(0, len(alone) - most_candidates),
        "eliminated": [_eliminated(demand, supply, location, reason) for location, reason in found.eliminated],
        "runner_up": None if second is None else _second(chosen, second),
    }
    if failed := failed_rules(supply):
        record["failed_rules"] = failed
    return record


def _rules_at(demand: Demand, supply: Supply, location: Id) -> list[str]:
    """The rules that hold for a place that was looked at."""
    offer = supply.network.view(demand.channel, demand.region, demand.pickup_location_id).offers.get(location)
    return [] if offer is None or offer.site.ruled is None else list(offer.site.ruled.names)


def _eliminated(demand: Demand, supply: Supply, location: Id, reason: Reason) -> Record:
    """Why a place was no candidate, with the rule's name where it was one; goods a rule took away count as such."""
    rule = next(iter(_rules_at(demand, supply, location)), None) if reason is Reason.RULED_OUT else None
    if reason is Reason.NO_STOCK and location in supply.kept_out:
        reason, rule = Reason.RULED_OUT, supply.kept_out[location]
    row = {"location": str(location), "reason": reason.value}
    return row if rule is None else {**row, "rule": rule}


def _parcel(parcel: PlannedParcel, rules: list[str] | None = None) -> Record:
    row: Record = {
        "location": str(parcel.location_id),
        "day": parcel.day,
        "arrival": parcel.arrival_day,
        "lines": _counts(parcel.lines),
        "cost": sum(parcel.terms),
        "terms": _nonzero(parcel.terms),
    }
    if parcel.carrier:
        row["carrier"] = parcel.carrier
    return {**row, "rules": rules} if rules else row


def _second(chosen: FulfillmentPlan, second: FulfillmentPlan) -> Record:
    apart = Terms(*(b - a for a, b in zip(chosen.terms, second.terms, strict=True)))
    return {
        "cost": second.cost_cents,
        "difference": second.cost_cents - chosen.cost_cents,
        "terms": _nonzero(apart),
        "parcels": [_parcel(parcel) for parcel in second.parcels],
        "unsent": _counts(second.unsent),
    }


def _counts(lines: tuple[tuple[Id, int], ...]) -> list[list[str | int]]:
    return [[str(line), count] for line, count in lines]


def _nonzero(terms: Terms) -> dict[str, int]:
    return {name: cents for name, cents in terms._asdict().items() if cents}


def _candidates(
    demand: Demand, supply: Supply, policy: Policy, *, places: list[Place], items: list[Item], pools: list[Pool]
) -> list[Record]:
    pooled = [pool.units for pool in pools]
    earliest: dict[int, list[Place]] = {}
    for place in places:
        known = earliest.setdefault(place.offer.rank, [])
        if not known or known[0].day == place.day:
            known.append(place)  # By its carriers: the cheapest counts.
    rows = [
        min(
            (_alone(demand, supply, policy, place=place, items=items, pooled=pooled) for place in each),
            key=lambda row: row["cost"],
        )
        for each in earliest.values()
    ]
    return sorted(rows, key=lambda row: row["cost"])


def _alone(
    demand: Demand, supply: Supply, policy: Policy, *, place: Place, items: list[Item], pooled: list[tuple[int, ...]]
) -> Record:
    """The place as the only one: one parcel with all it has, the rest unsent."""
    quantities: dict[int, int] = {}
    sizes = tuple(item.units for item in items)
    # Capacity and shared stock, each as what is left and what a count of every item takes of it.
    bounds = [[limit, *units] for limit, units in zip(place.limits, pooled, strict=True)]
    bounds += [] if place.roof is None else [[place.roof, *sizes]]
    for position, (item, have) in enumerate(zip(items, place.available, strict=True), start=1):
        amount = min([have, *[bound[0] // bound[position] for bound in bounds if bound[position]]])
        for bound in bounds:
            bound[0] -= amount * bound[position]
        if amount:
            quantities.update({index: n * amount for index, n in item.parts})
    left = [line.quantity - quantities.get(index, 0) for index, line in enumerate(demand.lines)]
    owed = sum(shortage_cents(demand, line, policy) * count for line, count in zip(demand.lines, left, strict=True))
    terms = parcel_terms(demand, supply, policy, offer=place.offer, day=place.day, quantities=quantities)
    terms = total_terms([terms], split_cents=policy.split_cents, shortage=owed)
    return {
        "location": str(place.offer.site.location_id),
        "day": place.day,
        "arrival": place.day + place.offer.days,
        "missing": sum(left),
        "cost": sum(terms),
        "terms": _nonzero(terms),
    }


def describe(
    record: Record,
    language: str,
    *,
    names: Mapping[str, str],
    currency: str = "EUR",
    dates: Mapping[int, date] | None = None,
) -> list[str]:
    """The record as sentences in German ("de") or English, the default for any other language.

    `names` are the places' names by id, `dates` the date of each day number; without it days are date ordinals.
    """
    return _Text(record, language, names, currency, dates or {}).sentences()


def term_words(name: str, language: str) -> str:
    """What a term of the cost is, in German ("de") or English."""
    return _WORDS["de" if language.startswith("de") else "en"][name]


def reason_words(row: Record, language: str) -> str:
    """Why a place was no candidate (`eliminated` of a record), in German ("de") or English."""
    return _Text({}, language, {}, "", {}).reason(row)


class _Text:
    """Sentences over one record."""

    def __init__(
        self, record: Record, language: str, names: Mapping[str, str], currency: str, dates: Mapping[int, date]
    ) -> None:
        self.record, self.names, self.currency, self.dates = record, names, currency, dates
        self.german = language.startswith("de")
        self.words = _WORDS["de" if self.german else "en"]

    def sentences(self) -> list[str]:
        record = self.record
        lines = [self._chosen(parcel) for parcel in record["parcels"]] or [self.words["nothing"]]
        missing = sum(count for _, count in record["unsent"])
        if missing:
            owed = self._money(record["terms"].get("shortage", 0))
            lines.append(self.words["unsent"].format(units=missing, cost=owed))
        lines.append(
            self.words["total"].format(
                cost=self._money(record["cost"]), terms=self._terms(record["terms"]), policy=record["policy"]
            )
        )
        moved = record.get("moved")
        if record["gap"]:
            lines.append(self.words["shared" if moved else "gap"].format(cost=self._money(record["gap"])))
        if moved:
            lines.append(self._moved(moved))
        if record.get("locked"):
            lines.append(self.words[record["locked"]])
        lines.append(self._runner_up())
        chosen = {parcel["location"] for parcel in record["parcels"]}
        lines += [self._alone(row) for row in record["candidates"] if row["location"] not in chosen]
        lines += [
            self.words["eliminated"].format(place=self._place(row["location"]), reason=self.reason(row))
            for row in record["eliminated"]
        ]
        if record.get("failed_rules"):
            lines.append(self.words["failed"].format(rules=", ".join(record["failed_rules"])))
        return lines

    def _moved(self, moved: Record) -> str:
        gain, places = moved["gain"], ", ".join(self._place(place) for place in moved["from"])
        kind = "found" if not places else "moved" if gain >= 0 else "made_room"
        return self.words[kind].format(places=places, orders=moved["orders"], gain=self._money(abs(gain)))

    def _chosen(self, parcel: Record) -> str:
        units = sum(count for _, count in parcel["lines"])
        text = self.words["units_1" if units == 1 else "chosen"].format(
            place=self._place(parcel["location"]),
            day=self._day(parcel["day"]),
            units=units,
            cost=self._money(parcel["cost"]),
        )
        if "carrier" in parcel:
            text += self.words["carrier"].format(carrier=parcel["carrier"])
        if not parcel.get("rules"):
            return text
        return f"{text}." + self.words["rules"].format(rules=", ".join(parcel["rules"]))

    def _runner_up(self) -> str:
        second = self.record["runner_up"]
        if second is None or not second["parcels"]:
            return self.words["no_runner_up"]
        return self.words["runner_up"].format(
            places=", ".join(self._place(parcel["location"]) for parcel in second["parcels"]),
            difference=self._money(second["difference"]),
            terms=self._terms(second["terms"]),
        )

    def _alone(self, row: Record) -> str:
        return self.words["partly" if row["missing"] else "alone"].format(
            place=self._place(row["location"]),
            cost=self._money(row["cost"] - row["terms"].get("shortage", 0)),
            difference=self._money(row["cost"] - self.record["cost"]),
            units=row["missing"],
        )

    def reason(self, row: Record) -> str:
        """Why a place was none; with the words of whoever excluded it."""
        reason = self.words[row["reason"]].format(rule=row.get("rule", ""))
        return reason + (f" ({row['note']})" if row.get("note") else "")

    def _terms(self, terms: Mapping[str, int]) -> str:
        parts = sorted(terms.items(), key=lambda term: -abs(term[1]))
        return ", ".join(f"{self.words[name]} {self._money(cents)}" for name, cents in parts) or self._money(0)

    def _place(self, location: str) -> str:
        return self.names.get(location, location)

    def _day(self, number: int) -> str:
        day = self.dates.get(number) or date.fromordinal(max(1, number))
        return day.strftime("%d.%m.%Y") if self.german else day.isoformat()

    def _money(self, cents: int) -> str:
        whole, rest = divmod(abs(cents), 100)
        sign = "-" if cents < 0 else ""
        return f"{sign}{whole}{',' if self.german else '.'}{rest:02d} {self.currency}"
