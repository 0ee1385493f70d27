"""Which ways to pay a channel offers where, and for which amounts."""

from collections.abc import Sequence
from dataclasses import dataclass

from kontor.core.errors import InvalidInput
from kontor.payments.states import PaymentMethodKind


@dataclass(frozen=True, slots=True)
class MethodRule:
    """A method of a channel in a country, or everywhere (`country` empty); amounts in minor units, both included."""

    kind: PaymentMethodKind
    country: str = ""
    minimum: int = 0
    maximum: int | None = None
    active: bool = True

    def takes(self, amount: int) -> bool:
        """Whether the amount is within its limits."""
        return self.minimum <= amount and (self.maximum is None or amount <= self.maximum)


def offered(rules: Sequence[MethodRule], country: str, amount: int | None = None) -> list[MethodRule]:
    """What a customer may choose from in a country, in the order of the rules; for an amount where one is given.

    What is said of the country itself counts for its method instead of what is said of all.

    >>> card = MethodRule(PaymentMethodKind.CARD)
    >>> bill = MethodRule(PaymentMethodKind.ON_ACCOUNT, maximum=20_000)
    >>> none = MethodRule(PaymentMethodKind.ON_ACCOUNT, country="GB", active=False)
    >>> [rule.kind.value for rule in offered([bill, card, none], "GB")]
    ['CARD']
    """
    own = {rule.kind for rule in rules if rule.country == country}
    here = [rule for rule in rules if rule.country == country or (not rule.country and rule.kind not in own)]
    return [rule for rule in here if rule.active and (amount is None or rule.takes(amount))]


def check_method(
    rules: Sequence[MethodRule], kind: str, country: str, amount: int, *, path: tuple[str | int, ...] = ()
) -> None:
    """Refuse a payment that the channel does not take there; without any rule it takes everything.

    Raises `InvalidInput`: `PAYMENT_METHOD_NOT_ALLOWED` for the method, `PAYMENT_METHOD_AMOUNT` for the amount.
    """
    if not rules:
        return
    here = offered(rules, country)
    rule = next((each for each in here if each.kind == kind), None)
    if rule is None:
        raise InvalidInput(
            f"{kind} is not taken in {country}.",
            code="PAYMENT_METHOD_NOT_ALLOWED",
            path=(*path, "kind"),
            allowed=sorted({each.kind.value for each in here}),
            country=country,
        )
    if not rule.takes(amount):
        raise InvalidInput(
            f"{kind} is not taken for {amount}.",
            code="PAYMENT_METHOD_AMOUNT",
            path=(*path, "amount"),
            min=rule.minimum,
            max=rule.maximum,
        )


def check_rules(rules: Sequence[MethodRule]) -> None:
    """Refuse rules that contradict themselves or each other; the path names the row and field."""
    seen: set[tuple[PaymentMethodKind, str]] = set()
    for index, rule in enumerate(rules):
        if rule.country and not (len(rule.country) == 2 and rule.country.isascii() and rule.country.isupper()):
            raise InvalidInput(
                "A country is two capital letters (ISO 3166-1).", code="INVALID_COUNTRY", path=(index, "country")
            )
        if rule.minimum < 0:
            raise InvalidInput("Not below zero.", code="PAYMENT_METHOD_LIMITS", path=(index, "minimum"))
        if rule.maximum is not None and rule.maximum < max(rule.minimum, 1):
            raise InvalidInput(
                "The largest amount is below the smallest.", code="PAYMENT_METHOD_LIMITS", path=(index, "maximum")
            )
        if (rule.kind, rule.country) in seen:
            raise InvalidInput(
                "This method is named twice for the country.", code="PAYMENT_METHOD_TWICE", path=(index, "kind")
            )
        seen.add((rule.kind, rule.country))
