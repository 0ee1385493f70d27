"""Refusals of self-service, in words a shop can show."""

from kontor.core.errors import Conflict, InvalidInput


class NotOffered(Conflict):
    """The shop does not offer this to its customers."""

    default_code = "SELF_SERVICE_NOT_OFFERED"


class TooLateAlone(Conflict):
    """The order has gone too far for a customer to do this alone."""

    default_code = "SELF_SERVICE_TOO_LATE"


class InvalidPolicy(InvalidInput):
    """The rules cannot be kept as given."""

    default_code = "INVALID_POLICY"


class RulesMoved(Conflict):
    """Somebody has made a version since the one the caller saw; `by` and `at` tell of it."""

    default_code = "SELF_SERVICE_RULES_MOVED"
