"""The business terms of EN 16931-1 that our invoices and credit notes use, by their numbers in the standard.

Amounts are decimals of the document's currency with at most two places, as the standard allows. Empty texts and None
mean that a term is not given. Business groups are the classes, business terms the fields.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class TypeCode(StrEnum):
    """BT-3, of UNTDID 1001."""

    INVOICE = "380"
    CREDIT_NOTE = "381"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalAddress:
    """BG-5, BG-8 and BG-15; the terms in this order."""

    line_one: str  # BT-35, BT-50, BT-75
    line_two: str = ""  # BT-36, BT-51, BT-76
    city: str  # BT-37, BT-52, BT-77
    post_code: str  # BT-38, BT-53, BT-78
    region: str = ""  # BT-39, BT-54, BT-79
    country: str  # BT-40, BT-55, BT-80: ISO 3166-1 alpha-2


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """BG-4 the seller with its contact BG-6, or BG-7 the buyer with its contact BG-9."""

    name: str  # BT-27, BT-44
    address: PostalAddress
    trading_name: str = ""  # BT-28
    registration: str = ""  # BT-30
    vat_id: str = ""  # BT-31, BT-48
    tax_number: str = ""  # BT-32
    email_address: str = ""  # BT-34, BT-49: the electronic address, scheme EM
    contact: str = ""  # BT-41, BT-56
    phone: str = ""  # BT-42, BT-57
    email: str = ""  # BT-43, BT-58


@dataclass(frozen=True, slots=True, kw_only=True)
class Preceding:
    """BG-3: the invoice that a credit note corrects."""

    number: str  # BT-25
    issued_on: date  # BT-26


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """BG-13 with BG-15."""

    name: str = ""  # BT-70
    on: date | None = None  # BT-72
    address: PostalAddress | None = None  # BG-15


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentInstructions:
    """BG-16 with the account of a transfer, BG-17, or the card, BG-18."""

    code: str  # BT-81, of UNTDID 4461
    text: str = ""  # BT-82
    remittance: str = ""  # BT-83
    iban: str = ""  # BT-84
    account_name: str = ""  # BT-85
    bic: str = ""  # BT-86
    card: str = ""  # BT-87: its last digits


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAllowance:
    """BG-27: what is off a line, net."""

    amount: Decimal  # BT-136
    reason: str  # BT-139
    code: str  # BT-140, of UNTDID 5189


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """BG-25 with price BG-29, tax BG-30 and article BG-31.

    `net == quantity * price / base_quantity - allowance` holds exactly: a net price that does not divide by the pieces
    is that of all pieces together.
    """

    id: str  # BT-126
    quantity: Decimal  # BT-129
    unit: str  # BT-130, of UN/ECE Recommendation 20
    net: Decimal  # BT-131
    allowance: LineAllowance | None = None
    price: Decimal  # BT-146
    base_quantity: Decimal | None = None  # BT-149, in the unit of BT-129
    category: str  # BT-151, of UNTDID 5305
    rate: Decimal  # BT-152, percent
    name: str  # BT-153
    seller_id: str = ""  # BT-155


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxBreakdown:
    """BG-23: all lines of one category and rate."""

    base: Decimal  # BT-116
    tax: Decimal  # BT-117
    category: str  # BT-118
    rate: Decimal  # BT-119
    reason: str = ""  # BT-120
    code: str = ""  # BT-121, of the VATEX list


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """BG-22. Fees are lines, discounts are off their lines: there are no allowances or charges of the document."""

    lines: Decimal  # BT-106
    net: Decimal  # BT-109
    tax: Decimal  # BT-110
    gross: Decimal  # BT-112
    paid: Decimal  # BT-113
    due: Decimal  # BT-115


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectronicInvoice:
    """An invoice or credit note in the terms of the standard; a credit note's amounts are what goes back, positive."""

    number: str  # BT-1
    issued_on: date  # BT-2
    type_code: TypeCode  # BT-3
    currency: str  # BT-5
    due_on: date | None = None  # BT-9
    buyer_reference: str = ""  # BT-10, such as the routing id (Leitweg-ID) of a German authority
    purchase_order: str = ""  # BT-13, the buyer's number of the order
    sales_order: str = ""  # BT-14, ours
    terms: str = ""  # BT-20
    notes: tuple[str, ...] = ()  # BT-22
    preceding: Preceding | None = None
    seller: Party
    buyer: Party
    delivery: Delivery | None = None
    payment: PaymentInstructions
    totals: Totals
    taxes: tuple[TaxBreakdown, ...]
    lines: tuple[Line, ...]
