"""What keeps a retailer's own words within bounds: how much they may say, and nothing of what is missing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from jinja2.exceptions import UndefinedError
from jinja2.runtime import Undefined

MOST = 2_000_000
"""Characters of facts that one message may put out; a mail of a thousand lines has a quarter of it."""
FACT_FILTERS = ("money", "day", "moment", "link")
_left: ContextVar[list[int] | None] = ContextVar("characters left", default=None)


class TooLong(ValueError):
    """The words would grow without end."""


@contextmanager
def bounded() -> Iterator[None]:
    """Within this own words may put out `MOST` characters; more raises `TooLong`."""
    token = _left.set([MOST])
    try:
        yield
    finally:
        _left.reset(token)


def said(value: Any) -> Any:
    """What stands in a message for a value: nothing for what is not there. Counts it. Raises `TooLong`."""
    if value is None:
        return ""
    shown = value if isinstance(value, str) else str(value)
    left = _left.get()
    if left is not None:
        left[0] -= len(shown)
        if left[0] < 0:
            raise TooLong("The message would be too long.")
    return shown


def sure(name: str, write: Callable[..., str]) -> Callable[..., str]:
    """A filter that refuses what is not there, instead of writing today's date for it. Raises `UndefinedError`."""

    def written(value: Any, *args: Any) -> str:
        if value is None or isinstance(value, Undefined):
            raise UndefinedError(f"{name} of something that can be missing")
        return write(value, *args)

    return written
