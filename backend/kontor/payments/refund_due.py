"""What of a refund that is due can go back, and which rule keeps the rest. Integer minor units."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Withheld(StrEnum):
    """Why less goes back than goods are worth; the name of a refund's line. None of these changes what goods cost.

    `NOT_PAID` are the cents a channel's tolerance let an order be short of, `CHARGED_BACK` is what the customer's bank
    took back already, `REFUNDED_BEFORE` what went back for pieces that were not canceled, `GOODWILL_GIVEN` and
    `CORRECTION_GIVEN` what went back for no goods at all. `NOT_COLLECTED` is what nobody has paid yet: the claim to it
    falls away with the goods, and it is collected no more. `EXCHANGED` pays for articles given in exchange, of which so
    much less is collected.
    """

    NOT_PAID = "NOT_PAID"
    CHARGED_BACK = "CHARGED_BACK"
    REFUNDED_BEFORE = "REFUNDED_BEFORE"
    GOODWILL_GIVEN = "GOODWILL_GIVEN"
    CORRECTION_GIVEN = "CORRECTION_GIVEN"
    NOT_COLLECTED = "NOT_COLLECTED"
    EXCHANGED = "EXCHANGED"


SHORT = tuple(rule for rule in Withheld if rule is not Withheld.EXCHANGED)
"""The rules that say why less is there than is due, in the order in which they are asked."""
COLLECTED_NO_MORE = frozenset({Withheld.NOT_COLLECTED, Withheld.EXCHANGED})
"""What these keep of refunds lowers what is collected of the order."""


@dataclass(frozen=True, slots=True)
class MoneyThere:
    """The money of an order: what may still go back, and what each rule can explain of what may not.

    `causes` are less what earlier refunds kept for them. `to_come` says that captures have no outcome yet.
    """

    refundable: int
    causes: Mapping[Withheld, int] = field(default_factory=dict)
    to_come: bool = False


@dataclass(frozen=True, slots=True)
class Payable:
    """What goes back, and what is withheld by rule; together they are what is due. `waits` for a capture's outcome."""

    amount: int
    withheld: Mapping[Withheld, int] = field(default_factory=dict)
    waits: bool = False

    def less(self, cover: int) -> "Payable":
        """The same, of which as much as is there is kept for articles given in exchange.

        What was given for trouble stays given: pieces that are kept in place of others need no money for that.

        >>> Payable(4000).less(3000)
        Payable(amount=1000, withheld={<Withheld.EXCHANGED: 'EXCHANGED'>: 3000}, waits=False)
        >>> Payable(3000, {Withheld.GOODWILL_GIVEN: 1000}).less(4000)
        Payable(amount=0, withheld={<Withheld.EXCHANGED: 'EXCHANGED'>: 4000}, waits=False)
        """
        withheld, freed = dict(self.withheld), 0
        for rule in (Withheld.GOODWILL_GIVEN, Withheld.CORRECTION_GIVEN):
            part = min(withheld.get(rule, 0), max(0, cover - freed))
            if part:
                withheld[rule] -= part
                freed += part
        kept = max(0, min(self.amount, cover - freed))
        if not kept + freed:
            return self
        withheld = {rule: amount for rule, amount in withheld.items() if amount}
        return Payable(self.amount - kept, {**withheld, Withheld.EXCHANGED: kept + freed}, self.waits)


def payable(due: int, money: MoneyThere) -> Payable:
    """Never more than came in and is not back yet, never below zero; what is short is told rule by rule.

    Every refund goes through here: returns, canceled pieces, changed orders and goodwill.

    >>> payable(10000, MoneyThere(9500, {Withheld.GOODWILL_GIVEN: 500}))
    Payable(amount=9500, withheld={<Withheld.GOODWILL_GIVEN: 'GOODWILL_GIVEN'>: 500}, waits=False)
    """
    amount = max(0, min(due, money.refundable))
    short = max(0, due) - amount
    withheld: dict[Withheld, int] = {}
    for rule in SHORT:
        part = short if rule is Withheld.NOT_COLLECTED else min(short, max(0, money.causes.get(rule, 0)))
        if part:
            withheld[rule] = part
            short -= part
    return Payable(amount, withheld, waits=money.to_come and Withheld.NOT_COLLECTED in withheld)
