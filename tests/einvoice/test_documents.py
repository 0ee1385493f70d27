"""Whatever is sold and given back: every invoice and credit note is valid, reads the same in both syntaxes, and says
the amounts of the order to the cent."""

from __future__ import annotations

import os
from collections import Counter
from decimal import Decimal
from itertools import count

import pytest

from einvoice import validating
from einvoice.played import order_totals, played
from einvoice.reading import Terms, read
from kontor.core.db import Database
from kontor.documents.formatting import currency_digits
from kontor.invoicing.electronic import InvoiceForm, written
from kontor.invoicing.papers import Paper

ORDERS = int(os.environ.get("KONTOR_PROVE_INVOICES", "8"))
SEED = int(os.environ.get("KONTOR_PROVE_SEED", "1"))
PORTION = 500
# The specification is what the forms differ by, and XRechnung's own terms come on top.
OF_FORM = frozenset(["BT-10", "BT-23", "BT-24"])

# Factur-X lists the specifications that it knows; XRechnung in CII is none of its own, but is checked by its rules.
OWN_NAME = ["FX-SCH-A-000556 Value of 'ram:ID' is not allowed."]


def minor(terms: Terms, name: str, currency: str) -> int:
    amount: Decimal = terms[name]
    return int(amount.scaleb(currency_digits(currency)))


def check_amounts(paper: Paper, terms: Terms) -> None:
    """The totals and every line and rate are the frozen ones."""
    content, currency = paper.content, terms["BT-5"]
    assert [minor(row, "BT-131", currency) for row in terms["BG-25"]] == [line["net"] for line in content["lines"]]
    assert [
        (Decimal(row["BT-119"]), minor(row, "BT-116", currency), minor(row, "BT-117", currency))
        for row in terms["BG-23"]
    ] == [(Decimal(row["rate"]), row["net"], row["tax"]) for row in content["taxes"]]
    assert minor(terms, "BT-112", currency) == sum(row["gross"] for row in content["taxes"])
    assert terms["BT-106"] == sum(row["BT-131"] for row in terms["BG-25"])
    assert terms["BT-109"] == sum(row["BT-116"] for row in terms["BG-23"]) == terms["BT-106"]
    assert terms["BT-110"] == sum(row["BT-117"] for row in terms["BG-23"])
    assert terms["BT-112"] == terms["BT-109"] + terms["BT-110"]
    assert terms["BT-115"] == terms["BT-112"] - terms.get("BT-113", 0)


def check_forms(paper: Paper, *, every_rule: bool) -> Terms:
    """All forms fit their schema, pass the rules and say the same; what they say.

    The rules are slow. They read CII of every document and the other forms of some: the forms are compared term by
    term anyway.
    """
    files = {form: written(paper, form).data for form in InvoiceForm}
    assert {form: validating.schema_faults(data) for form, data in files.items()} == {form: [] for form in InvoiceForm}
    for form in InvoiceForm if every_rule else [InvoiceForm.CII]:
        own_name = OWN_NAME if form is InvoiceForm.XRECHNUNG_CII else []
        assert validating.rule_faults(files[form]) == own_name, (form, paper.page.number)
    if rules := validating.xrechnung_rules():
        for form in (InvoiceForm.XRECHNUNG_CII, InvoiceForm.XRECHNUNG_UBL):
            assert validating.xrechnung_faults(files[form], rules) == [], paper.page.number
    terms = {form: read(data) for form, data in files.items()}
    assert terms[InvoiceForm.CII] == terms[InvoiceForm.UBL]
    assert terms[InvoiceForm.XRECHNUNG_CII] == terms[InvoiceForm.XRECHNUNG_UBL]
    same = [{name: value for name, value in each.items() if name not in OF_FORM} for each in terms.values()]
    assert same[1:] == same[:-1]
    return terms[InvoiceForm.CII]


def portions() -> list[tuple[int, int]]:
    """Seeds with their orders: no test takes longer than it may."""
    return [(SEED + step, min(PORTION, ORDERS - first)) for step, first in enumerate(range(0, ORDERS, PORTION))]


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize(("seed", "orders"), portions())
async def test_every_document_is_valid_and_says_the_amounts_of_its_order(
    database: Database, seed: int, orders: int
) -> None:
    sums: dict[str, list[int]] = {}
    seen: Counter[str] = Counter()
    numbers = count()
    async for papers in played(database, seed, orders):
        for paper in papers:
            terms = check_forms(paper, every_rule=next(numbers) % 10 == 0)
            check_amounts(paper, terms)
            seen.update([terms["BT-3"], terms["BT-5"], *(row["BT-118"] for row in terms["BG-23"])])
            if terms["BT-3"] == "380":
                total = sums.setdefault(terms["BT-14"], [0, 0])
                total[0] += minor(terms, "BT-112", terms["BT-5"])
                total[1] += minor(terms, "BT-110", terms["BT-5"])
            else:
                assert terms["BG-3"][0]["BT-25"] == paper.content["invoice_number"]
    assert {number: tuple(total) for number, total in sums.items()} == await order_totals(database)
    assert {"380", "381", "S", "EUR"} <= set(seen), seen
