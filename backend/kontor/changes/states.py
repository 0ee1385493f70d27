"""The life of a change."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class ChangeState(StrEnum):
    """PENDING waits for places; the others are final."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    DECLINED = "DECLINED"
    CANCELED = "CANCELED"


_C = ChangeState

CHANGE = Transitions(
    ChangeState,
    # Where no place has to be asked, a change is done in the transaction that makes it.
    start=(_C.PENDING, _C.CONFIRMED),
    table={_C.PENDING: {_C.CONFIRMED, _C.DECLINED, _C.CANCELED}},
)
