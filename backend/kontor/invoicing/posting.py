"""Which accounts a financial event moves. Pure: debit positive, credit negative, each entry sums to zero."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from kontor.giftcards.values import GATEWAY, TAXED_METHOD


class Account(StrEnum):
    """The accounts of the journal; an export maps them to the retailer's own."""

    RECEIVABLES = "RECEIVABLES"
    REVENUE = "REVENUE"
    CHARGES = "CHARGES"  # revenue from fees of the order, such as postage
    KEPT_FEES = "KEPT_FEES"  # what is kept of a refund, such as a return fee
    TAX = "TAX"
    BANK = "BANK"
    GATEWAY = "GATEWAY"
    STORED_VALUE = "STORED_VALUE"
    CHANNEL = "CHANNEL"
    CASH = "CASH"
    GOODWILL = "GOODWILL"
    CORRECTIONS = "CORRECTIONS"
    LOSSES = "LOSSES"
    DUNNING_FEES = "DUNNING_FEES"
    INTEREST = "INTEREST"
    BAD_DEBTS = "BAD_DEBTS"  # what was given up, net, by the way it was taxed
    GATEWAY_FEES = "GATEWAY_FEES"  # what gateways keep for their work
    TRANSIT = "TRANSIT"  # payouts of gateways on their way to the bank
    SUSPENSE = "SUSPENSE"  # what nobody has explained yet
    EXCHANGE = "EXCHANGE"  # what gateways converted: one side in each currency
    VOUCHER_DISCOUNTS = "VOUCHER_DISCOUNTS"  # what vouchers are worth beyond their price
    EXPIRED_CARDS = "EXPIRED_CARDS"  # what was never redeemed and cannot be any more
    ROUNDING = "ROUNDING"  # what coins cannot pay of cash


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
    "TRANSFER": A.BANK,
}
GIFT_CARDS = "GIFT_CARD"  # the part of stored value that is owed on gift cards, sold and redeemed
_TAXED = f"{TAXED_METHOD}/{GATEWAY}"  # cards that were taxed when they were sold, as payments by them bear it
# What lowers no invoice costs us: refunds without goods behind them.
_WITHOUT_GOODS = {"GOODWILL": A.GOODWILL, "CORRECTION": A.CORRECTIONS}


# Events that move something; what is not named here is never asked for.
POSTED = frozenset(
    {
        "InvoiceIssued", "CreditNoteIssued", "PaymentCaptured", "PaymentChargedBack", "ChargebackLost",
        "PaymentReceived", "PaymentWithdrawn", "RefundSucceeded", "DunningNoticeIssued", "DunningFeeSettled",
        "DunningInterestAdded", "DebtWrittenOff", "DebtRecovered",
        "PaymentReinstated", "LossRecovered", "DisputeFeeCharged", "RefundReturned", "RefundRepaid",
        "GatewayPayoutImported", "GatewayPayoutConverted", "GatewayPayoutArrived", "GatewayDifferenceExplained",
        "GatewayPayoutUndone", "BankEntrySuspended", "BankEntryExplained", "GiftCardExpired",
        "GoodwillVoucherIssued",
    }
)  # fmt: skip


class Line(NamedTuple):
    """One side: debit positive, credit negative, minor units.

    `detail` says which part of the account: for revenue and tax how it is taxed (`DOMESTIC/19`, `OSS/FR/20`,
    `INTRA_COMMUNITY/FR`, `EXPORT/CH`), for money the method and who moves it (`CARD/stripe`).
    """

    account: Account
    amount: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Posting:
    """An entry to be written: `reference` names what it is about."""

    kind: str
    reference: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Paid:
    """A part of a refund: money by a method, or (`credited`) only taken off what is owed. `rounding` is what the till
    paid out beyond the amount."""

    method: str
    amount: int
    credited: bool = False
    gateway: str = ""
    rounding: int = 0


@dataclass(frozen=True, slots=True)
class Via:
    """How a payment is made, and the gateway that moves it, if one does."""

    method: str
    gateway: str = ""

    @property
    def detail(self) -> str:
        """As a line of the journal bears it; our own gift cards bear what their sale does, so that both cancel out."""
        if self.method == GIFT_CARDS and self.gateway == GATEWAY:
            return GIFT_CARDS
        return f"{self.method}/{self.gateway}"[:40] if self.gateway else self.method


def posting_of(
    event: str,
    facts: Mapping[str, Any],
    *,
    paid: Iterable[Paid] = (),
    credited: bool = False,
    set_off: Mapping[str, int] | None = None,
    via: Via | None = None,
    content: Mapping[str, Any] | None = None,
) -> Posting | None:
    """The entry of an event; None for one that moved nothing.

    `paid` is how a refund went back, `credited` whether a credit note stands for it, `set_off` what of earlier refunds
    without goods counts as paid for these goods now, by their kind; `via` how a payment is made;
    `content` what a document says, as it was frozen.
    """
    if event in _OF_PAYOUTS:
        return _of_payout(event, facts)
    match event:
        case "InvoiceIssued":
            return _document("INVOICE", facts, content, 1)
        case "CreditNoteIssued":
            return _document("CREDIT_NOTE", facts, content, -1)
        case "PaymentCaptured":
            return _money("CAPTURE", facts, via or Via(facts["method"]), 1)
        case "PaymentChargedBack":
            return _money("CHARGEBACK", facts, via or Via(facts["method"]), -1)
        case "ChargebackLost":
            return _money("CHARGEBACK_LOSS", facts, via or Via(facts["method"]), -1, against=A.LOSSES)
        case "PaymentReceived":
            return _money("RECEIPT", facts, via or Via(""), 1) if facts["amount"] else None
        case "PaymentWithdrawn":
            return _money("WITHDRAWAL", facts, via or Via(""), -1)
        case "DunningNoticeIssued":
            return _fee("DUNNING_FEE", facts, _asked(facts), A.RECEIVABLES) if _asked(facts) else None
        case "DunningInterestAdded":
            return _fee("INTEREST_ADDED", facts, (Line(A.INTEREST, -facts["interest"]),), A.RECEIVABLES)
        case "DunningFeeSettled":
            return _settled(facts)
        case "DebtWrittenOff":
            return _given_up("WRITE_OFF", facts, 1)
        case "DebtRecovered":
            return _given_up("WRITE_OFF_REVERSED", facts, -1)
        case "GiftCardExpired":
            amount = facts["amount"]
            lines = (Line(A.STORED_VALUE, amount, GIFT_CARDS), Line(A.EXPIRED_CARDS, -amount))
            return Posting("CARD_EXPIRED", _hex(facts["movement_id"]), lines)
        case "GoodwillVoucherIssued":
            amount = facts["amount"]
            lines = (Line(A.GOODWILL, amount), Line(A.STORED_VALUE, -amount, GIFT_CARDS))
            return Posting("GOODWILL_VOUCHER", _hex(facts["goodwill_id"]), lines)
        case "RefundSucceeded":
            return _refund(facts, paid, credited=credited, set_off=set_off or {})
    return _disputed(event, facts, via or Via(facts.get("method", "")))


def _disputed(event: str, facts: Mapping[str, Any], via: Via) -> Posting | None:
    """Money that came back to us, and what went to the customer after it had."""
    match event:
        case "PaymentReinstated":
            return _money("REINSTATEMENT", facts, via, 1)
        case "LossRecovered":
            return _money("LOSS_RECOVERED", facts, via, 1, against=A.LOSSES)
        case "RefundReturned":
            return _money("REFUND_RETURNED", facts, via, 1)
        case "RefundRepaid":
            by_us = Via(facts["method"]) if facts["method"] == "TRANSFER" else via
            return _money("REFUND_REPAID", facts, by_us, -1)
        case "DisputeFeeCharged":
            fee = facts["amount"]
            lines = (Line(A.GATEWAY_FEES, fee, via.gateway), Line(_MONEY[via.method], -fee, via.detail))
            return Posting("DISPUTE_FEE", _hex(facts["transaction_id"]), lines)
    return None


_OF_PAYOUTS = {
    "GatewayPayoutImported": "GATEWAY_PAYOUT",
    "GatewayPayoutConverted": "CONVERSION",
    "GatewayPayoutArrived": "PAYOUT_ARRIVED",
    "GatewayPayoutUndone": "PAYOUT_UNDONE",
    "BankEntrySuspended": "SUSPENDED",
    "BankEntryExplained": "EXPLAINED",
    "GatewayDifferenceExplained": "RECONCILED",
}


def _of_payout(event: str, facts: Mapping[str, Any]) -> Posting | None:
    """The event says itself what it moves: which line belongs to what was found out when it happened."""
    lines = tuple(Line(Account(account), amount, detail) for account, amount, detail in facts["lines"] if amount)
    return Posting(_OF_PAYOUTS[event], facts["reference"][:80], lines) if lines else None


def _document(kind: str, facts: Mapping[str, Any], content: Mapping[str, Any] | None, sign: int) -> Posting | None:
    """A document of gifts alone moves nothing."""
    sold = [Line(A.REVENUE, -facts["net"]), Line(A.TAX, -facts["tax"])] if content is None else _sold(content)
    lines = (Line(A.RECEIVABLES, facts["gross"]), *sold)
    signed = tuple(Line(line.account, sign * line.amount, line.detail) for line in lines if line.amount)
    return Posting(kind, facts["number"], signed) if signed else None


def _sold(content: Mapping[str, Any]) -> list[Line]:
    """Revenue by what it is for and how it is taxed, highest rate first, then the tax of each rate."""
    revenue: dict[tuple[str, Account], int] = {}
    taxes: dict[str, int] = {}
    for line in sorted(content["lines"], key=lambda each: -Decimal(each["tax_rate"])):
        detail = tax_detail(content, line["tax_rate"])
        if line.get("voucher"):  # money for which goods are owed yet: no revenue, until it pays for something
            owed = line.get("owed", line["net"])
            for key, amount in (((GIFT_CARDS, A.STORED_VALUE), owed), (("", A.VOUCHER_DISCOUNTS), line["net"] - owed)):
                revenue[key] = revenue.get(key, 0) - amount
            continue
        if line.get(
            "redeemed"
        ):  # the voucher was taxed when it was sold: only the payment by it is booked against this
            revenue[_TAXED, A.STORED_VALUE] = revenue.get((_TAXED, A.STORED_VALUE), 0) + line["gross"]
        key = (detail, A.REVENUE if line.get("redeemed") else _earned(line))
        revenue[key] = revenue.get(key, 0) - line["net"]
        taxes[detail] = taxes.get(detail, 0) - line["tax"]
    return [
        *(Line(account, amount, detail) for (detail, account), amount in revenue.items()),
        *(Line(A.TAX, amount, detail) for detail, amount in taxes.items()),
    ]


def tax_detail(content: Mapping[str, Any], rate: str) -> str:
    """How a document's supply is taxed, as a line of the journal bears it."""
    treatment, country = content["treatment"], content["tax_country"]
    if treatment == "DOMESTIC":
        return f"DOMESTIC/{rate}"
    return f"OSS/{country}/{rate}" if treatment == "OSS" else f"{treatment}/{country}"


def _earned(line: Mapping[str, Any]) -> Account:
    if line.get("charge_id"):
        return A.CHARGES
    return A.REVENUE if line.get("shipment_line_id") else A.KEPT_FEES


def _money(kind: str, facts: Mapping[str, Any], via: Via, sign: int, *, against: Account = A.RECEIVABLES) -> Posting:
    amount, rounding = sign * facts["amount"], facts.get("rounding", 0)
    lines = (
        Line(_MONEY[via.method], amount + rounding, via.detail),
        Line(against, -amount),
        Line(A.ROUNDING, -rounding),
    )
    return Posting(kind, _hex(facts["transaction_id"]), tuple(line for line in lines if line.amount))


def _asked(facts: Mapping[str, Any]) -> tuple[Line, ...]:
    """What a reminder earns. It is damages, no supply: without tax (§ 288 BGB, VAT act application decree 1.3)."""
    lines = (Line(A.DUNNING_FEES, -facts["fee"]), Line(A.INTEREST, -facts.get("interest", 0)))
    return tuple(line for line in lines if line.amount)


def _fee(kind: str, facts: Mapping[str, Any], lines: tuple[Line, ...], against: Account) -> Posting:
    total = -sum(line.amount for line in lines)
    return Posting(kind, _hex(facts["notice_id"]), (Line(against, total), *lines))


def _settled(facts: Mapping[str, Any]) -> Posting:
    """Fee and interest that were paid, taken back (negative), or waived."""
    total = facts["fee"] + facts.get("interest", 0)
    if facts["waived"]:
        back = tuple(Line(line.account, -line.amount) for line in _asked(facts))
        return _fee("FEE_WAIVED", facts, back, A.RECEIVABLES)
    kind = "FEE_PAID" if total >= 0 else "FEE_WITHDRAWN"
    return Posting(kind, _hex(facts["notice_id"]), (Line(A.BANK, total), Line(A.RECEIVABLES, -total)))


def _given_up(kind: str, facts: Mapping[str, Any], sign: int) -> Posting:
    """A debt that is lost, and the tax on it that is not owed any more (§ 17 (2) no. 1 UStG), or the way back."""
    lines = [Line(A.RECEIVABLES, -facts["amount"])]
    lines += [Line(A.BAD_DEBTS, part["net"], part["detail"]) for part in facts["parts"]]
    lines += [Line(A.TAX, part["tax"], part["detail"]) for part in facts["parts"]]
    moved = tuple(Line(line.account, sign * line.amount, line.detail) for line in lines if line.amount)
    return Posting(kind, facts["number"], moved)


def _refund(
    facts: Mapping[str, Any], paid: Iterable[Paid], *, credited: bool, set_off: Mapping[str, int]
) -> Posting | None:
    """Goodwill that turns out to be part of the price paid back costs nothing as such: it moves to the customer."""
    against = A.RECEIVABLES if credited else _WITHOUT_GOODS.get(facts["kind"], A.RECEIVABLES)
    sums: dict[tuple[Account, str], int] = {}
    for part in paid:
        via = Via(part.method, part.gateway)
        key = (A.RECEIVABLES, "") if part.credited else (_MONEY[part.method], via.detail)
        sums[key] = sums.get(key, 0) - part.amount - part.rounding
        if part.rounding:
            sums[A.ROUNDING, ""] = sums.get((A.ROUNDING, ""), 0) + part.rounding
    for kind, amount in set_off.items():
        sums[_WITHOUT_GOODS[kind], ""] = -amount
    total = -sum(sums.values())
    moved = [Line(account, amount, detail) for (account, detail), amount in sums.items() if amount]
    return Posting("REFUND", _hex(facts["refund_id"]), (Line(against, total), *moved)) if sums else None


def _hex(row_id: Any) -> str:
    return str(row_id).replace("-", "")
