"""How an invoice is to be paid, or was paid, in the codes of UNTDID 4461 (BG-16 of EN 16931). Pure.

A document has one means of payment: a transfer for what is open, else the way that took the largest share. All ways
are named in words (BT-82).
"""

import re
from collections.abc import Mapping
from typing import Any

from kontor.invoicing.values import PaymentInstructions

TRANSFER, SEPA_TRANSFER = "30", "58"
CARD, ONLINE_SERVICE = "48", "68"
SET_OFF, AGREED = "97", "ZZZ"
# A direct debit is by agreement: 49 and 59 want mandate, creditor and account (BR-DE-25), which its provider keeps.
_CODES = {
    "CARD": CARD,
    "WALLET": ONLINE_SERVICE,
    "PREPAYMENT": TRANSFER,
    "ON_ACCOUNT": TRANSFER,
    "CASH": "10",
}
_LAST_DIGITS = re.compile(r"(?<!\d)\d{4}$")


def instructions(number: str, content: Mapping[str, Any], *, open_amount: bool) -> PaymentInstructions:
    """The payment instructions of a document; `open_amount` says whether anything is to be paid still."""
    shares = sorted(content["payments"], key=lambda share: -share["amount"])
    kind = shares[0]["kind"] if shares else ""
    text = ", ".join(share["method"] for share in shares)
    if content.get("invoice_number"):
        return _backwards(kind, shares, text)
    if open_amount or kind in ("PREPAYMENT", "ON_ACCOUNT"):
        return _transfer(number, content)
    return _by_kind(kind, shares, text)


def _transfer(number: str, content: Mapping[str, Any]) -> PaymentInstructions:
    """To the seller's account; without one the ways of payment are a matter of agreement (BR-61)."""
    seller = content["seller"]
    iban = (seller.get("iban") or "").replace(" ", "")
    if not iban:
        return PaymentInstructions(code=AGREED, remittance=number)
    return PaymentInstructions(
        code=SEPA_TRANSFER if content["currency"] == "EUR" else TRANSFER,
        remittance=number,
        iban=iban,
        account_name=seller["name"],
        bic=seller.get("bic") or "",
    )


def _by_kind(kind: str, shares: list[Mapping[str, Any]], text: str) -> PaymentInstructions:
    code, card = _CODES.get(kind, AGREED), ""
    if code == CARD:
        # The code for cards wants the last digits (BR-DE-24); without them it was some service on the net.
        found = _LAST_DIGITS.search(shares[0]["method"])
        code, card = (CARD, found[0]) if found else (ONLINE_SERVICE, "")
    return PaymentInstructions(code=code, text=text, card=card)


def _backwards(kind: str, shares: list[Mapping[str, Any]], text: str) -> PaymentInstructions:
    """Of a credit note: nobody's account is known for a transfer back; what was not paid yet is set off."""
    if kind == "ON_ACCOUNT":
        return PaymentInstructions(code=SET_OFF, text=text)
    if kind == "PREPAYMENT" or not kind:
        return PaymentInstructions(code=AGREED, text=text)
    return _by_kind(kind, shares, text)
