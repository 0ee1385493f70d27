"""The life of an exchange."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class ExchangeWay(StrEnum):
    """When the new goods leave: once the others were accepted, at once against their coming back until a deadline, or
    at once while nothing comes back."""

    AFTER_RETURN = "AFTER_RETURN"
    ADVANCE = "ADVANCE"
    WITHOUT_RETURN = "WITHOUT_RETURN"


class ExchangeState(StrEnum):
    """Where an exchange stands. FULFILLED: the new goods have left; RECEIVED: the others were accepted."""

    REQUESTED = "REQUESTED"
    APPROVED = "APPROVED"
    RECEIVED = "RECEIVED"
    FULFILLED = "FULFILLED"
    CANCELED = "CANCELED"


E = ExchangeState
EXCHANGE = Transitions(
    ExchangeState,
    start=(E.REQUESTED, E.APPROVED),
    table={
        E.REQUESTED: {E.APPROVED, E.CANCELED},
        E.APPROVED: {E.RECEIVED, E.FULFILLED, E.CANCELED},
        # The new pieces may be canceled before they leave.
        E.RECEIVED: {E.FULFILLED, E.CANCELED},
        # In advance, the goods come after it.
        E.FULFILLED: {E.RECEIVED},
    },
)
OPEN = frozenset({E.REQUESTED, E.APPROVED, E.RECEIVED})
