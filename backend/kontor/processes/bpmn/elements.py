"""One XML element to one node: which elements exist, what they may contain, what their attributes mean."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from lxml import etree

from kontor.processes.bpmn.errors import Problem, UnsupportedElement
from kontor.processes.bpmn.model import Buffer, Kind, Node, Timer

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
KONTOR = "https://kontor.dev/bpmn/1.0"

SKIPPED = frozenset(
    {"documentation", "extensionElements", "laneSet", "textAnnotation", "group", "incoming", "outgoing"}
)

TASKS = {
    "task": Kind.THROUGH,
    "serviceTask": Kind.SERVICE,
    "userTask": Kind.USER,
    "businessRuleTask": Kind.RULE,
    "sendTask": Kind.SEND,
    "receiveTask": Kind.RECEIVE,
}
GATEWAYS = {
    "exclusiveGateway": Kind.EXCLUSIVE,
    "parallelGateway": Kind.PARALLEL,
    "eventBasedGateway": Kind.EVENT_GATEWAY,
}
EVENTS = {
    ("startEvent", ""): Kind.START,
    ("startEvent", "messageEventDefinition"): Kind.START,
    ("endEvent", ""): Kind.END,
    ("endEvent", "terminateEventDefinition"): Kind.END_TERMINATE,
    ("endEvent", "errorEventDefinition"): Kind.END_ERROR,
    ("endEvent", "escalationEventDefinition"): Kind.END_ESCALATION,
    ("intermediateCatchEvent", "messageEventDefinition"): Kind.CATCH_MESSAGE,
    ("intermediateCatchEvent", "timerEventDefinition"): Kind.CATCH_TIMER,
    ("intermediateThrowEvent", ""): Kind.THROUGH,
    ("intermediateThrowEvent", "messageEventDefinition"): Kind.THROW_MESSAGE,
    ("intermediateThrowEvent", "escalationEventDefinition"): Kind.THROW_ESCALATION,
    ("intermediateThrowEvent", "compensateEventDefinition"): Kind.THROW_COMPENSATION,
    ("boundaryEvent", "messageEventDefinition"): Kind.BOUNDARY_MESSAGE,
    ("boundaryEvent", "timerEventDefinition"): Kind.BOUNDARY_TIMER,
    ("boundaryEvent", "errorEventDefinition"): Kind.BOUNDARY_ERROR,
    ("boundaryEvent", "escalationEventDefinition"): Kind.BOUNDARY_ESCALATION,
    ("boundaryEvent", "compensateEventDefinition"): Kind.BOUNDARY_COMPENSATION,
}
EVENT_TAGS = frozenset(tag for tag, _ in EVENTS)

MEANT_FOR = {
    "task": {Kind.SERVICE, Kind.RULE, Kind.USER, Kind.SEND},
    "retries": {Kind.SERVICE, Kind.RULE, Kind.SEND},
    "role": {Kind.USER},
    "extensionPoint": {Kind.THROUGH, Kind.SERVICE, Kind.RULE, Kind.USER, Kind.SEND, Kind.RECEIVE, Kind.SUBPROCESS},
    "setting": {Kind.CATCH_TIMER, Kind.BOUNDARY_TIMER},
    "dueVariable": {Kind.CATCH_TIMER, Kind.BOUNDARY_TIMER},
    "buffer": {Kind.RECEIVE, Kind.CATCH_MESSAGE, Kind.BOUNDARY_MESSAGE},
}

# Years and months are left out: how long they last depends on the day they start.
DURATION = re.compile(
    r"P(?=.)(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,7})M)?(?:(?P<seconds>\d{1,8})S)?)?",
    re.ASCII,
)


@dataclass(slots=True)
class Names:
    """What the root elements define, by id, and the problems found so far."""

    messages: Mapping[str, str]
    errors: Mapping[str, str]
    escalations: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def problem(self, code: str, element: str, message: str) -> None:
        self.problems.append(Problem(code, element, message))


def tag_of(element: etree._Element) -> str:
    """The local name of a BPMN element; of any other the full name, which is in no list of ours."""
    name = etree.QName(element)
    return name.localname if name.namespace == BPMN else str(element.tag)


def id_of(element: etree._Element) -> str:
    """The id, or that of the nearest element around it that has one."""
    while "id" not in element.attrib:
        parent = element.getparent()
        if parent is None:
            return tag_of(element)
        element = parent
    return str(element.get("id"))


def refuse(element: etree._Element) -> UnsupportedElement:
    """The refusal that names this element."""
    return UnsupportedElement(tag_of(element), id_of(element))


def parse_duration(text: str) -> timedelta | None:
    """ISO 8601 duration of weeks, days, hours, minutes and seconds; None when it is anything else."""
    match = DURATION.fullmatch(text.strip())
    return timedelta(**{unit: int(count) for unit, count in match.groupdict("0").items()}) if match else None


def read_node(element: etree._Element, scope: str, names: Names) -> Node:
    """The node of a flow element, without its links to others.

    Raises UnsupportedElement for an element, an event definition or a content outside the subset.
    """
    tag = tag_of(element)
    if tag in TASKS:
        node = _task(element, TASKS[tag], scope, names)
    elif tag in GATEWAYS:
        node = _gateway(element, GATEWAYS[tag], scope)
    elif tag == "subProcess":
        if element.get("triggeredByEvent", "false") == "true":
            raise UnsupportedElement("event subProcess", id_of(element))
        node = Node(id_of(element), Kind.SUBPROCESS, scope=scope)
    elif tag in EVENT_TAGS:
        node = _event(element, tag, scope, names)
    else:
        raise refuse(element)
    return _with_attributes(element, node, names)


def _with_attributes(element: etree._Element, node: Node, names: Names) -> Node:
    # A modeler may keep the attributes on the event or on its definition.
    bearers = [element, *(child for child in element if tag_of(child).endswith("EventDefinition"))]
    given = {
        etree.QName(str(key)).localname: str(value)
        for bearer in bearers
        for key, value in bearer.attrib.items()
        if str(key).startswith(f"{{{KONTOR}}}")
    }
    for key in given:
        if node.kind not in MEANT_FOR.get(key, ()):
            names.problem("ATTRIBUTE_MISPLACED", node.id, f"kontor:{key} has no meaning here")
    retries = given.get("retries", "0")
    if not (retries.isascii() and retries.isdigit() and len(retries) <= 3):
        names.problem("RETRIES_INVALID", node.id, "kontor:retries is a number from 0 to 999")
        retries = "0"
    if (buffer := given.get("buffer", Buffer.ALL)) not in set(Buffer):
        names.problem("BUFFER_INVALID", node.id, "kontor:buffer is one of all, latest, none")
        buffer = Buffer.ALL
    timer = node.timer and replace(node.timer, setting=given.get("setting"), due_variable=given.get("dueVariable"))
    if timer == Timer():
        names.problem("TIMER_MISSING", node.id, "the timer has neither a duration nor a setting nor a variable")
    return replace(
        node,
        name=" ".join(str(element.get("name", "")).split()),
        task=given.get("task") or None,
        retries=int(retries),
        role=given.get("role"),
        buffer=Buffer(buffer),
        timer=timer,
        is_handler=element.get("isForCompensation", "false") == "true",
        extension_point=given.get("extensionPoint"),
    )


def _task(element: etree._Element, kind: Kind, scope: str, names: Names) -> Node:
    _only_skipped_children(element)
    message = None
    if kind in (Kind.RECEIVE, Kind.SEND):
        if element.get("instantiate", "false") == "true":
            raise UnsupportedElement("instantiating receiveTask", id_of(element))
        message = _referred(element, "messageRef", names.messages, names)
        if kind is Kind.RECEIVE and message is None:
            names.problem("MESSAGE_MISSING", id_of(element), "no message with a name is given")
    return Node(id_of(element), kind, scope=scope, message=message)


def _gateway(element: etree._Element, kind: Kind, scope: str) -> Node:
    _only_skipped_children(element)
    if element.get("instantiate", "false") == "true" or element.get("eventGatewayType") == "Parallel":
        raise UnsupportedElement("instantiating eventBasedGateway", id_of(element))
    return Node(id_of(element), kind, scope=scope)


def _event(element: etree._Element, tag: str, scope: str, names: Names) -> Node:
    definitions = [child for child in element if tag_of(child) not in SKIPPED]
    if len(definitions) > 1:
        raise refuse(definitions[1])
    definition = definitions[0] if definitions else None
    kind = EVENTS.get((tag, "" if definition is None else tag_of(definition)))
    if kind is None:
        # Without a definition it is the event itself that is of no use: a catch event that catches nothing.
        raise UnsupportedElement(tag if definition is None else f"{tag} with {tag_of(definition)}", id_of(element))
    node = Node(
        id_of(element),
        kind,
        scope=scope,
        attached_to=element.get("attachedToRef"),
        interrupting=element.get("cancelActivity", "true") == "true",
    )
    return node if definition is None else _with_definition(node, definition, names)


def _with_definition(node: Node, definition: etree._Element, names: Names) -> Node:
    match tag_of(definition):
        case "messageEventDefinition":
            _only_skipped_children(definition)
            if (message := _referred(definition, "messageRef", names.messages, names)) is None:
                names.problem("MESSAGE_MISSING", node.id, "no message with a name is given")
            return replace(node, message=message)
        case "timerEventDefinition":
            return replace(node, timer=_timer(definition, node.id, names))
        case "errorEventDefinition":
            code = _referred(definition, "errorRef", names.errors, names)
            if node.kind is Kind.END_ERROR and code is None:
                names.problem("ERROR_MISSING", node.id, "an error end event needs an error with a code")
            return replace(node, code=code)
        case "escalationEventDefinition":
            code = _referred(definition, "escalationRef", names.escalations, names)
            if node.kind is not Kind.BOUNDARY_ESCALATION and code is None:
                names.problem("ESCALATION_MISSING", node.id, "an escalation with a code is missing")
            return replace(node, code=code)
        case "compensateEventDefinition":
            if definition.get("waitForCompletion", "true") != "true":
                raise UnsupportedElement("compensateEventDefinition without waiting", node.id)
            return replace(node, compensates=definition.get("activityRef"))
    return node


def _timer(definition: etree._Element, node_id: str, names: Names) -> Timer:
    duration = None
    for child in definition:
        if tag_of(child) in SKIPPED:
            continue
        if tag_of(child) != "timeDuration":
            raise UnsupportedElement(tag_of(child), node_id)
        text = "".join(child.itertext())
        if (duration := parse_duration(text)) is None:
            names.problem("TIMER_INVALID", node_id, f"{text.strip()[:40]!r} is no duration of weeks to seconds")
            duration = timedelta()
    # What else is known of the timer stands in attributes, which may be on the event or on its definition.
    return Timer(duration)


def _referred(element: etree._Element, attribute: str, known: Mapping[str, str], names: Names) -> str | None:
    reference = str(element.get(attribute, ""))
    found = known.get(reference) or known.get(reference.rpartition(":")[2])
    if reference and not found:
        names.problem(
            "REFERENCE_UNKNOWN", id_of(element), f"{attribute} {reference} leads to nothing with a name or code"
        )
    return found or None


def _only_skipped_children(element: etree._Element) -> None:
    for child in element:
        if tag_of(child) not in SKIPPED:
            raise refuse(child)
