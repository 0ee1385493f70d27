"""Frozen contents as invoicing writes them, with whatever a test wants otherwise."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from kontor.documents.formatting import currency_digits
from kontor.invoicing.build import tax_rows
from kontor.invoicing.en16931 import Wording, electronic_invoice
from kontor.invoicing.values import ElectronicInvoice
from kontor.tax.rounding import tax_from_gross, tax_on_net

SELLER = {
    "name": "Hanse Handel GmbH", "street": "Speicherstadt 1", "postal_code": "20457", "city": "Hamburg",
    "country": "DE", "vat_id": "DE136695976", "tax_number": "48/123/45678", "register": "HRB 1",
    "iban": "DE89 3704 0044 0532 0130 00", "bic": "COBADEFFXXX", "email": "rechnung@hanse.example",
    "phone": "+49 40 1234", "footer": {},
}  # fmt: skip
BUYER = {"name": "Greta Fock", "street": "Deichstraße 7", "postal_code": "20459", "city": "Hamburg", "country": "DE"}
VIENNA = {"name": "J. Čapek", "company": "Čapek KG", "street": "Gasse 8", "postal_code": "1060", "city": "Wien",
          "country": "AT"}  # fmt: skip
WORDING = Wording("Rabatt", "", "Zahlbar bis 29. Juni 2026.")


def line(shown: int, *, quantity: int = 1, rate: str = "19", gross: bool = True, **given: Any) -> dict[str, Any]:
    """A line of goods of one price; `shown` is its total, gross or net as the channel shows it."""
    tax = tax_from_gross(shown, Decimal(rate)) if gross else tax_on_net(shown, Decimal(rate))
    net = shown - tax if gross else shown
    return {
        "shipment_line_id": "1", "sku": "COAT", "name": "Mantel", "quantity": quantity,
        "unit_price": shown // quantity, "discount": 0, "total": shown, "net": net, "tax": tax, "gross": net + tax,
        "tax_rate": rate, **given,
    }  # fmt: skip


def content(*lines: dict[str, Any], **given: Any) -> dict[str, Any]:
    """An invoice on account of one coat at 238.00 gross, unless lines are given."""
    said = list(lines) or [line(23_800)]
    taxes = tax_rows(said)
    return {
        "language": "de", "currency": "EUR", "gross": True, "seller": SELLER, "brand": {"name": "Hanse", "color": ""},
        "recipient": BUYER, "delivery_address": None, "order_number": "O-1", "ordered_on": "2026-06-10",
        "vat_id": None, "email": "greta@fock.example", "treatment": "DOMESTIC", "tax_country": "DE",
        "issued_on": "2026-06-15", "supplied_on": "2026-06-15", "due_on": "2026-06-29", "lines": said, "taxes": taxes,
        "payments": [], "amount_due": sum(row["gross"] for row in taxes), **given,
    }  # fmt: skip


def credited(*lines: dict[str, Any], **given: Any) -> dict[str, Any]:
    """The content of a credit note for the same."""
    named = {"invoice_number": "R-1", "invoice_issued_on": "2026-06-15", "reason": "zu klein"}
    return content(*lines, **named | given)


def invoice(*lines: dict[str, Any], wording: Wording = WORDING, **given: Any) -> ElectronicInvoice:
    """The terms of an invoice R-1."""
    return terms(content(*lines, **given), wording=wording)


def credit_note(*lines: dict[str, Any], wording: Wording = WORDING, **given: Any) -> ElectronicInvoice:
    """The terms of a credit note that corrects R-1."""
    return terms(credited(*lines, **given), number="C-1", wording=wording)


def terms(said: dict[str, Any], *, number: str = "R-1", wording: Wording = WORDING) -> ElectronicInvoice:
    """The terms of a content."""
    return electronic_invoice(number, said, digits=currency_digits(said["currency"]), wording=wording)
