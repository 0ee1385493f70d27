"""What documents move in the journal."""

from __future__ import annotations

from typing import Any

from kontor.invoicing.posting import Account, posting_of


def document(*lines: tuple[str, int, int]) -> dict[str, Any]:
    """Domestic lines at 19 percent: what they are for, net and tax."""
    said = [{key: "x", "tax_rate": "19", "net": net, "tax": tax} for key, net, tax in lines]
    return {"treatment": "DOMESTIC", "tax_country": "DE", "lines": said}


def facts(net: int, tax: int) -> dict[str, Any]:
    return {"number": "N-1", "net": net, "tax": tax, "gross": net + tax}


def test_an_invoice_of_gifts_moves_nothing() -> None:
    assert posting_of("InvoiceIssued", facts(0, 0), content=document(("shipment_line_id", 0, 0))) is None


def test_a_credit_note_of_which_all_is_kept_moves_revenue_only() -> None:
    content = document(("shipment_line_id", 840, 160), ("name", -840, -160))
    posting = posting_of("CreditNoteIssued", facts(0, 0), content=content)
    assert posting is not None
    assert [(line.account, line.amount) for line in posting.lines] == [
        (Account.REVENUE, 840),
        (Account.KEPT_FEES, -840),
    ]
