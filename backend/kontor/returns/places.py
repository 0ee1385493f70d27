"""Where goods come back best: what each place costs for pieces that come back, or why they cannot come there. Pure.

Money in cents. A parcel costs postage, a way to the counter the customer's kilometers; both cost the work of taking
the pieces in. What a piece earns where it sells again is taken off. The terms of a choice sum to its cost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from kontor.routing.costs import freight_cents, weight_step_cents
from kontor.routing.values import Lane

Record = dict[str, Any]
_WORDS = {
    "en": {
        "PARCEL": "by parcel to {place}", "COUNTER": "at the counter of {place}, {km} km away",
        "postage": "postage", "handling": "handling", "distance": "the way there",
        "resale": "value where it sells again",
        "choice": "{way}: {cost} ({terms}).", "nowhere": "No place can take all of it back.",
        "INACTIVE": "is not active", "NO_RETURNS": "takes no returns",
        "CHANNEL_NOT_ALLOWED": "does not serve this channel",
        "UNREACHABLE": "cannot be reached from there", "HAZMAT_NOT_ALLOWED": "takes no hazardous goods",
        "BULKY_NOT_ALLOWED": "takes no bulky goods", "NOT_ITS_GOODS": "takes back only what it sent",
    },
    "de": {
        "PARCEL": "Paket an {place}", "COUNTER": "Abgabe bei {place}, {km} km entfernt",
        "postage": "Porto", "handling": "Bearbeitung", "distance": "Weg dorthin",
        "resale": "Wert am Ort des Wiederverkaufs",
        "choice": "{way}: {cost} ({terms}).", "nowhere": "Kein Ort kann alles zurücknehmen.",
        "INACTIVE": "ist nicht aktiv", "NO_RETURNS": "nimmt keine Retouren an",
        "CHANNEL_NOT_ALLOWED": "bedient diesen Kanal nicht", "UNREACHABLE": "ist von dort nicht zu erreichen",
        "HAZMAT_NOT_ALLOWED": "nimmt kein Gefahrgut an", "BULKY_NOT_ALLOWED": "nimmt kein Sperrgut an",
        "NOT_ITS_GOODS": "nimmt nur zurück, was von dort kam",
    },
}  # fmt: skip


class ReturnWay(StrEnum):
    """How pieces get to the place."""

    PARCEL = "PARCEL"
    COUNTER = "COUNTER"


class Hurdle(StrEnum):
    """Why pieces cannot come back to a place."""

    INACTIVE = "INACTIVE"
    NO_RETURNS = "NO_RETURNS"
    CHANNEL_NOT_ALLOWED = "CHANNEL_NOT_ALLOWED"
    HAZMAT_NOT_ALLOWED = "HAZMAT_NOT_ALLOWED"
    BULKY_NOT_ALLOWED = "BULKY_NOT_ALLOWED"
    NOT_ITS_GOODS = "NOT_ITS_GOODS"
    UNREACHABLE = "UNREACHABLE"


@dataclass(frozen=True, slots=True)
class ReturnPlace:
    """A place as this customer sees it.

    `lane` is a parcel between customer and place, None where none goes; `distance_km` the way to its counter, None
    where it has none or the way is not known. `own_goods`: it takes back only what it sent itself.
    """

    location_id: UUID
    rank: int = 0
    active: bool = True
    accepts: bool = True
    channels: frozenset[str] | None = None
    hazmat: bool = True
    bulky: bool = True
    own_goods: bool = False
    lane: Lane | None = None
    distance_km: int | None = None
    parcel_cents: int = 0
    line_cents: int = 0
    unit_cents: int = 0


@dataclass(frozen=True, slots=True)
class ReturnPiece:
    """Pieces of one order line that come back, and the places that sent them."""

    line_id: UUID
    variant_id: UUID
    quantity: int
    weight_g: int = 0
    hazmat: bool = False
    bulky: bool = False
    sent_from: frozenset[UUID] = frozenset()


class PlaceTerms(NamedTuple):
    """What a choice costs, in cents; `resale` is what the pieces earn there, below zero."""

    postage: int = 0
    handling: int = 0
    distance: int = 0
    resale: int = 0


class ReturnChoice(NamedTuple):
    """One place and way for all of the pieces."""

    location_id: UUID
    way: ReturnWay
    terms: PlaceTerms
    distance_km: int | None = None

    @property
    def cost_cents(self) -> int:
        """The sum of the terms."""
        return sum(self.terms)


Values = Mapping[tuple[UUID, UUID], int]
"""What one more piece is worth, in cents, by place and variant."""


def resale_cents(price: int, permille: int, *, sold: int, on_hand: int) -> int:
    """What one more piece is worth at a place: the part of its price at stake, as far as it sells there.

    `sold` are the pieces that left the place lately, `on_hand` those that lie there already. A piece that joins more
    than what sells is worth its share only; where nothing sells it is worth nothing.

    >>> resale_cents(1000, 200, sold=3, on_hand=5)
    100
    """
    return price * permille * min(sold, on_hand + 1) // (1000 * (on_hand + 1))


def hurdle(place: ReturnPlace, pieces: Sequence[ReturnPiece], channel: str) -> Hurdle | None:
    """Why the pieces cannot all come back to the place, if so."""
    if not place.active:
        return Hurdle.INACTIVE
    if not place.accepts:
        return Hurdle.NO_RETURNS
    if place.channels is not None and channel not in place.channels:
        return Hurdle.CHANNEL_NOT_ALLOWED
    if not place.hazmat and any(piece.hazmat for piece in pieces):
        return Hurdle.HAZMAT_NOT_ALLOWED
    if not place.bulky and any(piece.bulky for piece in pieces):
        return Hurdle.BULKY_NOT_ALLOWED
    if place.own_goods and any(piece.sent_from != {place.location_id} for piece in pieces):
        return Hurdle.NOT_ITS_GOODS
    return Hurdle.UNREACHABLE if place.lane is None and place.distance_km is None else None


def choices(
    pieces: Sequence[ReturnPiece], places: Sequence[ReturnPlace], values: Values, *, channel: str, km_cents: int
) -> tuple[list[ReturnChoice], list[tuple[UUID, Hurdle]]]:
    """Every feasible place and way for all of the pieces, the cheapest first, and why the other places are none.

    Of equal cost the place of the better rank comes first, and a parcel before the counter.
    """
    found: list[tuple[int, int, int, ReturnChoice]] = []
    refused = []
    for place in places:
        against = hurdle(place, pieces, channel)
        if against is not None:
            refused.append((place.location_id, against))
            continue
        ways = [ReturnWay.PARCEL] if place.lane is not None else []
        ways += [ReturnWay.COUNTER] if place.distance_km is not None else []
        for order, way in enumerate(ways):
            terms = _terms(pieces, place, way, values, km_cents=km_cents)
            choice = ReturnChoice(place.location_id, way, terms, place.distance_km)
            found.append((choice.cost_cents, place.rank, order, choice))
    return [choice for *_, choice in sorted(found, key=lambda each: each[:3])], refused


def _terms(
    pieces: Sequence[ReturnPiece], place: ReturnPlace, way: ReturnWay, values: Values, *, km_cents: int
) -> PlaceTerms:
    units = sum(piece.quantity for piece in pieces)
    worth = sum(values.get((place.location_id, piece.variant_id), 0) * piece.quantity for piece in pieces)
    handling = place.line_cents * len(pieces) + place.unit_cents * units
    if way is ReturnWay.COUNTER:
        return PlaceTerms(0, handling, (place.distance_km or 0) * km_cents, -worth)
    assert place.lane is not None
    return PlaceTerms(_postage(pieces, place.lane), handling + place.parcel_cents, 0, -worth)


def _postage(pieces: Sequence[ReturnPiece], lane: Lane) -> int:
    """One parcel with all of it, by the carrier that is cheapest for it."""
    return min(_by(pieces, each) for each in (lane, *lane.others))


def _by(pieces: Sequence[ReturnPiece], lane: Lane) -> int:
    weight = sum(piece.weight_g * piece.quantity for piece in pieces)
    freight = sum(freight_cents(lane, piece.weight_g) * piece.quantity for piece in pieces)
    bulky = sum(lane.bulky_unit_cents * piece.quantity for piece in pieces if piece.bulky)
    return lane.parcel_cents + weight_step_cents(lane.weight_steps, weight) + freight + bulky


def shown(choice: ReturnChoice) -> Record:
    """A choice as it is stored: JSON values, terms of zero left out."""
    return {
        "location": str(choice.location_id),
        "way": choice.way.value,
        "km": choice.distance_km,
        "cost": choice.cost_cents,
        "terms": {name: cents for name, cents in choice.terms._asdict().items() if cents},
    }


def describe_places(record: Record, language: str, names: Mapping[str, str], currency: str) -> list[str]:
    """The stored decision as sentences in German ("de") or English: choices, the cheapest first, and who is none."""
    words = _WORDS["de" if language.startswith("de") else "en"]
    comma = "," if words is _WORDS["de"] else "."

    def money(cents: int) -> str:
        return f"{'-' if cents < 0 else ''}{abs(cents) // 100}{comma}{abs(cents) % 100:02d} {currency}"

    lines = []
    for row in record["choices"]:
        way = words[row["way"]].format(place=names.get(row["location"], row["location"]), km=row["km"])
        terms = ", ".join(f"{words[name]} {money(cents)}" for name, cents in row["terms"].items()) or money(0)
        text = words["choice"].format(way=way, cost=money(row["cost"]), terms=terms)
        lines.append(text[0].upper() + text[1:])
    lines += [] if lines else [words["nowhere"]]
    return lines + [
        f"{names.get(row['location'], row['location'])} {words[row['reason']]}." for row in record["refused"]
    ]
