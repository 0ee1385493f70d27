"""The life of a return's label."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class ReturnLabelState(StrEnum):
    """Where the label stands with the carrier. UNKNOWN: nobody can tell whether it was made, and a person decides.

    CANCELED: nothing is sent any more; it was not ordered, or the carrier took it back.
    """

    REQUESTED = "REQUESTED"
    CREATED = "CREATED"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"
    CANCELED = "CANCELED"


S = ReturnLabelState
RETURN_LABEL = Transitions(
    ReturnLabelState,
    start=S.REQUESTED,
    table={
        S.REQUESTED: {S.CREATED, S.REFUSED, S.UNKNOWN, S.CANCELED},
        S.CREATED: {S.CANCELED},
        S.REFUSED: {S.REQUESTED},
        S.UNKNOWN: {S.REQUESTED},
    },
)
