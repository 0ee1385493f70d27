"""Refusals of the risk check."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class AssessmentNotFound(NotFound):
    """The order was not assessed, or may not be seen."""

    default_code = "RISK_ASSESSMENT_NOT_FOUND"


class NotInReview(Conflict):
    """Nobody has to decide on the order (any more)."""

    default_code = "RISK_NOT_IN_REVIEW"


class InvalidRiskRule(InvalidInput):
    """The rule cannot be kept."""

    default_code = "INVALID_RISK_RULE"


class InvalidListEntry(InvalidInput):
    """The list entry cannot be kept."""

    default_code = "INVALID_RISK_LIST_ENTRY"
