"""Plays an instance by node ids; every state goes through JSON, so that nothing survives that JSON cannot hold."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kontor.core import expressions
from kontor.processes.bpmn.model import Definition
from kontor.processes.bpmn.reader import read
from kontor.processes.engine import Advance, advance, outcome, places, start
from kontor.processes.steps import (
    Command,
    Happening,
    MessageReceived,
    Outcome,
    RunTask,
    TaskCompleted,
    TaskEscalated,
    TaskFailed,
    TimerFired,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Play:
    """One instance; `steps` are the nodes whose work was asked for, in order; `last` what the last advance asked."""

    def __init__(self, source: bytes | Definition, **variables: Any) -> None:
        self.definition = read(source, check_condition=expressions.check) if isinstance(source, bytes) else source
        self.steps: list[str] = []
        self.state: dict[str, Any] = {}
        self.last: list[Command] = []
        self._take(start(self.definition, variables, now=NOW, evaluate=expressions.holds))

    def _take(self, step: Advance) -> bool:
        self.state = json.loads(json.dumps(step.state, sort_keys=True))
        assert self.state == step.state
        self.last = step.commands
        self.steps += [command.node for command in step.commands if isinstance(command, RunTask)]
        return not step.ignored

    def happen(self, happening: Happening) -> bool:
        """Whether the happening meant something; the state given to the engine must not change."""
        before = json.dumps(self.state)
        step = advance(self.definition, self.state, happening, now=NOW, evaluate=expressions.holds)
        assert json.dumps(self.state) == before
        return self._take(step)

    def token(self, node: str) -> str:
        return next(place.token for place in places(self.definition, self.state) if place.node == node)

    def done(self, node: str, **result: Any) -> "Play":
        assert self.happen(TaskCompleted(self.token(node), result))
        return self

    def failed(self, node: str, code: str) -> "Play":
        assert self.happen(TaskFailed(self.token(node), code, "it broke"))
        return self

    def escalated(self, node: str, code: str) -> bool:
        return self.happen(TaskEscalated(self.token(node), code))

    def told(self, name: str, variables: Mapping[str, Any] | None = None) -> bool:
        return self.happen(MessageReceived(name, variables))

    def due(self, node: str) -> "Play":
        assert self.happen(TimerFired(self.token(node)))
        return self

    @property
    def at(self) -> list[str]:
        """Where the tokens stand."""
        return [place.node for place in places(self.definition, self.state)]

    @property
    def outcome(self) -> Outcome | None:
        return outcome(self.state)
