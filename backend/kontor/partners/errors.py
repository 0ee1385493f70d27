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


class InvalidOwnSetting(InvalidInput):
    """A partner cannot choose this."""

    default_code = "INVALID_OWN_SETTING"


class PracticeOrderNotFound(NotFound):
    """No such practice order, or not the partner's."""

    default_code = "PRACTICE_ORDER_NOT_FOUND"
