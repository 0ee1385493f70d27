"""Who stands behind a token, remembered for a moment: a thousand requests a second must not be a thousand look-ups."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from time import monotonic

from kontor.core.principal import Principal

SECONDS = 5.0
SIZE = 20_000

Lookup = Callable[[], Awaitable[Principal | None]]


class PrincipalCache:
    """Principals by the hash of their token, for one process. A revoked token is refused after five seconds at most.

    Requests that ask for the same token at the same time share one look-up; wrong tokens are remembered as well.
    """

    def __init__(self, *, seconds: float = SECONDS, size: int = SIZE, time: Callable[[], float] = monotonic) -> None:
        self._seconds, self._size, self._time = seconds, size, time
        self._known: OrderedDict[str, tuple[float, asyncio.Future[Principal | None]]] = OrderedDict()

    async def get(self, key: str, lookup: Lookup) -> Principal | None:
        """The remembered principal, or the one that `lookup` finds."""
        entry = self._known.get(key)
        if entry is None or entry[0] <= self._time():
            entry = self._ask(key, lookup)
        # Whoever waits may be canceled; the look-up goes on for the others.
        return await asyncio.shield(entry[1])

    def forget(self, key: str) -> None:
        """Ask anew the next time."""
        self._known.pop(key, None)

    def clear(self) -> None:
        """Ask anew for everybody."""
        self._known.clear()

    def _ask(self, key: str, lookup: Lookup) -> tuple[float, asyncio.Future[Principal | None]]:
        asked = asyncio.ensure_future(lookup())
        entry = (self._time() + self._seconds, asked)
        self._known[key] = entry
        self._known.move_to_end(key)
        asked.add_done_callback(lambda done: self._drop_failed(key, done))
        while len(self._known) > self._size:
            self._known.popitem(last=False)
        return entry

    def _drop_failed(self, key: str, done: asyncio.Future[Principal | None]) -> None:
        """An error is not an answer: the next one asks again."""
        failed = done.cancelled() or done.exception() is not None
        if failed and self._known.get(key, (0.0, None))[1] is done:
            self.forget(key)
