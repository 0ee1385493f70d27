"""BPMN XML to a definition that can run, or a refusal that names the elements at fault."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from lxml import etree

from kontor.core.errors import KontorError
from kontor.processes.bpmn import checks
from kontor.processes.bpmn.elements import BPMN, SKIPPED, Names, id_of, read_node, refuse, tag_of
from kontor.processes.bpmn.errors import InvalidDefinition, Problem
from kontor.processes.bpmn.model import MESSAGE_CATCHES, Definition, Flow, Kind, Node

MAX_BYTES = 2_000_000

Check = Callable[[str], None]


@dataclass(slots=True)
class Graph:
    """What was found in the XML, before it is linked."""

    nodes: dict[str, Node] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)
    defaults: dict[str, str] = field(default_factory=dict)
    handlers: dict[str, str] = field(default_factory=dict)


def read(xml: bytes, *, check_condition: Check | None = None) -> Definition:
    """The definition in a BPMN 2.0 document with one process (or one that is marked executable).

    `check_condition` gets every condition and raises what it likes (ValueError, KontorError) when one is wrong; leave
    it out for documents that were checked when they were stored. Raises UnsupportedElement for the first element
    outside the subset, InvalidDefinition with all other problems.
    """
    root = _parse(xml)
    names = Names(_root_names(root, "message", "name"), _root_names(root, "error", "errorCode"), _escalations(root))
    process = _process(root)
    graph = Graph()
    _collect(process, "", graph, names)
    nodes = _link(graph, names)
    names.problems += checks.structure(nodes, graph.flows)
    names.problems += _condition_problems(graph.flows, check_condition)
    if names.problems:
        raise InvalidDefinition(tuple(names.problems))
    return _definition(process, nodes)


def _parse(xml: bytes) -> etree._Element:
    if len(xml) > MAX_BYTES:
        raise _single("TOO_LARGE", "definitions", f"a definition has at most {MAX_BYTES} bytes")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _single("NOT_XML", "definitions", f"this is no XML: {error}") from error
    if root.getroottree().docinfo.doctype:
        raise _single("DOCTYPE", "definitions", "a document type declaration is not accepted")
    if tag_of(root) != "definitions":
        raise _single("NOT_BPMN", tag_of(root), "this is no BPMN 2.0 document")
    return root


def _single(code: str, element: str, message: str) -> InvalidDefinition:
    return InvalidDefinition((Problem(code, element, message),))


def _root_names(root: etree._Element, tag: str, attribute: str) -> dict[str, str]:
    found = root.iterchildren(f"{{{BPMN}}}{tag}")
    return {str(element.get("id", "")): str(element.get(attribute) or "") for element in found}


def _escalations(root: etree._Element) -> dict[str, str]:
    return _root_names(root, "escalation", "escalationCode")


def _process(root: etree._Element) -> etree._Element:
    processes = list(root.iterchildren(f"{{{BPMN}}}process"))
    if len(processes) > 1:
        processes = [process for process in processes if process.get("isExecutable") == "true"]
    if len(processes) != 1:
        raise _single("NO_SINGLE_PROCESS", "definitions", "exactly one process must be there, or be marked executable")
    return processes[0]


def _collect(container: etree._Element, scope: str, graph: Graph, names: Names) -> None:
    for element in container:
        tag = tag_of(element)
        if tag in SKIPPED:
            continue
        if tag == "association":
            graph.handlers[str(element.get("sourceRef", ""))] = str(element.get("targetRef", ""))
            continue
        if tag == "sequenceFlow":
            graph.flows.append(_flow(element))
            continue
        node = read_node(element, scope, names)
        if "id" not in element.attrib:
            names.problem("ID_MISSING", node.id, f"a {tag} in it has no id")
            continue
        if node.id in graph.nodes:
            names.problem("ID_TWICE", node.id, "the id is used twice")
        graph.nodes[node.id] = node
        if default := element.get("default"):
            graph.defaults[node.id] = default
        if node.kind is Kind.SUBPROCESS:
            _collect(element, node.id, graph, names)


def _flow(element: etree._Element) -> Flow:
    condition = None
    for child in element:
        if tag_of(child) == "conditionExpression":
            condition = "".join(child.itertext()).strip()
        elif tag_of(child) not in SKIPPED:
            raise refuse(child)
    return Flow(id_of(element), str(element.get("sourceRef", "")), str(element.get("targetRef", "")), condition)


def _link(graph: Graph, names: Names) -> dict[str, Node]:
    outgoing: dict[str, list[Flow]] = {}
    incoming: dict[str, list[str]] = {}
    attached: dict[str, list[Node]] = {}
    for flow in graph.flows:
        outgoing.setdefault(flow.source, []).append(flow)
        incoming.setdefault(flow.target, []).append(flow.id)
    for node in graph.nodes.values():
        if node.attached_to is not None:
            attached.setdefault(node.attached_to, []).append(node)
    linked = {}
    for node in graph.nodes.values():
        flows = tuple(outgoing.get(node.id, ()))
        default = next((flow for flow in flows if flow.id == graph.defaults.get(node.id)), None)
        if node.id in graph.defaults and default is None:
            names.problem("DEFAULT_UNKNOWN", node.id, "the default flow does not leave this element")
        linked[node.id] = replace(
            _attach(node, attached.get(node.id, []), graph),
            outgoing=flows,
            incoming=tuple(incoming.get(node.id, ())),
            default=default,
            start=next((inner.id for inner in _starts(graph, node.id)), None) if node.kind is Kind.SUBPROCESS else None,
        )
    return linked


def _starts(graph: Graph, scope: str) -> Iterator[Node]:
    return (node for node in graph.nodes.values() if node.scope == scope and node.kind is Kind.START)


def _attach(node: Node, boundaries: list[Node], graph: Graph) -> Node:
    waiting = (Kind.BOUNDARY_MESSAGE, Kind.BOUNDARY_TIMER)
    catching = (Kind.BOUNDARY_ERROR, Kind.BOUNDARY_ESCALATION)
    undo = next((boundary for boundary in boundaries if boundary.kind is Kind.BOUNDARY_COMPENSATION), None)
    catchers = sorted((one for one in boundaries if one.kind in catching), key=lambda one: one.code is None)
    return replace(
        node,
        watchers=tuple(boundary.id for boundary in boundaries if boundary.kind in waiting),
        catchers=tuple(boundary.id for boundary in catchers),
        compensation=graph.handlers.get(undo.id) if undo else None,
    )


def _condition_problems(flows: list[Flow], check: Check | None) -> Iterator[Problem]:
    for flow in flows:
        if flow.condition and check is not None:
            try:
                check(flow.condition)
            except (ValueError, KontorError) as error:
                yield Problem("CONDITION_INVALID", flow.id, f"the condition is wrong: {error}")


def _definition(process: etree._Element, nodes: dict[str, Node]) -> Definition:
    start = next(node for node in nodes.values() if node.kind is Kind.START and not node.scope)
    return Definition(
        id=str(process.get("id", "")),
        name=str(process.get("name", "")),
        start=start.id,
        start_message=start.message,
        nodes=nodes,
        extension_points={node.extension_point: node.id for node in nodes.values() if node.extension_point},
        buffers={node.message: node.buffer for node in nodes.values() if node.kind in MESSAGE_CATCHES and node.message},
        tasks=frozenset(node.task for node in nodes.values() if node.task and node.kind is not Kind.USER),
        messages=frozenset(node.message for node in nodes.values() if node.kind in MESSAGE_CATCHES and node.message),
        settings=frozenset(node.timer.setting for node in nodes.values() if node.timer and node.timer.setting),
    )
