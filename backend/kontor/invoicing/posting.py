"""Which accounts a financial event moves. Pure: debit positive, credit negative, each entry sums to zero."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Account(StrEnum):
    """The accounts of the journal; an export maps them to the retailer's own."""

    RECEIVABLES = "RECEIVABLES"
    REVENUE = "REVENUE"
    TAX = "TAX"
    BANK = "BANK"
    GATEWAY = "GATEWAY"
    STORED_VALUE = "STORED_VALUE"
    CHANNEL = "CHANNEL"
    CASH = "CASH"
    GOODWILL = "GOODWILL"
    CORRECTIONS = "CORRECTIONS"
    LOSSES = "LOSSES"


A = Account
_MONEY = {
    "CARD": A.GATEWAY,
    "WALLET": A.GATEWAY,
    "DIRECT_DEBIT": A.GATEWAY,
    "GIFT_CARD": A.STORED_VALUE,
    "VOUCHER": A.STORED_VALUE,
    "BONUS_POINTS": A.STORED_VALUE,
    "CASH": A.CASH,
    "COLLECTED_BY_CHANNEL": A.CHANNEL,
    "ON_ACCOUNT": A.BANK,
    "PREPAYMENT": A.BANK,
}
# What lowers no invoice costs us: refunds without goods behind them.
_WITHOUT_GOODS = {"GOODWILL": A.GOODWILL, "CORRECTION": A.CORRECTIONS}


@dataclass(frozen=True, slots=True)
class Posting:
    """An entry to be written: `reference` names what it is about."""

    kind: str
    reference: str
    lines: tuple[tuple[Account, int], ...]


@dataclass(frozen=True, slots=True)
class Paid:
    """A part of a refund: money by a method, or (`credited`) only taken off what is owed."""

    method: str
    amount: int
    credited: bool = False


def posting_of(
    event: str, facts: Mapping[str, Any], *, paid: Iterable[Paid] = (), credited: bool = False, method: str = ""
) -> Posting | None:
    """The entry of an event; None for one that moved nothing.

    `paid` is how a refund went back, `credited` whether a credit note stands for it; `method` that of a transfer.
    """
    match event:
        case "InvoiceIssued":
            return _document("INVOICE", facts, 1)
        case "CreditNoteIssued":
            return _document("CREDIT_NOTE", facts, -1)
        case "PaymentCaptured":
            return _money("CAPTURE", facts, facts["method"], 1)
        case "PaymentChargedBack":
            return _money("CHARGEBACK", facts, facts["method"], -1)
        case "ChargebackLost":
            return _money("CHARGEBACK_LOSS", facts, facts["method"], -1, against=A.LOSSES)
        case "PaymentReceived":
            return _money("RECEIPT", facts, method, 1) if facts["amount"] else None
        case "RefundSucceeded":
            return _refund(facts, paid, credited=credited)
    return None


def _document(kind: str, facts: Mapping[str, Any], sign: int) -> Posting:
    lines = ((A.RECEIVABLES, facts["gross"]), (A.REVENUE, -facts["net"]), (A.TAX, -facts["tax"]))
    return Posting(kind, facts["number"], tuple((account, sign * amount) for account, amount in lines if amount))


def _money(kind: str, facts: Mapping[str, Any], method: str, sign: int, *, against: Account = A.RECEIVABLES) -> Posting:
    amount = sign * facts["amount"]
    return Posting(kind, _hex(facts["transaction_id"]), ((_MONEY[method], amount), (against, -amount)))


def _refund(facts: Mapping[str, Any], paid: Iterable[Paid], *, credited: bool) -> Posting:
    against = A.RECEIVABLES if credited else _WITHOUT_GOODS.get(facts["kind"], A.RECEIVABLES)
    sums: dict[Account, int] = {}
    for part in paid:
        account = A.RECEIVABLES if part.credited else _MONEY[part.method]
        sums[account] = sums.get(account, 0) - part.amount
    total = -sum(sums.values())
    return Posting("REFUND", _hex(facts["refund_id"]), ((against, total), *sums.items()))


def _hex(row_id: Any) -> str:
    return str(row_id).replace("-", "")
