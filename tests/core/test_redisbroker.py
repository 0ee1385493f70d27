"""An idle consumer is woken by whoever enqueues, and goes on when Redis was away."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dramatiq
import pytest
from redis.exceptions import RedisError

from kontor import redisbroker
from kontor.bench.services import RedisServer
from kontor.redisbroker import PromptBroker


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    """A Redis server."""
    with RedisServer() as server:
        yield server


def make(redis: RedisServer) -> tuple[PromptBroker, dramatiq.Actor[Any, Any]]:
    broker = PromptBroker(url=redis.url, middleware=[], namespace="test")
    return broker, dramatiq.actor(broker=broker, actor_name="greet", queue_name="greetings")(lambda name: None)


def first(consumer: Any) -> Any:
    """The first message, however often there is none."""
    return next(message for message in consumer if message is not None)


def test_a_sleeping_consumer_is_woken_by_another_process(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redisbroker, "LONGEST_NAP_SECONDS", 300.0)  # without the bell the test would not end in time
    (here, _), (there, greet) = make(redis), make(redis)
    consumer = here.consume("greetings", prefetch=1)
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(first, consumer)
        while not here.client.pubsub_numsub("test:bells")[0][1]:
            pass
        greet.send("Ada")
        message = found.result(60)
        assert message.args == ("Ada",)
        greet.send("Grace")
        found = pool.submit(first, consumer)
        consumer.ack(message)  # one at a time: the next may come when the first is done
        assert found.result(60).args == ("Grace",)
    consumer.ack(found.result())
    here.close()
    there.close()


def test_a_ring_nobody_heard_costs_a_nap(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redisbroker, "LONGEST_NAP_SECONDS", 0.05)
    broker, greet = make(redis)
    monkeypatch.setattr(broker.bells, "ring", lambda queue: None)
    consumer = broker.consume("greetings", prefetch=1)
    greet.send("Ada")
    message = first(consumer)
    assert message.args == ("Ada",)
    consumer.nack(message)
    broker.close()


def test_bells_are_heard_again_when_redis_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redisbroker, "LONGEST_NAP_SECONDS", 0.05)
    with RedisServer() as server:
        broker, _ = make(server)
        bell = broker.bells.of("greetings")
        server.kill()
        server.start()
        heard = False
        for _ in range(1200):
            try:
                broker.bells.ring("greetings")
            except RedisError:
                continue
            if heard := bell.wait(0.05):
                break
        assert heard
        broker.close()


def test_what_is_worked_on_does_not_wait(redis: RedisServer) -> None:
    broker, greet = make(redis)
    consumer = broker.consume("greetings", prefetch=1)
    for name in ("Ada", "Grace", "Joan"):
        greet.send(name)
    assert broker.waiting(["greetings", "empty"]) == {"greetings": 3, "empty": 0}
    message = first(consumer)
    assert broker.waiting(["greetings"]) == {"greetings": 2}
    consumer.ack(message)
    broker.flush_all()
    broker.close()
