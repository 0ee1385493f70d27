"""The checks find what is wrong: a check that is always content would prove nothing."""

from __future__ import annotations

import pytest

from documents.samples import invoice as page
from einvoice import validating
from einvoice.contents import credit_note, invoice
from einvoice.reading import read
from kontor.documents import hybrid
from kontor.documents.rendering import Renderer
from kontor.invoicing.cii import cii
from kontor.invoicing.profiles import EN_16931
from kontor.invoicing.ubl import ubl


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        (b"<ram:GrandTotalAmount>238.00<", b"<ram:GrandTotalAmount>239.00<", "BR-CO-15"),
        (b"<ram:CategoryCode>S<", b"<ram:CategoryCode>XX<", "FX-SCH"),
        (b"<ram:LineTotalAmount>200.00<", b"<ram:LineTotalAmount>190.00<", "BR-CO-13"),
        (b"<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>", b"", ""),
    ],
)
def test_faults_of_cii_are_found(before: bytes, after: bytes, fault: str) -> None:
    good = cii(invoice())
    assert validating.faults(good) == []
    assert before in good
    assert any(fault in each for each in validating.faults(good.replace(before, after)))


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        (b">238.00</cbc:TaxInclusiveAmount>", b">239.00</cbc:TaxInclusiveAmount>", "BR-CO-15"),
        (b">38.00</cbc:TaxAmount><cac:TaxCategory>", b">39.01</cbc:TaxAmount><cac:TaxCategory>", "BR-CO-17"),
        (b"<cbc:ID>S</cbc:ID>", b"<cbc:ID>XX</cbc:ID>", "BR-CL-1"),
        (b"<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>", b"", "BR-05"),
        (b"<cbc:IssueDate>2026-06-15</cbc:IssueDate>", b"", "IssueDate"),
    ],
)
def test_faults_of_ubl_are_found(before: bytes, after: bytes, fault: str) -> None:
    for good in (ubl(invoice(), EN_16931), ubl(credit_note(), EN_16931)):
        assert validating.faults(good) == []
        assert before in good
        assert any(fault in each for each in validating.faults(good.replace(before, after)))


def test_data_inside_the_page_are_found_by_another_reader_of_factur_x() -> None:
    from facturx import get_xml_from_pdf

    data = cii(invoice())
    pdf = Renderer().render(page(), attachments=[hybrid.attachment(data, "R-1")])
    name, found = get_xml_from_pdf(pdf, check_xsd=True)
    assert (name, found) == ("factur-x.xml", data)
    assert read(found)["BT-1"] == "R-1"
