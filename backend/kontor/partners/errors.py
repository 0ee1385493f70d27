"""Refusals of partners."""

from kontor.core.errors import Conflict, NotFound


class PartnerNotFound(NotFound):
    """There is no such partner, or the principal may not see it."""

    default_code = "PARTNER_NOT_FOUND"


class PartnerExists(Conflict):
    """The code is taken."""

    default_code = "PARTNER_EXISTS"
