"""The same structured process and the same happenings in our engine and in SpiffWorkflow: the same waits, always."""

import io
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from SpiffWorkflow.bpmn import BpmnEvent, BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.util.task import TaskState

from kontor.processes.bpmn.model import MESSAGE_CATCHES, Kind
from processes.bpmn_builder import boundary, catch, document, element, end, error, flows, gateway, message, start, when
from processes.play import Play


class Drawing:
    """Draws a process of nested blocks; a block has one entrance and one exit."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.count = 0
        self.messages: list[str] = []
        self.repeating: set[str] = set()
        self.results: dict[str, str] = {}
        self.xml: list[list[str]] = [[]]

    def new(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def put(self, *parts: str) -> None:
        self.xml[-1] += parts

    def message(self) -> str:
        self.messages.append(self.new("M"))
        return self.messages[-1]

    def document(self) -> bytes:
        first, last = self.sequence(3)
        self.put(start(), end(), flows(f"start {first}", f"{last} end"))
        return document("".join(self.xml[0]), messages=" ".join(self.messages), errors="NO")

    def sequence(self, depth: int) -> tuple[str, str]:
        blocks = [self.block(depth - 1) for _ in range(self.data.draw(st.integers(1, 3 if depth > 1 else 2)))]
        for (_, before), (after, _) in pairwise(blocks):
            self.put(flows(f"{before} {after}"))
        return blocks[0][0], blocks[-1][1]

    def block(self, depth: int) -> tuple[str, str]:
        simple: list[Callable[[int], tuple[str, str]]] = [self.task, self.task, self.wait]
        nested = [self.choice, self.parallel, self.event_choice, self.subprocess, self.guarded_task, self.loop]
        return self.data.draw(st.sampled_from(simple + (nested * 2 if depth > 0 else [])))(depth)

    def task(self, _: int) -> tuple[str, str]:
        task = self.new("u")
        self.put(element("userTask", task))
        return task, task

    def wait(self, _: int) -> tuple[str, str]:
        wait = self.new("w")
        name = self.message()
        if self.data.draw(st.booleans()):
            self.put(catch(wait, message(name)))
        else:
            self.put(element("receiveTask", wait, messageRef=f"m_{name}"))
        return wait, wait

    def branches(self, first: str, last: str, depth: int) -> list[str]:
        entrances = []
        for _ in range(self.data.draw(st.integers(2, 3))):
            entrance, leaving = self.sequence(depth)
            entrances.append(entrance)
            self.put(flows(f"{leaving} {last}"))
        return entrances

    def choice(self, depth: int) -> tuple[str, str]:
        asked = self.task(0)[0]
        first, last, variable = self.new("g"), self.new("g"), self.new("v")
        self.results[asked] = variable
        entrances = self.branches(first, last, depth)
        self.put(gateway(first, default=f"{first}__{entrances[0]}"), gateway(last))
        self.put(flows(f"{asked} {first} {entrances[0]}"))
        self.put(*(when(first, one, f"{variable} == {nr}") for nr, one in enumerate(entrances) if nr))
        return asked, last

    def loop(self, _: int) -> tuple[str, str]:
        again, leaving, variable = self.new("g"), self.new("g"), self.new("v")
        first, last = self.task(0)
        self.results[last] = variable
        done = self.task(0)[0]
        self.put(gateway(again), gateway(leaving, default=f"{leaving}__{done}"))
        self.put(flows(f"{again} {first}", f"{last} {leaving} {done}"), when(leaving, again, f"{variable} == 1"))
        return again, done

    def parallel(self, depth: int) -> tuple[str, str]:
        first, last = self.new("p"), self.new("p")
        self.put(gateway(first, "parallel"), gateway(last, "parallel"))
        self.put(*(flows(f"{first} {one}") for one in self.branches(first, last, depth)))
        return first, last

    def event_choice(self, depth: int) -> tuple[str, str]:
        first, last = self.new("e"), self.new("g")
        self.put(gateway(first, "eventBased"), gateway(last))
        for entrance in self.branches(first, last, depth):
            event = self.new("c")
            self.put(catch(event, message(self.message())), flows(f"{first} {event} {entrance}"))
        return first, last

    def guarded_task(self, _: int) -> tuple[str, str]:
        task = self.task(0)[0]
        return task, self.guard(task)

    def guard(self, host: str, inner: str = "") -> str:
        """An event on the boundary; interrupting, its way joins the main one, else it ends by itself."""
        event, follow, interrupting = self.new("b"), self.task(0)[0], bool(inner) or self.data.draw(st.booleans())
        name = "" if inner else self.message()
        self.put(boundary(event, host, inner or message(name), interrupting=interrupting), flows(f"{event} {follow}"))
        if interrupting:
            merge = self.new("g")
            self.put(gateway(merge), flows(f"{host} {merge}", f"{follow} {merge}"))
            return merge
        stop = self.new("z")
        self.repeating.add(name)
        self.put(end(stop), flows(f"{follow} {stop}"))
        return host

    def subprocess(self, depth: int) -> tuple[str, str]:
        outer, begin, stop = self.new("s"), self.new("i"), self.new("o")
        self.xml.append([])
        first, last = self.sequence(depth)
        fails = self.data.draw(st.booleans())
        self.put(start(begin), end(stop), flows(f"{begin} {first}"))
        if fails:
            asked, split, wrong, variable = self.task(0)[0], self.new("g"), self.new("x"), self.new("v")
            self.results[asked] = variable
            self.put(gateway(split, default=f"{split}__{stop}"), end(wrong, error("NO")))
            self.put(flows(f"{last} {asked} {split} {stop}"), when(split, wrong, f"{variable} == 1"))
        else:
            self.put(flows(f"{last} {stop}"))
        inside = "".join(self.xml.pop())
        self.put(element("subProcess", outer, inside))
        return outer, self.guard(outer, error("NO") if fails else "")


class Oracle:
    """The same process in SpiffWorkflow."""

    def __init__(self, xml: bytes) -> None:
        parser = BpmnParser()
        parser.add_bpmn_io(io.BytesIO(etree.tostring(etree.fromstring(xml))))
        self.workflow = BpmnWorkflow(parser.get_spec("p"), parser.get_subprocess_specs("p"))
        self.workflow.do_engine_steps()

    def tasks(self) -> Counter[str]:
        return Counter(task.task_spec.bpmn_id for task in self.workflow.get_tasks(state=TaskState.READY, manual=True))

    def messages(self) -> Counter[str]:
        found = [task.task_spec.event_definition for task in self.workflow.event_manager.tasks.values()]
        single = [one for event in found for one in getattr(event, "event_definitions", [event])]
        return Counter(one.name for one in single if isinstance(one, MessageEventDefinition))

    def complete(self, node: str, result: dict[str, int]) -> None:
        ready = self.workflow.get_tasks(state=TaskState.READY, manual=True)
        task = next(task for task in ready if task.task_spec.bpmn_id == node)
        task.data.update(result)
        task.run()
        self.workflow.do_engine_steps()

    def tell(self, name: str) -> None:
        self.workflow.send_event(BpmnEvent(MessageEventDefinition(name), {}))
        self.workflow.do_engine_steps()


def waiting(play: Play) -> tuple[Counter[str], Counter[str]]:
    """User tasks and messages that are waited for, as the oracle counts them."""
    nodes = [play.definition.nodes[node] for node in play.at]
    messages = Counter(node.message or "" for node in nodes if node.kind in MESSAGE_CATCHES)
    return Counter(node.id for node in nodes if node.kind is Kind.USER), messages


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_engine_waits_for_the_same_as_the_oracle(data: st.DataObject) -> None:
    drawing = Drawing(data)
    xml = drawing.document()
    play, oracle = Play(xml), Oracle(xml)
    told: set[str] = set()
    for _ in range(40):
        tasks, messages = waiting(play)
        # The oracle lets an event that does not interrupt happen once, the standard as often as it comes.
        compared = Counter({name: count for name, count in messages.items() if name not in told})
        assert oracle.tasks() == tasks
        assert oracle.messages() == compared
        assert oracle.workflow.completed == (play.outcome is not None)
        if play.outcome is not None:
            return
        node = data.draw(st.sampled_from(sorted(tasks) + sorted(compared)))
        if node in tasks:
            variable = drawing.results.get(node)
            result = {variable: data.draw(st.integers(0, 2))} if variable else {}
            play.done(node, **result)
            oracle.complete(node, result)
        else:
            assert play.told(node)
            oracle.tell(node)
            told |= {node} & drawing.repeating
