"""Refusals of gift cards."""

from kontor.core.errors import Conflict, NotFound


class GiftCardNotFound(NotFound):
    """No such card."""

    default_code = "GIFT_CARD_NOT_FOUND"


class CardDeclined(Conflict):
    """A card does not pay: `reason` is UNKNOWN_CARD, BLOCKED, SINGLE_PURPOSE, MULTI_PURPOSE, OTHER_CURRENCY or
    INSUFFICIENT."""

    default_code = "GIFT_CARD_DECLINED"
