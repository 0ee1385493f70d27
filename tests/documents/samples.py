"""Documents of an invented retailer, valid and complete; tests change what they are about."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from kontor.documents.values import (
    Address,
    BillingLine,
    Brand,
    CreditNoteDocument,
    DeliveryLine,
    DeliveryNote,
    GoodsLabel,
    InvoiceDocument,
    Language,
    ParcelLine,
    PaymentShare,
    PickLine,
    PickList,
    ReturnLabel,
    ReturnSlip,
    ReturnSlipLine,
    Seller,
    TaxSubtotal,
)

LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 60"><rect width="60" height="60" rx="12" fill="#0b5c4a"/>'
    '<path d="M16 44V16l14 16 14-16v28" fill="none" stroke="#fff" stroke-width="6"/></svg>'
)
SELLER = Seller(
    address=Address(
        company="Nordlicht Handels GmbH",
        name="",
        street="Speicherstraße 12",
        postal_code="20457",
        city="Hamburg",
        country="DE",
    ),
    vat_id="DE123456789",
    tax_number="48/123/45678",
    register="Amtsgericht Hamburg, HRB 123456",
    managers=("Dr. Anna Petersen", "Jens-Uwe Kruse"),
    bank_name="Hamburger Sparkasse",
    iban="DE89370400440532013000",
    bic="COBADEFF",
    email="service@nordlicht.example",
    phone="+49 40 123456-0",
    website="www.nordlicht.example",
)
BRAND = Brand(name="Nordlicht", color="#0b5c4a", logo_svg=LOGO)
CUSTOMER = Address(name="Anna Muster", street="Elbstraße 145a", postal_code="22767", city="Hamburg", country="DE")
LETTER: dict[str, Any] = {
    "seller": SELLER,
    "brand": BRAND,
    "recipient": CUSTOMER,
    "order_number": "NL-4711",
    "customer_number": "K-100234",
}


def coat(**changes: Any) -> BillingLine:
    values: dict[str, Any] = {
        "name": "Wollmantel „Sylt“",
        "sku": "NL-10000",
        "detail": "Farbe: Anthrazit, Größe: 42",
        "quantity": 2,
        "unit_price": 11900,
        "total": 23800,
        "tax_rate": Decimal("19"),
    }
    return BillingLine(**values | changes)


def invoice(language: Language = "de", **changes: Any) -> InvoiceDocument:
    values: dict[str, Any] = LETTER | {
        "number": "RE-2026-000123",
        "issued_on": date(2026, 11, 22),
        "supplied_on": date(2026, 11, 21),
        "ordered_on": date(2026, 11, 19),
        "language": language,
        "currency": "EUR",
        "lines": (coat(),),
        "taxes": (TaxSubtotal(rate=Decimal("19"), net=20000, tax=3800, gross=23800),),
        "net_total": 20000,
        "tax_total": 3800,
        "gross_total": 23800,
        "payments": (PaymentShare(method="Visa •••• 4242", amount=23800, on=date(2026, 11, 21)),),
    }
    return InvoiceDocument(**values | changes)


def credit_note(language: Language = "de", **changes: Any) -> CreditNoteDocument:
    values: dict[str, Any] = LETTER | {
        "number": "RK-2026-000017",
        "issued_on": date(2026, 11, 30),
        "language": language,
        "currency": "EUR",
        "lines": (coat(quantity=1, total=11900),),
        "taxes": (TaxSubtotal(rate=Decimal("19"), net=10000, tax=1900, gross=11900),),
        "net_total": 10000,
        "tax_total": 1900,
        "gross_total": 11900,
        "payments": (PaymentShare(method="Visa •••• 4242", amount=11900),),
        "invoice_number": "RE-2026-000123",
        "invoice_issued_on": date(2026, 11, 22),
        "reason": "RMA-2026-000045",
    }
    return CreditNoteDocument(**values | changes)


def delivery_note(language: Language = "de", **changes: Any) -> DeliveryNote:
    values: dict[str, Any] = LETTER | {
        "number": "LS-2026-000987",
        "issued_on": date(2026, 11, 22),
        "language": language,
        "lines": (DeliveryLine(name="Schal", quantity=3, outstanding=1, sku="NL-2", gtin="4006381333931"),),
        "parcels": (ParcelLine(carrier="DHL", tracking_number="00340434161094027318"),),
        "gift_message": "Alles Gute!",
    }
    return DeliveryNote(**values | changes)


def return_slip(language: Language = "de", **changes: Any) -> ReturnSlip:
    values: dict[str, Any] = LETTER | {
        "number": "RMA-2026-000045",
        "issued_on": date(2026, 11, 25),
        "language": language,
        "lines": (ReturnSlipLine(name="Schal", quantity=1, reason="Passt nicht", sku="NL-2"),),
        "label": ReturnLabel(to=SELLER.address, carrier="DHL", tracking_number="00340434161094099999"),
        "return_by": date(2026, 12, 20),
    }
    return ReturnSlip(**values | changes)


def pick_list(language: Language = "de", count: int = 1) -> PickList:
    return PickList(
        number="PL-3321",
        location="Store Hamburg",
        created_at=datetime(2026, 11, 22, 9, 15),  # noqa: DTZ001 - a wall clock reading, as printed
        language=language,
        brand=BRAND,
        lines=tuple(
            PickLine(name="Schal", quantity=2, sku=f"NL-{number}", bin=f"A-{number:02}") for number in range(count)
        ),
    )


def goods_label(language: Language = "de", **changes: Any) -> GoodsLabel:
    values: dict[str, Any] = {
        "name": "Schal",
        "code": "4006381333931",
        "language": language,
        "printed_on": date(2026, 11, 22),
        "sku": "NL-2",
        "price": 1990,
        "lowest_price": 2490,
    }
    return GoodsLabel(**values | changes)
