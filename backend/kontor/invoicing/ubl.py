"""Business terms as UBL 2.1, an Invoice or a CreditNote. Pure.

The order of elements is that of the schemas; where each term goes is the standard's binding (CEN/TS 16931-3-2).
"""

from decimal import Decimal

from kontor.invoicing.en16931 import OUTSIDE
from kontor.invoicing.markup import document, group, text
from kontor.invoicing.profiles import XRECHNUNG, Profile
from kontor.invoicing.values import (
    Delivery,
    ElectronicInvoice,
    Line,
    Party,
    PaymentInstructions,
    PostalAddress,
    TaxBreakdown,
    TypeCode,
)

_SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd:"
_SPACES = {"cac": f"{_SCHEMA}CommonAggregateComponents-2", "cbc": f"{_SCHEMA}CommonBasicComponents-2"}
_VAT = "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"
NOT_GIVEN = "NA"  # UBL wants the buyer's order number wherever it takes the seller's


def ubl(invoice: ElectronicInvoice, profile: Profile = XRECHNUNG) -> bytes:
    """The document as UBL; the same document gives the same bytes."""
    kind = "Invoice" if invoice.type_code is TypeCode.INVOICE else "CreditNote"
    credited = kind == "CreditNote"
    return document(
        kind,
        {"": f"{_SCHEMA}{kind}-2", **_SPACES},
        *_header(invoice, profile, kind),
        _party("cac:AccountingSupplierParty", invoice.seller),
        _party("cac:AccountingCustomerParty", invoice.buyer),
        _delivered(invoice.delivery),
        _means(invoice.payment, due=f"{invoice.due_on}" if credited and invoice.due_on else ""),
        group("cac:PaymentTerms", text("cbc:Note", invoice.terms)),
        group(
            "cac:TaxTotal",
            _money("cbc:TaxAmount", invoice.totals.tax, invoice),
            *(_tax(row, invoice) for row in invoice.taxes),
        ),
        _totals(invoice),
        *(_line(line, invoice, kind) for line in invoice.lines),
    )


def _header(invoice: ElectronicInvoice, profile: Profile, kind: str) -> list[str]:
    preceding = invoice.preceding
    orders = (text("cbc:ID", invoice.purchase_order or NOT_GIVEN), text("cbc:SalesOrderID", invoice.sales_order))
    due = text("cbc:DueDate", invoice.due_on or "") if kind == "Invoice" else ""
    return [
        text("cbc:CustomizationID", profile.specification),
        text("cbc:ProfileID", profile.process),
        text("cbc:ID", invoice.number),
        text("cbc:IssueDate", invoice.issued_on),
        due,
        text(f"cbc:{kind}TypeCode", invoice.type_code),
        *(text("cbc:Note", note) for note in invoice.notes),
        text("cbc:DocumentCurrencyCode", invoice.currency),
        text("cbc:BuyerReference", invoice.buyer_reference),
        group("cac:OrderReference", *orders) if invoice.purchase_order or invoice.sales_order else "",
        group(
            "cac:BillingReference",
            group(
                "cac:InvoiceDocumentReference",
                text("cbc:ID", preceding.number),
                text("cbc:IssueDate", preceding.issued_on),
            ),
        )
        if preceding
        else "",
    ]


def _number(value: Decimal) -> str:
    return format(value, "f")


def _money(name: str, amount: Decimal, invoice: ElectronicInvoice) -> str:
    return text(name, _number(amount), currencyID=invoice.currency)


def _party(name: str, party: Party) -> str:
    return group(
        name,
        group(
            "cac:Party",
            text("cbc:EndpointID", party.email_address, schemeID="EM"),
            group("cac:PartyName", text("cbc:Name", party.trading_name)),
            _address("cac:PostalAddress", party.address),
            _registered(party.vat_id, "VAT"),
            _registered(party.tax_number, "FC"),
            group(
                "cac:PartyLegalEntity",
                text("cbc:RegistrationName", party.name),
                text("cbc:CompanyID", party.registration),
            ),
            group(
                "cac:Contact",
                text("cbc:Name", party.contact),
                text("cbc:Telephone", party.phone),
                text("cbc:ElectronicMail", party.email),
            ),
        ),
    )


def _registered(number: str, scheme: str) -> str:
    if not number:
        return ""
    return group("cac:PartyTaxScheme", text("cbc:CompanyID", number), group("cac:TaxScheme", text("cbc:ID", scheme)))


def _address(name: str, address: PostalAddress) -> str:
    return group(
        name,
        text("cbc:StreetName", address.line_one),
        text("cbc:AdditionalStreetName", address.line_two),
        text("cbc:CityName", address.city),
        text("cbc:PostalZone", address.post_code),
        text("cbc:CountrySubentity", address.region),
        group("cac:Country", text("cbc:IdentificationCode", address.country)),
    )


def _delivered(delivery: Delivery | None) -> str:
    if delivery is None:
        return ""
    return group(
        "cac:Delivery",
        text("cbc:ActualDeliveryDate", delivery.on or ""),
        group("cac:DeliveryLocation", _address("cac:Address", delivery.address) if delivery.address else ""),
        group("cac:DeliveryParty", group("cac:PartyName", text("cbc:Name", delivery.name))),
    )


def _means(payment: PaymentInstructions, *, due: str) -> str:
    # The words for a means of payment (BT-82) are an attribute of its code.
    words = {"name": " ".join(payment.text.split())} if payment.text else {}
    # The schema wants the network of a card, which is not told.
    card = (text("cbc:PrimaryAccountNumberID", payment.card), text("cbc:NetworkID", "NA"))
    return group(
        "cac:PaymentMeans",
        text("cbc:PaymentMeansCode", payment.code, **words),
        text("cbc:PaymentDueDate", due),
        text("cbc:PaymentID", payment.remittance),
        group("cac:CardAccount", *card) if payment.card else "",
        group(
            "cac:PayeeFinancialAccount",
            text("cbc:ID", payment.iban),
            text("cbc:Name", payment.account_name),
            group("cac:FinancialInstitutionBranch", text("cbc:ID", payment.bic)),
        ),
    )


def _tax(row: TaxBreakdown, invoice: ElectronicInvoice) -> str:
    return group(
        "cac:TaxSubtotal",
        _money("cbc:TaxableAmount", row.base, invoice),
        _money("cbc:TaxAmount", row.tax, invoice),
        group(
            "cac:TaxCategory",
            text("cbc:ID", row.category),
            text("cbc:Percent", _number(row.rate)) if row.category != OUTSIDE else "",
            text("cbc:TaxExemptionReasonCode", row.code),
            text("cbc:TaxExemptionReason", row.reason),
            _VAT,
        ),
    )


def _totals(invoice: ElectronicInvoice) -> str:
    totals = invoice.totals
    return group(
        "cac:LegalMonetaryTotal",
        _money("cbc:LineExtensionAmount", totals.lines, invoice),
        _money("cbc:TaxExclusiveAmount", totals.net, invoice),
        _money("cbc:TaxInclusiveAmount", totals.gross, invoice),
        _money("cbc:PrepaidAmount", totals.paid, invoice) if totals.paid else "",
        _money("cbc:PayableAmount", totals.due, invoice),
    )


def _line(line: Line, invoice: ElectronicInvoice, kind: str) -> str:
    quantity = "cbc:InvoicedQuantity" if kind == "Invoice" else "cbc:CreditedQuantity"
    return group(
        f"cac:{kind}Line",
        text("cbc:ID", line.id),
        text(quantity, _number(line.quantity), unitCode=line.unit),
        _money("cbc:LineExtensionAmount", line.net, invoice),
        _allowance(line, invoice),
        group(
            "cac:Item",
            text("cbc:Name", line.name),
            group("cac:SellersItemIdentification", text("cbc:ID", line.seller_id)),
            group(
                "cac:ClassifiedTaxCategory",
                text("cbc:ID", line.category),
                text("cbc:Percent", _number(line.rate)) if line.category != OUTSIDE else "",
                _VAT,
            ),
        ),
        group(
            "cac:Price",
            _money("cbc:PriceAmount", line.price, invoice),
            text("cbc:BaseQuantity", _number(line.base_quantity), unitCode=line.unit) if line.base_quantity else "",
        ),
    )


def _allowance(line: Line, invoice: ElectronicInvoice) -> str:
    if line.allowance is None:
        return ""
    return group(
        "cac:AllowanceCharge",
        text("cbc:ChargeIndicator", "false"),
        text("cbc:AllowanceChargeReasonCode", line.allowance.code),
        text("cbc:AllowanceChargeReason", line.allowance.reason),
        _money("cbc:Amount", line.allowance.amount, invoice),
    )
