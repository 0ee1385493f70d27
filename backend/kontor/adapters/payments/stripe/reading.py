"""What Stripe's objects say, in the words of the port."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kontor.adapters.payments.stripe.amounts import from_stripe
from kontor.payments.ports import (
    Declined,
    DisputeNews,
    DisputeStatus,
    Notice,
    Operation,
    Outcome,
    Pending,
    Succeeded,
)

KEY = "kontor_key"
PAYMENT = "kontor_payment"
LAPSED = "authorization_expired"
"""The code Kontor asks for a promise anew by."""

_S = DisputeStatus
# Status of a dispute: ours, and whether it is only an inquiry ("warning"), which takes no money.
_DISPUTES = {
    "warning_needs_response": (_S.NEEDS_RESPONSE, True),
    "warning_under_review": (_S.UNDER_REVIEW, True),
    "warning_closed": (_S.WON, True),
    "prevented": (_S.WON, True),
    "needs_response": (_S.NEEDS_RESPONSE, False),
    "under_review": (_S.UNDER_REVIEW, False),
    "won": (_S.WON, False),
    "lost": (_S.LOST, False),
}
_BY_STRIPE = frozenset({"automatic", "expired"})


def promise(intent: Mapping[str, Any]) -> Outcome:
    """A PaymentIntent as the outcome of its authorization."""
    status = intent["status"]
    if status in ("requires_capture", "succeeded"):
        return _promised(intent)
    if status in ("processing", "requires_action", "requires_confirmation"):
        return Pending(intent["id"])
    if status == "canceled":
        return Declined("payment_intent_canceled", "The PaymentIntent was canceled.")
    return refusal(intent.get("last_payment_error") or {})


def _promised(intent: Mapping[str, Any]) -> Succeeded:
    held = intent["status"] == "requires_capture"
    charge = intent.get("latest_charge")
    details = charge.get("payment_method_details") or {} if isinstance(charge, dict) else {}
    card = details.get(details.get("type", ""), {}) or {}
    capturable = (card.get("multicapture") or {}).get("status") == "available"
    return Succeeded(
        intent["id"],
        from_stripe(intent["amount_capturable"] if held else intent["amount_received"], intent["currency"]),
        moment(card.get("capture_before")) if held else None,
        multi_capture=capturable if held else None,
    )


def refusal(error: Mapping[str, Any]) -> Declined:
    """An error object: the issuer's reason where there is one, else Stripe's own."""
    code = error.get("decline_code") or error.get("code") or error.get("type") or "declined"
    named = error.get("payment_intent")
    if isinstance(named, dict) and named.get("cancellation_reason") in _BY_STRIPE:
        code = LAPSED  # Stripe cancels what was not captured in time
    return Declined(LAPSED if code == "charge_expired_for_capture" else code, error.get("message") or "")


def refunded(refund: Mapping[str, Any]) -> Outcome:
    """A Refund as an outcome."""
    status = refund.get("status")
    if status == "succeeded":
        return Succeeded(refund["id"], from_stripe(refund["amount"], refund["currency"]))
    if status in ("pending", "requires_action"):
        return Pending(refund["id"])
    return Declined(refund.get("failure_reason") or f"refund_{status}", "The refund did not come through.")


def notice(event: Mapping[str, Any]) -> Notice | None:
    """An event as a notice; None for kinds that do not concern us, or payments that are not Kontor's."""
    kind, content = event["type"], event["data"]["object"]
    if kind.startswith("payment_intent."):
        asked = (event.get("request") or {}).get("idempotency_key") or content["metadata"].get(KEY)
        told = Notice(event["id"], Operation.AUTHORIZE, content["metadata"].get(PAYMENT, ""), asked, promise(content))
        return told if asked else None
    if kind.startswith("refund.") or kind == "charge.refund.updated":
        asked, ours = content["metadata"].get(KEY), content["metadata"].get(PAYMENT, "")
        return Notice(event["id"], Operation.REFUND, ours, asked, refunded(content)) if asked else None
    if kind.startswith("charge.dispute.") and content["status"] in _DISPUTES:
        return _dispute(event, content)
    return None


def _dispute(event: Mapping[str, Any], dispute: Mapping[str, Any]) -> Notice:
    news = disputed(dispute, told_at=event["created"], kind=event["type"])
    return Notice(
        event["id"],
        Operation.CHARGEBACK,
        "",
        None,
        Succeeded(dispute["id"], news.amount),
        authorization=dispute.get("payment_intent") or "",
        dispute=news,
    )


def disputed(dispute: Mapping[str, Any], *, told_at: int, kind: str = "") -> DisputeNews:
    """How a dispute stands. Its balance transactions say what moved, one for each way; without them its status does.

    Money is there again with a dispute that was won, or once an event of `kind` says so.
    """
    status, inquiry = _DISPUTES[dispute["status"]]
    moves = dispute.get("balance_transactions") or []
    returned = not inquiry and (status is _S.WON or kind == "charge.dispute.funds_reinstated")
    due_by = (dispute.get("evidence_details") or {}).get("due_by")
    return DisputeNews(
        reference=dispute["id"],
        status=status,
        amount=from_stripe(dispute["amount"], dispute["currency"]),
        taken=not inquiry and not returned,
        told_at=datetime.fromtimestamp(told_at, UTC),
        reason=dispute.get("reason") or "",
        due_at=moment(due_by) if due_by else None,
        inquiry=inquiry,
        returned=returned,
        fee=from_stripe(sum(each["fee"] for each in moves), moves[0]["currency"]) if moves else None,
    )


def moment(seconds: int | None) -> datetime | None:
    """A Unix time; None stays None."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
