"""The life of a process instance and of a user task."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class InstanceState(StrEnum):
    """Whether the instance runs, waits for help, or is over."""

    RUNNING = "RUNNING"
    FAILED = "FAILED"
    FINISHED = "FINISHED"
    CANCELED = "CANCELED"


INSTANCE = Transitions(
    InstanceState,
    start=InstanceState.RUNNING,
    table={
        InstanceState.RUNNING: {InstanceState.FAILED, InstanceState.FINISHED, InstanceState.CANCELED},
        InstanceState.FAILED: {InstanceState.RUNNING, InstanceState.CANCELED},
    },
)


class UserTaskState(StrEnum):
    """Whether somebody still has to decide."""

    OPEN = "OPEN"
    DONE = "DONE"
    OBSOLETE = "OBSOLETE"


USER_TASK = Transitions(
    UserTaskState,
    start=UserTaskState.OPEN,
    table={UserTaskState.OPEN: {UserTaskState.DONE, UserTaskState.OBSOLETE}},
)
