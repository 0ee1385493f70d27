"""What somebody may have meant: every text that is one slip away from what was typed. Pure.

A slip is a wrong, a missing or a surplus character, or two neighbors that changed places. A character stands for one
of its own class, digit for digit and letter for letter, so that the list stays short enough to be looked up in an
ordinary index, whatever the size of the table.
"""

import string
from collections.abc import Iterator
from functools import lru_cache

SHORTEST, LONGEST = 3, 48
DIGITS, LETTERS, MARKS = string.digits, string.ascii_lowercase, ".-_@"


@lru_cache(maxsize=64)  # one search asks for the same text several times
def near(text: str) -> tuple[str, ...]:
    """Every text one slip away, without the text itself; none for texts shorter than 3 or longer than 48."""
    if not SHORTEST <= len(text) <= LONGEST:
        return ()
    found = dict.fromkeys(_near(text))
    found.pop(text, None)
    return tuple(found)


def _near(text: str) -> Iterator[str]:
    upper = text == text.upper()
    for at, letter in enumerate(text):
        head, tail = text[:at], text[at + 1 :]
        yield head + tail
        for other in _class_of(letter, upper=upper):
            yield head + other + tail
        if tail and tail[0] != letter:
            yield head + tail[0] + letter + tail[1:]
    for at in range(len(text) + 1):
        beside = {*text[max(0, at - 1) : at + 1]}
        for other in sorted({other for letter in beside for other in _class_of(letter, upper=upper)} | {"-"}):
            yield text[:at] + other + text[at:]


def _class_of(letter: str, *, upper: bool) -> str:
    if letter.isdigit():
        return DIGITS
    if letter.isalpha():
        return LETTERS.upper() if upper else LETTERS
    return MARKS
