"""The life of a return's label."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class ReturnLabelState(StrEnum):
    """Where the label stands with the carrier. UNKNOWN: nobody can tell whether it was made, and a person decides."""

    REQUESTED = "REQUESTED"
    CREATED = "CREATED"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"


S = ReturnLabelState
RETURN_LABEL = Transitions(
    ReturnLabelState,
    start=S.REQUESTED,
    table={
        S.REQUESTED: {S.CREATED, S.REFUSED, S.UNKNOWN},
        S.REFUSED: {S.REQUESTED},
        S.UNKNOWN: {S.REQUESTED},
    },
)
