"""The life of a case."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class CaseState(StrEnum):
    """Who is looking after it."""

    OPEN = "OPEN"
    ASSIGNED = "ASSIGNED"
    WAITING = "WAITING"
    DONE = "DONE"


CASE = Transitions(
    CaseState,
    start=CaseState.OPEN,
    table={
        CaseState.OPEN: {CaseState.ASSIGNED, CaseState.DONE},
        CaseState.ASSIGNED: {CaseState.WAITING, CaseState.DONE, CaseState.OPEN},
        CaseState.WAITING: {CaseState.ASSIGNED, CaseState.DONE},
    },
)
