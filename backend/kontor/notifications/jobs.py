"""Sending messages. A run takes many rows: facts are loaded for all, messages leave side by side."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from email.utils import parseaddr
from uuid import UUID

import structlog

from kontor.auth import links
from kontor.core.clock import wall
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, KontorError
from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.documents.ports import DocumentStore
from kontor.notifications import letters, people, service
from kontor.notifications.ports import MessageAttachment, MessageSender, OutgoingMessage
from kontor.notifications.selection import telling_asked, telling_of
from kontor.notifications.service import Batch, Pending, Wish

AT_ONCE = 10
log = structlog.get_logger("kontor.notifications")


def domain_of(mail_from: str) -> str:
    """The domain in our Message-IDs: that of the sender."""
    return parseaddr(mail_from)[1].rpartition("@")[2] or "kontor.invalid"


@job(service.JOB, queue="messages", batch=50)
async def tell(ctx: JobContext, items: Sequence[Item]) -> None:
    """Tell customers what an event, a process (`order_id`, `template`, `source`) or a resending asks for."""
    wishes = [wish for item in items if (wish := _wish(item)) is not None]
    again = [UUID(str(item.args["notification_id"])) for item in items if "notification_id" in item.args]
    if not wishes and not again:
        return
    domain = domain_of(ctx.runtime.settings.mail_from)
    async with ctx.database.unit_of_work() as db:
        batch = await service.prepare(db, wishes, again, now=db.now, domain=domain)
        now = db.now
    labels = await _labels(ctx, batch)
    sender = ctx.ports.get(MessageSender)  # type: ignore[type-abstract]
    slots = asyncio.Semaphore(AT_ONCE)

    async def send(each: Pending) -> str | None:
        async with slots:
            return await _send(sender, each, batch, now, labels)

    outcomes = await asyncio.gather(*(send(each) for each in batch.pending), return_exceptions=True)
    sent: dict[UUID, str] = {}
    refused: dict[UUID, KontorError] = {}
    void: list[UUID] = []
    trouble: list[BaseException] = []
    for each, outcome in zip(batch.pending, outcomes, strict=True):
        if isinstance(outcome, InvalidInput):
            refused[each.id] = outcome
        elif isinstance(outcome, BaseException):
            trouble.append(outcome)
        elif outcome is None:
            void.append(each.id)
        else:
            sent[each.id] = outcome
    if trouble:  # the rows are run one by one; what was sent is known and not sent again
        async with ctx.database.unit_of_work() as db:
            await _note(db, sent, refused, void)
        raise trouble[0]
    async with ctx.claim(*items) as (db, _):
        await _note(db, sent, refused, void)


@job(links.JOB, queue="messages")
async def write_person(ctx: JobContext, items: Sequence[Item]) -> None:
    """Mail a person the link that was asked for; an address that can never work is given up."""
    settings = ctx.runtime.settings
    sender = ctx.ports.get(MessageSender)  # type: ignore[type-abstract]
    for item in items:
        async with ctx.database.unit_of_work() as db:
            letter = await people.prepare(db, item.args, now=wall())
        if letter is not None:
            message = people.write(letter, base_url=settings.base_url, domain=domain_of(settings.mail_from))
            with contextlib.suppress(InvalidInput):
                await sender.send(message)
        async with ctx.claim(item):
            pass


async def _note(db: Session, sent: dict[UUID, str], refused: dict[UUID, KontorError], void: list[UUID]) -> None:
    await service.note_sent(db, sent, now=db.now)
    await service.note_refused(db, refused)
    await service.forget_unsent(db, void)


def _wish(item: Item) -> Wish | None:
    if item.event is not None and item.key is not None:
        telling = telling_of(item.event, str(item.event_id), item.args)
        return Wish(item.key, telling, item.id) if telling else None
    if "notification_id" in item.args:
        return None
    telling = telling_asked(str(item.args["template"]), str(item.args["source"]))
    return Wish(UUID(str(item.args["order_id"])), telling, item.id)


async def _send(
    sender: MessageSender, each: Pending, batch: Batch, now: datetime, labels: Mapping[UUID, MessageAttachment]
) -> str | None:
    """The subject of what was sent; None when there was nothing to tell any more."""
    message = service.fill(each, batch.known, now=now, labels=labels)
    if message is None:
        return None
    await sender.send(message)
    return message.subject


async def _labels(ctx: JobContext, batch: Batch) -> dict[UUID, MessageAttachment]:
    found: dict[UUID, MessageAttachment] = {}
    if not batch.labels:
        return found
    store = ctx.ports.get(DocumentStore)  # type: ignore[type-abstract]
    for document_id, document in batch.labels.items():
        data = await store.get(document.key)
        name = f"{document.number.replace('/', '-')}.pdf"
        found[document_id] = MessageAttachment(name=name, data=data, media_type=document.content_type)
    return found


@job("notifications.write_partner", queue="messages", batch=50)
async def write_partner(ctx: JobContext, items: Sequence[Item]) -> None:
    """Letters to partners about their work."""
    await _write(ctx, items, letters.letters_to_partners)


@job("notifications.write_staff", queue="messages", batch=50)
async def write_staff(ctx: JobContext, items: Sequence[Item]) -> None:
    """Letters to our own people about partners' work."""
    await _write(ctx, items, letters.letters_to_staff)


async def _write(
    ctx: JobContext,
    items: Sequence[Item],
    compose: Callable[[Session, Sequence[Item], letters.Place], Awaitable[list[OutgoingMessage]]],
) -> None:
    """Send what is composed; an address that can never work is left out, it would be refused each time."""
    settings = ctx.runtime.settings
    place = letters.Place(settings.base_url, domain_of(settings.mail_from))
    async with ctx.database.read_only() as db:
        wanted = await compose(db, items, place)
    sender = ctx.ports.get(MessageSender)  # type: ignore[type-abstract]
    for each in wanted:
        try:
            await sender.send(each)
        except InvalidInput as refused:
            log.warning("letter refused", subject=each.subject, code=refused.code)
