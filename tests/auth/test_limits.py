"""Guessing is slowed down, per process and across processes."""

import pytest

from kontor.auth.errors import TooManyAttempts
from kontor.auth.limits import Limit, RateLimiter
from kontor.bench.services import RedisServer
from kontor.settings import Settings

THREE = Limit("three", 3, 3600)


async def exhaust(limiter: RateLimiter, *key: str) -> int:
    """How many tries are let through, up to ten."""
    for number in range(10):
        try:
            await limiter.take(THREE, *key)
        except TooManyAttempts:
            return number
    return 10


async def test_the_fourth_of_three_is_refused_and_told_when_to_come_back() -> None:
    limiter = RateLimiter(Settings())
    assert await exhaust(limiter, "anna", "10.0.0.1") == 3
    with pytest.raises(TooManyAttempts) as refusal:
        await limiter.take(THREE, "anna", "10.0.0.1")
    assert 1 <= refusal.value.params["retry_after"] <= 3600


async def test_keys_do_not_run_into_each_other() -> None:
    limiter = RateLimiter(Settings())
    await exhaust(limiter, "a/b", "c")
    assert await exhaust(limiter, "a", "b/c") == 3


async def test_success_starts_again_at_zero() -> None:
    limiter = RateLimiter(Settings())
    await exhaust(limiter, "anna")
    await limiter.forget(THREE, "anna")
    assert await exhaust(limiter, "anna") == 3


async def test_processes_count_together_in_redis() -> None:
    with RedisServer() as server:
        first, second = RateLimiter(Settings(redis_url=server.url)), RateLimiter(Settings(redis_url=server.url))
        assert await exhaust(first, "anna") == 3
        assert await exhaust(second, "anna") == 0
        await second.forget(THREE, "anna")
        assert await exhaust(first, "anna") == 3
        await first.aclose()
        await second.aclose()


async def test_when_redis_is_away_the_process_counts_alone() -> None:
    limiter = RateLimiter(Settings(redis_url="redis://127.0.0.1:1/0"))
    assert await exhaust(limiter, "anna") == 3
    await limiter.forget(THREE, "anna")
    assert await exhaust(limiter, "anna") == 3
    await limiter.aclose()
