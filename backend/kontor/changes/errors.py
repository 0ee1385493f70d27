"""Refusals of changes."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class ChangeNotFound(NotFound):
    """There is no such change, or it may not be seen."""

    default_code = "CHANGE_NOT_FOUND"


class ChangeOpen(Conflict):
    """Another change of the order waits for an answer."""

    default_code = "CHANGE_OPEN"


class ChangeStale(Conflict):
    """What was previewed is not what would be done now; `preview` is the fresh one."""

    default_code = "CHANGE_STALE"


class NothingChanges(InvalidInput):
    """The change names nothing that is not so already."""

    default_code = "NOTHING_CHANGES"


class NotChangeable(Conflict):
    """The order, or a part of it, has gone too far for this change."""

    default_code = "NOT_CHANGEABLE"
