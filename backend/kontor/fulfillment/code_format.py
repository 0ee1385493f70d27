"""The form of codes made at issue: letters and digits that are not mixed up, and a check character. Pure."""

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
BODY_LENGTH = 15
_GROUP = 4


def check_character(body: str) -> str:
    """The Luhn mod N check character (ISO/IEC 7812 with 32 symbols): finds any wrong character and most swaps."""
    factor, total, size = 2, 0, len(ALPHABET)
    for character in reversed(body):
        addend = factor * ALPHABET.index(character)
        total += addend // size + addend % size
        factor = 3 - factor
    return ALPHABET[-total % size]


def formatted(body: str) -> str:
    """The code as people read it: body and check character in groups of four."""
    whole = body + check_character(body)
    return "-".join(whole[start : start + _GROUP] for start in range(0, len(whole), _GROUP))


def is_valid(code: str) -> bool:
    """Whether a code that somebody typed can be one of ours."""
    plain = code.strip().upper().replace("-", "").replace(" ", "")
    if len(plain) != BODY_LENGTH + 1 or any(character not in ALPHABET for character in plain):
        return False
    return check_character(plain[:-1]) == plain[-1]
