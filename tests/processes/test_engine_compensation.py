from kontor.processes.steps import Cancel, CancelTask, Finished, Incident, Outcome, Retry, RunTask, Terminate
from processes.bpmn_builder import boundary, document, element, end, flows, message, service, start, throw, undo
from processes.play import Play

COMPENSATE = "<bpmn:compensateEventDefinition />"


def undoable(*, catches: str = "") -> bytes:
    inside = element(
        "subProcess",
        "s",
        "".join([start("i"), *(service(one) + undo(one) for one in "abc"), end("j"), flows("i a b c j")]),
    )
    guard = boundary("e", "s", message("Stop"))
    ways = flows("start s d t end", "e t")
    return document(
        start(), inside, guard, service("d"), throw("t", catches or COMPENSATE), end(), ways, messages="Stop"
    )


def test_finished_steps_are_undone_in_reverse() -> None:
    play = Play(undoable()).done("a").done("b").done("c").done("d")
    assert play.last == [RunTask("8", "undo_c", "do_undo_c", 0, "c")]
    play.done("undo_c").done("undo_b").done("undo_a")
    assert play.steps == ["a", "b", "c", "d", "undo_c", "undo_b", "undo_a"]
    assert play.outcome is Outcome.COMPLETED


def test_interrupted_subprocess_is_undone_as_far_as_it_came() -> None:
    play = Play(undoable()).done("a").done("b")
    assert play.told("Stop")
    play.done("undo_b").done("undo_a")
    assert play.steps == ["a", "b", "c", "undo_b", "undo_a"]
    assert play.outcome is Outcome.COMPLETED


def test_only_the_named_activity_is_undone() -> None:
    play = Play(undoable(catches="<bpmn:compensateEventDefinition activityRef='b' />"))
    play.done("a").done("b").done("c").done("d").done("undo_b")
    assert play.steps == ["a", "b", "c", "d", "undo_b"]


def test_nothing_to_undo_passes_through() -> None:
    play = Play(undoable())
    assert play.told("Stop")
    assert play.outcome is Outcome.COMPLETED


def test_cancel_undoes_and_ends_as_canceled() -> None:
    play = Play(undoable()).done("a").done("b")
    assert play.happen(Cancel())
    assert play.last == [CancelTask("5", "c"), RunTask("7", "undo_b", "do_undo_b", 0, "b")]
    assert not play.happen(Cancel())
    play.done("undo_b")
    assert play.outcome is None
    play.done("undo_a")
    assert play.last == [Finished(Outcome.CANCELED)]


def test_cancel_during_compensation_undoes_the_rest() -> None:
    play = Play(undoable()).done("a").done("b")
    assert play.told("Stop")
    play.done("undo_b")
    assert play.happen(Cancel())
    play.done("undo_a")
    assert play.outcome is Outcome.CANCELED


def test_cancel_without_anything_to_undo_ends_at_once() -> None:
    play = Play(document(start(), service("a"), end(), flows("start a end")))
    assert play.happen(Cancel())
    assert play.last == [CancelTask("1", "a"), Finished(Outcome.CANCELED)]


def test_terminate_from_outside_undoes_nothing() -> None:
    play = Play(undoable()).done("a")
    assert play.happen(Terminate())
    assert play.last == [CancelTask("4", "b"), Finished(Outcome.TERMINATED)]


def test_failed_compensation_is_an_incident() -> None:
    play = Play(undoable()).done("a")
    assert play.told("Stop")
    play.failed("undo_a", "NO")
    assert isinstance(play.last[0], Incident)
    assert play.happen(Retry(play.token("undo_a")))
    assert play.done("undo_a").outcome is Outcome.COMPLETED
