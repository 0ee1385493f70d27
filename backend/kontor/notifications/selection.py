"""Which message a fact asks for. Pure.

A message is known by the order, its cause and its template: that triple is told once, whoever asks for it and however
often. The cause is the thing the message is about (a shipment, a refund), so that a process and a subscriber that both
ask for "shipped" of one shipment mean the same message.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kontor.orders.states import DeliveryType
from kontor.payments.states import AWAITING_TRANSFER

SHIP, PICKUP, DIGITAL = DeliveryType.SHIP, DeliveryType.PICKUP, DeliveryType.DIGITAL
LONGEST_CAUSE = 80


@dataclass(frozen=True, slots=True)
class Telling:
    """What is to be told. `cause` names it once and for all, `subject` is the id of the thing it is about, if any;
    `about` holds facts of the event that no table keeps."""

    template: str
    cause: str
    subject: str | None = None
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """An event's message: the payload's field that names the subject, and the fields to be kept."""

    template: str
    subject: str | None = None
    keeps: tuple[str, ...] = ()
    # The cause where it is not the subject: a fixed word, or "event" for once per event.
    cause: str | None = None


RULES: dict[str, Rule] = {
    "OrderConfirmed": Rule("order_confirmed", cause="order"),
    "HoldPlaced": Rule("order_in_review", cause="review"),
    "PaymentDeclined": Rule("payment_failed", "payment_id"),
    "FulfillmentOrderShipped": Rule("shipped", "shipment_id"),
    "FulfillmentReadyForPickup": Rule("ready_for_pickup", "fulfillment_order_id"),
    "FulfillmentPickedUp": Rule("picked_up", "shipment_id"),
    "FulfillmentDelivered": Rule("delivered", "shipment_id"),
    "CodesIssued": Rule("digital_delivery", "shipment_id"),
    "OrderLinesCanceled": Rule("canceled", "change_id", keeps=("lines", "amount", "whole"), cause="event"),
    "OrderRejected": Rule("canceled", cause="whole"),
    "OrderChangeConfirmed": Rule("order_changed", "change_id"),
    "FulfillmentPostponed": Rule("delayed", keeps=("lines", "was_expected_on", "expected_on"), cause="event"),
    "BackorderRescheduled": Rule("delayed", keeps=("lines", "was_expected_on", "expected_on"), cause="event"),
    # Once for each piece of work, however often places put it off later.
    "PromisePassed": Rule("promise_passed", "fulfillment_order_id", ("promised_on", "lines")),
    "ParcelReturned": Rule("parcel_returned", "parcel_id"),
    "ParcelLost": Rule("parcel_lost", "parcel_id"),
    "OrderChangeDeclined": Rule("change_declined", "change_id"),
    "ClaimOpened": Rule("claim_received", "claim_id"),
    # What comes to nothing is decided again, and told again.
    "ClaimApproved": Rule("claim_approved", "claim_id", ("returns_goods",), cause="event"),
    "ClaimDenied": Rule("claim_denied", "claim_id", ("reason",)),
    "ReturnApproved": Rule("return_approved", "return_id"),
    # A return may come in several parcels; each arrival is told.
    "ReturnReceived": Rule("return_received", "return_id", cause="event"),
    "ReturnDecided": Rule("return_decided", "return_id", keeps=("lines",), cause="event"),
    "ReturnLabelRenewed": Rule("return_approved", "return_id", cause="event"),
    "ReturnLabelMade": Rule("return_approved", "return_id", cause="event"),
    "ExchangeApproved": Rule("exchange_agreed", "return_id", ("lines", "way", "due_at", "replacement")),
    "ExchangeReceived": Rule("exchange_received", "return_id", ("lines",), cause="event"),
    "ExchangeReminded": Rule("exchange_reminder", "return_id", ("due_at",)),
    "ExchangeOverdue": Rule("exchange_overdue", "return_id", ("amount", "currency", "code", "asked")),
    "ExchangeCanceled": Rule("exchange_canceled", "return_id", ("code",)),
    "RefundSucceeded": Rule("refunded", "refund_id"),
    "GoodwillVoucherIssued": Rule("goodwill_voucher", "goodwill_id"),
    "ReturnDeclined": Rule("return_declined", "return_id"),
    "DirectDebitAnnounced": Rule(
        "direct_debit",
        "transaction_id",
        ("payment_id", "amount", "currency", "mandate", "creditor_id", "iban_ending", "collect_on"),
    ),
    "DunningNoticeIssued": Rule(
        "dunning", "notice_id", ("number", "level", "claimed", "fees", "currency", "due_on", "instalment")
    ),
}
# Told once per order, whatever names the cause.
ONCE = {"order_confirmed": "order", "order_in_review": "review"}
_FITS: dict[str, frozenset[DeliveryType]] = {
    "shipped": frozenset({SHIP}),
    "delivered": frozenset({SHIP}),
    "ready_for_pickup": frozenset({PICKUP}),
    "pickup_reminder": frozenset({PICKUP}),
    "picked_up": frozenset({PICKUP}),
}


def telling_of(event: str, event_id: str, payload: Mapping[str, Any]) -> Telling | None:
    """The message an event asks for, None when it asks for none."""
    rule = RULES.get(event)
    if rule is None or _is_no_news(event, payload):
        return None
    found = payload.get(rule.subject) if rule.subject else None
    subject = None if found is None else str(found)
    cause = event_id if rule.cause == "event" else rule.cause or subject or event_id
    if rule.template == "canceled" and payload.get("whole"):
        cause = "whole"  # a rejection and the cancellation of all lines are one piece of news
    template = _kind_of(rule.template, payload)
    return Telling(template, cause, subject, {name: payload.get(name) for name in rule.keeps})


def _is_no_news(event: str, payload: Mapping[str, Any]) -> bool:
    """A hold for our own reasons, a refund that moved no money, goods whose outcome is told at once, and what ends with
    something that is told itself: exchanges, claims."""
    if event == "OrderChangeConfirmed":
        return not payload.get("message")
    if event == "ExchangeCanceled":
        return payload.get("code") in ("DECLINED", "LINES_CANCELED")
    if event == "ClaimApproved":
        return payload.get("remedy") in ("GOODWILL", "REPLACEMENT")  # told once granted, and as an exchange
    if event == "HoldPlaced":
        return payload.get("kind") != "RISK"
    if event == "ReturnReceived":
        return bool(payload.get("decided"))
    return event == "RefundSucceeded" and payload.get("amount") == 0


def _kind_of(template: str, payload: Mapping[str, Any]) -> str:
    """A transfer that is only not there yet did not fail, and what is given out of goodwill is no refund to ask for."""
    if template == "payment_failed" and payload.get("code") == AWAITING_TRANSFER:
        return "payment_awaited"
    if template == "refunded" and payload.get("kind") == "GOODWILL":
        return "goodwill"
    return template


def telling_asked(template: str, source: str) -> Telling:
    """The message a process asks for; `source` is the id of the thing it is about, or any name of the cause.

    What follows a slash tells the same thing a second time, such as a reminder.
    """
    return Telling(template, ONCE.get(template, source)[:LONGEST_CAUSE], source.partition("/")[0])


def goes_out(template: str, settings: Mapping[str, Any]) -> bool:
    """Whether the channel sends this message: all do, unless `settings["messages"]` says false for one."""
    messages = settings.get("messages")
    return not isinstance(messages, Mapping) or messages.get(template) is not False


def fits(template: str, delivery: DeliveryType) -> bool:
    """Whether the words are true of the way the goods go: nothing picked up was "shipped"."""
    return delivery in _FITS.get(template, frozenset(DeliveryType))
