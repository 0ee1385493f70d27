"""What each kind of node does with a token that comes to it, and the loop that moves tokens until they wait."""

from collections.abc import Callable
from datetime import UTC, datetime

from kontor.processes.bpmn.model import Kind, Node
from kontor.processes.steps import Incident, Outcome, SetTimer, ThrowMessage
from kontor.processes.tokens import ROOT, ProcessStuck, Run

MAX_STEPS = 10_000
PARKED = frozenset({Kind.PARALLEL, Kind.SUBPROCESS})


def settle(run: Run) -> None:
    """Move every token until it waits; raises ProcessStuck when there is no way on or no end to it."""
    queue, nodes, enter, steps = run.queue, run.nodes, ENTER, 0
    while True:
        while queue:
            node, scope, flow = queue.popleft()
            if (steps := steps + 1) > MAX_STEPS:
                raise ProcessStuck(f"The process runs in a circle at {node.id}.", node=node.id)
            if scope == ROOT or scope in run.tokens:
                enter[node.kind](run, node, scope, flow)
        if not run.drained:
            break
        # Inner scopes first: a token number is higher the later its scope was opened.
        scope = max(run.drained, key=lambda one: int(one or "0")) if len(run.drained) > 1 else next(iter(run.drained))
        run.drained.discard(scope)
        run.finish_if_empty(scope)
    tokens = run.tokens
    for token in tokens.values():
        if token[0] not in nodes or nodes[token[0]].kind not in PARKED:
            return
    if tokens:
        stuck = next(iter(tokens))
        run.commands.append(Incident(stuck, tokens[stuck][0], "DEADLOCK", "no token can move any more"))


def start_activity(run: Run, node: Node, scope: str, _: str) -> None:
    if not node.watchers:
        run.request(node, run.add(node.id, scope))
        return
    boundaries = [run.nodes[boundary] for boundary in node.watchers]
    for boundary in boundaries:
        # What came early interrupts before anything is started.
        if boundary.message is not None and boundary.interrupting and run.take(boundary.message):
            run.leave(boundary, scope)
            return
    token = run.add(node.id, scope)
    for boundary in boundaries:
        watcher = run.add(boundary.id, scope, token)
        if boundary.kind is Kind.BOUNDARY_TIMER:
            _set_timer(run, boundary, watcher)
        while boundary.message is not None and run.take(boundary.message):
            run.fire(watcher)
    run.request(node, token)


def _set_timer(run: Run, node: Node, token: str) -> None:
    timer = node.timer
    assert timer is not None, "the reader gives every timer event a timer"
    if timer.due_variable is not None and run.variables.get(timer.due_variable) is not None:
        run.commands.append(SetTimer(token, node.id, _moment(run.variables[timer.due_variable], node.id)))
    elif timer.setting is not None:
        due = None if timer.duration is None else run.now + timer.duration
        run.commands.append(SetTimer(token, node.id, due, timer.setting))
    elif timer.duration is not None:
        run.commands.append(SetTimer(token, node.id, run.now + timer.duration))
    else:
        raise ProcessStuck(f"The variable {timer.due_variable} has no moment for {node.id}.", node=node.id)


def enter_through(run: Run, node: Node, scope: str, _: str) -> None:
    run.leave(node, scope)


def enter_end(run: Run, node: Node, scope: str, _: str) -> None:
    if scope == ROOT:
        run.end = [run.end[0], node.id, None]
    run.drained.add(scope)


def enter_terminate(run: Run, node: Node, scope: str, _: str) -> None:
    run.discard_scope(scope)
    others = [entry for entry in run.queue if entry[1] != scope]
    run.queue.clear()
    run.queue.extend(others)
    if scope == ROOT:
        run.end = [Outcome.TERMINATED.value, node.id, None]
    run.drained.add(scope)


def enter_error(run: Run, node: Node, scope: str, _: str) -> None:
    if not run.throw(Kind.BOUNDARY_ERROR, node.code or "", scope):
        run.discard_scope(ROOT)
        run.queue.clear()
        run.end = [Outcome.FAILED.value, node.id, node.code]
        run.drained.add(ROOT)


def enter_escalation(run: Run, node: Node, scope: str, _: str) -> None:
    run.throw(Kind.BOUNDARY_ESCALATION, node.code or "", scope)
    if scope != ROOT and scope not in run.tokens:
        return
    if node.kind is Kind.END_ESCALATION:
        enter_end(run, node, scope, "")
    else:
        run.leave(node, scope)


def enter_exclusive(run: Run, node: Node, scope: str, _: str) -> None:
    flows = node.outgoing
    if len(flows) == 1:
        run.leave(node, scope)
        return
    for flow in flows:
        if flow is not node.default and run.evaluate(flow.condition or "", run.variables):
            run.queue.append((run.nodes[flow.target], scope, flow.id))
            return
    if node.default is None:
        raise ProcessStuck(f"No condition holds at {node.id}.", node=node.id)
    run.queue.append((run.nodes[node.default.target], scope, node.default.id))


def enter_parallel(run: Run, node: Node, scope: str, flow: str) -> None:
    if len(node.incoming) > 1:
        run.add(node.id, scope, "", flow)
        waiting: dict[str, str] = {}
        for token_id, token in run.tokens.items():
            if token[0] == node.id and token[1] == scope:
                waiting.setdefault(token[3], token_id)
        if len(waiting) < len(node.incoming):
            return
        for token_id in waiting.values():
            del run.tokens[token_id]
    run.leave(node, scope)


def enter_event_gateway(run: Run, node: Node, scope: str, _: str) -> None:
    targets = [run.nodes[flow.target] for flow in node.outgoing]
    for target in targets:
        if target.message is not None and run.take(target.message):
            run.leave(target, scope)
            return
    gateway = run.add(node.id, scope)
    for target in targets:
        token = run.add(target.id, scope, gateway)
        if target.kind is Kind.CATCH_TIMER:
            _set_timer(run, target, token)


def enter_catch_message(run: Run, node: Node, scope: str, _: str) -> None:
    if run.take(node.message or ""):
        run.leave(node, scope)
    else:
        run.add(node.id, scope)


def enter_catch_timer(run: Run, node: Node, scope: str, _: str) -> None:
    _set_timer(run, node, run.add(node.id, scope))


def enter_throw_message(run: Run, node: Node, scope: str, _: str) -> None:
    run.commands.append(ThrowMessage(node.message or "", node.id))
    run.leave(node, scope)


def enter_throw_compensation(run: Run, node: Node, scope: str, _: str) -> None:
    if not run.compensate(node.id, scope, node.compensates):
        run.leave(node, scope)


def _moment(value: object, node: str) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise ProcessStuck(f"{value!r} is no moment for {node}.", node=node) from error
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ProcessStuck(f"{value!r} is no moment with a time zone for {node}.", node=node)
    return value.astimezone(UTC)


ENTER: dict[Kind, Callable[[Run, Node, str, str], None]] = {
    Kind.START: enter_through,
    Kind.END: enter_end,
    Kind.END_TERMINATE: enter_terminate,
    Kind.END_ERROR: enter_error,
    Kind.END_ESCALATION: enter_escalation,
    Kind.THROUGH: enter_through,
    Kind.SERVICE: start_activity,
    Kind.RULE: start_activity,
    Kind.USER: start_activity,
    Kind.SEND: start_activity,
    Kind.RECEIVE: start_activity,
    Kind.SUBPROCESS: start_activity,
    Kind.EXCLUSIVE: enter_exclusive,
    Kind.PARALLEL: enter_parallel,
    Kind.EVENT_GATEWAY: enter_event_gateway,
    Kind.CATCH_MESSAGE: enter_catch_message,
    Kind.CATCH_TIMER: enter_catch_timer,
    Kind.THROW_MESSAGE: enter_throw_message,
    Kind.THROW_ESCALATION: enter_escalation,
    Kind.THROW_COMPENSATION: enter_throw_compensation,
}
