"""The life of a label."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class LabelState(StrEnum):
    """Where the label stands with the carrier. UNKNOWN: nobody can tell whether it was made, and a person decides."""

    REQUESTED = "REQUESTED"
    CREATED = "CREATED"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"


S = LabelState
LABEL = Transitions(
    LabelState,
    start=S.REQUESTED,
    table={
        S.REQUESTED: {S.CREATED, S.REFUSED, S.UNKNOWN, S.CANCELED},
        S.CREATED: {S.CANCELING},
        S.UNKNOWN: {S.CANCELED},
        S.CANCELING: {S.CANCELED, S.CREATED},
    },
)
LIVE = frozenset({S.REQUESTED, S.CREATED, S.UNKNOWN, S.CANCELING})
