"""How the work of a process is declared: task name to function, its compensation beside it.

A function gets every token that waits for its task at once, over all instances of a batch, and answers for each: with
variables, with a `TaskFailure`, or with `WAITING` when an event will answer later. What it leaves out is done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

if TYPE_CHECKING:
    from kontor.core.db import Session
    from kontor.processes.messages import Meaning


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One token that waits for a task: whose it is and what its instance knows. Compared by identity."""

    instance_id: UUID
    key: str
    subject_id: UUID
    order_id: UUID
    token: str
    node: str
    variables: Mapping[str, Any]

    def uuid(self, variable: str) -> UUID:
        """A variable that holds an id; raises KeyError when it is not set."""
        return UUID(self.variables[variable])


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """The work cannot be done; the nearest boundary event for `code` takes over, else the instance fails."""

    code: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The answer comes later, as an event; `variables` are known to the instance from now on."""

    variables: Mapping[str, Any] = field(default_factory=dict)


WAITING: Final = Waiting()
Answer = Mapping[str, Any] | TaskFailure | Waiting
Answers = Mapping[Subject, Answer]


@dataclass(frozen=True, slots=True)
class TaskRun:
    """What a task function works with: the unit of work, its moment, and the channel of every order at hand.

    `siblings` gives the variables of every instance of an order; `tell` lets something happen once the task is done.
    """

    db: Session
    now: datetime
    channels: Mapping[UUID, Any]
    siblings: Callable[[UUID], Sequence[Mapping[str, Any]]]
    tell: Callable[[UUID, Meaning], None]


TaskFunction = Callable[[TaskRun, Sequence[Subject]], Awaitable[Answers | None]]


@dataclass(frozen=True, slots=True)
class Task:
    """A declared task; `compensation` names the task that undoes it.

    `last` says that it is done when no other work is left: it builds on what others do, or takes locks nobody may wait
    behind (number series).
    """

    name: str
    function: TaskFunction
    compensation: str | None
    last: bool


TASKS: dict[str, Task] = {}
USER_TASKS: dict[str, frozenset[str]] = {}


def task(name: str, *, compensation: str | None = None, last: bool = False) -> Callable[[TaskFunction], TaskFunction]:
    """Declare the function behind `kontor:task`."""

    def declare(function: TaskFunction) -> TaskFunction:
        if name in TASKS and TASKS[name].function.__module__ != function.__module__:
            raise ValueError(f"Two tasks are named {name}")
        TASKS[name] = Task(name, function, compensation, last)
        return function

    return declare


def user_task(name: str, *, outcomes: frozenset[str]) -> None:
    """Declare what a person may answer to a user task; the answer becomes the variable `decision`."""
    USER_TASKS[name] = outcomes
