"""Refusals of promotions and coupons."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class InvalidPromotion(InvalidInput):
    """The promotion cannot be kept; the path names the field, such as benefit.tiers[1].percent."""

    default_code = "INVALID_PROMOTION"


class PromotionNotFound(NotFound):
    """There is no such promotion, or nothing of it is valid or planned."""

    default_code = "PROMOTION_NOT_FOUND"


class CouponUnknown(NotFound):
    """There is no such coupon."""

    default_code = "COUPON_UNKNOWN"


class CouponNotValid(Conflict):
    """The coupon was blocked, has ended or does not count yet."""

    default_code = "COUPON_NOT_VALID"


class CouponUsed(Conflict):
    """The coupon was used as often as it may be."""

    default_code = "COUPON_USED"


class CouponNotApplicable(Conflict):
    """The order does not earn what the coupon is for; `reason` says what it lacks."""

    default_code = "COUPON_NOT_APPLICABLE"


class CouponTwice(InvalidInput):
    """The order names two coupons of one promotion."""

    default_code = "COUPON_TWICE"


class CouponTaken(Conflict):
    """A coupon of this code exists already."""

    default_code = "COUPON_TAKEN"
