"""Deadlines of cases as a retailer sets them, and the letter to those who lead care when one has passed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from factories.auth import make_user
from factories.stories import make_story
from kontor import relay
from kontor.auth.models import AuditEntry
from kontor.auth.permissions import Role
from kontor.care import deadlines, service, watching
from kontor.care.deadlines import in_force
from kontor.care.errors import InvalidDeadline
from kontor.care.models import CaseDeadline
from kontor.care.values import CaseKind, NewCase
from kontor.core.db import Database
from kontor.core.errors import Unavailable
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.notifications.ports import MessageSender, OutgoingMessage
from support import START, Client, Drain, Principals, StandingClock

HOUR = timedelta(hours=1)


def row(hours: int | None, *, since: datetime = START, channel: Any = None) -> CaseDeadline:
    return CaseDeadline(
        id=new_id(), kind="UNPAID", channel_id=channel, hours=hours, valid_from=since, created_at=START, created_by="x"
    )


def test_what_began_last_counts_and_a_channel_comes_before_all() -> None:
    here, there = new_id(), new_id()
    rows = [row(10), row(20, since=START + HOUR), row(None, channel=here), row(5, since=START - HOUR, channel=there)]
    now = in_force(rows, START)
    assert [now.within(CaseKind.UNPAID, each) for each in (None, here, there, new_id())] == [
        10 * HOUR, None, 5 * HOUR, 10 * HOUR,
    ]  # fmt: skip
    assert in_force(rows, START + HOUR).within(CaseKind.UNPAID, None) == 20 * HOUR
    assert in_force([], START).within(CaseKind.UNPAID, here) == timedelta(days=5)


async def test_cases_get_the_deadline_of_their_channel_and_open_ones_keep_theirs(database: Database) -> None:
    async with database.unit_of_work() as db:
        story, other = await make_story(db), await make_story(db)
        wanted = [NewCase(CaseKind.UNDELIVERABLE, str(each.order.id), each.order.id) for each in (story, other)]
        before = await service.open_case(db, wanted[0], now=db.now)
        await deadlines.set_deadline(db, CaseKind.UNDELIVERABLE, 3, channel_id=story.channel.id, now=db.now)
        await deadlines.set_deadline(db, CaseKind.UNDELIVERABLE, None, valid_from=db.now + HOUR, now=db.now)
        fresh = NewCase(CaseKind.UNDELIVERABLE, "parcel", story.order.id)
        own = NewCase(CaseKind.UNDELIVERABLE, "own", story.order.id, due_at=db.now + 9 * HOUR)
        cases = await service.open_cases(db, [*wanted, fresh, own], now=db.now)
        assert cases[0] is before
        assert [case.due_at and case.due_at - db.now for case in cases] == [24 * HOUR, 24 * HOUR, 3 * HOUR, 9 * HOUR]
        later = await service.open_case(db, NewCase(CaseKind.UNDELIVERABLE, "x", other.order.id), now=db.now + HOUR)
        assert later.due_at is None
        for given, path in (({"hours": 0}, "hours"), ({"hours": 1, "channel_id": new_id()}, "channelId"),
                            ({"hours": 1, "valid_from": db.now - HOUR}, "validFrom")):  # fmt: skip
            with pytest.raises(InvalidDeadline) as refused:
                await deadlines.set_deadline(db, CaseKind.LATE, now=db.now, **given)
            assert refused.value.path == (path,)


SET = """mutation($input: CaseDeadlineInput!) { setCaseDeadline(input: $input) {
  ... on CaseDeadlineVersion { id hours } ... on Error { code path } } }"""
SHOWN = "{ caseDeadlines { kind hours shippedHours inForce { hours } versions { hours createdBy } } }"


@pytest.mark.engine("sqlite")
async def test_deadlines_are_set_and_the_trail_says_by_whom(
    database: Database, client: Client, principals: Principals
) -> None:
    lead = principals.holding("channels:write", "care:read")
    await client.graphql(SET, {"input": {"kind": "LATE", "hours": 6}}, principal=lead)
    wrong = await client.graphql(SET, {"input": {"kind": "LATE", "hours": 9999}}, principal=lead)
    assert wrong["data"]["setCaseDeadline"] == {"code": "DEADLINE_HOURS", "path": ["hours"]}
    answer = await client.graphql(SHOWN, principal=lead)
    found = {each["kind"]: each for each in answer["data"]["caseDeadlines"]}
    assert (found["LATE"]["hours"], found["LATE"]["shippedHours"], found["MANUAL"]["hours"]) == (6, 24, None)
    assert len(found["LATE"]["versions"]) == 1
    async with database.read_only() as db:
        assert "setCaseDeadline" in list(await db.scalars(sa.select(AuditEntry.operation)))


class Postbox:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[OutgoingMessage] = []

    async def send(self, message: OutgoingMessage) -> str:
        self.sent.append(message)
        return message.message_id


class Shy(Postbox):
    """A mail server that is away for one recipient, a few times."""

    def __init__(self, address: str, times: int) -> None:
        super().__init__()
        self.address, self.times = address, times

    async def send(self, message: OutgoingMessage) -> str:
        if message.to == self.address and self.times:
            self.times -= 1
            raise Unavailable("away")
        return await super().send(message)


@pytest.mark.engine("sqlite")
async def test_a_mail_server_that_goes_away_between_two_letters_doubles_none(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    mail = Shy("bert@care.example", times=2)
    runtime.ports.register(MessageSender, mail)
    async with database.unit_of_work() as db:
        for name in ("anna", "bert"):
            await make_user(db, role=Role.CARE_LEAD, email=f"{name}@care.example", language="en")
        for subject in ("one", "two", "three"):
            await service.open_case(db, NewCase(CaseKind.LATE, subject), now=db.now)
    clock.advance(hours=25)
    async with database.unit_of_work() as db:
        await watching.escalate(db, now=db.now)
    for _ in range(3):
        await drain()
        await relay.hurry(runtime)
    assert sorted((each.to, each.subject) for each in mail.sent) == [
        ("anna@care.example", "3 cases past the deadline"), ("bert@care.example", "3 cases past the deadline"),
    ]  # fmt: skip


@pytest.mark.engine("sqlite")
async def test_those_who_lead_are_told_once_of_what_is_past_its_deadline(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    mail = Postbox()
    runtime.ports.register(MessageSender, mail)
    async with database.unit_of_work() as db:
        await make_user(db, role=Role.CARE_LEAD, email="clara@care.example", name="Clara", language="de")
        agent = await make_user(db, role=Role.CARE_AGENT, email="cem@care.example", name="Cem Aydin")
        story = await make_story(db, number="K-77")
        case = await service.open_case(db, NewCase(CaseKind.LATE, "parcel", story.order.id), now=db.now)
        await service.take_case(db, case, owner_id=agent.id, now=db.now)
    clock.advance(hours=25)
    for _ in range(2):
        async with database.unit_of_work() as db:
            await watching.escalate(db, now=db.now)
        await drain()
    (letter,) = [each for each in mail.sent if each.to == "clara@care.example"]
    assert letter.subject == "1 Vorgang über der Frist"
    assert "Verspätet, Bestellung K-77: fällig 16.06.2026" in letter.text
    assert "bei Cem Aydin" in letter.text
    assert not [each for each in mail.sent if each.to == "cem@care.example"]
