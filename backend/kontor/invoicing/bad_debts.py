"""What of a debt that is given up is revenue and what is tax, and what a payment after all brings back. Pure.

Tax on what is never paid is corrected (§ 17 (2) no. 1 UStG), and owed again on what comes in later. Minor units.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kontor.core.money import spread


class Appropriation(StrEnum):
    """What money for an overdue debt may pay."""

    COSTS = "COSTS"
    INTEREST = "INTEREST"
    PRINCIPAL = "PRINCIPAL"


LEGAL_ORDER = (Appropriation.COSTS, Appropriation.INTEREST, Appropriation.PRINCIPAL)
"""§ 367 (1) BGB."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of what is given up, by the way it was taxed."""

    detail: str
    net: int
    tax: int


def parts_of(amount: int, open_: Sequence[tuple[str, int, int]]) -> tuple[Part, ...]:
    """`amount` over what a document still claims by way of taxing (detail, tax, gross), and the tax in each share."""
    rows = [row for row in open_ if row[2] > 0]
    shares = spread(amount, [gross for _, _, gross in rows])
    found = []
    for (detail, tax, gross), share in zip(rows, shares, strict=True):
        part = (2 * share * tax + gross) // (2 * gross)
        found.append(Part(detail, share - part, part))
    return tuple(part for part in found if part.net or part.tax)


def brought_back(parts: Sequence[Part], before: int, after: int) -> tuple[Part, ...]:
    """What of `parts` comes back when `after` instead of `before` has come in: all of it at their sum, to the cent."""
    weights = [amount for part in parts for amount in (part.net, part.tax)]
    moved = [late - soon for late, soon in zip(_share(after, weights), _share(before, weights), strict=True)]
    found = [Part(part.detail, moved[2 * place], moved[2 * place + 1]) for place, part in enumerate(parts)]
    return tuple(part for part in found if part.net or part.tax)


def _share(total: int, weights: Sequence[int]) -> list[int]:
    return spread(total, weights)


def order_of(settings: Mapping[str, Any]) -> tuple[Appropriation, ...]:
    """The order a channel is set to (`appropriation`), what it does not name behind; else that of the law."""
    told = settings.get("appropriation")
    named = [Appropriation(each) for each in told if each in set(Appropriation)] if isinstance(told, list) else []
    return tuple(dict.fromkeys([*named, *LEGAL_ORDER]))


def appropriate(amount: int, open_: Mapping[Appropriation, int], order: Sequence[Appropriation]) -> dict[str, int]:
    """What of an amount pays what, minor units; what nothing is open for is left out."""
    found: dict[str, int] = {}
    for each in order:
        part = min(amount, max(0, open_.get(each, 0)))
        if part:
            found[each.value] = part
            amount -= part
    return found
