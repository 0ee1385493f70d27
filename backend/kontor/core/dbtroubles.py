"""What kinds of trouble a database may be in."""

from sqlalchemy.exc import DBAPIError, OperationalError


def is_transient(problem: BaseException) -> bool:
    """Whether the database asks to run the same transaction again (deadlock, serialization, busy file)."""
    if not isinstance(problem, DBAPIError):
        return False
    if _state_of(problem) in ("40001", "40P01", "55P03"):
        return True
    return isinstance(problem, OperationalError) and "locked" in str(problem.orig)


def is_doubled(problem: DBAPIError) -> bool:
    """Whether somebody else added the same thing first."""
    return _state_of(problem) == "23505"  # SQLite has one writer, whose look is never stale


def _state_of(problem: DBAPIError) -> str | None:
    """The SQLSTATE that PostgreSQL gave, if it was asked."""
    state: str | None = getattr(problem.orig, "sqlstate", None) or getattr(problem.orig, "pgcode", None)
    return state


def is_unreachable(problem: BaseException) -> bool:
    """Whether the database could not be spoken to."""
    if isinstance(problem, (ConnectionError, OSError)):
        return True
    return isinstance(problem, DBAPIError) and problem.connection_invalidated
