"""Fetching mails from the mailbox that is set."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from kontor.core.dbtroubles import is_transient, is_unreachable
from kontor.core.errors import KontorError, Unavailable
from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.core.principal import SYSTEM
from kontor.mailroom import service
from kontor.mailroom.ports import Fate, FetchedMail, IncomingMail
from kontor.mailroom.reading import LARGEST, read_mail

AT_ONCE = 25
ROUNDS = 40  # a mailbox that forgets its marks must not keep a worker for ever
log = structlog.get_logger("kontor.mailroom")


@job("mailroom.fetch", queue="messages", every=timedelta(minutes=2))
async def fetch(ctx: JobContext, items: Sequence[Item]) -> None:
    """Fetch what has come, mail by mail: what is kept is marked as read, what belongs to no order is left for people.

    A mail is marked after it was kept: if that fails it is offered again, and known by its Message-ID. Without a
    mailbox nothing is done.
    """
    box = _mailbox(ctx)
    if box is not None:
        await _empty(ctx, box)
    async with ctx.claim(*items):
        pass


async def _empty(ctx: JobContext, box: IncomingMail) -> None:
    for _ in range(ROUNDS):
        mails = await box.fetch(AT_ONCE, largest=LARGEST)
        if not mails:
            return
        await box.mark({mail.uid: await _keep(ctx, mail) for mail in mails})


def _mailbox(ctx: JobContext) -> IncomingMail | None:
    try:
        return ctx.ports.get(IncomingMail)  # type: ignore[type-abstract]
    except Unavailable:
        return None


async def _keep(ctx: JobContext, mail: FetchedMail) -> Fate:
    """What became of one mail. Raises only where the database is away or busy: then a later try is as good as any."""
    if mail.raw is None:
        log.warning("mail too large or not handed out", uid=mail.uid)
        return Fate.LEFT
    try:
        found = await asyncio.to_thread(read_mail, mail.raw.decode("utf-8", "surrogateescape"))
        await ctx.database.in_unit(SYSTEM, lambda db: service.receive(db, found, now=db.now))
    except Unavailable:
        raise
    except KontorError as refused:
        log.info("mail left", uid=mail.uid, code=refused.code)
        return Fate.LEFT
    except Exception as problem:
        if is_unreachable(problem) or is_transient(problem):
            raise
        log.warning("mail cannot be kept", uid=mail.uid, exc_info=True)
        return Fate.LEFT
    return Fate.READ
