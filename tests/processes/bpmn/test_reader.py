import os
import string
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kontor.core import expressions
from kontor.core.errors import InvalidInput
from kontor.processes.bpmn.elements import parse_duration
from kontor.processes.bpmn.errors import InvalidDefinition, UnsupportedElement
from kontor.processes.bpmn.model import Buffer, Kind, Timer
from kontor.processes.bpmn.reader import MAX_BYTES, read
from processes.bpmn_builder import (
    boundary,
    catch,
    document,
    element,
    end,
    error,
    flows,
    gateway,
    message,
    service,
    start,
    throw,
    timer,
    undo,
    when,
)

LINE = start() + service("a") + end() + flows("start a end")


def problems(xml: bytes) -> list[tuple[str, str]]:
    with pytest.raises(InvalidDefinition) as refused:
        read(xml, check_condition=expressions.check)
    return [(problem.code, problem.element) for problem in refused.value.problems]


def test_line_of_one_task_is_read() -> None:
    definition = read(document(LINE))
    assert list(definition.nodes) == ["start", "a", "end"]
    assert definition.start == "start"
    assert definition.tasks == {"do_a"}
    assert definition.nodes["a"].kind is Kind.SERVICE
    assert [flow.target for flow in definition.nodes["a"].outgoing] == ["end"]


def test_kontor_attributes_are_read() -> None:
    definition = read(
        document(
            element("startEvent", "start", message("Begin")),
            service("a", kontor_retries="3"),
            element("task", "b", kontor_extensionPoint="after_a"),
            element("userTask", "c", kontor_task="look", kontor_role="CARE_AGENT", name="Look\n at it"),
            catch("d", "<bpmn:timerEventDefinition kontor:setting='order.wait' kontor:dueVariable='due' />"),
            catch("e", message("Go"), kontor_buffer="latest"),
            end(),
            flows("start a b c d e end"),
            messages="Begin Go",
        )
    )
    assert definition.start_message == "Begin"
    assert definition.nodes["a"].retries == 3
    assert definition.extension_points == {"after_a": "b"}
    assert (definition.nodes["c"].role, definition.nodes["c"].name) == ("CARE_AGENT", "Look at it")
    assert definition.nodes["d"].timer == Timer(None, "order.wait", "due")
    assert definition.settings == {"order.wait"}
    assert definition.buffers == {"Go": Buffer.LATEST}
    assert definition.messages == {"Go"}


UNSUPPORTED = [
    (element("scriptTask", "x"), "scriptTask"),
    (element("manualTask", "x"), "manualTask"),
    (element("callActivity", "x"), "callActivity"),
    (element("transaction", "x"), "transaction"),
    (element("adHocSubProcess", "x"), "adHocSubProcess"),
    (element("inclusiveGateway", "x"), "inclusiveGateway"),
    (element("complexGateway", "x"), "complexGateway"),
    (element("dataObject", "x"), "dataObject"),
    (element("dataObjectReference", "x"), "dataObjectReference"),
    (element("dataStoreReference", "x"), "dataStoreReference"),
    (element("subChoreography", "x"), "subChoreography"),
    (element("subProcess", "x", triggeredByEvent="true"), "event subProcess"),
    (element("receiveTask", "x", instantiate="true"), "instantiating receiveTask"),
    (element("eventBasedGateway", "x", instantiate="true"), "instantiating eventBasedGateway"),
    (element("serviceTask", "x", "<bpmn:multiInstanceLoopCharacteristics />"), "multiInstanceLoopCharacteristics"),
    (element("serviceTask", "x", "<bpmn:standardLoopCharacteristics />"), "standardLoopCharacteristics"),
    (element("userTask", "x", "<bpmn:potentialOwner />"), "potentialOwner"),
    (element("serviceTask", "x", "<bpmn:ioSpecification />"), "ioSpecification"),
    (element("subProcess", "x", "<bpmn:multiInstanceLoopCharacteristics />"), "multiInstanceLoopCharacteristics"),
    (catch("x", ""), "intermediateCatchEvent"),
    (catch("x", timer("R/P1D").replace("timeDuration", "timeCycle")), "timeCycle"),
    (catch("x", timer("2026").replace("timeDuration", "timeDate")), "timeDate"),
    (catch("x", timer() + timer()), "timerEventDefinition"),
    ('<camunda:thing xmlns:camunda="http://camunda.org" id="x" />', "{http://camunda.org}thing"),
]
UNSUPPORTED += [
    (element(event, "x", f"<bpmn:{definition}EventDefinition />"), f"{event} with {definition}EventDefinition")
    for event, definitions in {
        "startEvent": "timer signal conditional error escalation compensate",
        "endEvent": "message signal cancel compensate link",
        "intermediateCatchEvent": "signal conditional link error",
        "intermediateThrowEvent": "signal link timer error",
        "boundaryEvent": "signal conditional cancel",
    }.items()
    for definition in definitions.split()
]


@pytest.mark.parametrize(("xml", "name"), UNSUPPORTED, ids=[name for _, name in UNSUPPORTED])
def test_unsupported_element_is_refused_by_name(xml: str, name: str) -> None:
    with pytest.raises(UnsupportedElement) as refused:
        read(document(LINE, xml))
    assert (refused.value.element_type, refused.value.element_id) == (name, "x")
    assert refused.value.code == "UNSUPPORTED_PROCESS_ELEMENT"
    assert isinstance(refused.value, InvalidInput)


FAULTS: list[tuple[bytes, list[tuple[str, str]]]] = [
    (
        document(service("a"), end(), flows("a end")),
        [("START_MISSING", "process"), ("UNREACHABLE", "a"), ("UNREACHABLE", "end")],
    ),
    (document(LINE, start("b"), flows("b a")), [("SEVERAL_STARTS", "process")]),
    (document(start(), end(), flows("start nowhere", "start end")), [("FLOW_DANGLING", "start__nowhere")]),
    (document(start(), service("a"), flows("start a")), [("NO_WAY_ON", "a")]),
    (document(LINE, service("b"), flows("b end")), [("UNREACHABLE", "b")]),
    (document(LINE, service("a")), [("ID_TWICE", "a")]),
    (
        document(start(), gateway("g"), end(), end("f"), flows("start g end", "g f")),
        [("CONDITION_MISSING", "g__end"), ("CONDITION_MISSING", "g__f")],
    ),
    (document(start(), gateway("g", default="zz"), end(), flows("start g end")), [("DEFAULT_UNKNOWN", "g")]),
    (
        document(start(), gateway("g", default="g__f"), end(), end("f"), flows("start g f"), when("g", "end", "a +")),
        [("CONDITION_INVALID", "g__end")],
    ),
    (document(start(), end(), when("start", "end", "a")), [("CONDITION_MISPLACED", "start__end")]),
    (
        document(start(), catch("c", "<bpmn:messageEventDefinition />"), end(), flows("start c end")),
        [("MESSAGE_MISSING", "c")],
    ),
    (
        document(start(), catch("c", message("M")), end(), flows("start c end")),
        [("REFERENCE_UNKNOWN", "c"), ("MESSAGE_MISSING", "c")],
    ),
    (
        document(start(), catch("c", "<bpmn:timerEventDefinition />"), end(), flows("start c end")),
        [("TIMER_MISSING", "c")],
    ),
    (document(start(), catch("c", timer("P1M")), end(), flows("start c end")), [("TIMER_INVALID", "c")]),
    (document(start(), element("serviceTask", "a"), end(), flows("start a end")), [("TASK_MISSING", "a")]),
    (document(start(), element("sendTask", "a"), end(), flows("start a end")), [("TASK_MISSING", "a")]),
    (document(start(), service("a", kontor_retries="many"), end(), flows("start a end")), [("RETRIES_INVALID", "a")]),
    (document(start(), service("a", kontor_typo="x"), end(), flows("start a end")), [("ATTRIBUTE_MISPLACED", "a")]),
    (
        document(
            start(), element("task", "t"), end(), end("f"), boundary("b", "t", timer()), flows("start t end", "b f")
        ),
        [("BOUNDARY_LOOSE", "b")],
    ),
    (document(LINE, boundary("b", "a", error(), interrupting=False), flows("b end")), [("ERROR_INTERRUPTS", "b")]),
    (document(LINE, boundary("b", "a", "<bpmn:compensateEventDefinition />")), [("COMPENSATION_MISSING", "b")]),
    (
        document(start(), gateway("g", "eventBased"), service("a"), end(), flows("start g a end")),
        [("EVENT_EXPECTED", "a")],
    ),
    (document(start(), element("subProcess", "s"), end(), flows("start s end")), [("START_MISSING", "s")]),
    (
        document(
            start(),
            end(),
            element("subProcess", "s", start("i") + end("j") + flows("i j")),
            flows("start s end", "s j"),
        ),
        [("FLOW_CROSSING", "s__j")],
    ),
    (
        document(
            start(),
            element("task", "t", kontor_extensionPoint="x"),
            element("task", "u", kontor_extensionPoint="x"),
            end(),
            flows("start t u end"),
        ),
        [("EXTENSION_POINT_TWICE", "t"), ("EXTENSION_POINT_TWICE", "u")],
    ),
    (
        document(
            start(),
            catch("c", message("M")),
            catch("d", message("M"), kontor_buffer="none"),
            end(),
            flows("start c d end"),
            messages="M",
        ),
        [("BUFFER_DIFFERS", "d")],
    ),
    (document(start(), "<bpmn:serviceTask kontor:task='a' />", end(), flows("start end")), [("ID_MISSING", "p")]),
    (b"no xml", [("NOT_XML", "definitions")]),
    (b"", [("NOT_XML", "definitions")]),
    (b"<a/>", [("NOT_BPMN", "a")]),
    (b" " * (MAX_BYTES + 1), [("TOO_LARGE", "definitions")]),
    (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', [("DOCTYPE", "definitions")]),
]


@pytest.mark.parametrize(
    ("xml", "found"), FAULTS, ids=[f"{found[0][0]}-{number}" for number, (_, found) in enumerate(FAULTS)]
)
def test_structural_fault_is_refused_with_its_element(xml: bytes, found: list[tuple[str, str]]) -> None:
    assert problems(xml) == found


def test_all_problems_are_told_at_once() -> None:
    xml = document(start(), element("serviceTask", "a"), catch("c", timer("soon")), end(), flows("start a c end"))
    assert problems(xml) == [("TIMER_INVALID", "c"), ("TASK_MISSING", "a")]


def test_only_the_executable_process_is_read() -> None:
    other = b'<bpmn:process id="other"><bpmn:task id="z" /></bpmn:process></bpmn:definitions>'
    definition = read(document(LINE).replace(b"</bpmn:definitions>", other))
    assert definition.id == "p"


def test_diagrams_extensions_lanes_and_notes_are_skipped() -> None:
    notes = (
        "<bpmn:laneSet id='l'><bpmn:lane id='m' /></bpmn:laneSet><bpmn:textAnnotation id='t' />"
        "<bpmn:extensionElements><anything xmlns='urn:x' /></bpmn:extensionElements><!-- a word -->"
    )
    assert list(read(document(notes, LINE)).nodes) == ["start", "a", "end"]


def test_compensation_handler_is_linked() -> None:
    definition = read(
        document(
            start(),
            service("a"),
            undo("a"),
            throw("t", "<bpmn:compensateEventDefinition activityRef='a' />"),
            end(),
            flows("start a t end"),
        )
    )
    assert definition.nodes["a"].compensation == "undo_a"
    assert definition.nodes["t"].compensates == "a"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P1D", timedelta(days=1)),
        (" PT90M ", timedelta(minutes=90)),
        ("P1W2DT3H4M5S", timedelta(weeks=1, days=2, hours=3, minutes=4, seconds=5)),
        ("P", None),
        ("PT", None),
        ("P1DT", None),
        ("P1M", None),
        ("P1Y", None),
        ("-P1D", None),
        ("1D", None),
        ("P٣D", None),
    ],
)
def test_duration_is_weeks_to_seconds(text: str, expected: timedelta | None) -> None:
    assert parse_duration(text) == expected


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_document_is_refused_never_crashes(data: st.DataObject) -> None:
    whole = (DEFINITIONS / "return.bpmn").read_text()
    at = data.draw(st.integers(0, len(whole) - 1))
    length = data.draw(st.integers(0, 60))
    patch = data.draw(st.text(alphabet=string.ascii_letters + '<>/="& :', max_size=12))
    assert all(refused_or_read((whole[:at] + patch + whole[at + length :]).encode()))


DEFINITIONS = Path(__file__).parents[3] / "backend/kontor/processes/definitions"


def refused_or_read(xml: bytes) -> list[str]:
    """The elements a document is refused for, none when it is read; every other error goes through."""
    try:
        read(xml, check_condition=expressions.check)
    except InvalidDefinition as refused:
        return [problem.element for problem in refused.problems]
    except UnsupportedElement as refused:
        return [refused.element_id]
    return []


def test_reference_documents_are_read_or_refused_by_element() -> None:
    folder = os.environ.get("KONTOR_TESTDATA")
    if folder is None or not (Path(folder) / "bpmn").is_dir():
        pytest.skip("KONTOR_TESTDATA names no folder with bpmn documents")
    documents = sorted((Path(folder) / "bpmn").glob("*.bpmn"))
    assert documents
    for path in documents:
        assert all(refused_or_read(path.read_bytes()))
