"""The life of a risk assessment."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class RiskState(StrEnum):
    """What became of the check."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    REVIEW = "REVIEW"
    REJECTED = "REJECTED"


RISK = Transitions(
    RiskState,
    start=RiskState.PENDING,
    table={
        RiskState.PENDING: {RiskState.ACCEPTED, RiskState.REVIEW, RiskState.REJECTED},
        RiskState.REVIEW: {RiskState.ACCEPTED, RiskState.REJECTED},
    },
)
