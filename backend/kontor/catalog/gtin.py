"""Article numbers (GTIN-8, -12, -13, -14) and their check digit."""

from stdnum import ean

from kontor.core.errors import InvalidInput

LENGTHS = frozenset({8, 12, 13, 14})


def checked_gtin(text: str) -> str:
    """The number without spaces and dashes; raises `InvalidInput` for a wrong length or check digit."""
    number: str = ean.compact(text)
    if not (number.isascii() and number.isdigit() and len(number) in LENGTHS and ean.is_valid(number)):
        raise InvalidInput(
            f"{text!r} is no GTIN: 8, 12, 13 or 14 digits with a check digit.", code="INVALID_GTIN", path=("gtin",)
        )
    return number
