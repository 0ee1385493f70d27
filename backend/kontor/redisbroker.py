"""Redis as Dramatiq's broker, with a bell: who enqueues rings it, so that an idle worker sleeps instead of looking.

Dramatiq looks into every queue again and again, which costs CPU all day and up to its longest pause for each message.
Here a consumer sleeps until its queue's bell rings; a ring that is lost costs one nap, no message.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import Any

import redis
import structlog
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.middleware import Middleware

log = structlog.get_logger("kontor.worker")
LONGEST_NAP_SECONDS = 1.0
LISTEN_SECONDS = 5.0


class Bells:
    """A bell per queue, rung over Redis by any process and heard by all that listen."""

    def __init__(self, client: redis.Redis, channel: str) -> None:
        self._client, self._channel = client, channel
        self._bells: dict[str, threading.Event] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._listener: threading.Thread | None = None

    def ring(self, queue: str) -> None:
        """Wake whoever waits for work in the queue; raises when Redis is away."""
        self._client.publish(self._channel, queue)

    def of(self, queue: str) -> threading.Event:
        """The queue's bell in this process; from the first one on this process listens."""
        with self._lock:
            if self._listener is None:
                self._listener = threading.Thread(target=self._listen, name="bells", daemon=True)
                self._listener.start()
            return self._bells.setdefault(queue, threading.Event())

    def close(self) -> None:
        """Stop listening."""
        self._closed.set()

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                with self._client.pubsub(ignore_subscribe_messages=True) as ears:  # type: ignore[no-untyped-call]
                    ears.subscribe(self._channel)
                    self._hear(ears)
            except redis.RedisError as problem:
                log.warning("bells are not heard, queues are looked into every second", error=repr(problem))
                self._closed.wait(LONGEST_NAP_SECONDS)

    def _hear(self, ears: Any) -> None:
        while not self._closed.is_set():
            rung = ears.get_message(timeout=LISTEN_SECONDS)
            bell = self._bells.get(rung["data"].decode()) if rung else None
            if bell is not None:
                bell.set()


class _Consumer(_RedisConsumer):
    """Waits for the bell where Dramatiq's own sleeps and looks again."""

    def __init__(self, broker: PromptBroker, queue_name: str, prefetch: int, _timeout: int) -> None:
        super().__init__(broker, queue_name, prefetch, 1)  # type: ignore[no-untyped-call]  # at most a millisecond
        self._bell = broker.bells.of(queue_name)

    def __next__(self) -> Any:
        self._bell.clear()  # before looking: a ring from now on ends the nap
        message = super().__next__()  # type: ignore[no-untyped-call]
        if message is None:
            self._bell.wait(LONGEST_NAP_SECONDS)
        return message

    def ack(self, message: Any) -> None:
        super().ack(message)  # type: ignore[no-untyped-call]
        self._bell.set()  # there is room for another one

    def nack(self, message: Any) -> None:
        super().nack(message)  # type: ignore[no-untyped-call]
        self._bell.set()


class PromptBroker(RedisBroker):
    """Dramatiq's Redis broker whose consumers are woken."""

    def __init__(self, *, url: str, middleware: Sequence[Middleware], namespace: str) -> None:
        super().__init__(url=url, middleware=list(middleware), namespace=namespace)  # type: ignore[no-untyped-call]
        self.bells = Bells(self.client, f"{namespace}:bells")

    @property
    def consumer_class(self) -> type[_Consumer]:
        """What reads the queues."""
        return _Consumer

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Put a message into its queue and ring."""
        put: Message[Any] = super().enqueue(message, delay=delay)
        self.bells.ring(message.queue_name)
        return put

    def waiting(self, queues: Collection[str]) -> dict[str, int]:
        """Messages no worker has taken yet, by queue: what is being worked on holds nobody else up."""
        with self.client.pipeline(transaction=False) as asked:
            for name in queues:
                asked.llen(f"{self.namespace}:{name}")
            return dict(zip(queues, asked.execute(), strict=True))

    def close(self) -> None:
        """Close every connection."""
        self.bells.close()
        super().close()
