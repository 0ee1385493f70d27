"""Invoice and credit note as the words and figures their page shows."""

from typing import Any

from kontor.documents import codes
from kontor.documents.formatting import country_name, day, iban_groups, money, number, percent, texts
from kontor.documents.letters import letter_view
from kontor.documents.values import (
    BillingDocument,
    BillingLine,
    CreditNoteDocument,
    InvoiceDocument,
    PaymentShare,
    TaxTreatment,
)

View = dict[str, Any]
UNTAXED = frozenset({
    TaxTreatment.REVERSE_CHARGE, TaxTreatment.INTRA_COMMUNITY, TaxTreatment.EXPORT, TaxTreatment.SMALL_BUSINESS,
    TaxTreatment.VOUCHER,
})  # fmt: skip


def invoice_view(invoice: InvoiceDocument) -> View:
    words = texts(invoice.language)
    facts = [
        (words["invoice_number"], invoice.number),
        (words["invoice_date"], day(invoice.issued_on, invoice.language)),
        (words["supplied_on"], day(invoice.supplied_on, invoice.language)),
        *_reference_facts(invoice),
    ]
    view = letter_view(invoice, title=words["invoice"], facts=facts, second_address=invoice.delivery_address)
    return view | _body(invoice) | {"settlement": _invoice_settlement(invoice), "subject": ""}


def credit_note_view(note: CreditNoteDocument) -> View:
    words = texts(note.language)
    facts = [
        (words["credit_note_number"], note.number),
        (words["date"], day(note.issued_on, note.language)),
        *_reference_facts(note),
    ]
    subject = words["corrects"].format(number=note.invoice_number, date=day(note.invoice_issued_on, note.language))
    if note.reason:
        subject += "\n" + words["reason"].format(reason=note.reason)
    settlement = {"payments": _payment_rows(note, "refunded_to"), "transfer": None, "due": None, "sentence": ""}
    view = letter_view(note, title=words["credit_note"], facts=facts)
    return view | _body(note) | {"settlement": settlement, "subject": subject}


def _reference_facts(document: BillingDocument) -> list[tuple[str, str]]:
    words = texts(document.language)
    ordered_on = day(document.ordered_on, document.language) if document.ordered_on else ""
    return [
        (words["order_number"], document.order_number),
        (words["ordered_on"], ordered_on),
        (words["customer_number"], document.customer_number),
        (words["reference"], document.reference),
        (words["recipient_vat_id"], document.recipient_vat_id),
    ]


def _body(document: BillingDocument) -> View:
    words = texts(document.language)
    discounted = any(line.discount for line in document.lines)
    names = ("position", "article", "quantity", "unit_price", *(("discount",) if discounted else ()), "tax", "total")
    return {
        "columns": [words[name] for name in names],
        "discounted": discounted,
        "lines": [_line(document, line, position) for position, line in enumerate(document.lines, start=1)],
        "price_note": words[_price_note(document)],
        "tax_columns": [words["tax_rate"], words["net"], words["tax"], words["gross"]],
        "taxes": _tax_rows(document),
        "totals": _totals(document),
        "tax_notes": tax_notes(document),
    }


def _is_untaxed(document: BillingDocument) -> bool:
    return document.treatment in UNTAXED and not document.tax_total


def _price_note(document: BillingDocument) -> str:
    if _is_untaxed(document):
        return "prices_untaxed"
    return "prices_gross" if document.prices_include_tax else "prices_net"


def _line(document: BillingDocument, line: BillingLine, position: int) -> View:
    language, currency = document.language, document.currency
    sku = texts(language)["sku"].format(sku=line.sku) if line.sku else ""
    return {
        "position": str(position),
        "name": line.name,
        "detail": " · ".join(part for part in (line.detail, sku) if part),
        "quantity": number(line.quantity, language),
        "unit_price": money(line.unit_price, currency, language),
        "discount": money(-line.discount, currency, language) if line.discount else "",
        "tax": percent(line.tax_rate, language),
        "total": money(line.total, currency, language),
    }


def _tax_rows(document: BillingDocument) -> list[list[str]]:
    language = document.language
    return [
        [
            percent(row.rate, language),
            *(money(part, document.currency, language) for part in (row.net, row.tax, row.gross)),
        ]
        for row in document.taxes
    ]


def _totals(document: BillingDocument) -> list[tuple[str, str, bool]]:
    """Rows (label, amount, strong): net channels add the tax to the net sum, gross channels name the tax within.

    An invoice without tax speaks of none but in its note; who names a tax owes it (Art. 203 of the VAT Directive).
    """
    words, language, currency = texts(document.language), document.language, document.currency
    name = "credit_total" if isinstance(document, CreditNoteDocument) else "grand_total"
    grand = (words[name], money(document.gross_total, currency, language), True)
    net = (words["net_total"], money(document.net_total, currency, language), False)
    if _is_untaxed(document):
        return [grand]
    if document.prices_include_tax:
        within = (words["including_tax"], money(document.tax_total, currency, language), False)
        return [grand, within, net]
    added = [
        (words["plus_tax"].format(rate=percent(row.rate, language)), money(row.tax, currency, language), False)
        for row in document.taxes
    ]
    return [net, *added, grand]


def tax_notes(document: BillingDocument) -> list[str]:
    """What the law wants said of the tax of a document; nothing of domestic tax."""
    words = texts(document.language)
    vouchers = [words["note_voucher"]] if document.vouchers else []
    if document.treatment in (TaxTreatment.DOMESTIC, TaxTreatment.VOUCHER):
        return vouchers
    note = words[f"note_{document.treatment.lower()}"]
    country = document.tax_country or document.recipient.country
    return [note.format(country=country_name(country, document.language)), *vouchers]


def _payment_rows(document: BillingDocument, key: str) -> list[tuple[str, str]]:
    return [(_payment_text(document, share, key), _amount(document, share.amount)) for share in document.payments]


def _payment_text(document: BillingDocument, share: PaymentShare, key: str) -> str:
    words = texts(document.language)
    if share.on is None:
        return words[key].format(method=share.method)
    return words[f"{key}_on"].format(method=share.method, date=day(share.on, document.language))


def _amount(document: BillingDocument, amount: int) -> str:
    return money(amount, document.currency, document.language)


def settlement_terms(document: InvoiceDocument | CreditNoteDocument) -> str:
    """How an open amount is settled, in one paragraph."""
    if isinstance(document, InvoiceDocument):
        return str(_invoice_settlement(document)["sentence"]) if document.amount_due > 0 else ""
    ways = [text for text, _ in _payment_rows(document, "refunded_to")]
    return "; ".join(ways) or texts(document.language)["settled_later"]


def _invoice_settlement(invoice: InvoiceDocument) -> View:
    words = texts(invoice.language)
    rows = _payment_rows(invoice, "paid_by")
    if invoice.amount_due <= 0:
        return {"payments": rows, "transfer": None, "due": None, "sentence": words["nothing_due"]}
    amount = _amount(invoice, invoice.amount_due)
    until = day(invoice.due_on, invoice.language) if invoice.due_on else ""
    sentence = words["please_pay_until" if until else "please_pay"]
    return {
        "payments": rows,
        "due": (words["amount_due"], amount),
        "sentence": sentence.format(amount=amount, date=until, number=invoice.number),
        "transfer": _transfer(invoice) if invoice.seller.iban else None,
    }


def _transfer(invoice: InvoiceDocument) -> View:
    """Bank details; with the code for banking apps where the euro makes it valid."""
    words, seller = texts(invoice.language), invoice.seller
    holder = seller.address.company or seller.address.name
    code = ""
    if invoice.currency == "EUR":
        code = codes.transfer_qr(
            name=holder, iban=seller.iban, bic=seller.bic, amount=invoice.amount_due, reference=invoice.number
        )
    rows = [
        (words["account_holder"], holder),
        (words["iban"], iban_groups(seller.iban)),
        (words["bic"], seller.bic),
        (words["bank"], seller.bank_name),
        (words["payment_reference"], invoice.number),
    ]
    return {"rows": [row for row in rows if row[1]], "code": code, "caption": words["scan_to_pay"]}
