"""Frozen invoices and credit notes in the business terms of EN 16931-1. Pure.

The standard counts in net amounts, and its totals follow from its lines by addition (BR-CO-10, 13 to 16). So do ours:
every line's net amount, and net and tax per rate, are the frozen ones, and no total is computed in any other way.
Prices follow from the line, never the line from a price: a net price that does not divide by the pieces is given for
all of them (BT-149), which keeps gross prices exact without a rounding amount (BT-114).

Tax was frozen per line and is added up per rate. The standard wants base times rate (BR-CO-17), and its official
rules accept less than one unit of the currency of difference, which dozens of lines do not reach. What would reach it
is refused by `NotExpressible`: a machine-readable invoice that says other amounts than the page would be worse.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from kontor.invoicing.errors import NotExpressible
from kontor.invoicing.paying import instructions
from kontor.invoicing.values import (
    Delivery,
    ElectronicInvoice,
    Line,
    LineAllowance,
    Party,
    PostalAddress,
    Preceding,
    TaxBreakdown,
    Totals,
    TypeCode,
)
from kontor.tax.rounding import tax_from_gross

Content = Mapping[str, Any]
PIECE, ONE = "H87", "C62"
DISCOUNT = "95"
OUTSIDE = "O"  # not subject to tax: such a document names no VAT id and holds nothing else (BR-O-2, BR-O-11)
# Treatment of a document -> category of what it does not tax (UNTDID 5305) and why, in the VATEX list.
_UNTAXED = {
    "REVERSE_CHARGE": ("AE", "VATEX-EU-AE"),
    "INTRA_COMMUNITY": ("K", "VATEX-EU-IC"),
    "EXPORT": ("G", "VATEX-EU-G"),
    "SMALL_BUSINESS": ("E", ""),
    "VOUCHER": (OUTSIDE, "VATEX-EU-O"),
}
STANDARD, ZERO = "S", "Z"
_TOLERATED = Decimal(1)  # of BR-CO-17 as the official rules check it


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of a document in its language. `tax_note` says why it is taxed as it is, "" for domestic tax."""

    discount: str
    tax_note: str = ""
    terms: str = ""


def electronic_invoice(number: str, content: Content, *, digits: int, wording: Wording) -> ElectronicInvoice:
    """The terms of an invoice; of a credit note when its content names the invoice it corrects.

    `digits` are those of the currency's minor unit. Raises `NotExpressible`, naming the terms at fault.
    """
    if content["treatment"] != "VOUCHER" and any(line.get("voucher") for line in content["lines"]):
        raise NotExpressible("The standard knows no document of vouchers and taxed things.", terms="BR-O-11")
    corrects = content.get("invoice_number")
    totals = _totals(content, digits, corrected=bool(corrects))
    open_amount = totals.due > 0
    due_on = content.get("due_on") if open_amount else None
    invoice = ElectronicInvoice(
        number=number,
        issued_on=date.fromisoformat(content["issued_on"]),
        type_code=TypeCode.CREDIT_NOTE if corrects else TypeCode.INVOICE,
        currency=content["currency"],
        due_on=date.fromisoformat(due_on) if due_on else None,
        buyer_reference=content.get("buyer_reference") or "",
        purchase_order=content.get("purchase_order") or "",
        sales_order=content["order_number"],
        terms=wording.terms if open_amount else "",
        notes=_notes(content, wording),
        preceding=Preceding(number=corrects, issued_on=date.fromisoformat(content["invoice_issued_on"]))
        if corrects
        else None,
        seller=_seller(content),
        buyer=_buyer(content),
        delivery=_delivery(content),
        payment=instructions(number, content, open_amount=open_amount),
        totals=totals,
        taxes=tuple(_breakdown(row, content, digits, wording) for row in content["taxes"]),
        lines=tuple(_line(place, line, content, digits, wording) for place, line in enumerate(content["lines"], 1)),
    )
    if faults := [*_lacking(invoice), *contradictions(invoice)]:
        terms = ", ".join(faults)
        raise NotExpressible(f"The document cannot be said in the terms of EN 16931: {terms}.", terms=terms)
    return invoice


def _amount(minor: int, digits: int) -> Decimal:
    """Minor units as the standard writes them: with at most two places (BR-DEC)."""
    amount = Decimal(minor).scaleb(-digits)
    if digits <= 2:
        return amount
    rounded = amount.quantize(Decimal("0.01"))
    if rounded != amount:
        raise NotExpressible("EN 16931 knows no amount of more than two places.", terms="BR-DEC")
    return rounded


def _totals(content: Content, digits: int, *, corrected: bool) -> Totals:
    net, tax = (sum(row[name] for row in content["taxes"]) for name in ("net", "tax"))
    # What a credit note names are the ways its money goes back, not money that came in.
    paid = 0 if corrected else sum(share["amount"] for share in content["payments"])
    return Totals(
        lines=_amount(sum(line["net"] for line in content["lines"]), digits),
        net=_amount(net, digits),
        tax=_amount(tax, digits),
        gross=_amount(net + tax, digits),
        paid=_amount(paid, digits),
        due=_amount(net + tax - paid, digits),
    )


def _category(rate: Decimal, content: Content) -> str:
    """BT-118, BT-151: what bears tax bears the standard category, of whatever country the rate is."""
    if rate:
        return STANDARD
    category, _ = _UNTAXED.get(content["treatment"], (ZERO, ""))
    return category


def _breakdown(row: Mapping[str, Any], content: Content, digits: int, wording: Wording) -> TaxBreakdown:
    rate = Decimal(row["rate"])
    category = _category(rate, content)
    exempt = category not in (STANDARD, ZERO)
    return TaxBreakdown(
        base=_amount(row["net"], digits),
        tax=_amount(row["tax"], digits),
        category=category,
        rate=rate,
        reason=wording.tax_note if exempt else "",
        code=_UNTAXED[content["treatment"]][1] if exempt else "",
    )


def _line(position: int, line: Mapping[str, Any], content: Content, digits: int, wording: Wording) -> Line:
    rate, net = Decimal(line["tax_rate"]), int(line["net"])
    # A fee that is kept lowers a credit note: as many pieces less, for a price is never negative (BR-27).
    pieces = line["quantity"] if net >= 0 else -line["quantity"]
    off = _net_discount(line, rate, gross=content["gross"])
    listed = abs(net + off)
    price, rest = divmod(listed, abs(pieces))
    return Line(
        id=str(position),
        quantity=Decimal(pieces),
        unit=PIECE if line.get("sku") else ONE,
        net=_amount(net, digits),
        allowance=LineAllowance(amount=_amount(off, digits), reason=wording.discount, code=DISCOUNT) if off else None,
        price=_amount(listed if rest else price, digits),
        base_quantity=Decimal(abs(pieces)) if rest else None,
        category=_category(rate, content),
        rate=rate,
        name=line["name"],
        seller_id=line.get("sku") or "",
    )


def _net_discount(line: Mapping[str, Any], rate: Decimal, *, gross: bool) -> int:
    """What is off the line without tax: the net amount of its listed price less its own."""
    if line["discount"] <= 0 or line["net"] < 0:
        return 0
    listed = line["total"] + line["discount"]
    before = listed - tax_from_gross(listed, rate) if gross else listed
    return max(0, int(before) - int(line["net"]))


def _notes(content: Content, wording: Wording) -> tuple[str, ...]:
    return tuple(text for text in (wording.tax_note, content.get("reason")) if text)


def _address(address: Mapping[str, Any]) -> PostalAddress:
    return PostalAddress(
        line_one=address.get("street") or "",
        line_two=address.get("extra") or "",
        city=address.get("city") or "",
        post_code=address.get("postal_code") or "",
        region=address.get("region") or "",
        country=address["country"],
    )


def vat_number(text: str | None) -> str:
    """A VAT id as the standard wants it, with the letters of its country and without spaces; "" when it has none."""
    plain = re.sub(r"[\s.\-]", "", text or "").upper()
    return plain if re.match(r"[A-Z]{2}.", plain) else ""


def _seller(content: Content) -> Party:
    seller, brand = content["seller"], content["brand"]["name"]
    contact = (seller.get("footer") or {}).get("contact") or seller["name"]
    return Party(
        name=seller["name"],
        address=_address(seller),
        trading_name=brand if brand != seller["name"] else "",
        registration=seller.get("register") or "",
        vat_id="" if content["treatment"] == "VOUCHER" else vat_number(seller.get("vat_id")),
        tax_number=seller.get("tax_number") or "",
        email_address=seller.get("email") or "",
        contact=str(contact),
        phone=seller.get("phone") or "",
        email=seller.get("email") or "",
    )


def _buyer(content: Content) -> Party:
    address = content["recipient"]
    company, name = address.get("company") or "", address.get("name") or ""
    return Party(
        name=company or name,
        address=_address(address),
        vat_id="" if content["treatment"] == "VOUCHER" else vat_number(content["vat_id"]),
        email_address=content.get("email") or "",
        contact=name if company else "",
    )


def _delivery(content: Content) -> Delivery | None:
    supplied = content.get("supplied_on")
    goes_to = content.get("delivery_address")
    if goes_to is None and content["treatment"] == "INTRA_COMMUNITY":
        goes_to = content["recipient"]  # BR-IC-12 wants the country named even where it is the buyer's
    if not supplied and not goes_to:
        return None
    return Delivery(
        name=(goes_to.get("company") or goes_to.get("name") or "") if goes_to else "",
        on=date.fromisoformat(supplied) if supplied else None,
        address=_address(goes_to) if goes_to else None,
    )


def _lacking(invoice: ElectronicInvoice) -> list[str]:
    """Terms that the standard wants of such a document and that are not known (BR-CO-26, BR-S-2, BR-AE-2, BR-IC-2)."""
    seller, categories = invoice.seller, {row.category for row in invoice.taxes}
    found = [
        ("BT-31", not (seller.vat_id or (seller.registration and seller.tax_number and not categories & {"K", "G"}))),
        ("BT-44", not invoice.buyer.name),
        ("BT-48", bool(categories & {"AE", "K"}) and not invoice.buyer.vat_id),
        ("BT-72", "K" in categories and not (invoice.delivery and invoice.delivery.on)),
    ]
    return [term for term, lacks in found if lacks]


def contradictions(invoice: ElectronicInvoice) -> list[str]:
    """The rules of the standard on amounts that the document breaks; our own amounts must meet them to the cent.

    Only BR-CO-17 allows for tax that was rounded per line, as far as the official rules do.
    """
    totals = invoice.totals
    rules = [
        ("BR-CO-10", totals.lines == sum(line.net for line in invoice.lines)),
        ("BR-CO-13", totals.net == totals.lines),
        ("BR-CO-14", totals.tax == sum(row.tax for row in invoice.taxes)),
        ("BR-CO-15", totals.gross == totals.net + totals.tax),
        ("BR-CO-16", totals.due == totals.gross - totals.paid),
        ("BR-CO-17", all(_is_near(row) for row in invoice.taxes)),
        ("BR-S-08", _bases(invoice.lines) == {(row.category, row.rate): row.base for row in invoice.taxes}),
        ("BT-131", all(line.net == worth(line) for line in invoice.lines)),
    ]
    return [rule for rule, holds in rules if not holds]


def worth(line: Line) -> Decimal:
    """What a line's pieces, price and allowance come to."""
    whole = line.quantity * line.price / (line.base_quantity or 1)
    return whole - (line.allowance.amount if line.allowance else 0)


def _is_near(row: TaxBreakdown) -> bool:
    exact = (abs(row.base) * row.rate / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return abs(abs(row.tax) - exact) < _TOLERATED if row.rate else not row.tax


def _bases(lines: Iterable[Line]) -> dict[tuple[str, Decimal], Decimal]:
    sums: dict[tuple[str, Decimal], Decimal] = {}
    for line in lines:
        key = (line.category, line.rate)
        sums[key] = sums.get(key, Decimal(0)) + line.net
    return sums


# Terms that XRechnung 3.0 wants beyond the standard (BR-DE-2 to 11, BR-DE-15, PEPPOL-EN16931-R010 and R020).
def lacking_for_xrechnung(invoice: ElectronicInvoice) -> Sequence[str]:
    """The terms without which a German authority refuses the document."""
    seller, buyer = invoice.seller, invoice.buyer
    places = [("BT-37", seller.address.city), ("BT-38", seller.address.post_code), ("BT-52", buyer.address.city),
              ("BT-53", buyer.address.post_code)]  # fmt: skip
    if invoice.delivery and invoice.delivery.address:
        places += [("BT-77", invoice.delivery.address.city), ("BT-78", invoice.delivery.address.post_code)]
    wanted = [
        ("BT-10", invoice.buyer_reference), ("BT-34", seller.email_address), *places, ("BT-41", seller.contact),
        ("BT-42", seller.phone), ("BT-43", seller.email), ("BT-49", buyer.email_address),
    ]  # fmt: skip
    return sorted(term for term, text in wanted if not text)
