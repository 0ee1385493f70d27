import pytest

from kontor.core.errors import InvalidInput
from kontor.locations.distance import Coordinates, coordinates, distance_km, great_circle_km

BERLIN = Coordinates(52.52, 13.405)
MUNICH = Coordinates(48.1372, 11.5755)


def test_berlin_to_munich_is_504_km() -> None:
    assert distance_km(BERLIN, MUNICH) == 504


def test_distance_is_the_same_both_ways() -> None:
    assert great_circle_km(BERLIN, MUNICH) == great_circle_km(MUNICH, BERLIN)


def test_distance_to_itself_is_zero() -> None:
    assert great_circle_km(BERLIN, BERLIN) == 0.0


def test_antipodes_are_half_the_globe_apart() -> None:
    assert distance_km(Coordinates(0.0, 0.0), Coordinates(0.0, 180.0)) == 20_015
    assert distance_km(Coordinates(90.0, 0.0), Coordinates(-90.0, 0.0)) == 20_015


def test_shortest_way_crosses_the_date_line() -> None:
    assert distance_km(Coordinates(0.0, 179.5), Coordinates(0.0, -179.5)) == 111


@pytest.mark.parametrize(("latitude", "longitude", "field"), [(90.1, 0.0, "latitude"), (0.0, -180.5, "longitude")])
def test_coordinates_off_the_globe_are_refused(latitude: float, longitude: float, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        coordinates(latitude, longitude)
    assert refusal.value.code == "INVALID_COORDINATES"
    assert refusal.value.path == (field,)


def test_coordinates_on_the_globe_are_kept() -> None:
    assert coordinates(-90, 180) == Coordinates(-90, 180)
