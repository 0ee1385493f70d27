"""What happens to a process (happenings) and what it asks its host to do (commands): plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class TaskCompleted:
    """The work of a token is done; `result` is merged into the variables."""

    token: str
    result: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class TaskFailed:
    """The work of a token failed for good; the nearest boundary event for `error_code` takes over."""

    token: str
    error_code: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class TaskEscalated:
    """The work of a token goes on, but somebody should know; an interrupting boundary event ends it all the same."""

    token: str
    code: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Ask for the work of a token again, after an incident."""

    token: str


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A message has come; `variables` are merged when it is consumed."""

    name: str
    variables: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer that was set is due."""

    token: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop everything, undo the finished steps in reverse, then end as canceled."""


@dataclass(frozen=True, slots=True)
class Terminate:
    """End at once; nothing is undone."""


Happening = TaskCompleted | TaskFailed | TaskEscalated | Retry | MessageReceived | TimerFired | Cancel | Terminate


# The commands are not frozen, which would triple the cost of making one; nobody changes them.
@dataclass(slots=True)
class RunTask:
    """Run the work `task`; answer with TaskCompleted or TaskFailed. `compensates` names the step that is undone."""

    token: str
    node: str
    task: str
    retries: int = 0
    compensates: str | None = None


@dataclass(slots=True)
class CreateUserTask:
    """Ask a person; answer with TaskCompleted."""

    token: str
    node: str
    name: str
    task: str | None = None
    role: str | None = None


@dataclass(slots=True)
class CancelTask:
    """The work (or the person's task) of a token is no longer wanted; a late answer is ignored."""

    token: str
    node: str


@dataclass(slots=True)
class SetTimer:
    """Send TimerFired at `due`, or after the configured waiting time `setting`, with `due` where that is not set."""

    token: str
    node: str
    due: datetime | None
    setting: str | None = None


@dataclass(slots=True)
class CancelTimer:
    """The timer of a token is no longer wanted."""

    token: str


@dataclass(slots=True)
class ThrowMessage:
    """Tell the other processes."""

    name: str
    node: str


@dataclass(slots=True)
class Incident:
    """A failure no boundary event catches, or parallel ways that never meet: somebody must look.

    A failed token stays; Retry asks for its work again.
    """

    token: str
    node: str
    code: str
    message: str = ""


class Outcome(StrEnum):
    """How an instance ended."""

    COMPLETED = "completed"
    TERMINATED = "terminated"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(slots=True)
class Finished:
    """The instance has ended: the end event reached last and the error of an error end event nobody caught."""

    outcome: Outcome
    end: str | None = None
    error_code: str | None = None


Command = RunTask | CreateUserTask | CancelTask | SetTimer | CancelTimer | ThrowMessage | Incident | Finished
