from datetime import date
from decimal import Decimal

import pytest

from documents import samples
from kontor.documents.billing import credit_note_view, invoice_view
from kontor.documents.formatting import texts
from kontor.documents.values import Address, Language, TaxSubtotal, TaxTreatment


def plain(value: str) -> str:
    return value.replace("\xa0", " ")


def test_gross_invoice_names_the_tax_within() -> None:
    totals = [(label, plain(amount)) for label, amount, _ in invoice_view(samples.invoice())["totals"]]
    assert totals == [("Gesamtbetrag", "238,00 €"), ("darin enthaltene MwSt.", "38,00 €"), ("Summe netto", "200,00 €")]


def test_net_invoice_adds_tax_per_rate() -> None:
    taxes = (
        TaxSubtotal(rate=Decimal("19"), net=10000, tax=1900, gross=11900),
        TaxSubtotal(rate=Decimal("5.5"), net=10000, tax=550, gross=10550),
    )
    invoice = samples.invoice("en", prices_include_tax=False, taxes=taxes, tax_total=2450, gross_total=22450)
    totals = [(label, plain(amount)) for label, amount, _ in invoice_view(invoice)["totals"]]
    assert totals == [
        ("Net total", "€200.00"),
        ("plus 19% VAT", "€19.00"),
        ("plus 5.5% VAT", "€5.50"),
        ("Total amount", "€224.50"),
    ]


def test_discount_column_appears_only_with_discounts() -> None:
    assert "Rabatt" not in invoice_view(samples.invoice())["columns"]
    view = invoice_view(samples.invoice(lines=(samples.coat(discount=500, total=23300),)))
    assert view["columns"] == ["Pos.", "Artikel", "Menge", "Einzelpreis", "Rabatt", "MwSt.", "Gesamt"]
    assert plain(view["lines"][0]["discount"]) == "-5,00 €"


def test_paid_invoice_asks_for_nothing() -> None:
    settlement = invoice_view(samples.invoice())["settlement"]
    assert [(text, plain(amount)) for text, amount in settlement["payments"]] == [
        ("Bezahlt mit Visa •••• 4242 am 21. November 2026", "238,00 €")
    ]
    assert settlement["transfer"] is None
    assert settlement["due"] is None


def test_open_invoice_gives_bank_details_and_payment_code() -> None:
    invoice = samples.invoice(payments=(), amount_due=23800, due_on=date(2026, 12, 6))
    settlement = invoice_view(invoice)["settlement"]
    assert plain(settlement["sentence"]) == (
        "Bitte überweisen Sie 238,00 € bis zum 6. Dezember 2026 unter Angabe der Rechnungsnummer RE-2026-000123."
    )
    assert settlement["transfer"]["rows"][1] == ("IBAN", "DE89 3704 0044 0532 0130 00")
    assert settlement["transfer"]["code"].startswith("<svg")


def test_payment_code_only_exists_for_euro() -> None:
    invoice = samples.invoice(currency="CHF", payments=(), amount_due=23800)
    assert invoice_view(invoice)["settlement"]["transfer"]["code"] == ""


@pytest.mark.parametrize(
    ("treatment", "note"),
    [
        (
            TaxTreatment.REVERSE_CHARGE,
            "Reverse charge: the recipient is liable for the VAT (Art. 196 of the VAT Directive).",
        ),
        (
            TaxTreatment.OSS,
            "VAT of the country of destination (France), declared under the One Stop Shop scheme (OSS).",
        ),
        (TaxTreatment.EXPORT, "VAT-exempt export (Art. 146 of the VAT Directive)."),
    ],
)
def test_special_tax_is_explained_beside_the_rates(treatment: TaxTreatment, note: str) -> None:
    invoice = samples.invoice("en", treatment=treatment, tax_country="FR", notes=("Thanks",))
    view = invoice_view(invoice)
    assert (view["tax_notes"], view["notes"]) == ([note], ["Thanks"])


def test_invoice_without_tax_names_none() -> None:
    untaxed = {"net_total": 20000, "tax_total": 0, "gross_total": 20000}
    rows = (TaxSubtotal(rate=Decimal("0"), net=20000, tax=0, gross=20000),)
    view = invoice_view(samples.invoice("en", treatment=TaxTreatment.REVERSE_CHARGE, taxes=rows, **untaxed))
    assert (view["price_note"], view["totals"]) == ("Amounts without VAT.", [("Total amount", "€200.00", True)])


def test_credit_note_names_invoice_and_reason() -> None:
    view = credit_note_view(samples.credit_note("en"))
    assert view["subject"] == "Corrects invoice RE-2026-000123 of 22 November 2026\nReason: RMA-2026-000045"
    assert view["settlement"]["payments"] == [("Refunded to Visa •••• 4242", "€119.00")]


def test_delivery_address_is_shown_only_when_it_differs() -> None:
    assert invoice_view(samples.invoice(delivery_address=samples.CUSTOMER))["second_address"] is None
    abroad = Address(name="Max", street="5 rue X", postal_code="75002", city="Paris", country="FR")
    view = invoice_view(samples.invoice(delivery_address=abroad))
    assert view["second_address"] == {
        "label": "Lieferadresse",
        "lines": ["Max", "5 rue X", "75002 Paris", "FRANKREICH"],
    }


def test_empty_facts_are_left_out() -> None:
    facts = invoice_view(samples.invoice(customer_number=""))["facts"]
    assert "Kundennummer" not in dict(facts)
    assert dict(facts)["Lieferdatum"] == "21. November 2026"


@pytest.mark.parametrize("language", ["de", "en"])
def test_why_no_tax_is_charged_is_told_by_the_directive_and_no_law_of_one_country(language: Language) -> None:
    """Sellers of every member state write in German: what is cited has to be theirs."""
    untaxed = ("note_reverse_charge", "note_intra_community", "note_export", "note_small_business", "note_voucher")
    for name in untaxed:
        assert "Art. " in texts(language)[name], name
        assert "UStG" not in texts(language)[name], name
