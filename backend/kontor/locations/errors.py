"""Refusals of places."""

from kontor.core.errors import InvalidInput, NotFound


class LocationNotFound(NotFound):
    """There is no such place, or the principal may not see it."""

    default_code = "LOCATION_NOT_FOUND"


class InvalidLocation(InvalidInput):
    """The fields of a place do not fit each other."""

    default_code = "INVALID_LOCATION"
