"""Which rule gives or keeps what of a refund, in the words of people. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from kontor.returns.values import RETURN_FEE, RefundDue

_TEXTS: Mapping[str, tuple[str, str]] = {
    "GOODWILL_TAKEN_OFF": (
        "Goodwill lowered the price of these goods before; they are paid what they cost after it.",
        "Kulanz hat den Preis dieser Ware schon gesenkt; erstattet wird, was sie danach gekostet hat.",
    ),
    "POSTAGE_RETURNED": (
        "Everything that was sent has come back, so shipping is paid back as well.",
        "Alles Gelieferte ist zurück, deshalb wird auch der Versand erstattet.",
    ),
    RETURN_FEE: ("The channel's return fee is kept.", "Die Rücksendegebühr des Kanals wird einbehalten."),
    "PROMOTION_NOT_EARNED": (
        "Discounts that the kept goods alone do not earn; never more than is paid back.",
        "Rabatte, die die behaltene Ware allein nicht verdient; nie mehr, als erstattet wird.",
    ),
    "NOT_PAID": (
        "The order was taken for a few cents less than it cost.",
        "Die Bestellung wurde um wenige Cent zu niedrig bezahlt angenommen.",
    ),
    "CHARGED_BACK": (
        "The customer's bank has taken this money back already; the claim to it falls away.",
        "Die Bank des Kunden hat dieses Geld schon zurückgeholt; die Forderung entfällt.",
    ),
    "REFUNDED_BEFORE": (
        "This went back before, although nothing was canceled for it.",
        "Das wurde schon erstattet, ohne dass dafür etwas storniert war.",
    ),
    "GOODWILL_GIVEN": (
        "Compensation given before counts as paid back, as no more is there than was taken.",
        "Frühere Kulanz zählt als erstattet, denn mehr als eingezogen wurde, ist nicht da.",
    ),
    "CORRECTION_GIVEN": (
        "A correction paid before counts as paid back, as no more is there than was taken.",
        "Eine frühere Korrektur zählt als erstattet, denn mehr als eingezogen wurde, ist nicht da.",
    ),
    "NOT_COLLECTED": (
        "Nobody has paid this yet; it is not collected any more.",
        "Das hat noch niemand bezahlt; es wird nicht mehr eingezogen.",
    ),
    "EXCHANGED": (
        "This pays for the articles given in exchange.",
        "Damit sind die Artikel bezahlt, die im Tausch gegeben wurden.",
    ),
}


@dataclass(frozen=True, slots=True)
class Explained:
    """A rule and by how much it changes what is paid out, minor units: below zero is kept.

    What all goods cost when they left, and all of these together, are the amount.
    """

    rule: str
    amount: int

    def text(self, language: str) -> str:
        """The rule in German, or else in English."""
        english, german = _TEXTS[self.rule]
        return german if language == "de" else english


def explained(due: RefundDue) -> tuple[Explained, ...]:
    """Every rule that says something of this refund, in the order they apply."""
    steps = {
        "GOODWILL_TAKEN_OFF": -sum(line.reduced for line in due.lines),
        "POSTAGE_RETURNED": sum(charge.gross for charge in due.charges),
        RETURN_FEE: -due.fee,
        "PROMOTION_NOT_EARNED": -sum(due.rechecked.values()),
        **{str(rule): -amount for rule, amount in due.withheld.items()},
    }
    return tuple(Explained(rule, amount) for rule, amount in steps.items() if amount)
