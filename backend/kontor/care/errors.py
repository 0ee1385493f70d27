"""Refusals of care."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class CaseNotFound(NotFound):
    """There is no such case, or it may not be seen."""

    default_code = "CASE_NOT_FOUND"


class CaseDone(Conflict):
    """The case is closed."""

    default_code = "CASE_DONE"


class InvalidCase(InvalidInput):
    """The case cannot be kept as given."""

    default_code = "INVALID_CASE"


class CaseTaken(Conflict):
    """Somebody else looks after the case."""

    default_code = "CASE_TAKEN"
