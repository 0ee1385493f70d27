"""When a failed delivery is tried again, and when an endpoint is given up. Pure.

The waits are those Standard Webhooks recommends: quick at first, then patient enough for a weekend.
"""

from datetime import datetime, timedelta

WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
GIVE_UP_AFTER = timedelta(days=5)
LONGEST_WISH = timedelta(hours=24)
GONE = 410
SLOW = timedelta(seconds=2)
REST = 2
"""A slow endpoint rests this many times as long as its answer took: it keeps a worker busy a third of the time."""


def wait_after(attempts: int, *, retry_after: int | None = None) -> timedelta | None:
    """The wait after so many failed attempts, None when there is no further one.

    A receiver may ask for a longer wait (`retry_after`, seconds), up to a day.
    """
    if attempts > len(WAITS):
        return None
    wait = WAITS[attempts - 1]
    return max(wait, min(timedelta(seconds=retry_after), LONGEST_WISH)) if retry_after else wait


def rest_after(took: timedelta) -> timedelta | None:
    """How long an endpoint is left alone after an answer that took so long, None when it was quick enough."""
    return took * REST if took >= SLOW else None


def gives_up(status: int | None, *, failing_since: datetime | None, now: datetime, last: bool) -> str | None:
    """Why the endpoint is to be switched off, None when it is not.

    It is when the receiver says that it is gone for good, or when a delivery was given up after days without one
    success.
    """
    if status == GONE:
        return "The receiver says that it is gone (410)."
    if last and failing_since is not None and now - failing_since >= GIVE_UP_AFTER:
        return f"Nothing was accepted since {failing_since:%Y-%m-%d %H:%M} UTC."
    return None
