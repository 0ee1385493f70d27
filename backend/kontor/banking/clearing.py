"""What the lines of a gateway's payout are of ours, and what they move. Pure.

The clearing account holds what was captured and has not been paid out. A line takes off it what it settles; fees are
expense; what nobody knows goes to suspense until a person explains it. Signed amounts in minor units.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kontor.invoicing.posting import Account

A = Account
Side = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Ours:
    """A movement of our books: `amount` with the sign the gateway gives it, in the payment's currency.

    `fee_booked` is what of the line's fee is in the books already.
    """

    key: Any
    order_id: Any
    seller: Any
    category: str
    source: str
    authorization: str
    amount: int
    currency: str
    detail: str
    dispute: bool = False
    fee_booked: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """A line as the gateway tells it."""

    category: str
    source: str
    authorization: str
    amount: int
    fee: int
    currency: str
    original: int | None = None
    original_currency: str | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """A line with what it is of ours, if anything. `problem` names a difference and `off` by how much it is off."""

    ours: Ours | None
    cleared: int
    cleared_currency: str
    problem: str = ""
    off: int = 0

    @property
    def matched(self) -> bool:
        """Whether it takes something off the clearing account."""
        return self.ours is not None and self.problem != "OTHER_SELLER"

    @property
    def detail(self) -> str:
        """The part of the clearing account that it takes from."""
        return self.ours.detail if self.ours is not None and self.matched else ""


def account_of(detail: str) -> Account:
    """The clearing account of a way to pay: what marketplaces collect is apart from what gateways do."""
    return A.CHANNEL if detail.startswith("COLLECTED_BY_CHANNEL") else A.GATEWAY


def exact(lines: Sequence[Told], known: Iterable[Ours]) -> set[int]:
    """The places of lines that are a movement of ours by what moved and the amount, each movement once."""
    left, found = list(known), set()
    for index, line in enumerate(lines):
        ours = _first(left, line, _exactly)
        if ours is not None:
            found.add(index)
            left.remove(ours)
    return found


def _first(left: Iterable[Ours], line: Told, same: Callable[[Told, Ours], bool]) -> Ours | None:
    return next((each for each in left if each.category == line.category and same(line, each)), None)


def match(lines: Sequence[Told], known: Iterable[Ours], seller: Any) -> list[Settled]:
    """What each line is of ours; nothing of ours is settled twice.

    By what moved and the amount first, then by what moved, then by payment and amount.
    """
    left = list(known)
    found: dict[int, Ours] = {}
    for same in (_exactly, _by_source, _by_payment):
        for index, line in enumerate(lines):
            if index in found:
                continue
            ours = _first(left, line, same)
            if ours is not None:
                found[index] = ours
                left.remove(ours)
    return [_settled(line, found.get(index), seller) for index, line in enumerate(lines)]


def _amount_of(line: Told, currency: str) -> int:
    converted = line.original is not None and line.original_currency == currency
    return line.original if converted and line.original is not None else line.amount


def _exactly(line: Told, ours: Ours) -> bool:
    return _by_source(line, ours) and _amount_of(line, ours.currency) == ours.amount


def _by_source(line: Told, ours: Ours) -> bool:
    return bool(line.source) and line.source == ours.source


def _by_payment(line: Told, ours: Ours) -> bool:
    same = bool(line.authorization) and line.authorization == ours.authorization
    return same and _amount_of(line, ours.currency) == ours.amount


def _settled(line: Told, ours: Ours | None, seller: Any) -> Settled:
    if ours is None:
        return Settled(None, 0, line.currency, "" if line.category == "FEE" else "UNKNOWN_LINE", line.amount)
    if ours.seller != seller:
        return Settled(ours, 0, line.currency, "OTHER_SELLER", line.amount)
    if ours.currency != line.currency:
        cleared = _amount_of(line, ours.currency) if line.original_currency == ours.currency else ours.amount
        return Settled(ours, cleared, ours.currency, "CURRENCY_CONVERTED", line.amount)
    cleared = line.amount - ours.fee_booked
    if line.amount != ours.amount:
        return Settled(ours, cleared, line.currency, "AMOUNT_DIFFERS", line.amount - ours.amount)
    return Settled(ours, cleared, line.currency)


def sides_of(amount: int, gateway: str, lines: Sequence[Told], settled: Sequence[Settled]) -> tuple[list[Side], int]:
    """The entry of a payout in its currency, and what lines and payout do not agree on: that goes to suspense."""
    sums: dict[tuple[str, str], int] = {(A.TRANSIT.value, gateway): amount}

    def add(account: Account, detail: str, value: int) -> None:
        sums[account.value, detail] = sums.get((account.value, detail), 0) + value

    for line, each in zip(lines, settled, strict=True):
        booked = each.ours.fee_booked if each.ours and each.matched and each.cleared_currency == line.currency else 0
        add(A.GATEWAY_FEES, gateway, line.fee - booked)
        if each.problem == "CURRENCY_CONVERTED":
            add(A.EXCHANGE, gateway, -line.amount)
        elif each.matched:
            add(account_of(each.detail), each.detail, -each.cleared)
        else:
            add(A.GATEWAY_FEES if line.category == "FEE" and not each.ours else A.SUSPENSE, gateway, -line.amount)
    rest = sum(sums.values())
    if rest:
        add(A.SUSPENSE, gateway, -rest)
    return [(account, value, detail) for (account, detail), value in sums.items() if value], rest


def conversions(gateway: str, settled: Iterable[Settled]) -> dict[str, list[Side]]:
    """By currency of the payments what was converted: off the clearing account, the other side of the exchange."""
    found: dict[str, dict[tuple[str, str], int]] = {}
    for each in settled:
        if each.problem == "CURRENCY_CONVERTED":
            sums = found.setdefault(each.cleared_currency, {})
            clearing, exchange = (account_of(each.detail).value, each.detail), (A.EXCHANGE.value, gateway)
            sums[clearing] = sums.get(clearing, 0) - each.cleared
            sums[exchange] = sums.get(exchange, 0) + each.cleared
    return {
        currency: [(account, value, detail) for (account, detail), value in sums.items() if value]
        for currency, sums in found.items()
    }


def explained(kind: str, amount: int, gateway: str, detail: str, *, by_order: bool) -> tuple[list[Side], int]:
    """The entry that explains a difference, and what it takes off the clearing account.

    What is in suspense stays there unless an order is named; what is still on the clearing account leaves it.
    """
    if kind == "CURRENCY_CONVERTED":
        return [], 0
    in_suspense = kind in ("UNKNOWN_LINE", "OTHER_SELLER", "SUM_DIFFERS")
    if in_suspense and not by_order:
        return [], 0
    target: Side = (A.RECEIVABLES.value, -amount, "") if by_order else (A.SUSPENSE.value, -amount, gateway)
    if in_suspense:
        return [(A.SUSPENSE.value, amount, gateway), target], 0
    return [(account_of(detail).value, amount, detail), target], -amount
