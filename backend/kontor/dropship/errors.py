"""Refusals of figures and objections."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class ObjectionNotFound(NotFound):
    """There is no such objection, or the principal may not see it."""

    default_code = "OBJECTION_NOT_FOUND"


class NotCounted(Conflict):
    """The order is not counted in this figure, so there is nothing to object to."""

    default_code = "NOT_COUNTED"


class ObjectionExists(Conflict):
    """It was objected to before; an objection is decided once."""

    default_code = "OBJECTION_EXISTS"


class InvalidObjection(InvalidInput):
    """A reason or an answer is missing or too long."""

    default_code = "INVALID_OBJECTION"


class InvalidWeeks(InvalidInput):
    """So many weeks are not counted at once."""

    default_code = "INVALID_WEEKS"
