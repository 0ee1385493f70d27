"""Mails are fetched from a real IMAP connection: each is kept once, and none stops the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from factories.stories import make_story
from kontor.adapters.messaging.imap import ImapMailbox
from kontor.contacts.models import Contact
from kontor.core.db import Database
from kontor.core.errors import InvalidInput, Unavailable
from kontor.core.jobs import Runtime
from kontor.core.outbox import schedule
from kontor.mailroom.ports import IncomingMail
from kontor.mailroom.reading import LARGEST
from kontor.notifications import service
from kontor.notifications.models import Notification
from mailroom.imap_server import PASSWORD, USER, Box
from mailroom.test_receiving import ANSWER, DSN
from support import Drain


@asynccontextmanager
async def mailbox(box: Box, password: str = PASSWORD) -> AsyncIterator[ImapMailbox]:
    server = await asyncio.start_server(box.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield ImapMailbox(f"imap://{quote(USER)}:{quote(password)}@127.0.0.1:{port}/INBOX?starttls=never", timeout=5)
    server.close()
    await server.wait_closed()


async def poll(database: Database, drain: Drain) -> None:
    async with database.unit_of_work() as db:
        schedule(db, "mailroom.fetch", {})
    await drain()


async def test_each_mail_is_kept_once_and_none_stops_the_others(
    runtime: Runtime, database: Database, drain: Drain
) -> None:
    async with database.unit_of_work() as db:
        story = await make_story(db, number="K-4711", language="en")
        ours = await service.write_mail(
            db, story.order.id, topic="A word", text="Hello.", now=db.now, domain="kontor.example"
        )
    box = Box()
    bounce = box.put(DSN.format(ours=ours.id, action="failed", status="5.1.1"))
    broken = box.put(ANSWER.format(number="K-4711", own="zero", ours=ours.id).replace("klingeln", "kling\0eln\udcff"))
    huge = box.put("Subject: large\n\n" + "x" * LARGEST)
    nothing = box.put("Subject: no sender\n\nHello")
    spam = box.put("From: a@b.example\nMessage-ID: <spam@b>\nSubject: Win\n\nNow!")
    answer = box.put(ANSWER.format(number="x", own="first", ours=ours.id))
    async with mailbox(box) as incoming:
        runtime.ports.register(IncomingMail, incoming)
        box.forgets = True  # kept, but the connection is lost before the marks are set
        async with database.unit_of_work() as db:
            schedule(db, "mailroom.fetch", {})
        await drain()
        box.forgets = False
        await poll(database, drain)
        asked = len(box.asked)
        await poll(database, drain)
    left = {uid for uid, flags in box.flags.items() if flags == {r"\Flagged"}}
    assert {uid for uid, flags in box.flags.items() if flags == {r"\Seen"}} == {bounce, broken, answer}
    assert left == {huge, nothing, spam}
    assert not any("FETCH" in said for said in box.asked[asked:])
    assert "".join(said for said in box.asked if f"FETCH {huge} " in said).count("BODY") == 0
    async with database.read_only() as db:
        kept = list(await db.scalars(sa.select(Contact).where(Contact.message_id == "<first@fock.example>")))
        assert [(row.order_id, row.text) for row in kept] == [(story.order.id, "Könnten Sie bitte klingeln?")]
        assert (await db.get_one(Notification, ours.id)).bounce == "5.1.1 smtp; 550 5.1.1 no such user"


@pytest.mark.engine("sqlite")
async def test_a_mail_the_server_does_not_hand_out_keeps_none_behind_it(
    runtime: Runtime, database: Database, drain: Drain
) -> None:
    async with database.unit_of_work() as db:
        story = await make_story(db, number="K-4711", language="en")
    box = Box()
    damaged, bodiless = (box.put(ANSWER.format(number="K-4711", own=own, ours="x")) for own in ("one", "two"))
    answer = box.put(ANSWER.format(number="K-4711", own="three", ours="x"))
    box.damaged.add(damaged)
    box.bodiless.add(bodiless)
    box.busy = "UNAVAILABLE"  # a server that is busy says nothing of the mail
    async with mailbox(box) as incoming:
        runtime.ports.register(IncomingMail, incoming)
        await poll(database, drain)
        assert set().union(*box.flags.values()) == set()
        box.busy = ""
        await poll(database, drain)
    assert [box.flags[uid] for uid in (damaged, bodiless, answer)] == [{r"\Flagged"}, {r"\Flagged"}, {r"\Seen"}]
    async with database.read_only() as db:
        kept = list(await db.scalars(sa.select(Contact)))
        assert [(row.order_id, row.message_id) for row in kept] == [(story.order.id, "<three@fock.example>")]


@pytest.mark.engine("postgresql")
async def test_a_mail_that_meets_a_busy_database_is_offered_again(
    runtime: Runtime, database: Database, drain: Drain
) -> None:
    async with database.unit_of_work() as db:
        await make_story(db, number="K-4711", language="en")
        await db.execute(
            sa.text(
                "CREATE FUNCTION give_way() RETURNS trigger AS "
                "$$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$ LANGUAGE plpgsql"
            )
        )
        await db.execute(
            sa.text("CREATE TRIGGER give_way BEFORE INSERT ON contact FOR EACH ROW EXECUTE FUNCTION give_way()")
        )
    box = Box()
    answer = box.put(ANSWER.format(number="K-4711", own="one", ours="x"))
    async with mailbox(box) as incoming:
        runtime.ports.register(IncomingMail, incoming)
        await poll(database, drain)
        assert box.flags[answer] == set()
        async with database.unit_of_work() as db:
            await db.execute(sa.text("DROP FUNCTION give_way() CASCADE"))
        await poll(database, drain)
    assert box.flags[answer] == {r"\Seen"}


async def test_mailbox_that_refuses_or_is_away_is_asked_again_later() -> None:
    async with mailbox(Box(), "wrong") as incoming:
        with pytest.raises(Unavailable):
            await incoming.fetch(1, largest=LARGEST)
    with pytest.raises(Unavailable):
        await incoming.fetch(1, largest=LARGEST)


@pytest.mark.parametrize("url", ["http://a:b@c", "imaps://host", "imap://a:b@c?starttls=perhaps"])
def test_address_of_a_mailbox_is_checked_when_set(url: str) -> None:
    with pytest.raises(InvalidInput):
        ImapMailbox(url)
