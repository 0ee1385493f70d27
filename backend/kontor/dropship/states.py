"""What can be counted of a partner, and the life of an objection."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class Measure(StrEnum):
    """What is counted; see `kontor.dropship.queries` for how."""

    ACCEPTED = "ACCEPTED"
    ON_TIME = "ON_TIME"
    CANCELED = "CANCELED"
    TRACKING = "TRACKING"
    RETURNED = "RETURNED"
    STOCK_AGE = "STOCK_AGE"

    @property
    def more_is_better(self) -> bool:
        """Whether the target is a floor; for the others it is a ceiling."""
        return self in (Measure.ACCEPTED, Measure.ON_TIME, Measure.TRACKING)


class ObjectionState(StrEnum):
    """What became of an objection."""

    OPEN = "OPEN"
    UPHELD = "UPHELD"
    DENIED = "DENIED"


OBJECTION = Transitions(
    ObjectionState,
    start=ObjectionState.OPEN,
    table={ObjectionState.OPEN: {ObjectionState.UPHELD, ObjectionState.DENIED}},
)
