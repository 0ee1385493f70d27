"""Advance a process by one happening: definition, state and happening in, new state and commands out. Pure.

The state is a small dict ready for JSON: tokens, variables, messages that came early, finished steps that can be
undone. It holds no part of the definition, so it must be advanced with the definition it was started with.

Semantics beyond the standard, chosen for retail:

- A message nobody waits for yet is kept and consumed once (`kontor:buffer`); one that no element of the definition
  catches is ignored. When several tokens wait for the same message, the one that has waited longest gets it.
- Steps finished inside an interrupted subprocess can still be undone from outside.
- A failure no boundary event catches does not end the instance: it becomes an Incident and the token stays for Retry.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kontor.processes.behavior import settle
from kontor.processes.bpmn.model import TIMERS, WORK, Buffer, Definition, Kind
from kontor.processes.steps import (
    Cancel,
    Command,
    Happening,
    Incident,
    MessageReceived,
    Outcome,
    Retry,
    TaskCompleted,
    TaskEscalated,
    TaskFailed,
    Terminate,
    TimerFired,
)
from kontor.processes.tokens import CANCELING, ROOT, Evaluate, Run

State = dict[str, Any]


@dataclass(slots=True)
class Advance:
    """The new state and what the host has to do, in this order; `ignored` when the happening meant nothing."""

    state: State
    commands: list[Command] = field(default_factory=list)
    ignored: bool = False

    @property
    def finished(self) -> bool:
        """Whether the instance has ended."""
        return is_finished(self.state)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a token stands, for showing an instance on its diagram."""

    token: str
    node: str
    kind: Kind
    name: str


def start(definition: Definition, variables: Mapping[str, Any], *, now: datetime, evaluate: Evaluate) -> Advance:
    """Begin an instance; `evaluate(condition, variables)` decides conditions. Raises ProcessStuck."""
    empty = {"next": 1, "tokens": {}, "variables": variables, "inbox": {}, "done": [], "end": [None, None, None]}
    run = Run(definition, empty, now, evaluate)
    run.leave(definition.nodes[definition.start], ROOT)
    settle(run)
    return Advance(run.state(), run.commands)


def advance(
    definition: Definition,
    instance_state: Mapping[str, Any],
    happening: Happening,
    *,
    now: datetime,
    evaluate: Evaluate,
) -> Advance:
    """The state after a happening, and the commands that follow from it; the given state is left as it is.

    A happening for a token that is gone, or for an ended instance, is ignored: answers may come late or twice.
    Raises ProcessStuck when no condition holds or a timer has no moment.
    """
    if is_finished(instance_state):
        return Advance(dict(instance_state), ignored=True)
    run = Run(definition, instance_state, now, evaluate)
    if not _apply(run, definition, happening):
        return Advance(dict(instance_state), ignored=True)
    settle(run)
    return Advance(run.state(), run.commands)


def is_finished(state: Mapping[str, Any]) -> bool:
    """Whether an instance has ended."""
    return not state["tokens"]


def outcome(state: Mapping[str, Any]) -> Outcome | None:
    """How an instance ended, None while it runs."""
    return Outcome(state["end"][0] or Outcome.COMPLETED) if is_finished(state) else None


def places(definition: Definition, state: Mapping[str, Any]) -> list[Place]:
    """Where the tokens of an instance stand, oldest first."""
    nodes = definition.nodes
    return [
        Place(token_id, token[0], nodes[token[0]].kind, nodes[token[0]].name)
        for token_id, token in sorted(state["tokens"].items(), key=lambda item: int(item[0]))
        if token[0] in nodes
    ]


def _apply(run: Run, definition: Definition, happening: Happening) -> bool:
    if isinstance(happening, TaskCompleted):
        return _complete(run, happening)
    match happening:
        case MessageReceived(name, variables):
            return _receive(run, definition, name, variables or {})
        case TimerFired(token):
            if token not in run.tokens or run.nodes[run.tokens[token][0]].kind not in TIMERS:
                return False
            run.fire(token)
        case TaskFailed() | TaskEscalated() | Retry():
            return _works(run, happening.token) and _trouble(run, happening)
        case Cancel():
            return _cancel(run)
        case Terminate():
            run.discard_scope(ROOT)
            run.end = [Outcome.TERMINATED.value, None, None]
            run.drained.add(ROOT)
    return True


def _complete(run: Run, happening: TaskCompleted) -> bool:
    if not _works(run, happening.token):
        return False
    if happening.result:
        run.variables.update(happening.result)
    run.complete(happening.token)
    return True


def _works(run: Run, token_id: str) -> bool:
    token = run.tokens.get(token_id)
    return token is not None and token[0] in run.nodes and run.nodes[token[0]].kind in WORK


def _receive(run: Run, definition: Definition, name: str, variables: Mapping[str, Any]) -> bool:
    token = run.waiting_for(name)
    if token is None:
        return run.keep(name, variables, definition.buffers.get(name, Buffer.NONE))
    run.variables.update(variables)
    run.fire(token)
    return True


def _trouble(run: Run, happening: TaskFailed | TaskEscalated | Retry) -> bool:
    token = happening.token
    node = run.nodes[run.tokens[token][0]]
    match happening:
        case TaskFailed(_, code, message):
            if not run.throw(Kind.BOUNDARY_ERROR, code, token):
                run.commands.append(Incident(token, node.id, code, message))
        case TaskEscalated(_, code):
            return run.throw(Kind.BOUNDARY_ESCALATION, code, token)
        case Retry():
            run.request(node, token)
    return True


def _cancel(run: Run) -> bool:
    if run.end[0] == Outcome.CANCELED:
        return False
    run.discard_scope(ROOT)
    run.end = [Outcome.CANCELED.value, None, None]
    if not run.compensate(CANCELING.id, ROOT, None):
        run.drained.add(ROOT)
    return True
