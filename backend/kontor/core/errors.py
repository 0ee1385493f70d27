"""The five kinds of refusal. Packages subclass them; each edge maps them once."""

from typing import Any, ClassVar

Path = tuple[str | int, ...]


class KontorError(Exception):
    """A refusal a caller can act on: a stable `code`, a message, the path of the input at fault and facts."""

    default_code: ClassVar[str] = "ERROR"

    def __init__(self, message: str, *, code: str | None = None, path: Path = (), **params: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.path = path
        self.params = params

    def within(self, *prefix: str | int) -> "KontorError":
        """The same refusal, its path seen from a caller's input."""
        self.path = (*prefix, *self.path)
        return self


class NotFound(KontorError):
    """It does not exist, or the principal may not see it: both read the same."""

    default_code = "NOT_FOUND"


class InvalidInput(KontorError):
    """The input is wrong in itself; the path names the field."""

    default_code = "INVALID_INPUT"


class Conflict(KontorError):
    """The input is fine, but the present state does not allow it."""

    default_code = "CONFLICT"


class Forbidden(KontorError):
    """The principal lacks the permission."""

    default_code = "FORBIDDEN"


class Unavailable(KontorError):
    """Something this needs is away; trying again later helps."""

    default_code = "UNAVAILABLE"


def camel(name: str) -> str:
    """A field's name as the API spells it, for the path of a refusal."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
