"""CEL for every condition a retailer writes: checked when saved, sandboxed when run."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import cel

from kontor.core.errors import InvalidInput, Path


@lru_cache(maxsize=4096)
def _compiled(source: str) -> Any:
    return cel.compile(source)


def check(source: str, *, path: Path = ()) -> None:
    """Raise `InvalidInput` when the condition cannot be read."""
    try:
        _compiled(source)
    except Exception as problem:  # the binding raises its parser's own types
        raise InvalidInput(
            f"The condition cannot be read: {problem}", code="INVALID_EXPRESSION", path=path, expression=source
        ) from problem


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
