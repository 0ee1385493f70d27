"""How often may be tried: in memory when one process serves, in Redis when several do.

Each limit counts per key in a sliding window on the wall clock. When Redis is away every process counts for itself:
signing in must go on, and a guesser gets no more than a multiple of the limit.
"""

import time
from dataclasses import dataclass

import structlog
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from redis.asyncio import ConnectionPool

from kontor.auth.errors import TooManyAttempts
from kontor.auth.secrets import digest
from kontor.settings import Settings

log = structlog.get_logger("kontor.auth")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` tries in `seconds`."""

    name: str
    amount: int
    seconds: int


SIGN_IN_PAIR = Limit("sign-in-pair", 10, 900)  # one account from one address
SIGN_IN_ACCOUNT = Limit("sign-in-account", 100, 3600)  # one account from anywhere
SIGN_IN_ADDRESS = Limit("sign-in-address", 300, 900)  # everybody behind one address
LINK_ADDRESS = Limit("link-address", 60, 900)  # links that are asked for or tried from one address
LINK_ACCOUNT = Limit("link-account", 5, 3600)  # mails that one account can be made to get
INVITATIONS = Limit("invitations", 60, 86_400)  # mails that the people of one partner can send to strangers
SECOND_FACTOR = Limit("second-factor", 10, 900)  # codes tried for one account
PASSKEY_ADDRESS = Limit("passkey-address", 300, 900)
PASSWORD_CHANGE = Limit("password-change", 10, 900)
GIFT_CARDS = Limit("gift-cards", 30, 60)  # codes of no card that one client may name
COUPONS_SHOPPER = Limit("coupons-shopper", 10, 900)  # unknown coupons of one customer of a shop
COUPONS_CLIENT = Limit("coupons-client", 300, 900)  # of everybody behind one client
CUSTOMER_CALLS = Limit("customer-calls", 300, 60)  # what the pages of one customer of a shop may ask
CUSTOMER_CHANGES = Limit("customer-changes", 30, 60)  # and what one customer may do
TOKEN_PAIR = Limit("token-pair", 60, 60)
TOKEN_ADDRESS = Limit("token-address", 600, 60)


class RateLimiter:
    """Counts tries; belongs to one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._local = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._connections: ConnectionPool | None = None
        self._shared: SlidingWindowCounterRateLimiter | None = None
        if settings.redis_url:
            self._connections = ConnectionPool.from_url(settings.redis_url, socket_timeout=1, socket_connect_timeout=1)
            storage = RedisStorage(
                f"async+{settings.redis_url}",
                wrap_exceptions=True,
                implementation="redispy",
                key_prefix="kontor-limits",
                connection_pool=self._connections,  # type: ignore[arg-type]  # documented, but typed too narrowly
            )
            self._shared = SlidingWindowCounterRateLimiter(storage)

    async def aclose(self) -> None:
        """Close the connection to Redis."""
        if self._connections is not None:
            await self._connections.disconnect()

    async def take(self, limit: Limit, *key: str, count: int = 1) -> None:
        """Count tries; raises `TooManyAttempts` with `retry_after` in seconds when there were too many.

        A count of 0 only asks whether one more would be allowed. More than are left use up what is left.
        """
        item, name = _item(limit), _name(key)
        limiter, allowed = await self._hit(item, name, count)
        if not allowed and count > 1:
            while (await self._hit(item, name, 1))[1]:
                pass
        if not allowed:
            stats = await limiter.get_window_stats(item, name)
            wait = max(1, round(stats.reset_time - time.time()))
            raise TooManyAttempts("Too many attempts. Please wait a little.", retry_after=min(wait, limit.seconds))

    async def forget(self, limit: Limit, *key: str) -> None:
        """Start again at zero, after a success."""
        item, name = _item(limit), _name(key)
        for limiter in (self._local, self._shared):
            if limiter is not None:
                try:
                    await limiter.clear(item, name)
                except StorageError:
                    log.warning("rate limits cannot be cleared in Redis", limit=limit.name)

    async def _hit(self, item: RateLimitItem, name: str, count: int) -> tuple[SlidingWindowCounterRateLimiter, bool]:
        if self._shared is not None:
            try:
                return self._shared, await _tried(self._shared, item, name, count)
            except StorageError as problem:
                log.warning("rate limits are counted per process, Redis is away", error=repr(problem.storage_error))
        return self._local, await _tried(self._local, item, name, count)


async def _tried(limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, name: str, count: int) -> bool:
    return await (limiter.hit(item, name, cost=count) if count else limiter.test(item, name))


def _item(limit: Limit) -> RateLimitItem:
    return RateLimitItemPerSecond(limit.amount, limit.seconds, namespace=limit.name)


def _name(key: tuple[str, ...]) -> str:
    """What was typed in is of any length and may hold the separator of the storage."""
    return digest("\n".join(key))[:32]
