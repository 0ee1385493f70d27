"""Refusals of returns."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class ReturnNotFound(NotFound):
    """There is no such return, or it may not be seen."""

    default_code = "RETURN_NOT_FOUND"


class NotReturnable(Conflict):
    """The pieces cannot be sent back; the parameters say why."""

    default_code = "NOT_RETURNABLE"


class ReturnLineNotFound(NotFound):
    """The return has no such line: the piece was not announced."""

    default_code = "RETURN_LINE_NOT_FOUND"


class NotAnnounced(Conflict):
    """More pieces arrived than were announced."""

    default_code = "NOT_ANNOUNCED"


class NothingToInspect(Conflict):
    """More pieces are inspected than arrived at the place."""

    default_code = "NOTHING_TO_INSPECT"


class PlaceTakesNoReturns(Conflict):
    """The place does not accept returns."""

    default_code = "PLACE_TAKES_NO_RETURNS"


class AlreadyDecided(Conflict):
    """Every piece has been decided on; the parameters say when, and by whom if that is a colleague."""

    default_code = "RETURN_ALREADY_DECIDED"


class InvalidReturn(InvalidInput):
    """The announced return is wrong in itself."""

    default_code = "INVALID_RETURN"
