"""The shipped definitions, told as the stories they are there for."""

import json
from pathlib import Path

import pytest
from lxml import etree

from kontor.core import expressions
from kontor.processes.bpmn.reader import read
from kontor.processes.steps import CancelTask, CreateUserTask, Finished, Outcome, RunTask, SetTimer
from processes.play import NOW, Play

FOLDER = Path(__file__).parents[2] / "backend/kontor/processes/definitions"
DEFINITIONS = {path.stem: read(path.read_bytes(), check_condition=expressions.check) for path in FOLDER.glob("*.bpmn")}
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"


def play(name: str) -> Play:
    return Play(DEFINITIONS[name])


def released(outcome: str = "ALL") -> Play:
    order = play("order").done("assess_risk", decision="ACCEPT").done("authorize_payment").done("confirm_order")
    return order.done("release_order", outcome=outcome)


def shipped() -> Play:
    goods = play("fulfillment_order").done("dispatch_fulfillment")
    assert goods.told("FulfillmentAccepted")
    assert goods.told("FulfillmentShipped")
    return goods


def test_four_definitions_are_shipped() -> None:
    assert set(DEFINITIONS) == {"order", "fulfillment_order", "return", "digital_delivery"}
    assert {name: definition.start_message for name, definition in DEFINITIONS.items()} == {
        "order": "OrderPlaced",
        "fulfillment_order": "FulfillmentOrderCreated",
        "return": "ReturnRequested",
        "digital_delivery": "PiecesHandedOver",
    }
    assert {point for definition in DEFINITIONS.values() for point in definition.extension_points} == {
        "before_payment",
        "before_release",
        "before_dispatch",
        "before_refund",
    }


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_every_element_is_on_the_diagram(name: str) -> None:
    root = etree.parse(str(FOLDER / f"{name}.bpmn")).getroot()
    drawn = {shape.get("bpmnElement") for tag in ("BPMNShape", "BPMNEdge") for shape in root.iter(f"{DI}{tag}")}
    flows = {flow.id for node in DEFINITIONS[name].nodes.values() for flow in node.outgoing}
    assert set(DEFINITIONS[name].nodes) | flows <= drawn


def test_order_runs_from_risk_to_completion() -> None:
    order = released()
    assert len(json.dumps(order.state)) < 1024
    assert order.told("OrderFulfilled")
    order.done("settle_payments")
    assert order.told("OrderDelivered")
    order.done("complete_order")
    assert order.last == [Finished(Outcome.COMPLETED, "order_completed")]
    assert order.steps == [
        "assess_risk",
        "authorize_payment",
        "confirm_order",
        "release_order",
        "settle_payments",
        "complete_order",
    ]


def test_risky_order_is_reviewed_then_rejected() -> None:
    order = play("order").done("assess_risk", decision="REVIEW")
    assert order.last == [CreateUserTask("2", "review_risk", "Review risk", "review_risk", "CARE_AGENT")]
    order.done("review_risk", decision="REJECT").done("reject_order")
    assert order.last == [Finished(Outcome.COMPLETED, "order_rejected")]


def test_order_canceled_in_review_ends() -> None:
    order = play("order").done("assess_risk", decision="REVIEW")
    assert order.told("OrderCanceled")
    assert order.last == [CancelTask("2", "review_risk"), Finished(Outcome.COMPLETED, "review_canceled")]


def test_declined_payment_waits_for_another_one() -> None:
    order = play("order").done("assess_risk", decision="ACCEPT").failed("authorize_payment", "PAYMENT_DECLINED")
    order.done("hold_for_payment", payment_due="2026-11-29T12:00:00+00:00")
    assert [(command.node, command.setting) for command in order.last if isinstance(command, SetTimer)] == [
        ("payment_retry_due", "order.payment_retry"),
        ("payment_overdue", None),
    ]
    assert order.told("PaymentReceived")
    assert order.at == ["handle_order", "order_canceled_event", "authorize_payment"]


def test_order_never_paid_is_canceled_and_settled() -> None:
    order = play("order").done("assess_risk", decision="ACCEPT").failed("authorize_payment", "PAYMENT_DECLINED")
    order.done("hold_for_payment").due("payment_retry_due").failed("authorize_payment", "PAYMENT_DECLINED")
    order.done("hold_for_payment").due("payment_overdue").done("cancel_unpaid_order").done("settle_canceled_order")
    assert order.last == [Finished(Outcome.COMPLETED, "order_canceled")]


def test_canceled_order_voids_what_was_authorized() -> None:
    order = released()
    assert order.told("OrderCanceled")
    order.done("void_payment").done("settle_canceled_order")
    assert order.steps[-2:] == ["void_payment", "settle_canceled_order"]
    assert order.last == [Finished(Outcome.COMPLETED, "order_canceled")]


def test_cancellation_before_the_risk_is_known_is_not_lost() -> None:
    order = play("order")
    assert order.told("OrderCanceled")
    order.done("assess_risk", decision="ACCEPT").done("settle_canceled_order")
    assert order.steps == ["assess_risk", "settle_canceled_order"]


@pytest.mark.parametrize("message", ["StockArrived", "LinesReopened"])
def test_rest_is_released_when_stock_arrives(message: str) -> None:
    order = released("PART")
    assert order.told(message)
    order.done("release_order", outcome="ALL")
    assert order.told("LinesReopened")
    order.done("release_order", outcome="WAIT").due("release_retry_due").done("release_order", outcome="WAIT")
    assert order.told("OrderFulfilled")
    assert order.at == ["settle_payments"]


def test_undelivered_order_completes_in_the_end() -> None:
    order = released()
    assert order.told("OrderFulfilled")
    order.done("settle_payments").due("delivery_overdue").done("complete_order")
    assert order.outcome is Outcome.COMPLETED


def test_shipment_is_captured_and_invoiced() -> None:
    goods = shipped()
    goods.done("capture_payment").done("issue_invoice")
    assert goods.told("FulfillmentDelivered")
    assert goods.last == [Finished(Outcome.COMPLETED, "fulfilled")]
    assert goods.steps == ["dispatch_fulfillment", "capture_payment", "issue_invoice"]


def test_failed_capture_does_not_hold_the_invoice() -> None:
    goods = shipped().failed("capture_payment", "CAPTURE_REFUSED").done("raise_payment_case")
    assert "issue_invoice" in goods.at
    goods.due("capture_retry_due").done("authorize_added_payment").failed("retry_capture", "CAPTURE_REFUSED")
    goods.due("capture_retry_due").done("authorize_added_payment").done("issue_invoice")
    assert goods.told("FulfillmentDelivered")
    assert goods.outcome is None
    assert goods.done("retry_capture").done("settle_payment_case").outcome is Outcome.COMPLETED


@pytest.mark.parametrize("name", ["fulfillment_order", "digital_delivery"])
def test_money_that_comes_in_is_secured_and_captured(name: str) -> None:
    goods = shipped() if name == "fulfillment_order" else play(name)
    goods.told("PaymentReceived")  # before anything failed: nothing follows from it
    goods.failed("capture_payment", "NOT_COVERED").done("raise_payment_case").done("issue_invoice")
    assert "await_capture" in goods.at
    for _ in range(2):
        assert goods.told("PaymentReceived")
        goods.done("authorize_added_payment").failed("retry_capture", "NOT_COVERED")
        assert "await_capture" in goods.at


@pytest.mark.parametrize("answered", ["at once", "late", "never"])
def test_refused_or_unanswered_lines_are_rerouted(answered: str) -> None:
    goods = play("fulfillment_order").done("dispatch_fulfillment")
    if answered != "at once":
        goods.due("answer_overdue").done("escalate_unanswered")
    if answered == "never":
        goods.due("never_answered")
    else:
        assert goods.told("FulfillmentRejected")
    assert goods.last[-1] == RunTask(goods.token("reroute_lines"), "reroute_lines", "reroute_lines")
    assert goods.done("reroute_lines", kept=False).last == [Finished(Outcome.COMPLETED, "rerouted")]


def test_uncollected_goods_are_reminded_then_canceled() -> None:
    goods = play("fulfillment_order").done("dispatch_fulfillment")
    assert goods.told("FulfillmentAccepted")
    assert goods.told("FulfillmentReadyForPickup")
    goods.due("uncollected").done("remind_pickup").due("never_collected").done("cancel_uncollected", kept=False)
    assert goods.last == [Finished(Outcome.COMPLETED, "uncollected_canceled")]


@pytest.mark.parametrize("messages", [["FulfillmentPickedUp"], ["FulfillmentReadyForPickup", "FulfillmentPickedUp"]])
def test_collected_goods_are_captured(messages: list[str]) -> None:
    goods = play("fulfillment_order").done("dispatch_fulfillment")
    assert all(goods.told(message) for message in ["FulfillmentAccepted", *messages])
    assert goods.at == ["capture_payment"]


@pytest.mark.parametrize("before", [[], ["FulfillmentAccepted"], ["FulfillmentAccepted", "FulfillmentReadyForPickup"]])
def test_canceled_fulfillment_order_ends_everywhere(before: list[str]) -> None:
    goods = play("fulfillment_order").done("dispatch_fulfillment")
    assert all(goods.told(message) for message in [*before, "FulfillmentCanceled"])
    assert goods.outcome is Outcome.COMPLETED


def test_return_is_refunded_after_inspection() -> None:
    goods = play("return").done("check_return", decision="REVIEW").done("approve_return", decision="APPROVED")
    goods.done("issue_return_label")
    assert goods.told("ReturnInspected")
    assert goods.told("ReturnReceived")
    goods.done("refund_return", more_expected=False).done("issue_credit_note").done("settle_return")
    assert goods.last == [Finished(Outcome.COMPLETED, "refunded")]


def test_rest_of_a_return_is_refunded_too() -> None:
    goods = play("return").done("check_return", decision="APPROVED").done("issue_return_label")
    for more in (True, False):
        goods.told("ReturnReceived")
        assert goods.told("ReturnInspected")
        goods.done("refund_return", more_expected=more).done("issue_credit_note").done("settle_return")
    assert goods.steps.count("refund_return") == 2
    assert goods.last == [Finished(Outcome.COMPLETED, "refunded")]


def test_rest_of_a_return_that_never_comes_is_closed() -> None:
    goods = play("return").done("check_return", decision="APPROVED").done("issue_return_label")
    assert goods.told("ReturnReceived")
    assert goods.told("ReturnInspected")
    goods.done("refund_return", more_expected=True).done("issue_credit_note").done("settle_return")
    goods.due("more_overdue").done("close_return", kept=True)
    assert goods.at == ["await_more", "more_inspected", "more_overdue"]
    assert goods.due("more_overdue").done("close_return", kept=False).last == [Finished(Outcome.COMPLETED, "refunded")]


def test_pieces_that_come_one_by_one_and_are_inspected_at_once_leave_the_rest_awaited() -> None:
    goods = play("return").done("check_return", decision="APPROVED").done("issue_return_label")
    for message in ("ReturnReceived", "ReturnReceived", "ReturnInspected"):
        assert goods.told(message)
    goods.done("refund_return", more_expected=True).done("issue_credit_note").done("settle_return")
    assert goods.at == ["await_more", "more_inspected", "more_overdue"]


def test_unused_label_expires() -> None:
    goods = play("return").done("check_return", decision="APPROVED")
    goods.done("issue_return_label", label_expires="2026-12-22T12:00:00Z")
    assert goods.last == [SetTimer(goods.token("label_unused"), "label_unused", NOW.replace(month=12))]
    assert goods.due("label_unused").done("expire_return", kept=False).last == [Finished(Outcome.COMPLETED, "expired")]


def test_declined_return_ends() -> None:
    goods = play("return").done("check_return", decision="DECLINED").done("decline_return")
    assert goods.last == [Finished(Outcome.COMPLETED, "declined")]
