"""Advance many instances in one transaction: what happened goes in, tasks run once for all that wait for them.

Whatever touches an instance locks its order first, then its instances, so that tasks may change the order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kontor.core.dbtroubles import is_transient, is_unreachable
from kontor.core.errors import KontorError, Unavailable
from kontor.core.expressions import holds
from kontor.core.ids import new_id
from kontor.processes import engine, messages, steps
from kontor.processes.library import Library, choose, is_user_task, tokens_at
from kontor.processes.live import Live
from kontor.processes.settings import WAITING_TIMES, waiting_time
from kontor.processes.states import InstanceState, UserTaskState
from kontor.processes.work import TASKS, Answer, Subject, TaskFailure, TaskRun, Waiting

if TYPE_CHECKING:
    from kontor.core.db import Session

MAX_WORK = 50  # how often one instance may ask for work in one advance: a definition that runs in a circle stops here
Place = tuple[UUID, str]
"""(instance, token)."""


@dataclass(frozen=True, slots=True)
class Care:
    """How failures are met. A whole batch just fails, and is run again one by one; then they become incidents.

    `last` says that the row has failed before, so that what is unexpected becomes an incident too.
    """

    alone: bool = False
    last: bool = False


@dataclass(slots=True)
class Batch:
    """Instances of some orders, and what is to be written once they wait again."""

    db: Session
    library: Library
    newest: Mapping[str, UUID]
    channels: Mapping[UUID, Any]
    care: Care
    lives: dict[UUID, Live] = field(default_factory=dict)
    by_order: dict[UUID, list[Live]] = field(default_factory=dict)
    by_subject: dict[tuple[str, UUID], Live] = field(default_factory=dict)
    queue: deque[tuple[UUID, messages.Meaning] | tuple[Live, steps.Happening]] = field(default_factory=deque)
    work: dict[str, dict[Place, Subject]] = field(default_factory=dict)
    worked: dict[UUID, int] = field(default_factory=dict)
    timers: dict[Place, datetime] = field(default_factory=dict)
    dead_timers: list[Place] = field(default_factory=list)
    asked: dict[Place, tuple[str, str | None]] = field(default_factory=dict)
    answered: dict[Place, tuple[UserTaskState, str | None]] = field(default_factory=dict)

    def add(self, live: Live) -> None:
        """Make an instance part of the batch."""
        self.lives[live.id] = live
        self.by_order.setdefault(live.order_id, []).append(live)
        self.by_subject[live.key, live.subject_id] = live

    def hear(self, order_id: UUID, meaning: messages.Meaning) -> None:
        """Something happened to an order."""
        self.queue.append((order_id, meaning))

    def put(self, live: Live, happening: steps.Happening) -> None:
        """Something happened to an instance."""
        self.queue.append((live, happening))

    async def run(self) -> None:
        """Go on until every instance waits or has ended."""
        run = TaskRun(self.db, self.db.now, self.channels, self._siblings, self.hear)
        while True:
            while self.queue:
                target, what = self.queue.popleft()
                if isinstance(target, Live):
                    self._happen(target, what)  # type: ignore[arg-type]
                else:
                    self._mean(target, what)  # type: ignore[arg-type]
            if not self.work:
                return
            name = next((each for each in self.work if not TASKS[each].last), next(iter(self.work)))
            subjects = list(self.work.pop(name).values())
            if not subjects:  # what asked for it has been taken away meanwhile
                continue
            answers = await self._do(run, name, subjects)
            for subject in subjects:
                self._answer(subject, answers.get(subject, {}))

    def _siblings(self, order_id: UUID) -> list[Mapping[str, Any]]:
        return [live.data["variables"] for live in self.by_order.get(order_id, ())]

    # What an event means

    def _mean(self, order_id: UUID, meaning: messages.Meaning) -> None:
        match meaning:
            case messages.Begin(family, subject_id, variables):
                self._begin(order_id, family, subject_id, variables)
            case messages.Tell(family, message, subject_id, variables, begins):
                if begins and subject_id and (family, subject_id) not in self.by_subject:
                    self._begin(order_id, family, subject_id, {})
                for live in self._found(order_id, family, subject_id):
                    self._happen(live, steps.MessageReceived(message, variables))
            case messages.Reply():
                self._reply(order_id, meaning)

    def _found(self, order_id: UUID, family: str, subject_id: UUID | None) -> list[Live]:
        if subject_id is None:
            return [live for live in self.by_order.get(order_id, ()) if live.key == family]
        live = self.by_subject.get((family, subject_id))
        return [] if live is None else [live]

    def _begin(self, order_id: UUID, family: str, subject_id: UUID, variables: Mapping[str, Any]) -> None:
        if (family, subject_id) in self.by_subject:
            return
        channel = self.channels.get(order_id)
        definition_id = choose(self.library, self.newest, family, channel.processes if channel else {})
        definition = self.library.compiled[definition_id]
        step = engine.start(definition, variables, now=self.db.now, evaluate=holds)
        live = Live(
            new_id(), definition_id, family, subject_id, order_id, InstanceState.RUNNING, step.state, self.db.now,
            fresh=True,
        )  # fmt: skip
        self.add(live)
        self._follow(live, step)

    def _reply(self, order_id: UUID, reply: messages.Reply) -> None:
        for live in self._found(order_id, reply.family, reply.subject_id):
            if reply.where and live.data["variables"].get(reply.where[0]) != reply.where[1]:
                continue
            for token in tokens_at(self.library, live.definition_id, live.data["tokens"], reply.tasks):
                if reply.error is None:
                    self._happen(live, steps.TaskCompleted(token, reply.result))
                else:
                    self._happen(live, steps.TaskFailed(token, *reply.error))

    # What the engine makes of it

    def _happen(self, live: Live, happening: steps.Happening) -> None:
        if live.over:
            return
        definition = self.library.compiled[live.definition_id]
        token = live.data["tokens"].get(getattr(happening, "token", ""))
        try:
            step = engine.advance(definition, live.data, happening, now=self.db.now, evaluate=holds)
        except KontorError as problem:
            if not self.care.alone:
                raise
            live.stick(happening, f"{problem.code}: {problem.message}")
            return
        if step.ignored:
            return
        live.changed = True
        live.data = step.state
        if isinstance(happening, steps.TaskCompleted) and token is not None:
            live.failed.pop(happening.token, None)
            if is_user_task(self.library, live.definition_id, token[0]):
                decision = (happening.result or {}).get("decision")
                self.answered[live.id, happening.token] = (UserTaskState.DONE, decision)
        self._follow(live, step)

    def _follow(self, live: Live, step: engine.Advance) -> None:
        for command in step.commands:
            match command:
                case steps.RunTask(token, node, task):
                    self._ask_for(live, token, node, task)
                case steps.CreateUserTask(token, node, _, task, role):
                    self.asked[live.id, token] = (task or node, role)
                case steps.CancelTask(token, node):
                    self._drop(live, token, node)
                case steps.SetTimer():
                    self._set_timer(live, command)
                case steps.CancelTimer(token):
                    if self.timers.pop((live.id, token), None) is None:
                        self.dead_timers.append((live.id, token))
                case steps.ThrowMessage(name):
                    self._spread(live, name)
                case steps.Incident(token, node, code, message):
                    live.failed[token] = [node, code, message]
                    live.changed = True

    def _ask_for(self, live: Live, token: str, node: str, task: str) -> None:
        times = self.worked[live.id] = self.worked.get(live.id, 0) + 1
        if times > MAX_WORK:
            live.failed[token] = [node, "RUNS_IN_A_CIRCLE", f"asked for work {MAX_WORK} times without waiting"]
            return
        live.failed.pop(token, None)
        subject = Subject(live.id, live.key, live.subject_id, live.order_id, token, node, live.data["variables"])
        self.work.setdefault(task, {})[live.id, token] = subject

    def _drop(self, live: Live, token: str, node: str) -> None:
        place = (live.id, token)
        for waiting in self.work.values():
            waiting.pop(place, None)
        if is_user_task(self.library, live.definition_id, node) and self.asked.pop(place, None) is None:
            self.answered[place] = (UserTaskState.OBSOLETE, None)

    def _set_timer(self, live: Live, command: steps.SetTimer) -> None:
        due = command.due
        if command.setting is not None:
            channel = self.channels.get(live.order_id)
            wait = waiting_time(channel.settings, command.setting) if channel else None
            due = due if wait is None else self.db.now + wait
        if due is None:
            due = self.db.now + WAITING_TIMES[command.setting or ""][1]
        self.timers[live.id, command.token] = due

    def _spread(self, sender: Live, message: str) -> None:
        for live in self.by_order[sender.order_id]:
            if live is not sender and message in self.library.compiled[live.definition_id].messages:
                self.put(live, steps.MessageReceived(message))

    # Work

    async def _do(self, run: TaskRun, name: str, subjects: Sequence[Subject]) -> Mapping[Subject, Answer]:
        function = TASKS[name].function
        if not self.care.alone:
            return await function(run, subjects) or {}
        try:
            async with self.db.savepoint():
                return await function(run, subjects) or {}
        except Exception as problem:
            if len(subjects) == 1:
                return {subjects[0]: self._failure(problem)}
        answers: dict[Subject, Answer] = {}
        for subject in subjects:
            answers.update(await self._do(run, name, [subject]))
        return answers

    def _failure(self, problem: Exception) -> TaskFailure:
        """A refusal becomes an incident; what is away or asks for another try is tried again by the outbox."""
        if isinstance(problem, Unavailable) or is_transient(problem) or is_unreachable(problem):
            raise problem
        if isinstance(problem, KontorError):
            return TaskFailure(problem.code, problem.message)
        if not self.care.last:
            raise problem
        return TaskFailure("UNEXPECTED", repr(problem)[:1000])

    def _answer(self, subject: Subject, answer: Answer) -> None:
        live = self.lives[subject.instance_id]
        if isinstance(answer, Waiting):
            if answer.variables:
                live.data = {**live.data, "variables": {**live.data["variables"], **answer.variables}}
        elif isinstance(answer, TaskFailure):
            self._happen(live, steps.TaskFailed(subject.token, answer.code, answer.message))
        else:
            self._happen(live, steps.TaskCompleted(subject.token, answer))
