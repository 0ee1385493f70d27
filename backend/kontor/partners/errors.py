"""Refusals of partners."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class PartnerNotFound(NotFound):
    """There is no such partner, or the principal may not see it."""

    default_code = "PARTNER_NOT_FOUND"


class PartnerExists(Conflict):
    """The code is taken."""

    default_code = "PARTNER_EXISTS"


class AgreementInThePast(InvalidInput):
    """Terms hold from today on at the earliest: what was, was agreed otherwise."""

    default_code = "AGREEMENT_IN_THE_PAST"
