"""A remembered principal spares look-ups and is forgotten in time."""

import asyncio

import pytest

from kontor.auth.cache import PrincipalCache
from kontor.core.principal import ANONYMOUS, SYSTEM, Principal


class Source:
    """Counts how often it is asked."""

    def __init__(self, answer: Principal | None = SYSTEM) -> None:
        self.answer, self.asked = answer, 0

    async def __call__(self) -> Principal | None:
        self.asked += 1
        await asyncio.sleep(0)
        return self.answer


async def test_many_requests_at_once_ask_once() -> None:
    cache, source = PrincipalCache(), Source()
    assert await asyncio.gather(*(cache.get("a", source) for _ in range(50))) == [SYSTEM] * 50
    assert source.asked == 1


async def test_a_revocation_is_seen_when_the_time_is_over() -> None:
    moment = 0.0
    cache, source = PrincipalCache(seconds=5, time=lambda: moment), Source()
    await cache.get("a", source)
    source.answer = None
    moment = 4.9
    assert await cache.get("a", source) is SYSTEM
    moment = 5.0
    assert await cache.get("a", source) is None


async def test_a_wrong_token_is_remembered_too() -> None:
    cache, source = PrincipalCache(), Source(None)
    assert [await cache.get("a", source) for _ in range(3)] == [None, None, None]
    assert source.asked == 1


async def test_forgetting_asks_anew() -> None:
    cache, source = PrincipalCache(), Source()
    await cache.get("a", source)
    source.answer = ANONYMOUS
    cache.forget("a")
    assert await cache.get("a", source) is ANONYMOUS


async def test_a_failed_lookup_is_not_remembered() -> None:
    async def broken() -> Principal | None:
        raise ConnectionError("away")

    cache = PrincipalCache()
    with pytest.raises(ConnectionError):
        await cache.get("a", broken)
    await asyncio.sleep(0)
    assert await cache.get("a", Source()) is SYSTEM


async def test_the_lookup_survives_the_caller_who_began_it() -> None:
    cache, source = PrincipalCache(), Source()
    first = asyncio.ensure_future(cache.get("a", source))
    await asyncio.sleep(0)
    first.cancel()
    assert await cache.get("a", source) is SYSTEM
    assert source.asked == 1


async def test_memory_is_bounded() -> None:
    cache, source = PrincipalCache(size=2), Source()
    for key in ("a", "b", "c", "b", "a"):
        await cache.get(key, source)
    assert source.asked == 4
