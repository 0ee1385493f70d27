"""Amounts in integer minor units with a currency, and the one way to divide them without losing a cent."""

from collections.abc import Sequence
from dataclasses import dataclass

from kontor.core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents) of an ISO 4217 currency. Currencies never mix."""

    amount: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: int) -> "Money":
        return Money(self.amount * factor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount < other.amount

    def __le__(self, other: "Money") -> bool:
        self._same(other)
        return self.amount <= other.amount

    def __bool__(self) -> bool:
        return self.amount != 0

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise InvalidInput(f"{self.currency} and {other.currency} do not mix", code="CURRENCY_MISMATCH")


# ISO 4217: currencies whose minor unit is not a hundredth.
_WHOLE = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"]
)
_THOUSANDTHS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


def minor_digits(currency: str) -> int:
    """Digits after the point of a currency, as ISO 4217 has them: what files of banks and accountants go by.

    >>> minor_digits("EUR"), minor_digits("JPY"), minor_digits("KWD")
    (2, 0, 3)
    """
    return 0 if currency in _WHOLE else 3 if currency in _THOUSANDTHS else 2


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Divide `total` in proportion to `weights` by the largest remainder; the parts sum to `total`.

    Equal remainders go to the earlier part. Weights that are all zero count as equal.
    """
    if not weights:
        return []
    if total < 0:
        return [-part for part in spread(-total, weights)]
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    parts = [total * weight // whole for weight in weights]
    missing = total - sum(parts)
    if missing:
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
        for index in by_remainder[:missing]:
            parts[index] += 1
    return parts


def of_units(total: int, quantity: int, count: int) -> int:
    """What the first `count` of `quantity` equal units carry of `total`: the frozen unit amounts summed.

    The first `total mod quantity` units carry one minor unit more. `of_units(t, q, q) == t`, so any sequence of
    partial steps "entitled so far minus done so far" ends at exactly the total.
    """
    if total < 0:
        return -of_units(-total, quantity, count)
    base, extra = divmod(total, quantity)
    return base * count + min(count, extra)


def between_units(total: int, quantity: int, done: int, more: int) -> int:
    """What the next `more` units carry after `done` units are settled already."""
    return of_units(total, quantity, done + more) - of_units(total, quantity, done)
