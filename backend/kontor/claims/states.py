"""The lives of goodwill and claims."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class GoodwillForm(StrEnum):
    """How goodwill is given. CREDIT lowers the price of goods the customer keeps, with its tax; REFUND pays for trouble
    had and lowers no price; VOUCHER is a gift card for anything."""

    CREDIT = "CREDIT"
    REFUND = "REFUND"
    VOUCHER = "VOUCHER"


class GoodwillReason(StrEnum):
    """What goodwill is given for."""

    LATE = "LATE"
    DAMAGED = "DAMAGED"
    WRONG_ITEM = "WRONG_ITEM"
    MISSING_ITEM = "MISSING_ITEM"
    QUALITY = "QUALITY"
    SERVICE = "SERVICE"
    PRICE = "PRICE"
    LOYALTY = "LOYALTY"
    OTHER = "OTHER"


class GoodwillState(StrEnum):
    """Whether goodwill is given."""

    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    GRANTED = "GRANTED"
    DECLINED = "DECLINED"
    CANCELED = "CANCELED"


G = GoodwillState
GOODWILL = Transitions(
    GoodwillState,
    # Within the limit of whoever grants it, goodwill needs no approval.
    start=(G.AWAITING_APPROVAL, G.GRANTED),
    table={
        G.AWAITING_APPROVAL: {G.GRANTED, G.DECLINED, G.CANCELED},
        # In the seconds before it is paid out or issued.
        G.GRANTED: {G.CANCELED},
    },
)


class ClaimKind(StrEnum):
    """What is wrong: another article came, something came broken, or something did not come."""

    WRONG = "WRONG"
    DAMAGED = "DAMAGED"
    MISSING = "MISSING"


class ClaimState(StrEnum):
    """Where a claim stands."""

    OPEN = "OPEN"
    APPROVED = "APPROVED"
    RESOLVED = "RESOLVED"
    DENIED = "DENIED"
    CANCELED = "CANCELED"


class Remedy(StrEnum):
    """How a claim ends for the customer."""

    REFUND = "REFUND"
    GOODWILL = "GOODWILL"
    REPLACEMENT = "REPLACEMENT"


class Fault(StrEnum):
    """Who bears the cost. PARTNER is the one the goods left from."""

    US = "US"
    PARTNER = "PARTNER"
    CARRIER = "CARRIER"


C = ClaimState
CLAIM = Transitions(
    ClaimState,
    start=C.OPEN,
    table={
        C.OPEN: {C.APPROVED, C.DENIED, C.CANCELED},
        # What it was to bring may be called off: then it is decided again.
        C.APPROVED: {C.RESOLVED, C.DENIED, C.CANCELED},
    },
)
