"""Carrying events out: the tail of the log, and the calls."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

from kontor.core import outbox
from kontor.core.clock import wall
from kontor.core.jobs import JobContext, RetryLater, job
from kontor.core.outbox import Item
from kontor.webhooks import fanning, queries, service
from kontor.webhooks.models import EventDelivery, WebhookEndpoint
from kontor.webhooks.payload import bytes_of
from kontor.webhooks.ports import Answer, WebhookSender
from kontor.webhooks.signing import sign

PAUSE = timedelta(seconds=1)
# A run ends well within the lease of its rows, so that nobody else makes the same calls meanwhile.
ENOUGH_SECONDS = 7.0
Called = dict[UUID, tuple[EventDelivery, WebhookEndpoint]]


@job(fanning.FAN_OUT, queue="webhooks", max_attempts=1_000_000)
async def fan_out(ctx: JobContext, items: Sequence[Item]) -> None:
    """Follow the log while any endpoint is on: the row stays and is due again every second of the wall clock."""
    read = fanning.BATCH
    while read == fanning.BATCH:
        async with ctx.database.unit_of_work() as db:
            read = await fanning.fan_out(db, now=db.now)
    async with ctx.claim(*items) as (db, _):
        await queries.lock_cursor(db)  # whoever switches an endpoint on now waits, and then schedules us anew
        if await queries.any_active(db):
            raise RetryLater(PAUSE, "the log goes on")


@job("webhooks.partner_ended", queue="webhooks", batch=20)
async def partner_ended(ctx: JobContext, items: Sequence[Item]) -> None:
    """Whoever is no partner any more is told nothing more."""
    async with ctx.claim(*items) as (db, mine):
        for endpoint in await queries.active_of_partners(db, {item.key for item in mine if item.key is not None}):
            await service.switch(db, endpoint, on=False)
            endpoint.disabled_reason = "The partner has ended."


@job(fanning.DELIVER, queue="webhooks", batch=20)
async def deliver(ctx: JobContext, items: Sequence[Item]) -> None:
    """Call endpoints: side by side, but one after the other within an endpoint and stream.

    What is for an endpoint that rests waits until then, without an attempt of it.
    """
    ids = {item.id: UUID(str(item.args["delivery_id"])) for item in items}
    async with ctx.database.read_only() as db:
        todo = await queries.pending(db, set(ids.values()))
        now = db.now
    groups: dict[UUID | None, list[UUID]] = {}
    rests: dict[UUID, timedelta] = {}
    for item in items:
        if ids[item.id] not in todo or not todo[ids[item.id]][1].active:
            continue
        rests_until = todo[ids[item.id]][1].resting_until
        if rests_until is not None and rests_until > wall():
            rests[ids[item.id]] = rests_until - wall()
        else:
            groups.setdefault(item.key, []).append(ids[item.id])
    sender = ctx.ports.get(WebhookSender)  # type: ignore[type-abstract]
    until = monotonic() + ENOUGH_SECONDS
    answers: dict[UUID, Answer] = {}
    await asyncio.gather(*(_call_in_order(sender, group, todo, answers, now, until) for group in groups.values()))
    off = {row for row, (_, endpoint) in todo.items() if not endpoint.active}
    called = {row for group in groups.values() for row in group}
    await _note(ctx, [(item, ids[item.id]) for item in items], answers, off, called, rests)


async def _call_in_order(
    sender: WebhookSender, group: Sequence[UUID], todo: Called, answers: dict[UUID, Answer], now: datetime, until: float
) -> None:
    for row_id in group:
        if monotonic() > until:
            return
        delivery, endpoint = todo[row_id]
        body = bytes_of(delivery.body)
        # Receivers compare the time of the attempt with their own clock, so it is the wall's.
        secrets = service.secrets_in_use(endpoint, now=now)
        headers = sign(secrets, message_id=str(delivery.id), at=wall(), body=body)
        answers[row_id] = await sender.post(endpoint.url, headers, body)
        if not answers[row_id].accepted:
            return  # what comes later in the stream waits for this one


async def _note(
    ctx: JobContext,
    rows: Sequence[tuple[Item, UUID]],
    answers: Mapping[UUID, Answer],
    off: set[UUID],
    called: set[UUID],
    rests: Mapping[UUID, timedelta],
) -> None:
    async with ctx.database.unit_of_work() as db:
        mine = {item.id for item in await outbox.claim(db, [item for item, _ in rows])}
        held = [(item, row_id) for item, row_id in rows if item.id in mine]
        own = {row_id for _, row_id in held}
        _, waits = await service.note_answers(db, {row: answers[row] for row in answers if row in own}, now=db.now)
        waits |= {row: wait for row, wait in rests.items() if row in own}
        await service.give_up(db, off & own, now=db.now, why="The endpoint is switched off.")
        later = [
            (item, waits.get(row, timedelta(0))) for item, row in held if row in waits or row in called - answers.keys()
        ]
        for item, wait in later:
            await outbox.postpone(db, [item], wait)
        waiting = {item.id for item, _ in later}
        await outbox.complete(db, [item for item, _ in held if item.id not in waiting])
    ctx.finished.update(item.id for item, _ in rows)
