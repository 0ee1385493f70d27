"""Types, bodies, waits and what owners see: decisions without a database."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from kontor import bootstrap
from kontor.core.outbox import EVENTS
from kontor.webhooks.payload import body_of, bytes_of, type_of
from kontor.webhooks.retrying import WAITS, gives_up, rest_after, wait_after
from kontor.webhooks.visibility import PARTNER_FIELDS, PARTNER_LIFE, WORDS, Fact, Owner, seen_by

NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)
ORDER = {"number": "K-1", "external_id": "E-1", "channel_id": "c1"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("OrderPlaced", "order.placed"),
        ("OrderLinesCanceled", "order_lines.canceled"),
        ("FulfillmentReadyForPickup", "fulfillment.ready_for_pickup"),
        ("PaymentChargedBack", "payment.charged_back"),
        ("CreditNoteIssued", "credit_note.issued"),
    ],
)
def test_event_has_a_type_of_thing_and_deed(name: str, expected: str) -> None:
    assert type_of(name) == expected


def test_no_two_events_share_a_type() -> None:
    bootstrap.load()
    types = [type_of(name) for name in EVENTS]
    assert len(types) == len(set(types))
    assert all(type_of(name).count(".") == 1 for name in EVENTS)


def test_events_a_partner_sees_exist() -> None:
    bootstrap.load()
    assert (PARTNER_FIELDS.keys() | PARTNER_LIFE) - EVENTS.keys() == set()


def test_body_has_type_time_and_data_in_the_same_bytes_each_time() -> None:
    body = body_of("OrderPlaced", NOW, {"number": "K-1", "amount": 1})
    assert body == {"type": "order.placed", "timestamp": "2026-06-15T10:00:00Z", "data": {"number": "K-1", "amount": 1}}
    shuffled = {"timestamp": body["timestamp"], "data": {"amount": 1, "number": "K-1"}, "type": body["type"]}
    assert bytes_of(body) == bytes_of(shuffled)


def test_waits_grow_to_a_day_and_end_after_three() -> None:
    assert [wait_after(attempts) for attempts in (1, 2, 9, 10)] == [
        timedelta(seconds=5), timedelta(minutes=5), timedelta(hours=24), None,
    ]  # fmt: skip
    assert sum(WAITS, timedelta()) > timedelta(days=3)


def test_receiver_may_ask_for_a_longer_wait_but_not_for_ever() -> None:
    assert wait_after(1, retry_after=120) == timedelta(minutes=2)
    assert wait_after(2, retry_after=1) == timedelta(minutes=5)
    assert wait_after(1, retry_after=999_999) == timedelta(hours=24)


def test_endpoint_is_given_up_after_days_without_success_or_when_it_is_gone() -> None:
    days_ago = NOW - timedelta(days=5)
    assert gives_up(500, failing_since=days_ago, now=NOW, last=False) is None
    assert gives_up(500, failing_since=NOW - timedelta(days=4), now=NOW, last=True) is None
    assert gives_up(500, failing_since=days_ago, now=NOW, last=True) == (
        "Nothing was accepted since 2026-06-10 10:00 UTC."
    )
    assert gives_up(410, failing_since=NOW, now=NOW, last=False) == "The receiver says that it is gone (410)."


def shipped(**tasks: tuple[str | None, str]) -> Fact:
    payload = {"fulfillment_order_id": "t1", "shipment_id": "s1", "amount": 1999, "currency": "EUR"}
    return Fact("FulfillmentOrderShipped", "o1", 4, payload, ORDER, tasks)


def test_company_sees_everything_with_ids() -> None:
    data = seen_by(Owner(), shipped(t1=("p1", "K-1-1")))
    assert data is not None
    assert (data["amount"], data["order_number"], data["order_id"], data["sequence"]) == (1999, "K-1", "o1", 4)


def test_partner_sees_its_own_work_without_prices_or_the_order() -> None:
    assert seen_by(Owner(partner_id="p1"), shipped(t1=("p1", "K-1-1"))) == {
        "fulfillment_order_id": "t1", "shipment_id": "s1", "number": "K-1-1", "sequence": 4,
    }  # fmt: skip
    assert seen_by(Owner(partner_id="p2"), shipped(t1=("p1", "K-1-1"))) is None
    assert seen_by(Owner(partner_id="p1"), shipped(t1=(None, "K-1-1"))) is None


def test_partner_sees_only_its_part_of_a_split() -> None:
    entries = [{"id": "t1", "location_id": "l1", "partner_id": "p1"}, {"id": "t2", "location_id": "l2"}]
    fact = Fact(
        "FulfillmentOrdersCreated", "o1", 2, {"fulfillment_orders": entries}, ORDER,
        {"t1": ("p1", "K-1-1"), "t2": (None, "K-1-2")},
    )  # fmt: skip
    assert seen_by(Owner(partner_id="p1"), fact) == {
        "fulfillment_orders": [{"id": "t1", "location_id": "l1", "number": "K-1-1"}], "sequence": 2,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["OrderPlaced", "PaymentCaptured", "StockArrived", "InvoiceIssued"])
def test_partner_sees_nothing_else(name: str) -> None:
    assert seen_by(Owner(partner_id="p1"), Fact(name, "o1", 1, {"amount": 1}, ORDER, {})) is None


def test_partner_hears_of_itself_only() -> None:
    assert seen_by(Owner(partner_id="p1"), Fact("PartnerSuspended", "p1", 3, {}, None, {})) == {
        "partner_id": "p1", "sequence": 3,
    }  # fmt: skip
    assert seen_by(Owner(partner_id="p1"), Fact("PartnerSuspended", "p2", 3, {}, None, {})) is None


def test_channel_sees_its_orders_but_no_judgment_of_customers() -> None:
    owner = Owner(channel_id="c1")
    assert seen_by(owner, Fact("OrderConfirmed", "o1", 2, {}, ORDER, {})) is not None
    assert seen_by(owner, Fact("OrderConfirmed", "o1", 2, {}, {**ORDER, "channel_id": "c2"}, {})) is None
    assert seen_by(owner, Fact("RiskAssessed", "o1", 2, {"score": 91}, ORDER, {})) is None
    assert seen_by(owner, Fact("StockArrived", "v1", 2, {}, None, {})) is None


def test_words_of_people_stay_inside() -> None:
    payload = {"hold_id": "h1", "kind": "MANUAL", "reason": "he sounded drunk"}
    fact = Fact("HoldPlaced", "o1", 2, payload, ORDER, {})
    inside, shop = seen_by(Owner(), fact), seen_by(Owner(channel_id="c1"), fact)
    assert inside is not None
    assert shop is not None
    assert inside["reason"] == "he sounded drunk"
    assert shop == {name: value for name, value in inside.items() if name != "reason"}
    payload = {"fulfillment_order_id": "t1", "reason": "fraud"}
    canceled = Fact("FulfillmentCanceled", "o1", 3, payload, ORDER, {"t1": ("p1", "1")})
    assert seen_by(Owner(partner_id="p1"), canceled) == {"fulfillment_order_id": "t1", "number": "1", "sequence": 3}


def test_every_text_of_an_event_was_looked_at() -> None:
    """A new event with a reason or a message is told outside only when somebody decided so."""
    bootstrap.load()
    codes = {
        ("LinesUnallocated", "reason"), ("GoodwillAsked", "reason"), ("GoodwillGranted", "reason"),
        ("OrderChangeConfirmed", "message"),
    }  # fmt: skip
    texts = {
        (name, part.name)
        for name, event in EVENTS.items()
        for part in fields(event)
        if part.name in ("reason", "message", "note", "text")
        or (name, part.name) in {("GoodwillDeclined", "decision"), ("MessageBounced", "topic")}
    }
    assert texts == codes | {(name, field) for name, words in WORDS.items() for field in words}
    assert all(not set(shown) & WORDS.get(name, set()) for name, shown in PARTNER_FIELDS.items())


def test_slow_endpoint_keeps_a_worker_busy_for_a_third_of_the_time() -> None:
    assert rest_after(timedelta(seconds=1)) is None
    assert rest_after(timedelta(seconds=10)) == timedelta(seconds=20)


def test_endpoint_that_is_down_for_an_hour_is_tried_again_after_it() -> None:
    within = [wait for at, wait in enumerate(WAITS) if sum(WAITS[: at + 1], timedelta()) <= timedelta(hours=1)]
    assert 0 < len(within) < len(WAITS)


def test_a_channel_hears_by_their_ids_of_customers_it_knew() -> None:
    payload = {"ids": ["k1", "k2"], "channel_ids": ["c1"]}
    fact = Fact("CustomersErased", "s1", 7, payload, None, {})
    assert seen_by(Owner(channel_id="c1"), fact) == {"ids": ["k1", "k2"], "sequence": 7}
    assert seen_by(Owner(channel_id="c2"), fact) is None
    assert seen_by(Owner(partner_id="p1"), fact) is None
    merged = Fact("CustomerMerged", "s1", 8, {"customer_id": "k1", "into_id": "k2", "channel_ids": ["c1"]}, None, {})
    assert seen_by(Owner(channel_id="c1"), merged) == {"customer_id": "k1", "into_id": "k2", "sequence": 8}
