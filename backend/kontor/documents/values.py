"""What a page shows. Amounts are integer minor units of the document's currency; nothing here is computed."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

Language = Literal["de", "en"]


class TaxTreatment(StrEnum):
    """Why the tax of a document is what it is; decides the note the law asks for."""

    DOMESTIC = "DOMESTIC"
    OSS = "OSS"
    REVERSE_CHARGE = "REVERSE_CHARGE"
    INTRA_COMMUNITY = "INTRA_COMMUNITY"
    EXPORT = "EXPORT"
    SMALL_BUSINESS = "SMALL_BUSINESS"
    VOUCHER = "VOUCHER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address; `country` is ISO 3166-1 alpha-2 and printed only where it differs from the sender's."""

    name: str
    street: str
    postal_code: str
    city: str
    country: str
    company: str = ""
    extra: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """The legal entity that stands behind a document, with all a business letter has to name."""

    address: Address
    vat_id: str = ""
    tax_number: str = ""
    register: str = ""
    managers: tuple[str, ...] = ()
    bank_name: str = ""
    iban: str = ""
    bic: str = ""
    email: str = ""
    phone: str = ""
    website: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """What the customer knows the retailer by; `color` is `#rrggbb`, `logo_svg` the text of an SVG image."""

    name: str
    color: str = "#1f3a5f"
    logo_svg: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What every sheet with an address window has in common; `footer` are lines of the retailer's own below it."""

    number: str
    issued_on: date
    language: Language
    seller: Seller
    brand: Brand
    recipient: Address
    order_number: str = ""
    customer_number: str = ""
    notes: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingLine:
    """One article or charge. `discount` is the whole line's, positive; `total` is after it, gross or net as the
    document says. `tax_rate` in percent."""

    name: str
    quantity: int
    unit_price: int
    total: int
    tax_rate: Decimal
    discount: int = 0
    sku: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxSubtotal:
    """All lines of one rate (in percent) together."""

    rate: Decimal
    net: int
    tax: int
    gross: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentShare:
    """Money that came in (or goes back): `method` as the customer knows it, such as "Visa •••• 4242"."""

    method: str
    amount: int
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingDocument(Letter):
    """Common to invoice and credit note; all amounts are positive. `vouchers` among the lines are not taxed."""

    currency: str
    lines: tuple[BillingLine, ...]
    taxes: tuple[TaxSubtotal, ...]
    net_total: int
    tax_total: int
    gross_total: int
    prices_include_tax: bool = True
    treatment: TaxTreatment = TaxTreatment.DOMESTIC
    tax_country: str = ""
    ordered_on: date | None = None
    recipient_vat_id: str = ""
    reference: str = ""
    payments: tuple[PaymentShare, ...] = ()
    vouchers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDocument(BillingDocument):
    """An invoice. `supplied_on` is the date of supply; `amount_due` what is still to be paid, until `due_on`."""

    supplied_on: date
    amount_due: int = 0
    due_on: date | None = None
    delivery_address: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteDocument(BillingDocument):
    """Corrects one invoice; `payments` are the ways the money goes back."""

    invoice_number: str
    invoice_issued_on: date
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLine:
    """One article in the parcel; `outstanding` follows in a later shipment."""

    name: str
    quantity: int
    outstanding: int = 0
    sku: str = ""
    gtin: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelLine:
    carrier: str
    tracking_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryNote(Letter):
    """Goes with the goods; shows no prices, so that it may lie in a present."""

    lines: tuple[DeliveryLine, ...]
    parcels: tuple[ParcelLine, ...] = ()
    gift_message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnSlipLine:
    name: str
    quantity: int
    reason: str = ""
    sku: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnLabel:
    """Address label to cut out: from the customer (`ReturnSlip.recipient`) to the place that takes the goods back."""

    to: Address
    carrier: str = ""
    tracking_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnSlip(Letter):
    """Lies in the returned parcel; `number` is the RMA number, also as a QR code for the receiving desk.

    A slip that lies in every parcel, before anybody `announced` a return, bears the number of the delivery note.
    """

    lines: tuple[ReturnSlipLine, ...]
    announced: bool = True
    label: ReturnLabel | None = None
    return_by: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PickLine:
    """One take from one bin; lines are printed in the order given, which is the walking order."""

    name: str
    quantity: int
    sku: str
    bin: str = ""
    gtin: str = ""
    detail: str = ""
    order_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PickList:
    """Work for one walk through a location; `created_at` is in the location's own time zone."""

    number: str
    location: str
    created_at: datetime
    language: Language
    brand: Brand
    lines: tuple[PickLine, ...]
    picker: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsLabel:
    """A label for a shelf, an article or a received unit; sizes in millimeters, `code` becomes the barcode.

    `price` and `lowest_price` (the lowest of the last 30 days, named when a price is reduced) are gross.
    """

    name: str
    code: str
    language: Language
    printed_on: date
    sku: str = ""
    detail: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    price: int | None = None
    lowest_price: int | None = None
    unit_price_text: str = ""
    currency: str = "EUR"
    width_mm: int = 100
    height_mm: int = 50
    copies: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelLabel:
    """A label on a parcel, to the customer or back; sizes in millimeters.

    `code` becomes a Code 128: the tracking number, on a label back the number of the return. `sscc` becomes the GS1-128
    of the logistic unit.
    """

    language: Language
    printed_on: date
    brand: Brand
    sender: Address
    recipient: Address
    number: str
    code: str
    code_title: str = ""
    title: str = ""
    carrier: str = ""
    sscc: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    returned: bool = False
    width_mm: int = 100
    height_mm: int = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePart:
    """A part of what speaks for us: its heading, and lines of a label (may be empty) and a text."""

    heading: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePack:
    """What an order says in a dispute, for the customer's bank; `number` is the dispute's at the gateway."""

    number: str
    issued_on: date
    language: Language
    brand: Brand
    summary: tuple[tuple[str, str], ...]
    parts: tuple[EvidencePart, ...]


Document = (
    InvoiceDocument
    | CreditNoteDocument
    | DeliveryNote
    | ReturnSlip
    | PickList
    | GoodsLabel
    | ParcelLabel
    | EvidencePack
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A text file inside the PDF, such as the invoice's XML; `relationship` as PDF/A-3 names it."""

    name: str
    data: bytes
    media_type: str
    description: str
    relationship: Literal["alternative", "source", "data", "supplement"] = "alternative"
