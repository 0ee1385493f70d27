"""What a message could say: facts of an imagined order, by which templates are tried where a real one lacks them."""

from collections.abc import Collection
from datetime import date
from typing import Any

from kontor.notifications.rendering import MessageBrand

_LINES = [{"name": "Wollmantel", "quantity": 2, "detail": "42", "total": 23800}, {"name": "Schal", "quantity": 1}]
_SAMPLE: dict[str, Any] = {
    "order_number": "1000231", "customer_name": "Anna Muster", "order_url": "https://shop.example/orders/1000231",
    "lines": _LINES, "total": 23801, "currency": "EUR", "discount": 502, "shipping_cost": 493, "tax_included": 3804,
    "payment_method": "Visa 4242", "delivery_address": ["Max Muster", "Elbstraße 145a", "22767 Hamburg"],
    "pickup_location": ["Store Hamburg", "Jungfernstieg 1"], "promised_from": date(2026, 11, 24),
    "promised_until": date(2026, 11, 26), "answer_by": date(2026, 11, 23),
    "pay_url": "https://shop.example/pay", "pay_until": date(2026, 11, 27), "account_holder": "Nordlicht Handels GmbH",
    "iban": "DE89370400440532013000", "bic": "COBADEFFXXX", "reference": "RF-1000231",
    "parcels": [{"carrier": "DHL", "tracking_number": "0034", "tracking_url": "https://dhl.example/0034"}],
    "outstanding": [{"name": "Mütze", "quantity": 1}], "expected_on": date(2026, 11, 28),
    "location": ["Store Hamburg", "Jungfernstieg 1"], "pickup_code": "731-904", "pickup_until": date(2026, 12, 1),
    "opening_hours": ["Mo–Sa 10–20"], "picked_up_on": date(2026, 11, 29), "return_until": date(2026, 12, 24),
    "return_url": "https://shop.example/returns", "delivered_on": date(2026, 11, 30), "whole": False,
    "reason": "–", "refund_amount": 11905, "refund_method": "PayPal", "rma_number": "RMA-45",
    "label_url": "https://shop.example/label", "label_attached": True, "return_address": ["Lager", "Industrieweg 7"],
    "received_on": date(2026, 12, 2), "accepted": [{"name": "Wollmantel", "quantity": 1}],
    "refused": [{"name": "Schal", "quantity": 1, "detail": "–"}], "amount": 11906,
    "shares": [{"method": "Visa 1111", "amount": 6899}], "items": [{"name": "Spiel", "codes": ["AAAA-1"]}],
    "invoice_number": "2026-000123", "level": 2, "claimed": 7108, "fees": 509, "due_on": date(2026, 12, 7),
    "instalment": False, "iban_ending": "3000", "mandate": "M-2026-17", "creditor_id": "DE98ZZZ09999999999",
    "collect_on": date(2026, 12, 11), "new_date": date(2026, 12, 5), "old_date": date(2026, 11, 25),
    "cancel_url": "https://shop.example/cancel", "code": "ABCD-EFGH-JKLM-NPQR",
    "new_lines": [{"name": "Wollmantel, 44", "quantity": 1}], "way": "AFTER_RETURN", "why": "OUT_OF_STOCK",
    "asked": True, "exchange": False, "replacement": False,
    "promised_on": date(2026, 11, 26), "pickup": False, "carrier": "DHL",
    "tracking_number": "00340", "claim_number": "C1000231-1", "returns_goods": True,
    "topic": "Ihre Frage", "paragraphs": ["… (Ihr Text) …"],
}  # fmt: skip
_BRAND = MessageBrand(name="Nordlicht", support_email="service@shop.example", website="https://shop.example")


def sample(names: Collection[str], language: str) -> dict[str, Any]:
    """The imagined facts of these names; the brand is always among them."""
    facts = {name: _SAMPLE[name] for name in names if name in _SAMPLE}
    if language == "en" and "topic" in facts:
        facts["topic"] = "Your question"
    if language == "en" and "paragraphs" in facts:
        facts["paragraphs"] = ["… (your text) …"]
    return {**facts, "brand": _BRAND}
