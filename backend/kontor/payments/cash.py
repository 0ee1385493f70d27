"""What is paid in coins and notes: amounts that no coin is left for are rounded. Pure.

Only money that changes hands is rounded, never what is owed, invoiced or taxed; the difference is booked apart. Rounded
is what was paid so far, not each part of it, so parts add up to what the whole would have been, and money that is paid
out again comes to exactly what was taken.
"""

# The smallest coin in minor units, where it is more than one: CHF 5 Rappen, SEK and NOK 1 krona (SFS 2009:1033, Lov om
# Norges Bank § 3-4), DKK 50 øre, CZK 1 koruna, HUF 5 forint, AUD, CAD and SGD 5 cents, NZD 10 cents.
SMALLEST_COIN = {
    "CHF": 5, "SEK": 100, "NOK": 100, "DKK": 50, "CZK": 100, "HUF": 500, "AUD": 5, "CAD": 5, "SGD": 5, "NZD": 10,
}  # fmt: skip


def in_coins(amount: int, currency: str) -> int:
    """The amount as it can be paid in cash, minor units; halves go away from zero, so a payout mirrors its sale.

    >>> [in_coins(amount, "CHF") for amount in (1997, 1998, -1997, -1998)]
    [1995, 2000, -1995, -2000]
    >>> in_coins(1997, "EUR")
    1997
    """
    coin = SMALLEST_COIN.get(currency, 1)
    rounded = (2 * abs(amount) + coin) // (2 * coin) * coin
    return rounded if amount >= 0 else -rounded


def rounding(before: int, more: int, currency: str) -> int:
    """By how much the cash for `more` differs from it once `before` was paid, minor units.

    >>> [rounding(0, 1998, "CHF"), rounding(1998, 1998, "CHF")]
    [2, -3]
    """
    return in_coins(before + more, currency) - in_coins(before, currency) - more
