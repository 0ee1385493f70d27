"""Sending messages. A run takes many rows: facts are loaded for all, messages leave side by side."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
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
from kontor.notifications.ports import MessageAttachment, MessageSender, OutgoingMessage, message_id_of
from kontor.notifications.selection import telling_asked, telling_of
from kontor.notifications.service import Batch, Wish, Written

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
    texts, refused, trouble = _written(batch, now, ctx.runtime.settings.base_url)
    fresh = {row_id: each for row_id, each in texts.items() if each is not None and row_id not in batch.texts}
    if fresh:
        async with ctx.database.unit_of_work() as db:
            await service.keep_texts(db, fresh, batch.labels)
    labels = await _labels(ctx, batch)
    sender = ctx.ports.get(MessageSender)  # type: ignore[type-abstract]
    slots = asyncio.Semaphore(AT_ONCE)

    async def send(row_id: UUID) -> str | None:
        async with slots:
            return await _send(sender, texts[row_id], labels)

    outcomes = await asyncio.gather(*map(send, texts), return_exceptions=True)
    sent: dict[UUID, str] = {}
    void: list[UUID] = []
    for row_id, outcome in zip(texts, outcomes, strict=True):
        if isinstance(outcome, InvalidInput):
            refused[row_id] = outcome
        elif isinstance(outcome, BaseException):
            trouble.append(outcome)
        elif outcome is None:
            void.append(row_id)
        else:
            sent[row_id] = outcome
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


@job("notifications.send_test", queue="messages")
async def send_test(ctx: JobContext, items: Sequence[Item]) -> None:
    """Send a draft to the colleague who asked for it; an address that can never work is given up."""
    domain = domain_of(ctx.runtime.settings.mail_from)
    sender = ctx.ports.get(MessageSender)  # type: ignore[type-abstract]
    for item in items:
        told = item.args
        with contextlib.suppress(InvalidInput):
            await sender.send(
                OutgoingMessage(
                    to=told["to"], subject=told["subject"], text=told["text"], html=told["html"],
                    message_id=message_id_of(f"test-{told['id']}", domain),
                )
            )  # fmt: skip
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


def _written(
    batch: Batch, now: datetime, base_url: str
) -> tuple[dict[UUID, Written | None], dict[UUID, KontorError], list[BaseException]]:
    """Each message word for word, which cannot be written at all, and what went wrong for now."""
    texts: dict[UUID, Written | None] = {}
    refused: dict[UUID, KontorError] = {}
    trouble: list[BaseException] = []
    for each in batch.pending:
        try:
            texts[each.id] = service.write(each, batch, now=now, base_url=base_url)
        except InvalidInput as problem:
            refused[each.id] = problem
        except Exception as problem:  # one that cannot be written must not keep the others
            trouble.append(problem)
    return texts, refused, trouble


async def _send(sender: MessageSender, written: Written | None, labels: Mapping[UUID, MessageAttachment]) -> str | None:
    """The subject of what was sent; None when there was nothing to tell any more."""
    if written is None:
        return None
    label = labels.get(written.document_id) if written.document_id else None
    await sender.send(replace(written.message, attachments=(label,)) if label else written.message)
    return written.message.subject


async def _labels(ctx: JobContext, batch: Batch) -> dict[UUID, MessageAttachment]:
    found: dict[UUID, MessageAttachment] = {}
    if not batch.labels:
        return found
    store = ctx.ports.get(DocumentStore)  # type: ignore[type-abstract]
    for document_id, document in batch.labels.items():
        data = await store.get(document.key)
        name = service.document_name(document)
        found[document_id] = MessageAttachment(name=name, data=data, media_type=document.content_type)
    return found


@job(letters.JOB, queue="messages")
async def send_letter(ctx: JobContext, items: Sequence[Item]) -> None:
    """Send one letter as it was written; an address that can never work is left out, it would be refused each time."""
    sender = ctx.ports.get(MessageSender)  # type: ignore[type-abstract]
    for item in items:
        try:
            await sender.send(OutgoingMessage(**item.args))
        except InvalidInput as refused:
            log.warning("letter refused", subject=item.args["subject"], code=refused.code)
        async with ctx.claim(item):
            pass


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
    """Write the letters and hand each over to be sent by itself.

    Whom a server turns away is written to again without the others, and nobody gets the same news in two letters.
    """
    settings = ctx.runtime.settings
    place = letters.Place(settings.base_url, domain_of(settings.mail_from))
    async with ctx.claim(*items) as (db, mine):
        for letter in await compose(db, mine, place) if mine else ():
            letters.hand_over(db, letter)
