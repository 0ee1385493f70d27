"""Reads CII and UBL into the business terms of EN 16931, independently of the writers: by path, term by term.

The result names terms by their number, so that both syntaxes of one document read equal, value by value. Groups that
repeat are lists; texts are trimmed, numbers are decimals, dates ISO.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from lxml import etree

Terms = dict[str, Any]
_CII = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}
_UBL = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
_COUNTED = (92, 99, *range(106, 111), *range(112, 118), 119, 129, 131, 136, 141, 146, 149, 152)
_NUMBERS = frozenset(f"BT-{number}" for number in _COUNTED)
_DATES = frozenset(["BT-2", "BT-9", "BT-26", "BT-72"])
_NOT_GIVEN = {"BT-13": "NA"}  # UBL asks for the buyer's order number where there is none


def read(data: bytes) -> Terms:
    """The terms of a document in either syntax."""
    root = etree.fromstring(data)
    return _read(root, _CII_PATHS, _CII) if etree.QName(root).localname == "CrossIndustryInvoice" else _ubl(root)


def _ubl(root: Any) -> Terms:
    terms = _read(root, _UBL_PATHS, _UBL)
    return {name: value for name, value in terms.items() if _NOT_GIVEN.get(name) != value}


def _read(node: Any, paths: dict[str, Any], spaces: dict[str, str]) -> Terms:
    """`paths`: a term's path, or for a repeated group its path and the paths within."""
    found: Terms = {}
    for name, path in paths.items():
        if isinstance(path, tuple):
            rows = [_read(each, path[1], spaces) for each in node.xpath(path[0], namespaces=spaces)]
            if rows:
                found[name] = rows
        else:
            values = [_text(each) for each in node.xpath(path, namespaces=spaces)]
            values = [_value(name, each) for each in values if each]
            if values:
                found[name] = values if name == "BT-22" else values[0]
    return found


def _text(node: Any) -> str:
    return (node if isinstance(node, str) else node.text or "").strip()


def _value(name: str, text: str) -> Any:
    if name in _NUMBERS:
        return Decimal(text)
    if name in _DATES and re.fullmatch(r"\d{8}", text):
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return text


def _cii_party(kind: str, name: str, vat: str, tax_number: str | None, address: tuple[str, ...]) -> dict[str, str]:
    party = f"//ram:ApplicableHeaderTradeAgreement/ram:{kind}TradeParty"
    paths = {name: f"{party}/ram:Name", vat: f"{party}/ram:SpecifiedTaxRegistration/ram:ID[@schemeID='VA']"}
    if tax_number:
        paths[tax_number] = f"{party}/ram:SpecifiedTaxRegistration/ram:ID[@schemeID='FC']"
    return paths | _cii_address(f"{party}/ram:PostalTradeAddress", address)


def _cii_address(path: str, names: tuple[str, ...]) -> dict[str, str]:
    parts = ("LineOne", "LineTwo", "CityName", "PostcodeCode", "CountrySubDivisionName", "CountryID")
    return {name: f"{path}/ram:{part}" for name, part in zip(names, parts, strict=True)}


def _ubl_address(path: str, names: tuple[str, ...]) -> dict[str, str]:
    parts = ("cbc:StreetName", "cbc:AdditionalStreetName", "cbc:CityName", "cbc:PostalZone", "cbc:CountrySubentity",
             "cac:Country/cbc:IdentificationCode")  # fmt: skip
    return {name: f"{path}/{part}" for name, part in zip(names, parts, strict=True)}


_SELLER_ADDRESS = ("BT-35", "BT-36", "BT-37", "BT-38", "BT-39", "BT-40")
_BUYER_ADDRESS = ("BT-50", "BT-51", "BT-52", "BT-53", "BT-54", "BT-55")
_DELIVERY_ADDRESS = ("BT-75", "BT-76", "BT-77", "BT-78", "BT-79", "BT-80")
_AGREED = "//ram:ApplicableHeaderTradeAgreement"
_SETTLED = "//ram:ApplicableHeaderTradeSettlement"
_DELIVERED = "//ram:ApplicableHeaderTradeDelivery"
_SUMS = f"{_SETTLED}/ram:SpecifiedTradeSettlementHeaderMonetarySummation"
_MEANS = f"{_SETTLED}/ram:SpecifiedTradeSettlementPaymentMeans"
_LINE = "ram:SpecifiedLineTradeSettlement"
_PRICE = "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice"

_CII_PATHS: dict[str, Any] = {
    "BT-1": "rsm:ExchangedDocument/ram:ID",
    "BT-2": "rsm:ExchangedDocument/ram:IssueDateTime/udt:DateTimeString",
    "BT-3": "rsm:ExchangedDocument/ram:TypeCode",
    "BT-5": f"{_SETTLED}/ram:InvoiceCurrencyCode",
    "BT-9": f"{_SETTLED}/ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime/udt:DateTimeString",
    "BT-10": f"{_AGREED}/ram:BuyerReference",
    "BT-13": f"{_AGREED}/ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID",
    "BT-14": f"{_AGREED}/ram:SellerOrderReferencedDocument/ram:IssuerAssignedID",
    "BT-20": f"{_SETTLED}/ram:SpecifiedTradePaymentTerms/ram:Description",
    "BT-22": "rsm:ExchangedDocument/ram:IncludedNote/ram:Content",
    "BT-23": "//ram:BusinessProcessSpecifiedDocumentContextParameter/ram:ID",
    "BT-24": "//ram:GuidelineSpecifiedDocumentContextParameter/ram:ID",
    "BG-3": (
        f"{_SETTLED}/ram:InvoiceReferencedDocument",
        {"BT-25": "ram:IssuerAssignedID", "BT-26": "ram:FormattedIssueDateTime/qdt:DateTimeString"},
    ),
    **_cii_party("Seller", "BT-27", "BT-31", "BT-32", _SELLER_ADDRESS),
    "BT-28": f"{_AGREED}/ram:SellerTradeParty/ram:SpecifiedLegalOrganization/ram:TradingBusinessName",
    "BT-30": f"{_AGREED}/ram:SellerTradeParty/ram:SpecifiedLegalOrganization/ram:ID",
    "BT-34": f"{_AGREED}/ram:SellerTradeParty/ram:URIUniversalCommunication/ram:URIID",
    "BT-41": f"{_AGREED}/ram:SellerTradeParty/ram:DefinedTradeContact/ram:PersonName",
    "BT-42": f"{_AGREED}/ram:SellerTradeParty//ram:TelephoneUniversalCommunication/ram:CompleteNumber",
    "BT-43": f"{_AGREED}/ram:SellerTradeParty//ram:EmailURIUniversalCommunication/ram:URIID",
    **_cii_party("Buyer", "BT-44", "BT-48", None, _BUYER_ADDRESS),
    "BT-49": f"{_AGREED}/ram:BuyerTradeParty/ram:URIUniversalCommunication/ram:URIID",
    "BT-56": f"{_AGREED}/ram:BuyerTradeParty/ram:DefinedTradeContact/ram:PersonName",
    "BT-70": f"{_DELIVERED}/ram:ShipToTradeParty/ram:Name",
    "BT-72": f"{_DELIVERED}/ram:ActualDeliverySupplyChainEvent/ram:OccurrenceDateTime/udt:DateTimeString",
    **_cii_address(f"{_DELIVERED}/ram:ShipToTradeParty/ram:PostalTradeAddress", _DELIVERY_ADDRESS),
    "BT-81": f"{_MEANS}/ram:TypeCode",
    "BT-82": f"{_MEANS}/ram:Information",
    "BT-83": f"{_SETTLED}/ram:PaymentReference",
    "BT-84": f"{_MEANS}/ram:PayeePartyCreditorFinancialAccount/ram:IBANID",
    "BT-85": f"{_MEANS}/ram:PayeePartyCreditorFinancialAccount/ram:AccountName",
    "BT-86": f"{_MEANS}/ram:PayeeSpecifiedCreditorFinancialInstitution/ram:BICID",
    "BT-87": f"{_MEANS}/ram:ApplicableTradeSettlementFinancialCard/ram:ID",
    "BG-20": (
        f"{_SETTLED}/ram:SpecifiedTradeAllowanceCharge[ram:ChargeIndicator/udt:Indicator='false']",
        {"BT-92": "ram:ActualAmount", "BT-97": "ram:Reason"},
    ),
    "BG-21": (
        f"{_SETTLED}/ram:SpecifiedTradeAllowanceCharge[ram:ChargeIndicator/udt:Indicator='true']",
        {"BT-99": "ram:ActualAmount", "BT-104": "ram:Reason"},
    ),
    "BT-106": f"{_SUMS}/ram:LineTotalAmount",
    "BT-107": f"{_SUMS}/ram:AllowanceTotalAmount",
    "BT-108": f"{_SUMS}/ram:ChargeTotalAmount",
    "BT-109": f"{_SUMS}/ram:TaxBasisTotalAmount",
    "BT-110": f"{_SUMS}/ram:TaxTotalAmount[@currencyID={_SETTLED}/ram:InvoiceCurrencyCode]",
    "BT-112": f"{_SUMS}/ram:GrandTotalAmount",
    "BT-113": f"{_SUMS}/ram:TotalPrepaidAmount",
    "BT-114": f"{_SUMS}/ram:RoundingAmount",
    "BT-115": f"{_SUMS}/ram:DuePayableAmount",
    "BG-23": (
        f"{_SETTLED}/ram:ApplicableTradeTax",
        {
            "BT-116": "ram:BasisAmount", "BT-117": "ram:CalculatedAmount", "BT-118": "ram:CategoryCode",
            "BT-119": "ram:RateApplicablePercent", "BT-120": "ram:ExemptionReason",
            "BT-121": "ram:ExemptionReasonCode",
        },
    ),
    "BG-25": (
        "//ram:IncludedSupplyChainTradeLineItem",
        {
            "BT-126": "ram:AssociatedDocumentLineDocument/ram:LineID",
            "BT-129": "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity",
            "BT-130": "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity/@unitCode",
            "BT-131": f"{_LINE}/ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount",
            "BG-27": (
                f"{_LINE}/ram:SpecifiedTradeAllowanceCharge[ram:ChargeIndicator/udt:Indicator='false']",
                {"BT-136": "ram:ActualAmount", "BT-139": "ram:Reason", "BT-140": "ram:ReasonCode"},
            ),
            "BG-28": (
                f"{_LINE}/ram:SpecifiedTradeAllowanceCharge[ram:ChargeIndicator/udt:Indicator='true']",
                {"BT-141": "ram:ActualAmount", "BT-144": "ram:Reason"},
            ),
            "BT-146": f"{_PRICE}/ram:ChargeAmount",
            "BT-149": f"{_PRICE}/ram:BasisQuantity",
            "BT-150": f"{_PRICE}/ram:BasisQuantity/@unitCode",
            "BT-151": f"{_LINE}/ram:ApplicableTradeTax/ram:CategoryCode",
            "BT-152": f"{_LINE}/ram:ApplicableTradeTax/ram:RateApplicablePercent",
            "BT-153": "ram:SpecifiedTradeProduct/ram:Name",
            "BT-155": "ram:SpecifiedTradeProduct/ram:SellerAssignedID",
        },
    ),
}  # fmt: skip

_SUPPLIER, _CUSTOMER = "cac:AccountingSupplierParty/cac:Party", "cac:AccountingCustomerParty/cac:Party"
_PAID = "cac:PaymentMeans"
_ALLOWED = "cac:AllowanceCharge[contains('false 0', normalize-space(cbc:ChargeIndicator))]"
_CHARGED = "cac:AllowanceCharge[contains('true 1', normalize-space(cbc:ChargeIndicator))]"
_ROUNDED = "cac:LegalMonetaryTotal"
_CLASSIFIED = "cac:Item/cac:ClassifiedTaxCategory"

_UBL_PATHS: dict[str, Any] = {
    "BT-1": "cbc:ID",
    "BT-2": "cbc:IssueDate",
    "BT-3": "cbc:InvoiceTypeCode | cbc:CreditNoteTypeCode",
    "BT-5": "cbc:DocumentCurrencyCode",
    "BT-9": "cbc:DueDate | cac:PaymentMeans/cbc:PaymentDueDate",
    "BT-10": "cbc:BuyerReference",
    "BT-13": "cac:OrderReference/cbc:ID",
    "BT-14": "cac:OrderReference/cbc:SalesOrderID",
    "BT-20": "cac:PaymentTerms/cbc:Note",
    "BT-22": "cbc:Note",
    "BT-23": "cbc:ProfileID",
    "BT-24": "cbc:CustomizationID",
    "BG-3": (
        "cac:BillingReference/cac:InvoiceDocumentReference",
        {"BT-25": "cbc:ID", "BT-26": "cbc:IssueDate"},
    ),
    "BT-27": f"{_SUPPLIER}/cac:PartyLegalEntity/cbc:RegistrationName",
    "BT-28": f"{_SUPPLIER}/cac:PartyName/cbc:Name",
    "BT-30": f"{_SUPPLIER}/cac:PartyLegalEntity/cbc:CompanyID",
    "BT-31": f"{_SUPPLIER}/cac:PartyTaxScheme[cac:TaxScheme/cbc:ID='VAT']/cbc:CompanyID",
    "BT-32": f"{_SUPPLIER}/cac:PartyTaxScheme[cac:TaxScheme/cbc:ID!='VAT']/cbc:CompanyID",
    "BT-34": f"{_SUPPLIER}/cbc:EndpointID",
    **_ubl_address(f"{_SUPPLIER}/cac:PostalAddress", _SELLER_ADDRESS),
    "BT-41": f"{_SUPPLIER}/cac:Contact/cbc:Name",
    "BT-42": f"{_SUPPLIER}/cac:Contact/cbc:Telephone",
    "BT-43": f"{_SUPPLIER}/cac:Contact/cbc:ElectronicMail",
    "BT-44": f"{_CUSTOMER}/cac:PartyLegalEntity/cbc:RegistrationName",
    "BT-48": f"{_CUSTOMER}/cac:PartyTaxScheme[cac:TaxScheme/cbc:ID='VAT']/cbc:CompanyID",
    "BT-49": f"{_CUSTOMER}/cbc:EndpointID",
    **_ubl_address(f"{_CUSTOMER}/cac:PostalAddress", _BUYER_ADDRESS),
    "BT-56": f"{_CUSTOMER}/cac:Contact/cbc:Name",
    "BT-70": "cac:Delivery/cac:DeliveryParty/cac:PartyName/cbc:Name",
    "BT-72": "cac:Delivery/cbc:ActualDeliveryDate",
    **_ubl_address("cac:Delivery/cac:DeliveryLocation/cac:Address", _DELIVERY_ADDRESS),
    "BT-81": f"{_PAID}/cbc:PaymentMeansCode",
    "BT-82": f"{_PAID}/cbc:PaymentMeansCode/@name",
    "BT-83": f"{_PAID}/cbc:PaymentID",
    "BT-84": f"{_PAID}/cac:PayeeFinancialAccount/cbc:ID",
    "BT-85": f"{_PAID}/cac:PayeeFinancialAccount/cbc:Name",
    "BT-86": f"{_PAID}/cac:PayeeFinancialAccount/cac:FinancialInstitutionBranch/cbc:ID",
    "BT-87": f"{_PAID}/cac:CardAccount/cbc:PrimaryAccountNumberID",
    "BG-20": (_ALLOWED, {"BT-92": "cbc:Amount", "BT-97": "cbc:AllowanceChargeReason"}),
    "BG-21": (_CHARGED, {"BT-99": "cbc:Amount", "BT-104": "cbc:AllowanceChargeReason"}),
    "BT-106": f"{_ROUNDED}/cbc:LineExtensionAmount",
    "BT-107": f"{_ROUNDED}/cbc:AllowanceTotalAmount",
    "BT-108": f"{_ROUNDED}/cbc:ChargeTotalAmount",
    "BT-109": f"{_ROUNDED}/cbc:TaxExclusiveAmount",
    "BT-110": "cac:TaxTotal/cbc:TaxAmount[@currencyID=../../cbc:DocumentCurrencyCode]",
    "BT-112": f"{_ROUNDED}/cbc:TaxInclusiveAmount",
    "BT-113": f"{_ROUNDED}/cbc:PrepaidAmount",
    "BT-114": f"{_ROUNDED}/cbc:PayableRoundingAmount",
    "BT-115": f"{_ROUNDED}/cbc:PayableAmount",
    "BG-23": (
        "cac:TaxTotal/cac:TaxSubtotal",
        {
            "BT-116": "cbc:TaxableAmount", "BT-117": "cbc:TaxAmount", "BT-118": "cac:TaxCategory/cbc:ID",
            "BT-119": "cac:TaxCategory/cbc:Percent", "BT-120": "cac:TaxCategory/cbc:TaxExemptionReason",
            "BT-121": "cac:TaxCategory/cbc:TaxExemptionReasonCode",
        },
    ),
    "BG-25": (
        "cac:InvoiceLine | cac:CreditNoteLine",
        {
            "BT-126": "cbc:ID",
            "BT-129": "cbc:InvoicedQuantity | cbc:CreditedQuantity",
            "BT-130": "cbc:InvoicedQuantity/@unitCode | cbc:CreditedQuantity/@unitCode",
            "BT-131": "cbc:LineExtensionAmount",
            "BG-27": (
                _ALLOWED,
                {"BT-136": "cbc:Amount", "BT-139": "cbc:AllowanceChargeReason",
                 "BT-140": "cbc:AllowanceChargeReasonCode"},
            ),
            "BG-28": (_CHARGED, {"BT-141": "cbc:Amount", "BT-144": "cbc:AllowanceChargeReason"}),
            "BT-146": "cac:Price/cbc:PriceAmount",
            "BT-149": "cac:Price/cbc:BaseQuantity",
            "BT-150": "cac:Price/cbc:BaseQuantity/@unitCode",
            "BT-151": f"{_CLASSIFIED}/cbc:ID",
            "BT-152": f"{_CLASSIFIED}/cbc:Percent",
            "BT-153": "cac:Item/cbc:Name",
            "BT-155": "cac:Item/cac:SellersItemIdentification/cbc:ID",
        },
    ),
}  # fmt: skip
