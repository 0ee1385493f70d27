"""Business terms as UN/CEFACT Cross Industry Invoice, as Factur-X and XRechnung profile it. Pure.

The order of elements is that of the schema; where each term goes is the standard's binding (CEN/TS 16931-3-3).
"""

from datetime import date
from decimal import Decimal

from kontor.invoicing.en16931 import OUTSIDE
from kontor.invoicing.markup import document, group, text
from kontor.invoicing.profiles import EN_16931, Profile
from kontor.invoicing.values import (
    Delivery,
    ElectronicInvoice,
    Line,
    Party,
    PaymentInstructions,
    PostalAddress,
    TaxBreakdown,
)

_SPACES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}


def cii(invoice: ElectronicInvoice, profile: Profile = EN_16931) -> bytes:
    """The document as CII; the same document gives the same bytes."""
    return document(
        "rsm:CrossIndustryInvoice",
        _SPACES,
        _context(profile),
        _header(invoice),
        group(
            "rsm:SupplyChainTradeTransaction",
            *(_line(line) for line in invoice.lines),
            _agreement(invoice),
            _delivered(invoice.delivery),
            _settlement(invoice),
        ),
    )


def _context(profile: Profile) -> str:
    return group(
        "rsm:ExchangedDocumentContext",
        group("ram:BusinessProcessSpecifiedDocumentContextParameter", text("ram:ID", profile.process)),
        group("ram:GuidelineSpecifiedDocumentContextParameter", text("ram:ID", profile.specification)),
    )


def _header(invoice: ElectronicInvoice) -> str:
    return group(
        "rsm:ExchangedDocument",
        text("ram:ID", invoice.number),
        text("ram:TypeCode", invoice.type_code),
        _day("ram:IssueDateTime", invoice.issued_on),
        *(group("ram:IncludedNote", text("ram:Content", note)) for note in invoice.notes),
    )


def _day(name: str, day: date | None, *, space: str = "udt") -> str:
    return group(name, text(f"{space}:DateTimeString", f"{day:%Y%m%d}", format="102")) if day else ""


def _number(value: Decimal) -> str:
    return format(value, "f")


def _line(line: Line) -> str:
    return group(
        "ram:IncludedSupplyChainTradeLineItem",
        group("ram:AssociatedDocumentLineDocument", text("ram:LineID", line.id)),
        group("ram:SpecifiedTradeProduct", text("ram:SellerAssignedID", line.seller_id), text("ram:Name", line.name)),
        group("ram:SpecifiedLineTradeAgreement", _price(line)),
        group(
            "ram:SpecifiedLineTradeDelivery",
            text("ram:BilledQuantity", _number(line.quantity), unitCode=line.unit),
        ),
        group(
            "ram:SpecifiedLineTradeSettlement",
            group(
                "ram:ApplicableTradeTax",
                text("ram:TypeCode", "VAT"),
                text("ram:CategoryCode", line.category),
                text("ram:RateApplicablePercent", _number(line.rate)) if line.category != OUTSIDE else "",
            ),
            _allowance(line),
            group(
                "ram:SpecifiedTradeSettlementLineMonetarySummation",
                text("ram:LineTotalAmount", _number(line.net)),
            ),
        ),
    )


def _price(line: Line) -> str:
    base = text("ram:BasisQuantity", _number(line.base_quantity), unitCode=line.unit) if line.base_quantity else ""
    return group("ram:NetPriceProductTradePrice", text("ram:ChargeAmount", _number(line.price)), base)


def _allowance(line: Line) -> str:
    if line.allowance is None:
        return ""
    return group(
        "ram:SpecifiedTradeAllowanceCharge",
        group("ram:ChargeIndicator", text("udt:Indicator", "false")),
        text("ram:ActualAmount", _number(line.allowance.amount)),
        text("ram:ReasonCode", line.allowance.code),
        text("ram:Reason", line.allowance.reason),
    )


def _agreement(invoice: ElectronicInvoice) -> str:
    return group(
        "ram:ApplicableHeaderTradeAgreement",
        text("ram:BuyerReference", invoice.buyer_reference),
        _party("ram:SellerTradeParty", invoice.seller),
        _party("ram:BuyerTradeParty", invoice.buyer),
        group("ram:SellerOrderReferencedDocument", text("ram:IssuerAssignedID", invoice.sales_order)),
        group("ram:BuyerOrderReferencedDocument", text("ram:IssuerAssignedID", invoice.purchase_order)),
    )


def _party(name: str, party: Party) -> str:
    return group(
        name,
        text("ram:Name", party.name),
        group(
            "ram:SpecifiedLegalOrganization",
            text("ram:ID", party.registration),
            text("ram:TradingBusinessName", party.trading_name),
        ),
        group(
            "ram:DefinedTradeContact",
            text("ram:PersonName", party.contact),
            group("ram:TelephoneUniversalCommunication", text("ram:CompleteNumber", party.phone)),
            group("ram:EmailURIUniversalCommunication", text("ram:URIID", party.email)),
        ),
        _address(party.address),
        group("ram:URIUniversalCommunication", text("ram:URIID", party.email_address, schemeID="EM")),
        group("ram:SpecifiedTaxRegistration", text("ram:ID", party.vat_id, schemeID="VA")),
        group("ram:SpecifiedTaxRegistration", text("ram:ID", party.tax_number, schemeID="FC")),
    )


def _address(address: PostalAddress) -> str:
    return group(
        "ram:PostalTradeAddress",
        text("ram:PostcodeCode", address.post_code),
        text("ram:LineOne", address.line_one),
        text("ram:LineTwo", address.line_two),
        text("ram:CityName", address.city),
        text("ram:CountryID", address.country),
        text("ram:CountrySubDivisionName", address.region),
    )


def _delivered(delivery: Delivery | None) -> str:
    if delivery is None:
        return "<ram:ApplicableHeaderTradeDelivery/>"
    return group(
        "ram:ApplicableHeaderTradeDelivery",
        group(
            "ram:ShipToTradeParty",
            text("ram:Name", delivery.name),
            _address(delivery.address) if delivery.address else "",
        ),
        group("ram:ActualDeliverySupplyChainEvent", _day("ram:OccurrenceDateTime", delivery.on)),
    )


def _settlement(invoice: ElectronicInvoice) -> str:
    preceding = invoice.preceding
    return group(
        "ram:ApplicableHeaderTradeSettlement",
        text("ram:PaymentReference", invoice.payment.remittance),
        text("ram:InvoiceCurrencyCode", invoice.currency),
        _means(invoice.payment),
        *(_tax(row) for row in invoice.taxes),
        group(
            "ram:SpecifiedTradePaymentTerms",
            text("ram:Description", invoice.terms),
            _day("ram:DueDateDateTime", invoice.due_on),
        ),
        _totals(invoice),
        group(
            "ram:InvoiceReferencedDocument",
            text("ram:IssuerAssignedID", preceding.number),
            _day("ram:FormattedIssueDateTime", preceding.issued_on, space="qdt"),
        )
        if preceding
        else "",
    )


def _means(payment: PaymentInstructions) -> str:
    return group(
        "ram:SpecifiedTradeSettlementPaymentMeans",
        text("ram:TypeCode", payment.code),
        text("ram:Information", payment.text),
        group("ram:ApplicableTradeSettlementFinancialCard", text("ram:ID", payment.card)),
        group(
            "ram:PayeePartyCreditorFinancialAccount",
            text("ram:IBANID", payment.iban),
            text("ram:AccountName", payment.account_name),
        ),
        group("ram:PayeeSpecifiedCreditorFinancialInstitution", text("ram:BICID", payment.bic)),
    )


def _tax(row: TaxBreakdown) -> str:
    return group(
        "ram:ApplicableTradeTax",
        text("ram:CalculatedAmount", _number(row.tax)),
        text("ram:TypeCode", "VAT"),
        text("ram:ExemptionReason", row.reason),
        text("ram:BasisAmount", _number(row.base)),
        text("ram:CategoryCode", row.category),
        text("ram:ExemptionReasonCode", row.code),
        text("ram:RateApplicablePercent", _number(row.rate)) if row.category != OUTSIDE else "",
    )


def _totals(invoice: ElectronicInvoice) -> str:
    totals = invoice.totals
    return group(
        "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
        text("ram:LineTotalAmount", _number(totals.lines)),
        text("ram:TaxBasisTotalAmount", _number(totals.net)),
        text("ram:TaxTotalAmount", _number(totals.tax), currencyID=invoice.currency),
        text("ram:GrandTotalAmount", _number(totals.gross)),
        text("ram:TotalPrepaidAmount", _number(totals.paid) if totals.paid else ""),
        text("ram:DuePayableAmount", _number(totals.due)),
    )
