"""Refusals of claims and goodwill."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class GoodwillNotFound(NotFound):
    """There is no such goodwill, or it may not be seen."""

    default_code = "GOODWILL_NOT_FOUND"


class InvalidGoodwill(InvalidInput):
    """What is asked for is wrong in itself."""

    default_code = "INVALID_GOODWILL"


class LimitsMoved(Conflict):
    """The limits are no longer those the caller saw; `by` and `at` tell of the latest change there is."""

    default_code = "GOODWILL_LIMITS_MOVED"


class GoodwillTooMuch(Conflict):
    """More than came in and is not back yet, or (CREDIT) than the kept goods cost; `available` is what is possible."""

    default_code = "GOODWILL_TOO_MUCH"


class GoodwillAboveLimit(Conflict):
    """More than whoever approves may grant; `left` is what they may."""

    default_code = "GOODWILL_ABOVE_LIMIT"


class GoodwillUnderWay(Conflict):
    """It has left the house and cannot be recalled any more."""

    default_code = "GOODWILL_UNDER_WAY"


class PreviewMoved(Conflict):
    """Something has changed since the preview was made; a new one shows what."""

    default_code = "PREVIEW_MOVED"


class ClaimNotFound(NotFound):
    """There is no such claim, or it may not be seen."""

    default_code = "CLAIM_NOT_FOUND"


class InvalidClaim(InvalidInput):
    """What is reported is wrong in itself."""

    default_code = "INVALID_CLAIM"


class NotClaimable(Conflict):
    """More pieces than left and are neither claimed nor announced to come back; `possible` says how many are."""

    default_code = "NOT_CLAIMABLE"


class ClaimAboveLimit(Conflict):
    """The money of the claim is above the channel's `refund_approval_above`: somebody who may approve decides."""

    default_code = "CLAIM_ABOVE_LIMIT"
