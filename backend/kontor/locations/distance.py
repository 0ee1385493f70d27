"""Distances on the globe. Whole kilometers where money depends on them, so that every machine agrees to the cent."""

from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

from kontor.core.errors import InvalidInput

EARTH_RADIUS_KM = 6371.0088


class Coordinates(NamedTuple):
    """Degrees, WGS 84."""

    latitude: float
    longitude: float


def coordinates(latitude: float, longitude: float) -> Coordinates:
    """Checked coordinates. Raises InvalidInput, code INVALID_COORDINATES, outside ±90 and ±180 degrees."""
    if not -90 <= latitude <= 90:
        raise InvalidInput("Latitude must lie between -90 and 90.", code="INVALID_COORDINATES", path=("latitude",))
    if not -180 <= longitude <= 180:
        raise InvalidInput("Longitude must lie between -180 and 180.", code="INVALID_COORDINATES", path=("longitude",))
    return Coordinates(latitude, longitude)


def great_circle_km(start: Coordinates, end: Coordinates) -> float:
    """The shortest way over the surface, by the haversine formula."""
    south, north = radians(start.latitude), radians(end.latitude)
    across = sin(radians(end.longitude - start.longitude) / 2) ** 2
    chord = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * across
    # Rounding may push antipodes a hair above 1.
    return 2 * EARTH_RADIUS_KM * asin(sqrt(min(1.0, chord)))


def distance_km(start: Coordinates, end: Coordinates) -> int:
    """Great-circle distance in whole kilometers, halves up."""
    return int(great_circle_km(start, end) + 0.5)
