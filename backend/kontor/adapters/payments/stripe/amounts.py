"""Amounts as Stripe counts them (docs.stripe.com/currencies): minor units, with exceptions of its own."""

from kontor.core.errors import InvalidInput
from kontor.core.money import Money

# Without decimals by ISO 4217, yet counted in hundredths by Stripe, which wants whole units of them.
_IN_HUNDREDTHS = frozenset({"ISK", "UGX"})
# Two decimals by ISO 4217, yet counted in whole units by Stripe.
_IN_WHOLE_UNITS = frozenset({"MGA"})
# Three decimals; the last digit has to be zero.
_IN_TENS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


class NotChargeable(InvalidInput):
    """Stripe cannot move this amount of this currency, only a rounder one."""

    default_code = "AMOUNT_NOT_CHARGEABLE"


def to_stripe(money: Money) -> int:
    """The number to send; raises `NotChargeable` where the amount is finer than Stripe takes it.

    >>> to_stripe(Money(500, "JPY")), to_stripe(Money(500, "ISK")), to_stripe(Money(1000, "EUR"))
    (500, 50000, 1000)
    """
    step = {**dict.fromkeys(_IN_WHOLE_UNITS, 100), **dict.fromkeys(_IN_TENS, 10)}.get(money.currency, 1)
    if money.amount % step:
        raise NotChargeable(f"{money.currency} moves in steps of {step} minor units.", path=("amount",), step=step)
    if money.currency in _IN_HUNDREDTHS:
        return money.amount * 100
    return money.amount // 100 if money.currency in _IN_WHOLE_UNITS else money.amount


def from_stripe(amount: int, currency: str) -> Money:
    """What Stripe's number says, in minor units by ISO 4217."""
    code = currency.upper()
    if code in _IN_HUNDREDTHS:
        return Money(amount // 100, code)
    return Money(amount * 100 if code in _IN_WHOLE_UNITS else amount, code)
