"""Numbers of GS1: the SSCC that names a parcel (GS1 General Specifications 2.2.1) and their check digit (7.9).

An SSCC has 18 digits: an extension digit, the company's GS1 prefix, a serial number and the check digit.
"""

from kontor.core.errors import Conflict, InvalidInput

PREFIX_LENGTHS = range(4, 13)
_BODY = 17


def check_digit(digits: str) -> str:
    """The digit that follows: weights 3 and 1 from the right, up to the next ten."""
    total = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def is_prefix(text: str) -> bool:
    """Whether the text can be a GS1 company prefix."""
    return text.isascii() and text.isdigit() and len(text) in PREFIX_LENGTHS


def sscc(prefix: str, serial: int) -> str:
    """The SSCC of a serial number; the extension digit is used up last, as more room for serials.

    Raises `InvalidInput` for what is no company prefix, and `Conflict` when the prefix has no number left.
    """
    if not is_prefix(prefix):
        raise InvalidInput("A GS1 company prefix has 4 to 12 digits.", code="INVALID_GS1_PREFIX", path=("gs1Prefix",))
    room = _BODY - 1 - len(prefix)
    extension, rest = divmod(serial, 10**room)
    if not 0 <= extension <= 9:
        raise Conflict("The GS1 company prefix has no number left.", code="GS1_PREFIX_USED_UP", prefix=prefix)
    body = f"{extension}{prefix}{rest:0{room}d}"
    return body + check_digit(body)


def is_sscc(text: str) -> bool:
    """Whether the text is an SSCC with a true check digit."""
    return text.isascii() and text.isdigit() and len(text) == _BODY + 1 and check_digit(text[:-1]) == text[-1]
