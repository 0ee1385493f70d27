"""Cases go to who may decide them, from hand to hand on purpose, and come back on the day they wait for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.auth import make_user
from factories.stories import make_story
from kontor.auth.models import AuditEntry, User
from kontor.auth.permissions import Role, of_role
from kontor.care import deadlines, handing, owners, queries, service, waking, watching
from kontor.care.deadlines import due_after
from kontor.care.errors import CaseMoved, CaseNotDecidable, CaseTaken, InvalidCase
from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.care.values import CaseKind, CaseQueue, NewCase, kinds_of, may_decide
from kontor.core.db import Database
from kontor.core.principal import Principal, PrincipalKind
from support import START, Client, StandingClock

K = CaseKind
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def acting(user: User) -> Principal:
    return Principal(PrincipalKind.USER, user.id, user.name, frozenset(map(str, of_role(user.role))))


async def desk(database: Database) -> dict[str, Principal]:
    """Two agents and who leads them."""
    async with database.unit_of_work() as db:
        people = {
            name: await make_user(db, role=role, email=f"{name}@care.example", name=name.title())
            for name, role in (("cem", Role.CARE_AGENT), ("dora", Role.CARE_AGENT), ("lea", Role.CARE_LEAD))
        }
        return {name: acting(user) for name, user in people.items()}


async def raised(database: Database, *kinds: CaseKind) -> list[UUID]:
    async with database.unit_of_work() as db:
        wanted = [NewCase(kind, f"{at}", None) for at, kind in enumerate(kinds)]
        return [case.id for case in await service.open_cases(db, wanted, now=db.now)]


def test_every_kind_can_be_decided_by_some_role_that_looks_after_cases() -> None:
    agent = {kind for kind in CaseKind if Role.CARE_AGENT in owners.able_roles(kind)}
    assert set(CaseKind) - agent == {
        K.RISK_REVIEW, K.GOODWILL, K.PROCESS_FAILED, K.WEBHOOK_DISABLED, K.DIFFERENCES,
    }  # fmt: skip
    assert Role.CARE_LEAD in owners.able_roles(K.RISK_REVIEW)
    assert Role.CARE_LEAD in owners.able_roles(K.GOODWILL)
    assert all(Role.ADMIN in owners.able_roles(kind) for kind in CaseKind)
    assert not may_decide(lambda _: False, K.RISK_REVIEW)
    assert may_decide(lambda _: False, K.MANUAL)
    assert kinds_of([CaseQueue.RISK]) == [K.RISK_REVIEW]


async def test_next_case_is_one_that_its_new_owner_may_decide(database: Database) -> None:
    people = await desk(database)
    risk, goodwill, task = await raised(database, K.RISK_REVIEW, K.GOODWILL, K.MANUAL)
    found = []
    for name in ("cem", "cem", "lea", "lea", "lea"):
        async with database.unit_of_work(people[name]) as db:
            case = await service.take_next_case(db, None, owner_id=people[name].id or UUID(int=0), now=db.now)
            found.append(case and case.id)
    assert found == [task, None, risk, goodwill, None]
    (later,) = await raised(database, K.RISK_REVIEW)
    assert later == risk  # it is open still
    async with database.unit_of_work() as db:
        service.assign_case(db, await queries.lock_case(db, risk), owner_id=None, now=db.now)
    async with database.unit_of_work(people["cem"]) as db:
        with pytest.raises(CaseNotDecidable):
            await service.take_case(db, await queries.lock_case(db, risk), owner_id=UUID(int=1), now=db.now)


async def test_nobody_ends_or_puts_off_what_they_may_not_decide(database: Database) -> None:
    people = await desk(database)
    risk, task = await raised(database, K.RISK_REVIEW, K.MANUAL)
    async with database.unit_of_work(people["cem"]) as db:
        case = await queries.lock_case(db, risk)
        with pytest.raises(CaseNotDecidable):
            handing.check_hand(db, case)
        with pytest.raises(CaseNotDecidable):
            await handing.hand_over(db, case, owner_id=None, now=db.now, due_at=db.now + 1000 * DAY)
        handing.check_hand(db, await queries.lock_case(db, task))
    async with database.unit_of_work(people["lea"]) as db:
        case = await queries.lock_case(db, risk)
        handing.check_hand(db, case)
        await handing.hand_over(db, case, owner_id=people["lea"].id, now=db.now)


async def test_who_leads_moves_cases_of_others_and_the_second_sees_what_moved(database: Database) -> None:
    people = await desk(database)
    cem, dora, lea = (people[name].id for name in ("cem", "dora", "lea"))
    assert cem
    assert dora
    assert lea
    case_id, risk = await raised(database, K.LATE, K.RISK_REVIEW)
    async with database.unit_of_work(people["cem"]) as db:
        await handing.hand_over(db, await queries.lock_case(db, case_id), owner_id=cem, now=db.now)
    async with database.unit_of_work(people["dora"]) as db:
        case = await queries.lock_case(db, case_id)
        with pytest.raises(CaseTaken):
            await handing.hand_over(db, case, owner_id=dora, now=db.now)
        with pytest.raises(CaseTaken):
            handing.check_hand(db, case)
    async with database.unit_of_work(people["lea"]) as db:
        case = await queries.lock_case(db, case_id)
        await handing.hand_over(db, case, owner_id=dora, now=db.now, expected=(cem,))
        with pytest.raises(CaseMoved) as moved:
            await handing.hand_over(db, case, owner_id=lea, now=db.now, expected=(cem,))
        assert moved.value.params["owner_name"] == "Dora"
        await handing.hand_over(db, case, owner_id=None, now=db.now, expected=(dora,))
        assert (case.state, case.owner_id) == (CaseState.OPEN, None)
        with pytest.raises(CaseMoved) as freed:
            await handing.hand_over(db, case, owner_id=lea, now=db.now, expected=(dora,))
        assert freed.value.code == "CASE_FREE"
        doubtful = await queries.lock_case(db, risk)
        for owner, code in ((cem, "OWNER_CANNOT_DECIDE"), (UUID(int=9), "OWNER_NOT_FOUND")):
            with pytest.raises(InvalidCase) as refused:
                await handing.hand_over(db, doubtful, owner_id=owner, now=db.now)
            assert (refused.value.code, refused.value.path) == (code, ("ownerId",))
        await handing.hand_over(db, case, owner_id=cem, now=db.now)
        await db.flush()
        assert [(hand.name, hand.cases) for hand in await handing.hands_for(db, K.LATE)] == [
            ("Cem", 1), ("Dora", 0), ("Lea", 0),
        ]  # fmt: skip
        assert [hand.name for hand in await handing.hands_for(db, K.RISK_REVIEW)] == ["Lea"]


@pytest.mark.parametrize(
    ("kind", "due_at", "within", "due"),
    [
        (K.LATE, START, DAY, START + DAY),
        (K.LATE, START + 3 * DAY, DAY, START + 3 * DAY),
        (K.MANUAL, START - DAY, None, START - DAY),
        (K.MANUAL, None, None, None),
        (K.LATE, None, DAY, START + DAY),
        (K.DISPUTE, START + HOUR, DAY, START + HOUR),
    ],
)
def test_deadline_after_waking_is_the_later_one_but_for_banks(
    kind: CaseKind, due_at: datetime | None, within: timedelta | None, due: datetime | None
) -> None:
    assert due_after(kind, due_at, within, START) == due


async def test_what_waits_comes_back_on_its_day_and_is_not_past_its_deadline_before(
    database: Database, clock: StandingClock
) -> None:
    people = await desk(database)
    here, gone, endless = await raised(database, K.LATE, K.LATE, K.LATE)
    async with database.unit_of_work() as db:
        for case_id, owner in ((here, "cem"), (gone, "dora"), (endless, "cem")):
            case = await queries.lock_case(db, case_id)
            await handing.hand_over(db, case, owner_id=people[owner].id, now=db.now)
            due_at = case.due_at
            service.wait_case(db, case, now=db.now, until=None if case_id == endless else db.now + 3 * DAY)
            assert case.due_at == due_at == db.now + DAY
        with pytest.raises(InvalidCase):
            service.wait_case(db, case, now=db.now, until=db.now)
        (await db.get_one(User, people["dora"].id)).active = False
        await deadlines.set_deadline(db, K.LATE, 48, now=db.now)
    clock.advance(days=2)
    async with database.unit_of_work() as db:
        assert (await waking.wake(db, now=db.now), await watching.escalate(db, now=db.now)) == (0, 1)
    clock.advance(days=1, minutes=1)
    async with database.unit_of_work() as db:
        assert (await waking.wake(db, now=db.now), await watching.escalate(db, now=db.now)) == (2, 0)
        rows = {row.id: row for row in await db.scalars(sa.select(Case))}
        assert (rows[here].state, rows[here].owner_id) == (CaseState.ASSIGNED, people["cem"].id)
        assert (rows[gone].state, rows[gone].owner_id) == (CaseState.OPEN, None)
        assert {(row.wait_until, row.due_at) for row in (rows[here], rows[gone])} == {(None, db.now + 2 * DAY)}
        assert rows[endless].state is CaseState.WAITING
        assert rows[endless].escalated_at is not None
        assert await waking.wake(db, now=db.now) == 0


async def test_news_wakes_what_waits(database: Database, clock: StandingClock) -> None:
    people = await desk(database)
    async with database.unit_of_work() as db:
        mail = NewCase(K.CUSTOMER_MAIL, "m", None, {"contact_id": "1"})
        bank = NewCase(K.DISPUTE, "d", None, {"amount": 5}, db.now + 9 * DAY)
        for case in await service.open_cases(db, [mail, bank], now=db.now):
            service.assign_case(db, case, owner_id=people["cem"].id, now=db.now)
            service.wait_case(db, case, now=db.now, until=db.now + 6 * DAY)

    async def told(wanted: NewCase) -> tuple[CaseState, UUID | None, datetime | None, datetime | None]:
        clock.advance(days=1)
        async with database.unit_of_work() as db:
            case = await service.open_case(db, wanted, now=db.now)
            return case.state, case.owner_id, case.wait_until, case.due_at

    waits = (CaseState.WAITING, people["cem"].id, START + 6 * DAY)
    back = (CaseState.ASSIGNED, people["cem"].id, None)
    assert await told(mail) == (*waits, START + DAY)
    assert await told(replace(mail, facts={"contact_id": "2"})) == (*back, START + 3 * DAY)
    assert await told(replace(bank, facts={}, due_at=START + 12 * DAY)) == (*waits, START + 9 * DAY)
    assert await told(replace(bank, facts={}, due_at=START + 5 * DAY)) == (*back, START + 5 * DAY)


async def test_nobody_waits_behind_the_deadline_of_a_bank(database: Database) -> None:
    async with database.unit_of_work() as db:
        case = await service.open_case(db, NewCase(K.DISPUTE, "d", due_at=db.now + DAY), now=db.now)
        service.assign_case(db, case, owner_id=UUID(int=3), now=db.now)
        with pytest.raises(InvalidCase) as refused:
            service.wait_case(db, case, now=db.now, until=db.now + 2 * DAY)
        assert refused.value.code == "WAIT_TOO_LONG"
        service.wait_case(db, case, now=db.now, until=db.now + HOUR)
        await db.flush()
        assert await watching.escalate(db, now=db.now + 2 * DAY) == 1


OPEN = """mutation($order: UUID!, $owner: UUID, $due: DateTime) {
  openCase(orderId: $order, text: "call back", ownerId: $owner, dueAt: $due) {
    ... on CaseChanged { case { id state ownerName decidable } } ... on Error { code path } } }"""
MOVE = """mutation($id: UUID!, $owner: UUID, $from: UUID) { assignCase(id: $id, ownerId: $owner, fromOwnerId: $from) {
  ... on CaseChanged { case { state ownerName } } ... on Error { code message } } }"""


@pytest.mark.engine("sqlite")
async def test_new_tasks_have_an_owner_and_moves_are_in_the_trail(database: Database, client: Client) -> None:
    people = await desk(database)
    async with database.unit_of_work() as db:
        order_id = str((await make_story(db)).order.id)

    async def asked(text: str, who: str, **given: object) -> Any:
        answer = await client.graphql(text, {name: given[name] for name in given}, principal=people[who])
        return next(iter(answer["data"].values()))

    past = await asked(OPEN, "cem", order=order_id, due="2020-01-01T00:00:00Z")
    assert past == {"code": "INVALID_CASE", "path": ["dueAt"]}
    made = (await asked(OPEN, "cem", order=order_id, owner=str(people["dora"].id)))["case"]
    assert (made["state"], made["ownerName"], made["decidable"]) == ("ASSIGNED", "Dora", True)
    mine = {"id": made["id"], "owner": str(people["cem"].id)}
    assert (await asked(MOVE, "cem", **mine, **{"from": str(people["dora"].id)}))["code"] == "CASE_TAKEN"
    moved = await asked(MOVE, "lea", **mine, **{"from": str(people["dora"].id)})
    assert moved["case"] == {"state": "ASSIGNED", "ownerName": "Cem"}
    late = await asked(MOVE, "lea", **mine, **{"from": str(people["dora"].id)})
    assert late == {"code": "CASE_MOVED", "message": "It is with Cem by now."}
    hands = await client.graphql("{ caseHands(kind: RISK_REVIEW) { name cases } }", principal=people["lea"])
    assert hands["data"]["caseHands"] == [{"name": "Lea", "cases": 0}]
    async with database.read_only() as db:
        trail = await db.scalars(sa.select(AuditEntry).where(AuditEntry.operation == "assignCase"))
        assert [entry.details for entry in trail] == [{"owner": str(people["cem"].id)}]
