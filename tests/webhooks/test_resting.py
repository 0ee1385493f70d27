"""An endpoint that is down or slow loses nothing and keeps nobody else waiting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import pytest
import sqlalchemy as sa

from factories.stories import Story, only
from kontor import relay
from kontor.adapters.webhooks import HttpSender
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.outbox import record
from kontor.orders.events import OrderCompleted, OrderConfirmed
from kontor.webhooks.models import EventDelivery, WebhookEndpoint
from kontor.webhooks.ports import Answer, WebhookSender
from support import Drain
from webhooks.receiver import Receiver
from webhooks.test_delivering import happen, onward, placed, save, story_of

STREAMS = 60


@pytest.fixture(autouse=True)
def _nothing_else_reacts(runtime: Runtime) -> Iterator[None]:
    with only():
        yield


class Slow:
    """One of two endpoints answers after the time that is allowed, until it has recovered."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.recovered = False

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.calls[url] += 1
        late = "slow" in url and not self.recovered
        return Answer(None, "No answer within 10 seconds.", 10_000) if late else Answer(204, None, 5)


@pytest.mark.engine("sqlite")
async def test_slow_endpoint_is_called_now_and_then_and_its_neighbor_at_once(
    database: Database, runtime: Runtime, drain: Drain
) -> None:
    sender = Slow()
    runtime.ports.register(WebhookSender, sender)
    slow, quick = await save(database, "https://slow.example/"), await save(database, "https://quick.example/")
    async with database.unit_of_work() as db:
        for _ in range(STREAMS):
            record(db, OrderConfirmed(stream_id=new_id()))
    await onward(runtime, drain)
    assert sender.calls[quick.url] == STREAMS
    assert sender.calls[slow.url] <= 20  # one batch; the rest waits without an attempt
    sender.recovered = True
    async with database.unit_of_work() as db:
        await db.execute(sa.update(WebhookEndpoint).values(resting_until=None))
    await relay.hurry(runtime)
    await drain()
    async with database.read_only() as db:
        states = Counter(map(str, await db.scalars(sa.select(EventDelivery.state))))
    assert states == {"DELIVERED": 2 * STREAMS}


def _of(story: Story, receiver: Receiver) -> list[str]:
    """What the receiver heard of an order, as it came."""
    return [call.json["type"] for call in receiver.calls if call.json["data"]["order_id"] == str(story.order.id)]


async def test_endpoint_that_answers_500_for_an_hour_gets_everything_in_order_and_its_neighbor_at_once(
    database: Database, runtime: Runtime, drain: Drain
) -> None:
    runtime.ports.register(WebhookSender, HttpSender(allow_private=True, timeout=5))
    story, other = await story_of(database), await story_of(database)
    async with Receiver(answers=[500] * 6) as down, Receiver() as up:
        await save(database, down.url)
        await save(database, up.url)
        await happen(database, story, placed(story), OrderConfirmed, OrderCompleted)
        await happen(database, other, placed(other))
        await relay.hurry(runtime)
        await drain()
        assert _of(story, up) == ["order.placed", "order.confirmed", "order.completed"]
        assert _of(other, up) == ["order.placed"]
        for _ in range(5):
            await onward(runtime, drain)
        arrived = [call for call in down.calls if call.json["data"]["order_id"] == str(story.order.id)]
    kept = list(dict.fromkeys((call.id, call.json["type"]) for call in arrived))
    assert [name for _, name in kept] == ["order.placed", "order.confirmed", "order.completed"]
    async with database.read_only() as db:
        assert set(map(str, await db.scalars(sa.select(EventDelivery.state)))) == {"DELIVERED"}
