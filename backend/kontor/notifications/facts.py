"""The facts of a message, put together from rows that are loaded already. Pure."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from kontor.notifications import facts_of_claims as claims
from kontor.notifications import facts_of_exchanges as exchanges
from kontor.notifications import facts_of_trouble as trouble
from kontor.notifications.known import (
    Asked,
    Known,
    address_lines,
    items,
    link,
    method_name,
    paragraphs_of,
    place_lines,
    subject_of,
)


def compose(asked: Asked, known: Known) -> dict[str, Any] | None:
    """What the template takes besides the brand; None when there is nothing to tell any more.

    Raises `KeyError` for a subject that does not exist.
    """
    own = _COMPOSERS[asked.template](asked, known)
    if own is None:
        return None
    order, settings = asked.order, known.channels[asked.order.channel_id].settings
    address = order.shipping_address or order.billing_address or {}
    return {
        "order_number": order.number,
        "customer_name": str(address.get("name") or ""),
        "order_url": link(settings, "order_url", order),
        **own,
    }


def _shipment_items(shipment_id: UUID, known: Known) -> list[dict[str, Any]]:
    return items((known.lines[row.order_line_id], row.quantity) for row in known.shipped_of.get(shipment_id, ()))


def _shipment(asked: Asked, known: Known) -> Any | None:
    shipment = known.shipments[subject_of(asked)]
    return None if shipment.recalled_at is not None else shipment


def _order_confirmed(asked: Asked, known: Known) -> dict[str, Any]:
    order = asked.order
    lines = [
        {"name": line.name, "quantity": line.ordered, "total": line.gross_total}
        for line in known.lines_of.get(order.id, ())
    ]
    place = known.places.get(order.pickup_location_id)
    methods = dict.fromkeys(method_name(payment, asked.language) for payment in known.payments_of.get(order.id, ()))
    return {
        "lines": lines,
        "total": order.total,
        "currency": order.currency,
        "discount": order.discount_total or None,
        "shipping_cost": sum(charge.gross for charge in known.charges_of.get(order.id, ())) or None,
        "tax_included": order.tax_total,
        "payment_method": ", ".join(methods) or None,
        "pickup_location": place_lines(place) if place else None,
        "delivery_address": address_lines(order.shipping_address) or None,
        "promised_until": order.promised_on,
    }


def _order_changed(asked: Asked, known: Known) -> dict[str, Any]:
    """The order as it is now: what is wanted of each line, what all of it costs, where and when it comes.

    A preview says in `about` what will be so.
    """
    order, about = asked.order, asked.about
    own = known.lines_of.get(order.id, ())
    place = known.places.get(order.pickup_location_id)
    off = sum(line.canceled_gross for line in own)
    off += sum(charge.gross for charge in known.charges_of.get(order.id, ()) if charge.canceled)
    return {
        "lines": about.get("lines") or items((line, line.ordered - line.canceled) for line in own),
        "total": about.get("total", order.total - off),
        "currency": order.currency,
        "pickup_location": about.get("pickup_location", place_lines(place) if place else None),
        "delivery_address": address_lines(about.get("address", order.shipping_address)) or None,
        "promised_until": about.get("promised_until", order.promised_on),
    }


def _in_review(_asked: Asked, _known: Known) -> dict[str, Any]:
    return {}


def _payment_failed(asked: Asked, known: Known) -> dict[str, Any]:
    order, payment = asked.order, known.payments.get(asked.subject) if asked.subject else None
    return {
        "total": order.total,
        "currency": order.currency,
        "payment_method": method_name(payment, asked.language) if payment else None,
        "pay_url": link(known.channels[order.channel_id].settings, "pay_url", order),
    }


def _payment_awaited(asked: Asked, known: Known) -> dict[str, Any]:
    order, payment = asked.order, known.payments[subject_of(asked)]
    channel = known.channels[order.channel_id]
    return {
        "total": payment.amount - payment.captured,
        "currency": order.currency,
        "payment_method": method_name(payment, asked.language),
        "account_holder": channel.entity,
        "iban": channel.iban,
        "bic": channel.bic,
        "reference": order.number,
        "pay_url": link(channel.settings, "pay_url", order),
    }


def _shipped(asked: Asked, known: Known) -> dict[str, Any] | None:
    shipment = _shipment(asked, known)
    if shipment is None:
        return None
    lines = known.lines_of.get(asked.order.id, ())
    open_lines = [(line, line.ordered - line.canceled - line.shipped) for line in lines if line.kind == "PHYSICAL"]
    task = known.tasks.get(shipment.fulfillment_order_id)
    expected = (task.promised_on if task else None) or asked.order.promised_on
    return {
        "lines": _shipment_items(shipment.id, known),
        "parcels": [
            {"carrier": parcel.carrier or "", "tracking_number": parcel.tracking_number, **_tracking(parcel)}
            for parcel in known.parcels_of.get(shipment.id, ())
            if parcel.tracking_number
        ],
        "outstanding": items(open_lines) or None,
        "expected_on": expected if expected and expected > asked.day_of(asked.now) else None,
        "delivery_address": address_lines(asked.order.shipping_address) or None,
    }


def _tracking(parcel: Any) -> dict[str, str]:
    url = parcel.tracking_url
    return {"tracking_url": url} if url and url.startswith(("https://", "http://")) else {}


def _ready_for_pickup(asked: Asked, known: Known) -> dict[str, Any]:
    task = known.tasks[subject_of(asked)]
    pairs = ((known.lines[row.order_line_id], row.quantity) for row in known.task_lines_of.get(task.id, ()))
    return {
        "lines": items(pairs),
        "location": place_lines(known.places[task.location_id]),
        "pickup_code": task.pickup_code,
    }


def _returnable(asked: Asked, known: Known, since: date) -> dict[str, Any]:
    channel = known.channels[asked.order.channel_id]
    days = channel.return_days
    return {
        "return_until": since + timedelta(days=days) if days else None,
        "return_url": link(channel.settings, "return_url", asked.order),
    }


def _picked_up(asked: Asked, known: Known) -> dict[str, Any] | None:
    shipment = _shipment(asked, known)
    if shipment is None:
        return None
    day = asked.day_of(shipment.shipped_at)
    place = known.places.get(shipment.location_id)
    return {
        "lines": _shipment_items(shipment.id, known),
        "location": place_lines(place) if place else None,
        "picked_up_on": day,
        **_returnable(asked, known, day),
    }


def _delivered(asked: Asked, known: Known) -> dict[str, Any] | None:
    shipment = _shipment(asked, known)
    if shipment is None:
        return None
    day = asked.day_of(shipment.delivered_at or shipment.shipped_at)
    return {"lines": _shipment_items(shipment.id, known), "delivered_on": day, **_returnable(asked, known, day)}


def _canceled(asked: Asked, known: Known) -> dict[str, Any]:
    order, about = asked.order, asked.about
    if about.get("lines"):
        lines = items((known.lines[UUID(str(row["line_id"]))], row["quantity"]) for row in about["lines"])
    else:
        own = known.lines_of.get(order.id, ())
        lines = items((line, line.canceled) for line in own) or items((line, line.ordered) for line in own)
    whole = bool(about.get("whole", True))
    amount = about.get("amount", order.total if whole else 0)
    # Money that was not taken is not refunded.
    paid = str(order.charge_status) in ("FULL", "OVERCHARGED")
    return {
        "lines": lines,
        "whole": whole,
        "refund_amount": amount if paid and amount else None,
        "currency": order.currency,
    }


def _delayed(asked: Asked, known: Known) -> dict[str, Any]:
    about = asked.about
    rows = about.get("lines") or ()
    return {
        "lines": items((known.lines[UUID(str(row["order_line_id"]))], row["quantity"]) for row in rows),
        "new_date": about["expected_on"],
        "old_date": about.get("was_expected_on"),
        "cancel_url": link(known.channels[asked.order.channel_id].settings, "cancel_url", asked.order),
    }


def _return_approved(asked: Asked, known: Known) -> dict[str, Any] | None:
    back = known.returns[subject_of(asked)]
    if str(back.state) not in ("APPROVED", "IN_TRANSIT"):
        return None  # the goods are there already, or will never come
    place = known.places.get(back.location_id)
    return {
        "rma_number": back.number,
        "lines": _return_items(back, known, "quantity"),
        "label_attached": back.label_document_id is not None,
        "return_until": asked.day_of(back.expires_at) if back.expires_at else None,
        "return_address": place_lines(place) if place else None,
    }


def _return_declined(asked: Asked, known: Known) -> dict[str, Any]:
    back = known.returns[subject_of(asked)]
    return {
        "rma_number": back.number,
        "lines": _return_items(back, known, "quantity"),
    }


def _return_received(asked: Asked, known: Known) -> dict[str, Any]:
    back = known.returns[subject_of(asked)]
    return {
        "rma_number": back.number,
        "lines": _return_items(back, known, "received"),
        "received_on": asked.day_of(asked.now),
        "exchange": back.id in known.exchanged,
    }


def _return_decided(asked: Asked, known: Known) -> dict[str, Any]:
    back, rows = known.returns[subject_of(asked)], asked.about["lines"]
    decided = [
        {
            "name": known.lines[UUID(str(row["order_line_id"]))].name,
            "quantity": row["quantity"],
            "detail": row["reason"],
        }
        for row in rows
    ]
    return {
        "rma_number": back.number,
        "accepted": [item for item, row in zip(decided, rows, strict=True) if row["accepted"]],
        "refused": [item for item, row in zip(decided, rows, strict=True) if not row["accepted"]],
    }


def _return_items(back: Any, known: Known, counter: str) -> list[dict[str, Any]]:
    rows = known.return_lines_of.get(back.id, ())
    return items((known.lines[row.order_line_id], getattr(row, counter)) for row in rows)


def _refunded(asked: Asked, known: Known) -> dict[str, Any]:
    """What went back; a preview says in `about` what will."""
    if "shares" in asked.about:
        return {**{name: asked.about[name] for name in ("amount", "currency", "shares")}, "rma_number": None}
    refund = known.refunds[subject_of(asked)]
    back = known.returns.get(refund.return_id)
    shares = [
        {"method": method_name(known.payments[share.payment_id], asked.language), "amount": share.amount}
        for share in known.shares_of.get(refund.id, ())
    ]
    return {
        "amount": refund.amount,
        "currency": refund.currency,
        "shares": shares or None,
        "rma_number": back.number if back else None,
    }


def _goodwill_voucher(asked: Asked, known: Known) -> dict[str, Any]:
    if "code" in asked.about:  # of a preview
        return {name: asked.about[name] for name in ("code", "amount", "currency")}
    given = known.goodwill[subject_of(asked)]
    return {"code": given.code, "amount": given.amount, "currency": given.currency}


def _goodwill(asked: Asked, known: Known) -> dict[str, Any]:
    told = _refunded(asked, known)
    return {name: told[name] for name in ("amount", "currency", "shares")}


def _personal(asked: Asked, _known: Known) -> dict[str, Any]:
    return {"topic": asked.about["topic"], "paragraphs": paragraphs_of(str(asked.about["text"]))}


def _direct_debit(asked: Asked, known: Known) -> dict[str, Any]:
    about = asked.about
    names = ("amount", "currency", "mandate", "creditor_id", "iban_ending")
    return {**{name: about[name] for name in names}, "collect_on": date.fromisoformat(about["collect_on"])}


def _dunning(asked: Asked, known: Known) -> dict[str, Any]:
    about = asked.about
    return {
        "invoice_number": about["number"],
        "level": about["level"],
        "claimed": about["claimed"],
        "instalment": bool(about.get("instalment")),
        "fees": about["fees"] or None,
        "total": about["claimed"] + about["fees"],
        "currency": about["currency"],
        "due_on": date.fromisoformat(about["due_on"]),
        "iban": known.channels[asked.order.channel_id].iban,
    }


def _digital_delivery(asked: Asked, known: Known) -> dict[str, Any] | None:
    shipment = _shipment(asked, known)
    if shipment is None:
        return None
    found = []
    for row in known.shipped_of.get(shipment.id, ()):
        codes = known.codes_of.get(row.order_line_id, [])
        # A line may be filled in several goes: each message brings the codes of its own.
        own = [code for code in codes if code.issued_at == shipment.shipped_at] or codes
        found.append({"name": known.lines[row.order_line_id].name, "codes": [code.code for code in own]})
    return {"items": found}


_COMPOSERS = {
    "promise_passed": trouble.promise_passed,
    "parcel_returned": trouble.parcel_returned,
    "parcel_lost": trouble.parcel_lost,
    "change_declined": trouble.change_declined,
    "claim_received": claims.received,
    "claim_approved": claims.approved,
    "claim_denied": claims.denied,
    "exchange_agreed": exchanges.agreed,
    "exchange_received": exchanges.received,
    "exchange_reminder": exchanges.reminder,
    "exchange_overdue": exchanges.overdue,
    "exchange_canceled": exchanges.canceled,
    "personal": _personal,
    "goodwill": _goodwill,
    "return_declined": _return_declined,
    "pickup_reminder": _ready_for_pickup,
    "payment_awaited": _payment_awaited,
    "order_changed": _order_changed,
    "order_confirmed": _order_confirmed,
    "order_in_review": _in_review,
    "payment_failed": _payment_failed,
    "shipped": _shipped,
    "ready_for_pickup": _ready_for_pickup,
    "picked_up": _picked_up,
    "delivered": _delivered,
    "canceled": _canceled,
    "delayed": _delayed,
    "return_approved": _return_approved,
    "return_received": _return_received,
    "return_decided": _return_decided,
    "refunded": _refunded,
    "goodwill_voucher": _goodwill_voucher,
    "direct_debit": _direct_debit,
    "dunning": _dunning,
    "digital_delivery": _digital_delivery,
}
