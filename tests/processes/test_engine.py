from datetime import timedelta

import pytest

from kontor.processes.steps import (
    Cancel,
    CancelTask,
    CancelTimer,
    CreateUserTask,
    Finished,
    Incident,
    MessageReceived,
    Outcome,
    Retry,
    RunTask,
    SetTimer,
    TaskCompleted,
    ThrowMessage,
    TimerFired,
)
from kontor.processes.tokens import ProcessStuck
from processes.bpmn_builder import (
    boundary,
    catch,
    document,
    element,
    end,
    error,
    escalation,
    flows,
    gateway,
    message,
    service,
    start,
    throw,
    timer,
    when,
)
from processes.play import NOW, Play

TERMINATE = "<bpmn:terminateEventDefinition />"


def sub(element_id: str, *inner: str) -> str:
    return element("subProcess", element_id, "".join(inner))


def test_service_tasks_run_one_after_another() -> None:
    play = Play(document(start(), service("a", kontor_retries="2"), service("b"), end(), flows("start a b end")), x=1)
    assert play.last == [RunTask("1", "a", "do_a", 2)]
    play.done("a", y=2)
    assert play.last == [RunTask("2", "b", "do_b", 0)]
    play.done("b")
    assert play.last == [Finished(Outcome.COMPLETED, "end")]
    assert play.state["variables"] == {"x": 1, "y": 2}


def test_user_and_rule_task_ask_for_their_work() -> None:
    tasks = element("userTask", "u", name="Look", kontor_role="CARE_AGENT") + element(
        "businessRuleTask", "r", kontor_task="rate"
    )
    play = Play(document(start(), tasks, end(), flows("start u r end")))
    assert play.last == [CreateUserTask("1", "u", "Look", None, "CARE_AGENT")]
    assert play.done("u").last == [RunTask("2", "r", "rate")]


def test_abstract_task_and_empty_throw_pass_through() -> None:
    play = Play(document(start(), element("task", "t"), throw("n", ""), end(), flows("start t n end")))
    assert play.last == [Finished(Outcome.COMPLETED, "end")]


def test_late_and_repeated_answers_are_ignored() -> None:
    play = Play(document(start(), service("a"), service("b"), end(), flows("start a b end")))
    play.done("a")
    before = play.state
    assert not play.happen(TaskCompleted("1"))
    assert not play.happen(TimerFired("2"))
    assert not play.happen(TaskCompleted("99"))
    assert play.state == before
    play.done("b")
    assert not play.happen(TaskCompleted("2"))
    assert not play.happen(Cancel())


@pytest.mark.parametrize(("x", "expected"), [(1, ["a"]), (2, ["b"]), (3, ["c"])])
def test_exclusive_gateway_takes_first_true_flow_or_default(x: int, expected: list[str]) -> None:
    ways = when("g", "a", "x == 1") + when("g", "b", "x &lt; 3") + flows("g c", "start g", "a end", "b end", "c end")
    play = Play(
        document(start(), gateway("g", default="g__c"), service("a"), service("b"), service("c"), end(), ways), x=x
    )
    assert play.at == expected


def test_no_true_condition_is_refused_and_changes_nothing() -> None:
    ways = when("g", "b", "x == 1") + when("g", "c", "x == 2") + flows("start a g", "b end", "c end")
    play = Play(document(start(), service("a"), gateway("g"), service("b"), service("c"), end(), ways), x=0)
    before = play.state
    with pytest.raises(ProcessStuck, match="No condition holds at g"):
        play.done("a", y=1)
    assert play.state == before
    assert play.done("a", x=2).at == ["c"]


def test_endless_circle_is_refused() -> None:
    ways = when("g", "t", "true") + flows("start t g end")
    with pytest.raises(ProcessStuck, match="circle"):
        Play(document(start(), element("task", "t"), gateway("g", default="g__end"), end(), ways))


def test_parallel_join_waits_for_every_branch() -> None:
    ways = flows("start f a j", "f b j", "j c end")
    gates = gateway("f", "parallel") + gateway("j", "parallel")
    play = Play(document(start(), gates, service("a"), service("b"), service("c"), end(), ways))
    assert play.at == ["a", "b"]
    assert play.done("b").at == ["a", "j"]
    assert play.last == []
    assert play.done("a").at == ["c"]


def test_several_flows_out_of_a_task_split() -> None:
    play = Play(
        document(start(), service("a"), service("b"), service("c"), end(), end("f"), flows("start a b end", "a c f"))
    )
    assert play.done("a").at == ["b", "c"]
    assert play.done("b").outcome is None
    assert play.done("c").last == [Finished(Outcome.COMPLETED, "f")]


def test_branches_that_never_meet_are_an_incident() -> None:
    ways = when("g", "j", "x") + flows("start g", "g j2", "j2 j end").replace('id="j2__j"', 'id="other"')
    join = gateway("j", "parallel") + element("task", "j2")
    play = Play(document(start(), gateway("g", default="g__j2"), join, end(), ways), x=True)
    assert play.last == [Incident("1", "j", "DEADLOCK", "no token can move any more")]


def test_message_is_consumed_with_its_variables() -> None:
    play = Play(document(start(), catch("c", message("Go")), end(), flows("start c end"), messages="Go"))
    assert not play.told("Other")
    assert play.told("Go", {"x": 1})
    assert (play.outcome, play.state["variables"]) == (Outcome.COMPLETED, {"x": 1})


@pytest.mark.parametrize(("buffer", "seen"), [("all", [1, 2]), ("latest", [2]), ("none", [])])
def test_early_message_is_kept_as_the_catch_says(buffer: str, seen: list[int]) -> None:
    catches = catch("c", message("Go"), kontor_buffer=buffer) + catch("d", message("Go"), kontor_buffer=buffer)
    play = Play(document(start(), service("a"), catches, end(), flows("start a c d end"), messages="Go"))
    assert play.told("Go", {"x": 1}) == (buffer != "none")
    play.told("Go", {"x": 2})
    play.done("a")
    assert play.at == ["c", "d", "end"][len(seen) : len(seen) + 1 if len(seen) < 2 else 2]
    assert play.state["variables"] == ({"x": seen[-1]} if seen else {})
    assert play.state["inbox"] == {}


def test_receive_task_waits_and_send_task_tells() -> None:
    tasks = element("sendTask", "s", messageRef="m_Ping") + element("receiveTask", "r", messageRef="m_Pong")
    play = Play(
        document(start(), tasks, throw("t", message("End")), end(), flows("start s r t end"), messages="Ping Pong End")
    )
    assert play.last == [ThrowMessage("Ping", "s")]
    assert play.told("Pong")
    assert play.last == [ThrowMessage("End", "t"), Finished(Outcome.COMPLETED, "end")]


def test_timer_has_duration_setting_or_variable() -> None:
    definition = "<bpmn:timerEventDefinition {}><bpmn:timeDuration>PT2H</bpmn:timeDuration></bpmn:timerEventDefinition>"
    line = flows("start c end")
    later = NOW + timedelta(hours=2)

    def first(attributes: str, **variables: object) -> object:
        return Play(document(start(), catch("c", definition.format(attributes)), end(), line), **variables).last[0]

    assert first("") == SetTimer("1", "c", later)
    assert first("kontor:setting='wait'") == SetTimer("1", "c", later, "wait")
    assert first("kontor:dueVariable='due'") == SetTimer("1", "c", later)
    day = "2026-11-30T10:00:00+01:00"
    assert first("kontor:dueVariable='due'", due=day) == SetTimer("1", "c", NOW + timedelta(days=7, hours=21))
    with pytest.raises(ProcessStuck, match="no moment with a time zone"):
        first("kontor:dueVariable='due'", due="2026-11-30T10:00:00")


def test_timer_fires_once() -> None:
    play = Play(document(start(), catch("c", timer()), service("a"), end(), flows("start c a end")))
    play.due("c")
    assert play.last == [RunTask("2", "a", "do_a")]
    assert not play.happen(TimerFired("1"))


def event_gateway(**variables: object) -> Play:
    events = catch("m", message("Go")) + catch("n", message("Stop")) + catch("t", timer())
    ways = flows("start z g m a end", "g n b end", "g t c end")
    tasks = "".join(map(service, "zabc"))
    return Play(
        document(start(), gateway("g", "eventBased"), events, tasks, end(), ways, messages="Go Stop"), **variables
    )


def test_event_gateway_takes_the_first_event_only() -> None:
    play = event_gateway().done("z")
    assert play.at == ["g", "m", "n", "t"]
    assert play.told("Stop")
    assert (play.last, play.at) == ([CancelTimer("5"), RunTask("6", "b", "do_b")], ["b"])


def test_event_gateway_takes_timer() -> None:
    assert event_gateway().done("z").due("t").at == ["c"]


def test_event_gateway_takes_what_came_early() -> None:
    play = event_gateway()
    assert play.told("Stop")
    assert play.done("z").at == ["b"]


def guarded(inner: str, *, interrupting: bool = True) -> Play:
    ways = flows("start a b end", "e x end")
    parts = [service("a"), service("b"), service("x"), boundary("e", "a", inner, interrupting=interrupting)]
    return Play(document(start(), *parts, end(), ways, messages="Stop", errors="NO", escalations="HELP"))


def test_interrupting_message_cancels_the_task() -> None:
    play = guarded(message("Stop"))
    assert play.told("Stop")
    assert play.last == [CancelTask("1", "a"), RunTask("3", "x", "do_x")]


def test_other_message_boundary_leaves_the_task_and_fires_again() -> None:
    play = guarded(message("Stop"), interrupting=False)
    assert play.told("Stop")
    assert play.told("Stop")
    assert play.at == ["a", "e", "x", "x"]
    assert play.done("a").at == ["x", "x", "b"]


def test_timer_boundary_is_canceled_with_its_task() -> None:
    play = guarded(timer())
    assert play.last == [SetTimer("2", "e", NOW + timedelta(hours=1)), RunTask("1", "a", "do_a")]
    assert play.done("a").last == [CancelTimer("2"), RunTask("3", "b", "do_b")]


def test_timer_boundary_interrupts() -> None:
    assert guarded(timer()).due("e").last == [CancelTask("1", "a"), RunTask("3", "x", "do_x")]


def test_other_timer_boundary_fires_once() -> None:
    assert guarded(timer(), interrupting=False).due("e").at == ["a", "x"]


@pytest.mark.parametrize("caught", ["NO", ""])
def test_error_boundary_catches_its_code_or_any(caught: str) -> None:
    assert guarded(error(caught)).failed("a", "NO").last == [RunTask("2", "x", "do_x")]


def test_failure_nobody_catches_is_an_incident_to_retry() -> None:
    play = guarded(error("NO")).failed("a", "OTHER")
    assert play.last == [Incident("1", "a", "OTHER", "it broke")]
    assert play.happen(Retry("1"))
    assert play.last == [RunTask("1", "a", "do_a")]
    assert play.done("a").at == ["b"]


def test_escalation_boundary_may_leave_the_task() -> None:
    play = guarded(escalation("HELP"), interrupting=False)
    assert not play.escalated("a", "OTHER")
    assert play.escalated("a", "HELP")
    assert play.at == ["a", "x"]


def test_escalation_boundary_may_interrupt() -> None:
    play = guarded(escalation())
    assert play.escalated("a", "ANY")
    assert play.last == [CancelTask("1", "a"), RunTask("2", "x", "do_x")]


def test_early_message_interrupts_before_the_task_starts() -> None:
    ways = flows("start a b end", "e x end")
    parts = [service("a"), service("b"), service("x"), boundary("e", "b", message("Stop"))]
    play = Play(document(start(), *parts, end(), ways, messages="Stop"))
    assert play.told("Stop")
    assert play.done("a").last == [RunTask("2", "x", "do_x")]


def nested(inner: str, caught: str, *, interrupting: bool = True) -> Play:
    """Subprocess s with task a, then the given end; x follows what the boundary catches, b the subprocess."""
    inside = sub("s", start("i"), service("a"), service("p"), end("j", inner), end("k"), flows("i a j", "i p k"))
    ways = flows("start s b end", "e x end")
    guard = boundary("e", "s", caught, interrupting=interrupting)
    parts = [inside, guard, service("b"), service("x"), end(), ways]
    return Play(document(start(), *parts, messages="Stop", errors="NO OTHER", escalations="HELP"))


def test_subprocess_goes_on_when_all_in_it_ended() -> None:
    play = nested("", error())
    assert play.at == ["s", "a", "p"]
    assert play.done("a").at == ["s", "p"]
    assert play.done("p").at == ["b"]


def test_terminate_ends_only_its_subprocess() -> None:
    play = nested(TERMINATE, error()).done("a")
    assert play.last == [CancelTask("3", "p"), RunTask("4", "b", "do_b")]


def test_error_end_event_is_caught_around_the_subprocess() -> None:
    assert nested(error("NO"), error("NO")).done("a").last == [CancelTask("3", "p"), RunTask("4", "x", "do_x")]


def test_error_end_event_nobody_catches_ends_the_instance() -> None:
    play = nested(error("NO"), error("OTHER")).done("a")
    assert play.last == [CancelTask("3", "p"), Finished(Outcome.FAILED, "j", "NO")]
    assert play.outcome is Outcome.FAILED


def test_task_failure_is_caught_around_the_subprocess() -> None:
    assert nested("", error("NO")).failed("a", "NO").at == ["x"]


def test_escalation_end_event_may_leave_the_subprocess() -> None:
    play = nested(escalation("HELP"), escalation("HELP"), interrupting=False).done("a")
    assert play.at == ["s", "p", "x"]
    assert play.done("p").at == ["x", "b"]


def test_escalation_end_event_may_interrupt_the_subprocess() -> None:
    assert nested(escalation("HELP"), escalation()).done("a").at == ["x"]


def test_message_interrupts_everything_in_the_subprocess() -> None:
    play = nested("", message("Stop"))
    assert play.told("Stop")
    assert play.last == [CancelTask("3", "a"), CancelTask("4", "p"), RunTask("5", "x", "do_x")]


def test_terminate_ends_the_instance_at_once() -> None:
    ways = flows("start f a end", "f b z")
    play = Play(
        document(start(), gateway("f", "parallel"), service("a"), service("b"), end(), end("z", TERMINATE), ways)
    )
    assert play.done("b").last == [CancelTask("1", "a"), Finished(Outcome.TERMINATED, "z")]


def test_longest_waiting_token_gets_the_message() -> None:
    ways = flows("start f c a end", "f d b end")
    catches = catch("c", message("Go")) + catch("d", message("Go"))
    play = Play(
        document(start(), gateway("f", "parallel"), catches, service("a"), service("b"), end(), ways, messages="Go")
    )
    assert play.happen(MessageReceived("Go"))
    assert play.at == ["d", "a"]
