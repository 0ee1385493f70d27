"""The tokens of one instance and what can be done with them, over a copy of the instance's state.

A token is `[node, scope, owner, rest]`: the node it stands on; the token of the subprocess around it (empty: the
process); the token it belongs to (a boundary event to its activity, an event to its event-based gateway, a
compensation to the event that threw it); and what a join or a compensation still needs to know.
"""

from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from kontor.core.errors import Conflict
from kontor.processes.bpmn.model import (
    BOUNDARIES,
    MESSAGE_CATCHES,
    TIMERS,
    WORK,
    Buffer,
    Definition,
    Kind,
    Node,
)
from kontor.processes.steps import (
    CancelTask,
    CancelTimer,
    Command,
    CreateUserTask,
    Finished,
    Outcome,
    RunTask,
    ThrowMessage,
)

Evaluate = Callable[[str, dict[str, Any]], bool]
Token = list[Any]

ROOT = ""
CANCELING = Node("(cancel)", Kind.THROW_COMPENSATION)


class ProcessStuck(Conflict):
    """The definition gives no way on from the present facts; the state is as it was."""

    default_code = "PROCESS_STUCK"


class Run:
    """One advance of one instance. It works on its own copy: an error leaves the caller's state as it was."""

    __slots__ = (
        "commands", "done", "drained", "end", "evaluate", "inbox", "next", "nodes", "now", "queue", "tokens",
        "variables", "within",
    )  # fmt: skip

    def __init__(self, definition: Definition, state: Mapping[str, Any], now: datetime, evaluate: Evaluate) -> None:
        self.nodes = definition.nodes
        self.within = definition.within
        self.now = now
        self.evaluate = evaluate
        self.next: int = state["next"]
        self.tokens: dict[str, Token] = dict(state["tokens"])
        self.variables: dict[str, Any] = dict(state["variables"])
        self.inbox: dict[str, list[dict[str, Any]]] = dict(state["inbox"])
        self.done: list[list[str]] = state["done"]
        self.end: list[str | None] = state["end"]
        self.commands: list[Command] = []
        self.queue: deque[tuple[Node, str, str]] = deque()
        self.drained: set[str] = set()

    def state(self) -> dict[str, Any]:
        """The new state, ready for JSON."""
        return {
            "next": self.next,
            "tokens": self.tokens,
            "variables": self.variables,
            "inbox": self.inbox,
            "done": self.done,
            "end": self.end,
        }

    def leave(self, node: Node, scope: str) -> None:
        """Send a token along every flow that leaves the node."""
        nodes, queue = self.nodes, self.queue
        for flow in node.outgoing:
            queue.append((nodes[flow.target], scope, flow.id))

    def add(self, node_id: str, scope: str, owner: str = "", rest: Any = None) -> str:
        """A new token; numbers rise, so the order of tokens is the order in which they came."""
        token = str(self.next)
        self.next += 1
        self.tokens[token] = [node_id, scope, owner, rest]
        return token

    def finish_if_empty(self, scope: str) -> None:
        """A scope without tokens is done: the subprocess goes on, the instance ends."""
        for token in self.tokens.values():
            if token[1] == scope:
                return
        if scope != ROOT:
            if scope in self.tokens:
                self.complete(scope)
            return
        outcome, end, error = self.end
        self.inbox = {}
        self.done = []
        self.commands.append(Finished(Outcome(outcome or Outcome.COMPLETED), end, error))

    # Ending what a token does

    def complete(self, token_id: str) -> None:
        """The activity of a token is done: drop what waits on its boundary, note it for compensation, go on."""
        node_id, scope, owner, _ = self.tokens.pop(token_id)
        node = self.nodes[node_id]
        if node.watchers:
            self._discard_owned(token_id)
        if node.kind is Kind.SUBPROCESS:
            if node.compensation is None:
                self._hand_up(token_id, scope)
            else:
                # The subprocess is undone as a whole: its own handler takes the place of those inside (BPMN 10.7).
                self.done = [step for step in self.done if step[1] != token_id]
        if node.is_handler:
            self.compensate_next(owner)
            return
        if node.compensation is not None:
            self.done = [*self.done, [node_id, scope]]
        self.leave(node, scope)

    def discard(self, token_id: str, *, ended: bool = False) -> None:
        """Take a token away with all that belongs to it, telling the host what is no longer wanted.

        `ended`: the work has ended by itself, so there is nothing to tell.
        """
        token = self.tokens.pop(token_id, None)
        if token is None:
            return
        node = self.nodes.get(token[0], CANCELING)
        if node.is_handler or node.kind is Kind.THROW_COMPENSATION:
            # What was not undone to the end can be undone again.
            steps = [token[3]] if node.is_handler else token[3]
            self.done = [*self.done, *([step, token[1]] for step in steps)]
        if node.kind in WORK:
            if not ended:
                self.commands.append(CancelTask(token_id, node.id))
        elif node.kind in TIMERS:
            self.commands.append(CancelTimer(token_id))
        elif node.kind is Kind.SUBPROCESS:
            self.discard_scope(token_id)
            # What was finished inside can still be undone from outside, though the whole was not.
            self._hand_up(token_id, token[1])
        self._discard_owned(token_id)

    def discard_scope(self, scope: str) -> None:
        """Take away every token in a scope."""
        for token_id in [one for one, token in self.tokens.items() if token[1] == scope]:
            self.discard(token_id)

    def _discard_owned(self, owner: str) -> None:
        for token_id in [one for one, token in self.tokens.items() if token[2] == owner]:
            self.discard(token_id)

    def _hand_up(self, scope: str, parent: str) -> None:
        if any(inner == scope for _, inner in self.done):
            self.done = [[node, parent if inner == scope else inner] for node, inner in self.done]

    def request(self, node: Node, token: str) -> None:
        """Ask for the work of an activity, or start waiting for it."""
        kind = node.kind
        if node.task is not None and kind is not Kind.USER:
            # The rest of a handler's token is the step it undoes; other work has none.
            self.commands.append(RunTask(token, node.id, node.task, node.retries, self.tokens[token][3]))
        elif kind is Kind.USER:
            self.commands.append(CreateUserTask(token, node.id, node.name, node.task, node.role))
        elif kind is Kind.RECEIVE:
            if self.take(node.message or ""):
                self.complete(token)
        elif kind is Kind.SEND:
            self.commands.append(ThrowMessage(node.message or "", node.id))
            self.complete(token)
        else:
            self.queue.append((self.nodes[node.start or ""], token, ""))

    # What happens

    def fire(self, token_id: str) -> None:
        """What a token waited for has come: a message or a timer."""
        node_id, scope, owner, _ = self.tokens[token_id]
        node = self.nodes[node_id]
        if node.kind in BOUNDARIES:
            if node.interrupting or node.kind is Kind.BOUNDARY_TIMER:
                del self.tokens[token_id]
            if node.interrupting:
                self.discard(owner)
            self.leave(node, scope)
            return
        if owner:
            self.tokens[token_id] = [node_id, scope, "", None]
            self.discard(owner)
        self.complete(token_id)

    def throw(self, kind: Kind, code: str, token_id: str) -> bool:
        """Let the nearest boundary event catch an error or escalation, from a token outward; False when none does."""
        origin = token_id
        while token_id != ROOT:
            node_id, scope, _, _ = self.tokens[token_id]
            for boundary_id in self.nodes[node_id].catchers:
                boundary = self.nodes[boundary_id]
                if boundary.kind is kind and boundary.code in (code, None):
                    if boundary.interrupting:
                        self.discard(token_id, ended=token_id == origin and kind is Kind.BOUNDARY_ERROR)
                    self.leave(boundary, scope)
                    return True
            token_id = scope
        return False

    def waiting_for(self, message: str) -> str | None:
        """The token that has waited longest for a message."""
        found = [
            int(token_id)
            for token_id, token in self.tokens.items()
            if (node := self.nodes.get(token[0])) and node.message == message and node.kind in MESSAGE_CATCHES
        ]
        # By number, not by place: a database may give the keys of the state back in another order.
        return str(min(found)) if found else None

    def keep(self, name: str, variables: Mapping[str, Any], buffer: Buffer) -> bool:
        """Put a message aside for a catch that is not reached yet."""
        if buffer is Buffer.NONE:
            return False
        earlier = self.inbox.get(name, []) if buffer is Buffer.ALL else []
        self.inbox[name] = [*earlier, dict(variables)]
        return True

    def take(self, name: str) -> bool:
        """Consume the oldest message put aside under a name."""
        kept = self.inbox.get(name)
        if not kept:
            return False
        self.variables.update(kept[0])
        if len(kept) > 1:
            self.inbox[name] = kept[1:]
        else:
            del self.inbox[name]
        return True

    # Compensation

    def compensate(self, node_id: str, scope: str, activity: str | None) -> bool:
        """Undo what was finished in a scope (or only an activity), last first; False when there is nothing to undo."""
        steps = [step for step in self.done if step[1] == scope and (not activity or self.within(step[0], activity))]
        if not steps:
            return False
        self.done = [step for step in self.done if step not in steps]
        self.compensate_next(self.add(node_id, scope, "", [step[0] for step in steps]))
        return True

    def compensate_next(self, thrower: str) -> None:
        """Ask for the next step to be undone, or go on from the event that asked for it."""
        node_id, scope, _, steps = self.tokens[thrower]
        if not steps:
            del self.tokens[thrower]
            if node_id in self.nodes:
                self.leave(self.nodes[node_id], scope)
            else:
                self.drained.add(ROOT)
            return
        self.tokens[thrower] = [node_id, scope, "", steps[:-1]]
        handler = self.nodes[self.nodes[steps[-1]].compensation or ""]
        self.request(handler, self.add(handler.id, scope, thrower, steps[-1]))
