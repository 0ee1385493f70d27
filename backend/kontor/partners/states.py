"""The life of a partner."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class PartnerState(StrEnum):
    """Where the relation stands."""

    INVITED = "INVITED"
    ONBOARDING = "ONBOARDING"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    ENDED = "ENDED"


PARTNER = Transitions(
    PartnerState,
    start=PartnerState.INVITED,
    table={
        PartnerState.INVITED: {PartnerState.ONBOARDING, PartnerState.ACTIVE, PartnerState.ENDED},
        PartnerState.ONBOARDING: {PartnerState.ACTIVE, PartnerState.ENDED},
        PartnerState.ACTIVE: {PartnerState.SUSPENDED, PartnerState.ENDED},
        PartnerState.SUSPENDED: {PartnerState.ACTIVE, PartnerState.ENDED},
    },
)


class PracticeState(StrEnum):
    """Where a practice order stands: the way of a fulfillment order, without what can go wrong."""

    OPEN = "OPEN"
    ACCEPTED = "ACCEPTED"
    SHIPPED = "SHIPPED"


PRACTICE = Transitions(
    PracticeState,
    start=PracticeState.OPEN,
    table={
        PracticeState.OPEN: {PracticeState.ACCEPTED},
        PracticeState.ACCEPTED: {PracticeState.SHIPPED},
    },
)
