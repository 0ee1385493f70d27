"""Frozen contents in the terms of EN 16931: amounts that are kept, categories, payments, and what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from einvoice import validating
from einvoice.contents import BUYER, SELLER, VIENNA, content, credit_note, credited, invoice, line, terms
from kontor.invoicing.cii import cii
from kontor.invoicing.en16931 import Wording, contradictions, lacking_for_xrechnung, worth
from kontor.invoicing.errors import NotExpressible
from kontor.invoicing.profiles import EN_16931
from kontor.invoicing.ubl import ubl
from kontor.invoicing.values import ElectronicInvoice, LineAllowance, PaymentInstructions, TypeCode

WHY = Wording("Rabatt", "Steuerfrei, weil es das Gesetz so will.", "Zahlbar bis 29. Juni 2026.")
FREE: dict[str, Any] = {"rate": "0"}


def is_valid(made: ElectronicInvoice) -> bool:
    assert [validating.faults(data) for data in (cii(made), ubl(made, EN_16931))] == [[], []]
    return True


def test_gross_price_that_does_not_divide_is_the_net_price_of_all_pieces() -> None:
    made = invoice(line(5997, quantity=3))
    [row] = made.lines
    assert (row.net, row.price, row.base_quantity, row.quantity) == (
        Decimal("50.39"),
        Decimal("50.39"),
        Decimal(3),
        Decimal(3),
    )
    assert (made.totals.net, made.totals.tax, made.totals.gross) == (
        Decimal("50.39"), Decimal("9.58"), Decimal("59.97"),
    )  # fmt: skip
    assert is_valid(made)


def test_price_that_divides_is_that_of_a_piece() -> None:
    [row] = invoice(line(2997, quantity=3, gross=False), gross=False).lines
    assert (row.price, row.base_quantity, row.net) == (Decimal("9.99"), None, Decimal("29.97"))


@pytest.mark.parametrize("gross", [True, False])
def test_discount_is_an_allowance_of_its_line_without_tax(gross: bool) -> None:
    made = invoice(line(9520, quantity=2, gross=gross, discount=2380), gross=gross)
    [row] = made.lines
    assert row.allowance == LineAllowance(amount=Decimal("20.00" if gross else "23.80"), reason="Rabatt", code="95")
    assert row.net == worth(row) == Decimal("80.00" if gross else "95.20")
    assert is_valid(made)


def test_tax_is_the_sum_of_the_lines_not_that_of_the_base() -> None:
    made = invoice(*(line(1) for _ in range(3)), line(3))  # each cent bears no tax, three bear none either
    assert (made.totals.net, made.totals.tax) == (Decimal("0.06"), Decimal("0.00"))
    assert is_valid(made)


def test_tax_that_drifts_by_a_unit_of_the_currency_is_refused() -> None:
    lines = [line(3) for _ in range(174)]  # 3 cents bear 0.479 of tax each, which is none
    assert is_valid(invoice(*lines))
    with pytest.raises(NotExpressible) as refused:
        invoice(*lines, line(3))
    assert refused.value.params["terms"] == "BR-CO-17"


@pytest.mark.parametrize(
    ("treatment", "category", "code"),
    [
        ("REVERSE_CHARGE", "AE", "VATEX-EU-AE"),
        ("INTRA_COMMUNITY", "K", "VATEX-EU-IC"),
        ("EXPORT", "G", "VATEX-EU-G"),
        ("SMALL_BUSINESS", "E", ""),
        ("DOMESTIC", "Z", ""),
        ("OSS", "Z", ""),
    ],
)
def test_untaxed_supplies_say_why(treatment: str, category: str, code: str) -> None:
    given: dict[str, Any] = {"treatment": treatment, "recipient": VIENNA, "vat_id": "ATU 13585627"}
    for made in (
        invoice(line(100, **FREE), wording=WHY, **given),
        credit_note(line(100, **FREE), wording=WHY, **given),
    ):
        [row] = made.taxes
        reason = "" if category == "Z" else WHY.tax_note
        assert (row.category, row.code, row.reason, row.tax) == (category, code, reason, Decimal(0))
        assert (made.lines[0].category, made.buyer.vat_id, made.buyer.name) == (category, "ATU13585627", "Čapek KG")
        assert is_valid(made)


def test_rate_of_another_country_is_a_standard_rate_with_a_note() -> None:
    made = invoice(line(1200, rate="20"), treatment="OSS", wording=WHY)
    assert (made.taxes[0].category, made.taxes[0].rate, made.notes) == ("S", Decimal(20), (WHY.tax_note,))
    assert is_valid(made)


def test_taxed_and_free_lines_stand_in_groups_of_their_own() -> None:
    made = invoice(line(1190), line(1070, rate="7"), line(500, rate="0"), line(2380))
    assert [(row.category, row.rate, row.base) for row in made.taxes] == [
        ("S", Decimal(19), Decimal("30.00")), ("S", Decimal(7), Decimal("10.00")), ("Z", Decimal(0), Decimal("5.00")),
    ]  # fmt: skip
    assert is_valid(made)


@pytest.mark.parametrize(
    ("currency", "total"), [("EUR", "238.00"), ("PLN", "238.00"), ("JPY", "23800"), ("CHF", "238.00")]
)
def test_amounts_have_the_digits_of_their_currency(currency: str, total: str) -> None:
    made = invoice(currency=currency)
    assert str(made.totals.gross) == total
    assert is_valid(made)


def test_amounts_of_three_places_are_refused_where_they_need_them() -> None:
    assert str(invoice(line(23_800, gross=False, rate="0"), currency="KWD").totals.gross) == "23.80"
    with pytest.raises(NotExpressible) as refused:
        invoice(line(23_801, gross=False, rate="0"), currency="KWD")
    assert refused.value.params["terms"] == "BR-DEC"


CARD = {"kind": "CARD", "method": "Visa •••• 4242", "amount": 20_000}
TRANSFER = PaymentInstructions(
    code="58", remittance="R-1", iban="DE89370400440532013000", account_name="Hanse Handel GmbH", bic="COBADEFFXXX"
)


@pytest.mark.parametrize(
    ("payments", "due", "expected"),
    [
        ([], "238.00", TRANSFER),
        ([CARD], "38.00", TRANSFER),
        ([{**CARD, "amount": 23_800}], "0.00", PaymentInstructions(code="48", text="Visa •••• 4242", card="4242")),
        ([{**CARD, "amount": 23_800, "method": "CARD"}], "0.00", PaymentInstructions(code="68", text="CARD")),
        (
            [{**CARD, "amount": 3800}, {"kind": "WALLET", "method": "PayPal", "amount": 20_000}], "0.00",
            PaymentInstructions(code="68", text="PayPal, Visa •••• 4242"),
        ),
        (
            [{"kind": "GIFT_CARD", "method": "Gutschein", "amount": 23_800}], "0.00",
            PaymentInstructions(code="ZZZ", text="Gutschein"),
        ),
        ([{"kind": "CASH", "method": "Bar", "amount": 23_800}], "0.00", PaymentInstructions(code="10", text="Bar")),
        ([{"kind": "PREPAYMENT", "method": "Vorkasse", "amount": 23_800}], "0.00", TRANSFER),
    ],
)  # fmt: skip
def test_payment_is_said_by_code_and_in_words(
    payments: list[dict[str, Any]], due: str, expected: PaymentInstructions
) -> None:
    made = invoice(payments=payments)
    assert (made.payment, str(made.totals.due)) == (expected, due)
    assert made.totals.paid == made.totals.gross - made.totals.due
    assert (made.due_on, bool(made.terms)) == ((date(2026, 6, 29), True) if due != "0.00" else (None, False))
    assert is_valid(made)


def test_transfer_in_another_currency_is_none_of_the_euro_area() -> None:
    assert invoice(currency="CHF").payment.code == "30"
    assert invoice(seller={**SELLER, "iban": None}).payment == PaymentInstructions(code="ZZZ", remittance="R-1")


def test_credit_note_names_its_invoice_and_what_goes_back_is_positive() -> None:
    fee = line(-500, name="Rücksendekosten", sku="")
    made = credit_note(line(11_900), fee, payments=[{**CARD, "amount": 11_400}])
    assert made.type_code is TypeCode.CREDIT_NOTE
    assert made.preceding is not None
    assert (made.preceding.number, made.preceding.issued_on) == ("R-1", date(2026, 6, 15))
    assert (made.totals.gross, made.totals.paid, made.totals.due) == (Decimal("114.00"), Decimal(0), Decimal("114.00"))
    assert [(row.quantity, row.price, row.net) for row in made.lines] == [
        (Decimal(1), Decimal("100.00"), Decimal("100.00")), (Decimal(-1), Decimal("4.20"), Decimal("-4.20")),
    ]  # fmt: skip
    assert (made.notes, made.payment.card) == (("zu klein",), "4242")
    assert is_valid(made)


def test_credit_note_that_lowers_a_debt_is_set_off() -> None:
    assert credit_note(payments=[{"kind": "ON_ACCOUNT", "method": "Rechnung", "amount": 1}]).payment.code == "97"
    assert credit_note(payments=[{"kind": "PREPAYMENT", "method": "Vorkasse", "amount": 1}]).payment.code == "ZZZ"
    assert credit_note().payment.code == "ZZZ"


def test_references_of_the_buyer_and_addresses_for_machines_are_told() -> None:
    made = invoice(buyer_reference="04011000-12345-34", purchase_order="PO-7", delivery_address=VIENNA)
    assert (made.buyer_reference, made.purchase_order, made.sales_order) == ("04011000-12345-34", "PO-7", "O-1")
    assert (made.seller.email_address, made.buyer.email_address) == ("rechnung@hanse.example", "greta@fock.example")
    assert made.delivery is not None
    assert made.delivery.address is not None
    assert (made.delivery.name, made.delivery.address.city, made.delivery.on) == ("Čapek KG", "Wien", date(2026, 6, 15))
    assert lacking_for_xrechnung(made) == []
    assert is_valid(made)


@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        ({"seller": {**SELLER, "vat_id": None, "tax_number": None}}, "BT-31"),
        ({"seller": {**SELLER, "vat_id": None, "register": None}}, "BT-31"),
        ({"recipient": {**BUYER, "name": ""}}, "BT-44"),
        ({"treatment": "INTRA_COMMUNITY", "lines": [line(100, **FREE)]}, "BT-48"),
        (
            {"treatment": "INTRA_COMMUNITY", "lines": [line(100, **FREE)], "vat_id": "ATU1", "supplied_on": None},
            "BT-72",
        ),
    ],
)
def test_document_that_lacks_what_the_standard_wants_is_refused(given: dict[str, Any], lacking: str) -> None:
    lines = given.pop("lines", [])
    with pytest.raises(NotExpressible) as refused:
        invoice(*lines, **given)
    assert refused.value.params["terms"] == lacking


def test_seller_without_vat_id_is_known_by_register_and_tax_number() -> None:
    assert is_valid(invoice(seller={**SELLER, "vat_id": None}))


def test_authorities_want_to_know_whom_to_call() -> None:
    made = invoice(seller={**SELLER, "phone": None, "email": None}, email=None)
    assert lacking_for_xrechnung(made) == ["BT-10", "BT-34", "BT-42", "BT-43", "BT-49"]


def test_amounts_that_do_not_add_up_are_found() -> None:
    said = content()
    said["taxes"] = [{"rate": "19", "net": 20_001, "tax": 3800, "gross": 23_801}]
    with pytest.raises(NotExpressible) as refused:
        terms(said)
    assert refused.value.params["terms"] == "BR-CO-13, BR-S-08"
    assert contradictions(terms(credited())) == []


def test_characters_that_xml_cannot_hold_are_left_out() -> None:
    made = invoice(line(100, name='Tau\x00 <12 mm> & "Öse"\ud800'))
    assert is_valid(made)
    assert 'Tau &lt;12 mm&gt; &amp; "Öse"' in cii(made).decode()
