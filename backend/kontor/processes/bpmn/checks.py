"""What must hold of a graph before anything runs on it, so that no order gets stuck on a drawing mistake."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from kontor.processes.bpmn.errors import Problem
from kontor.processes.bpmn.model import (
    ACTIVITIES,
    BOUNDARIES,
    ENDS,
    MESSAGE_CATCHES,
    WORK,
    Flow,
    Kind,
    Node,
)

Nodes = Mapping[str, Node]


def structure(nodes: Nodes, flows: Sequence[Flow]) -> Iterator[Problem]:
    """Every structural problem of the linked graph, in the order of the document within each check."""
    yield from _starts(nodes)
    yield from _flows(nodes, flows)
    for node in nodes.values():
        yield from _degree(node)
        yield from _conditions(node)
        yield from _work(node)
        yield from _boundary(node, nodes)
        yield from _compensation(node, nodes)
        if node.kind is Kind.EVENT_GATEWAY:
            yield from _event_gateway(node, nodes)
    yield from _buffers(nodes)
    yield from _extension_points(nodes)
    reached = _reached(nodes)
    yield from (
        Problem("UNREACHABLE", node.id, "nothing leads here") for node in nodes.values() if node.id not in reached
    )


def _starts(nodes: Nodes) -> Iterator[Problem]:
    counts = Counter(node.scope for node in nodes.values() if node.kind is Kind.START)
    for scope in ["", *(node.id for node in nodes.values() if node.kind is Kind.SUBPROCESS)]:
        if counts[scope] != 1:
            code = "START_MISSING" if counts[scope] == 0 else "SEVERAL_STARTS"
            yield Problem(code, scope or "process", "exactly one start event is needed")
    for node in nodes.values():
        if node.kind is Kind.START and node.scope and node.message:
            yield Problem("START_MISPLACED", node.id, "a subprocess starts without a message")


def _flows(nodes: Nodes, flows: Sequence[Flow]) -> Iterator[Problem]:
    for flow_id, count in Counter(flow.id for flow in flows).items():
        if count > 1 or flow_id in nodes:
            yield Problem("ID_TWICE", flow_id, "the id is used twice")
    for flow in flows:
        source, target = nodes.get(flow.source), nodes.get(flow.target)
        if source is None or target is None:
            yield Problem("FLOW_DANGLING", flow.id, "the flow does not join two elements")
        elif source.scope != target.scope:
            yield Problem("FLOW_CROSSING", flow.id, "the flow leads into or out of a subprocess")


def _degree(node: Node) -> Iterator[Problem]:
    final = node.kind in ENDS or node.kind is Kind.BOUNDARY_COMPENSATION or node.is_handler
    if final and node.outgoing:
        yield Problem("FLOW_MISPLACED", node.id, "nothing may follow this element")
    if not final and not node.outgoing:
        yield Problem("NO_WAY_ON", node.id, "no flow leaves this element; every way ends in an end event")
    if node.incoming and (node.kind is Kind.START or node.kind in BOUNDARIES or node.is_handler):
        yield Problem("FLOW_MISPLACED", node.id, "no flow may lead to this element")


def _conditions(node: Node) -> Iterator[Problem]:
    choosing = node.kind is Kind.EXCLUSIVE and len(node.outgoing) > 1
    if node.default is not None and not choosing:
        yield Problem("DEFAULT_MISPLACED", node.id, "only an exclusive gateway with several ways has a default")
    for flow in node.outgoing:
        if choosing and flow is not node.default and not flow.condition:
            yield Problem("CONDITION_MISSING", flow.id, "the flow has no condition and is not the default")
        if flow.condition is not None and not (choosing and flow is not node.default):
            yield Problem("CONDITION_MISPLACED", flow.id, "a condition has no meaning on this flow")


def _work(node: Node) -> Iterator[Problem]:
    if node.kind in (Kind.SERVICE, Kind.RULE) and node.task is None:
        yield Problem("TASK_MISSING", node.id, "kontor:task does not say what to do")
    if node.kind is Kind.SEND and (node.task is None) == (node.message is None):
        yield Problem("TASK_MISSING", node.id, "a send task has either a message or kontor:task")


def _boundary(node: Node, nodes: Nodes) -> Iterator[Problem]:
    if node.kind not in BOUNDARIES:
        return
    host = nodes.get(node.attached_to or "")
    if host is None or host.kind not in ACTIVITIES or host.scope != node.scope:
        yield Problem("BOUNDARY_LOOSE", node.id, "the event sits on nothing that could carry it")
    if node.kind is Kind.BOUNDARY_ERROR and not node.interrupting:
        yield Problem("ERROR_INTERRUPTS", node.id, "an error always interrupts")


def _compensation(node: Node, nodes: Nodes) -> Iterator[Problem]:
    handler = None
    if node.kind is Kind.BOUNDARY_COMPENSATION and (host := nodes.get(node.attached_to or "")):
        handler = nodes.get(host.compensation or "")
        if handler is None or not handler.is_handler or handler.scope != node.scope:
            yield Problem("COMPENSATION_MISSING", node.id, "no association leads to an activity for compensation")
    if node.is_handler and node.kind not in WORK:
        yield Problem("HANDLER_UNFIT", node.id, "only a task that does something can compensate")
    if node.kind is Kind.THROW_COMPENSATION and node.compensates is not None and node.compensates not in nodes:
        yield Problem("COMPENSATION_UNKNOWN", node.id, "the activity to compensate does not exist")


def _event_gateway(gateway: Node, nodes: Nodes) -> Iterator[Problem]:
    for flow in gateway.outgoing:
        target = nodes.get(flow.target)
        if target is None:
            continue
        if target.kind not in (Kind.CATCH_MESSAGE, Kind.CATCH_TIMER, Kind.RECEIVE):
            yield Problem("EVENT_EXPECTED", target.id, "an event-based gateway leads to events that are waited for")
        elif len(target.incoming) > 1 or target.watchers or target.catchers:
            yield Problem("EVENT_SHARED", target.id, "behind an event-based gateway nothing else leads to the event")


def _buffers(nodes: Nodes) -> Iterator[Problem]:
    seen: dict[str, Node] = {}
    for node in nodes.values():
        if node.kind in MESSAGE_CATCHES and node.message:
            first = seen.setdefault(node.message, node)
            if first.buffer is not node.buffer:
                yield Problem("BUFFER_DIFFERS", node.id, f"{first.id} buffers the same message in another way")


def _extension_points(nodes: Nodes) -> Iterator[Problem]:
    names = Counter(node.extension_point for node in nodes.values() if node.extension_point)
    for node in nodes.values():
        if node.extension_point and names[node.extension_point] > 1:
            yield Problem("EXTENSION_POINT_TWICE", node.id, f"the name {node.extension_point} is used twice")


def _reached(nodes: Nodes) -> set[str]:
    waiting = [node.id for node in nodes.values() if node.kind is Kind.START and not node.scope]
    attached: dict[str, list[str]] = {}
    for node in nodes.values():
        if node.attached_to is not None:
            attached.setdefault(node.attached_to, []).append(node.id)
    reached: set[str] = set()
    while waiting:
        node_id = waiting.pop()
        if node_id in reached or (found := nodes.get(node_id)) is None:
            continue
        reached.add(node_id)
        waiting += [flow.target for flow in found.outgoing]
        waiting += attached.get(node_id, [])
        waiting += [link for link in (found.start, found.compensation) if link is not None]
    return reached
