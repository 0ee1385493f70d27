"""Cases are raised once, have an owner and end."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.channels import make_channel
from factories.inventory import make_order_row
from kontor.care import queries, service
from kontor.care.errors import CaseDone, CaseNotFound, InvalidCase
from kontor.care.models import Case
from kontor.care.queries import CaseFilter
from kontor.care.states import CaseState
from kontor.care.values import CaseKind, NewCase
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.core.pagination import PageRequest
from kontor.core.statemachine import StateChange, TransitionRefused
from kontor.webhooks.events import WebhookEndpointDisabled
from support import Drain, Principals

SOMEBODY = UUID(int=7)


async def raised(
    database: Database, subject: str = "a", kind: CaseKind = CaseKind.UNALLOCATED, **facts: object
) -> UUID:
    async with database.unit_of_work() as db:
        return (await service.open_case(db, NewCase(kind, subject, None, facts), now=db.now)).id


async def test_open_case_is_raised_once_and_learns(database: Database) -> None:
    first = await raised(database, pieces=1)
    assert await raised(database, pieces=2) == first
    assert await raised(database, kind=CaseKind.UNANSWERED) != first
    async with database.unit_of_work() as db:
        case = await queries.lock_case(db, first)
        assert case.facts == {"pieces": 2}
        service.finish_case(db, case, now=db.now, note="found some")
    assert await raised(database) != first


async def test_deadline_moves_with_what_is_told_but_not_behind_an_earlier_one_of_a_person(database: Database) -> None:
    async def told(days: int) -> timedelta | None:
        async with database.unit_of_work() as db:
            due_at = db.now + timedelta(days=days)
            wanted = NewCase(CaseKind.DISPUTE, "d", None, {"due_at": due_at.isoformat()}, due_at)
            case = await service.open_case(db, wanted, now=db.now)
            return None if case.due_at is None else case.due_at - db.now

    async with database.unit_of_work() as db:
        case_id = (await service.open_case(db, NewCase(CaseKind.DISPUTE, "d", None, {}), now=db.now)).id
    assert [await told(days) for days in (9, 20, 12)] == [timedelta(days=days) for days in (9, 20, 12)]
    async with database.unit_of_work() as db:
        case = await queries.lock_case(db, case_id)
        service.assign_case(db, case, owner_id=SOMEBODY, now=db.now, due_at=db.now + timedelta(days=5))
    assert [await told(days) for days in (14, 3)] == [timedelta(days=5), timedelta(days=3)]


async def test_case_goes_from_hand_to_hand(database: Database) -> None:
    case_id = await raised(database)
    async with database.unit_of_work() as db:
        case = await queries.lock_case(db, case_id)
        with pytest.raises(TransitionRefused):
            service.wait_case(db, case, now=db.now)
        service.assign_case(db, case, owner_id=SOMEBODY, now=db.now, due_at=db.now + timedelta(days=1))
        service.wait_case(db, case, now=db.now, note="asked the place")
        service.assign_case(db, case, owner_id=None, now=db.now)
        assert (case.state, case.owner_id) == (CaseState.OPEN, None)
        with pytest.raises(InvalidCase):
            service.assign_case(db, case, owner_id=SOMEBODY, now=db.now, due_at=db.now)
        service.finish_case(db, case, now=db.now)
        with pytest.raises(CaseDone):
            service.assign_case(db, case, owner_id=SOMEBODY, now=db.now)
    async with database.read_only() as db:
        steps = await db.scalars(sa.select(StateChange.new).where(StateChange.entity_id == case_id))
        assert sorted(steps) == ["ASSIGNED", "ASSIGNED", "DONE", "OPEN", "OPEN", "WAITING"]


async def test_cause_that_is_gone_ends_its_case_alone(database: Database) -> None:
    gone, stays = await raised(database, "a"), await raised(database, "b")
    async with database.unit_of_work() as db:
        await service.settle_cases(db, [(CaseKind.UNALLOCATED, "a"), (CaseKind.UNALLOCATED, "c")], now=db.now)
    async with database.read_only() as db:
        states = {row.id: row.state for row in await db.scalars(sa.select(Case))}
    assert states == {gone: CaseState.DONE, stays: CaseState.OPEN}


async def test_cases_are_listed_by_page_and_scope(database: Database, principals: Principals) -> None:
    async with database.unit_of_work() as db:
        seen, hidden = await make_channel(db), await make_channel(db)
        orders = [await make_order_row(db, channel) for channel in (seen, hidden)]
        cases = [NewCase(CaseKind.MANUAL, str(new_id()), order.id) for order in orders]
        mine, other = await service.open_cases(db, cases, now=db.now)
    async with database.read_only() as db:
        page = await queries.list_cases(db, CaseFilter(states=[CaseState.OPEN]), PageRequest(1))
        rest = await queries.list_cases(db, CaseFilter(), PageRequest(1, page.cursors[0]))
        assert {row.id for row in (*page.items, *rest.items)} == {mine.id, other.id}
        assert (page.has_next, rest.has_next) == (True, False)
    async with database.read_only(principals.holding("care:read", channel_ids=frozenset({seen.id}))) as db:
        assert [row.id for row in (await queries.list_cases(db, CaseFilter(), PageRequest())).items] == [mine.id]
        with pytest.raises(CaseNotFound):
            await queries.get_case(db, other.id)


async def test_endpoint_that_was_switched_off_is_somebodys_case(database: Database, drain: Drain) -> None:
    endpoint_id, why = new_id(), "Nothing was accepted since 2026-06-10 10:00 UTC."
    for _ in range(2):
        async with database.unit_of_work() as db:
            record(db, WebhookEndpointDisabled(stream_id=endpoint_id, endpoint_name="Warehouse", reason=why))
        assert await drain() == []
    async with database.read_only() as db:
        (case,) = await db.scalars(sa.select(Case))
    assert (case.kind, case.state, case.order_id) == ("WEBHOOK_DISABLED", CaseState.OPEN, None)
    assert case.facts == {"endpoint_name": "Warehouse", "reason": why}
