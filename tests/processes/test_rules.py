"""Waiting times a channel may set, and what events mean for processes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kontor import bootstrap
from kontor.core.errors import InvalidInput
from kontor.core.outbox import EVENTS as KNOWN_EVENTS
from kontor.processes.messages import DIGITAL, EVENTS, FULFILLMENT, ORDER, Reply, Tell, Wake, meanings
from kontor.processes.settings import waiting_time
from kontor.subscribers import SUBSCRIBERS

STREAM, OTHER = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (36, timedelta(hours=36)),
        (0, timedelta()),
        ("PT90M", timedelta(minutes=90)),
        ("P2DT3H", timedelta(days=2, hours=3)),
        ("P1W", timedelta(days=7)),
    ],
)
def test_waiting_time_is_hours_or_a_duration(value: Any, expected: timedelta | None) -> None:
    assert waiting_time({"order.payment_wait": value}, "order.payment_wait") == expected


@pytest.mark.parametrize("value", ["", "P", "PT", "2 days", True, -1, 1.5, "P3651D", [1]])
def test_other_waiting_times_are_refused(value: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        waiting_time({"order.payment_wait": value}, "order.payment_wait")
    assert refused.value.path == ("settings", "order.payment_wait")


def test_every_event_a_process_waits_for_reaches_it() -> None:
    bootstrap.load()
    assert EVENTS.keys() <= KNOWN_EVENTS.keys()
    assert {event for event, jobs in SUBSCRIBERS.items() if "processes.advance" in jobs} == EVENTS.keys()


def test_rejection_ends_the_work_and_reopens_the_order() -> None:
    payload = {"fulfillment_order_id": str(OTHER), "location_id": str(OTHER), "lines": []}
    assert meanings("FulfillmentRejected", STREAM, payload) == (
        Tell(FULFILLMENT, "FulfillmentRejected", OTHER),
        Tell(ORDER, "LinesReopened", STREAM),
    )


def test_declined_payment_answers_the_tasks_that_asked() -> None:
    assert meanings("PaymentDeclined", STREAM, {"payment_id": str(OTHER), "code": "card_declined", "message": ""}) == (
        Reply(ORDER, ("authorize_payment",), error=("PAYMENT_DECLINED", "card_declined"), subject_id=STREAM),
        Reply(FULFILLMENT, ("authorize_added_payment",)),
        Reply(DIGITAL, ("authorize_added_payment",)),
    )


def test_goods_that_came_wake_who_waits_for_them() -> None:
    payload = {"location_id": str(OTHER), "quantity": 7}
    assert meanings("StockArrived", STREAM, payload) == (Wake(STREAM, 7, "StockArrived"),)


def test_order_taken_without_stock_is_not_released_twice() -> None:
    assert meanings("LinesUnallocated", STREAM, {"lines": [], "reason": "PLACED_WITHOUT_STOCK"}) == ()
    assert meanings("LinesUnallocated", STREAM, {"lines": [], "reason": "COUNTED"}) == (
        Tell(ORDER, "LinesReopened", STREAM),
    )


def test_event_no_process_waits_for_means_nothing() -> None:
    assert meanings("InvoiceIssued", STREAM, {}) == ()
