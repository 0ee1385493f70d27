"""CEL for every condition a retailer writes: checked when saved, sandboxed when run.

A condition runs where others wait, so its time is bounded by its shape: no longer than a page of text, and no loop
inside a loop. What is left takes time in proportion to its text and its facts.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import cel

from kontor.core.errors import InvalidInput, Path

MAX_LENGTH = 2_000
_TEXTS = re.compile(r'"""(?:\\.|[^\\])*?"""|"(?:\\.|[^"\\])*"|' r"'''(?:\\.|[^\\])*?'''|'(?:\\.|[^'\\])*'", re.DOTALL)
_LOOP = re.compile(r"\.\s*(?:all|exists|exists_one|existsOne|map|filter|transformList|transformMap)\s*\(")


def loops_nested(source: str) -> bool:
    """Whether a loop of the condition (`all`, `exists`, `map`, `filter`) holds another one."""
    bare = _TEXTS.sub("0", source)
    for loop in _LOOP.finditer(bare):
        depth, position = 1, loop.end()
        while depth and position < len(bare):
            depth += {"(": 1, ")": -1}.get(bare[position], 0)
            position += 1
        before = bare[: loop.start()].rstrip()
        # Over what another loop made, or around another one.
        if _LOOP.search(bare, loop.end(), position) or (before.endswith(")") and _LOOP.search(before)):
            return True
    return False


@lru_cache(maxsize=4096)
def _compiled(source: str) -> Any:
    return cel.compile(source)


def check(source: str, *, path: Path = ()) -> None:
    """Raise `InvalidInput` when the condition cannot be read, is too long or loops inside a loop."""
    if len(source) > MAX_LENGTH:
        raise InvalidInput(
            f"A condition has at most {MAX_LENGTH} characters.", code="EXPRESSION_TOO_LONG", path=path, max=MAX_LENGTH
        )
    try:
        _compiled(source)
    except Exception as problem:  # the binding raises its parser's own types
        raise InvalidInput(
            f"The condition cannot be read: {problem}", code="INVALID_EXPRESSION", path=path, expression=source
        ) from problem
    if loops_nested(source):
        raise InvalidInput(
            "A condition loops over one list at a time.", code="EXPRESSION_TOO_COSTLY", path=path, expression=source
        )


def evaluate(source: str, facts: Mapping[str, Any]) -> Any:
    """The value of a checked expression over plain facts.

    A fact the expression names but that is missing is an error of the expression, told as `InvalidInput`.
    """
    check(source)
    try:
        return _compiled(source).execute(dict(facts))
    except Exception as problem:
        raise InvalidInput(
            f"The condition cannot be evaluated: {problem}", code="EXPRESSION_FAILED", expression=source
        ) from problem


def holds(source: str, facts: Mapping[str, Any]) -> bool:
    """Whether the condition is true; anything but true or false is an error of the expression."""
    value = evaluate(source, facts)
    if not isinstance(value, bool):
        raise InvalidInput("A condition must be true or false.", code="EXPRESSION_NOT_BOOLEAN", expression=source)
    return value
