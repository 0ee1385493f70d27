"""What an incoming transfer may pay, best first, each with its reasons. Pure.

A named number says more than an amount, an amount more than a name; nothing is booked on such a guess.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

_POINTS = {"NUMBER": 60, "ORDER": 50, "AMOUNT": 30, "NAME": 15}
SURE = _POINTS["NUMBER"] + _POINTS["AMOUNT"]


@dataclass(frozen=True, slots=True)
class Debt:
    """Money that a payment waits for, minor units; `number` is its invoice's, empty for one paid in advance."""

    payment_id: UUID
    invoice_id: UUID | None
    order_id: UUID
    number: str
    order_number: str
    name: str
    open: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A debt that an entry may pay, and how much of the entry would go there."""

    debt: Debt
    amount: int
    score: int
    reasons: tuple[str, ...]


def numbers_in(*texts: str) -> set[str]:
    """What in the words of a transfer could be a number: its parts, and neighbors that a bank's line break tore.

    As written, and in capitals.
    """
    found: set[str] = set()
    for text in (*texts, *(each.upper() for each in texts)):
        parts = re.findall(r"[A-Za-z0-9][A-Za-z0-9\-/]*", text)
        found.update(parts)
        found.update(first + second for first, second in pairwise(parts))
        found.update(f"{first}-{second}" for first, second in pairwise(parts))
    return {part.strip("-/") for part in found if any(sign.isdigit() for sign in part)}


def suggestions(left: int, name: str, numbers: Iterable[str], debts: Sequence[Debt]) -> list[Suggestion]:
    """The debts that something speaks for, best first; those of a smaller amount before larger ones of equal worth."""
    named = {number.upper() for number in numbers}
    found = []
    for debt in debts:
        reasons = tuple(_reasons(left, name, named, debt))
        score = sum(_POINTS[reason] for reason in reasons)
        if score >= _POINTS["AMOUNT"]:
            found.append(Suggestion(debt, min(left, debt.open), score, reasons))
    return sorted(found, key=lambda each: (-each.score, each.debt.open, str(each.debt.payment_id)))


def _reasons(left: int, name: str, named: set[str], debt: Debt) -> Iterable[str]:
    if debt.number and debt.number.upper() in named:
        yield "NUMBER"
    if debt.order_number.upper() in named:
        yield "ORDER"
    if debt.open == left:
        yield "AMOUNT"
    if _words(name) and _words(name) & _words(debt.name) == min(_words(name), _words(debt.name), key=len):
        yield "NAME"


def _words(name: str) -> set[str]:
    return set(re.findall(r"\w{2,}", name.casefold()))
