"""Writes small BPMN documents for tests: `document(process elements, root elements)` and one function per element."""

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:kontor="https://kontor.dev/bpmn/1.0"'
    ' id="definitions" targetNamespace="https://example.org">'
)


def document(*elements: str, messages: str = "", errors: str = "", escalations: str = "") -> bytes:
    """A document with one process `p`; messages, errors and escalations are names separated by blanks."""
    roots = [f'<bpmn:message id="m_{name}" name="{name}" />' for name in messages.split()]
    roots += [f'<bpmn:error id="e_{name}" name="{name}" errorCode="{name}" />' for name in errors.split()]
    roots += [
        f'<bpmn:escalation id="c_{name}" name="{name}" escalationCode="{name}" />' for name in escalations.split()
    ]
    process = f'<bpmn:process id="p" isExecutable="true">{"".join(elements)}</bpmn:process>'
    return f"{HEAD}{process}{''.join(roots)}</bpmn:definitions>".encode()


def flows(*chains: str) -> str:
    """Flows along chains: "a b c" joins a to b to c."""
    pairs = [pair for chain in chains for pair in zip(chain.split(), chain.split()[1:], strict=False)]
    return "".join(f'<bpmn:sequenceFlow id="{a}__{b}" sourceRef="{a}" targetRef="{b}" />' for a, b in pairs)


def when(source: str, target: str, condition: str) -> str:
    """A conditional flow."""
    return (
        f'<bpmn:sequenceFlow id="{source}__{target}" sourceRef="{source}" targetRef="{target}">'
        f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression></bpmn:sequenceFlow>"
    )


def element(tag: str, element_id: str, inner: str = "", **attributes: str) -> str:
    """Any element; `kontor_task` becomes `kontor:task`."""
    given = "".join(f' {key.replace("kontor_", "kontor:")}="{value}"' for key, value in attributes.items())
    return f'<bpmn:{tag} id="{element_id}"{given}>{inner}</bpmn:{tag}>'


def start(element_id: str = "start") -> str:
    return element("startEvent", element_id)


def end(element_id: str = "end", inner: str = "") -> str:
    return element("endEvent", element_id, inner)


def service(element_id: str, **attributes: str) -> str:
    return element("serviceTask", element_id, kontor_task=f"do_{element_id}", **attributes)


def message(name: str) -> str:
    return f'<bpmn:messageEventDefinition messageRef="m_{name}" />'


def error(code: str = "") -> str:
    return f'<bpmn:errorEventDefinition errorRef="e_{code}" />' if code else "<bpmn:errorEventDefinition />"


def escalation(code: str = "") -> str:
    return (
        f'<bpmn:escalationEventDefinition escalationRef="c_{code}" />' if code else "<bpmn:escalationEventDefinition />"
    )


def timer(duration: str = "PT1H") -> str:
    return f"<bpmn:timerEventDefinition><bpmn:timeDuration>{duration}</bpmn:timeDuration></bpmn:timerEventDefinition>"


def catch(element_id: str, inner: str, **attributes: str) -> str:
    return element("intermediateCatchEvent", element_id, inner, **attributes)


def throw(element_id: str, inner: str) -> str:
    return element("intermediateThrowEvent", element_id, inner)


def boundary(element_id: str, host: str, inner: str, *, interrupting: bool = True) -> str:
    return element(
        "boundaryEvent", element_id, inner, attachedToRef=host, cancelActivity="true" if interrupting else "false"
    )


def gateway(element_id: str, kind: str = "exclusive", **attributes: str) -> str:
    return element(f"{kind}Gateway", element_id, **attributes)


def undo(host: str) -> str:
    """A compensation boundary on the host with its handler `undo_<host>`."""
    return (
        boundary(f"{host}_undo", host, "<bpmn:compensateEventDefinition />")
        + service(f"undo_{host}", isForCompensation="true")
        + f'<bpmn:association id="{host}_link" sourceRef="{host}_undo" targetRef="undo_{host}" />'
    )
