"""The life of an offer: what a partner would like to sell through us, until it is sold or taken back."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class OfferState(StrEnum):
    """Where an offer stands. An offer that is sold and changed is a DRAFT again; what was approved stays on sale."""

    DRAFT = "DRAFT"
    IN_REVIEW = "IN_REVIEW"
    RETURNED = "RETURNED"
    LIVE = "LIVE"
    WITHDRAWN = "WITHDRAWN"


OFFER = Transitions(
    OfferState,
    start=OfferState.DRAFT,
    table={
        OfferState.DRAFT: {OfferState.IN_REVIEW, OfferState.WITHDRAWN},
        OfferState.IN_REVIEW: {OfferState.DRAFT, OfferState.RETURNED, OfferState.LIVE, OfferState.WITHDRAWN},
        OfferState.RETURNED: {OfferState.DRAFT, OfferState.IN_REVIEW, OfferState.WITHDRAWN},
        OfferState.LIVE: {OfferState.DRAFT, OfferState.WITHDRAWN},
        OfferState.WITHDRAWN: {OfferState.DRAFT},
    },
)
