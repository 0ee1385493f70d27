"""Queues of care: what raises a case, who gets it, and that two never get the same."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import confirmed, released, rows_of, shipped
from factories.intake import Company, make_company, put_stock
from kontor.care import queries, service, watching
from kontor.care.errors import CaseTaken
from kontor.care.models import Case
from kontor.care.raising import case_of, settled_by
from kontor.care.states import CaseState
from kontor.care.values import CaseKind, CaseQueue, NewCase, kinds_of, queue_of
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.outbox import EventRecord, Item
from kontor.fulfillment.models import FulfillmentOrder, Parcel
from kontor.fulfillment.states import ParcelState
from kontor.locations.models import StockLocation
from kontor.orders import queries as orders
from kontor.orders import service as order_service
from kontor.orders.states import HoldKind
from support import Drain, Principals, StandingClock

MONEY = {"amount": 5, "currency": "EUR"}
ORDER, SUBJECT = UUID(int=1), str(UUID(int=2))
AGENTS = [UUID(int=number) for number in range(100, 105)]


def item(event: str, **args: Any) -> Item:
    return Item(1, "care.raise", ORDER, args, 0, event)


async def world(database: Database) -> Company:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
    await put_stock(database, company.warehouse.id, variant.id, 50)
    return company


async def raised(database: Database, *kinds: CaseKind) -> list[UUID]:
    async with database.unit_of_work() as db:
        wanted = [NewCase(kind, str(new_id())) for kind in kinds]
        return [case.id for case in await service.open_cases(db, wanted, now=db.now)]


async def cases(database: Database) -> dict[str, Case]:
    async with database.read_only() as db:
        return {case.kind: case for case in await db.scalars(sa.select(Case))}


def test_every_kind_waits_in_one_queue() -> None:
    assert sorted(kind for queue in CaseQueue for kind in kinds_of([queue])) == sorted(CaseKind)
    assert queue_of(CaseKind.MANUAL) is CaseQueue.OTHER


@pytest.mark.parametrize(
    ("event", "args", "kind"),
    [
        ("HoldPlaced", {"kind": "RISK", "hold_id": SUBJECT, "reason": "new customer"}, CaseKind.RISK_REVIEW),
        ("HoldPlaced", {"kind": "ADDRESS", "hold_id": SUBJECT, "reason": "no such street"}, CaseKind.UNDELIVERABLE),
        ("HoldPlaced", {"kind": "MANUAL", "hold_id": SUBJECT, "reason": "wait"}, None),
        (
            "PaymentChargedBack",
            {
                "method": "DIRECT_DEBIT",
                "transaction_id": SUBJECT,
                "payment_id": SUBJECT,
                "amount": 5,
                "currency": "EUR",
            },
            CaseKind.RETURNED_DEBIT,
        ),
        ("PaymentChargedBack", {"method": "CARD"}, None),  # the dispute raises it
        ("DunningNoticeIssued", {"level": 1}, None),
        (
            "DunningNoticeIssued",
            {
                "level": 2,
                "invoice_id": SUBJECT,
                "number": "I1",
                "claimed": 5,
                "currency": "EUR",
                "due_on": "2026-07-01",
            },
            CaseKind.UNPAID,
        ),
        ("OrderPlaced", {}, None),
    ],
)
def test_event_raises_its_case(event: str, args: dict[str, Any], kind: CaseKind | None) -> None:
    found = case_of(item(event, **args))
    assert (found and found.kind) == kind
    if found is not None:
        assert (found.subject, found.order_id) == (SUBJECT, ORDER)


def test_released_hold_ends_what_it_raised() -> None:
    assert (CaseKind.RISK_REVIEW, SUBJECT) in settled_by(item("HoldReleased", hold_id=SUBJECT, kind="RISK"))
    assert settled_by(item("OrderPlaced")) == []


async def test_agents_at_once_each_get_another_case(database: Database, principals: Principals) -> None:
    """Five people ask for more than there are: each gets what no other has and they may decide."""
    ids = await raised(database, *[CaseKind.LATE] * 12, CaseKind.MANUAL, *[CaseKind.RISK_REVIEW] * 3)
    agents = principals.holding("care:read", "care:write")
    queues = [CaseQueue.LATE, CaseQueue.RISK]
    taken: Counter[UUID] = Counter()

    async def work(agent: UUID) -> None:
        for _ in range(4):
            async with database.unit_of_work(agents) as db:
                case = await service.take_next_case(db, queues, owner_id=agent, now=db.now)
                if case is not None:
                    taken[case.id] += 1

    await asyncio.gather(*map(work, AGENTS))
    assert set(taken.values()) == {1}
    async with database.read_only() as db:
        owners = {row.id: row.owner_id for row in await db.scalars(sa.select(Case))}
    # Rows that others had locked were passed over, so a few may be left for the next call.
    assert {each for each, owner in owners.items() if owner is not None} == set(taken)
    while len(taken) < 12:
        async with database.unit_of_work(agents) as db:
            case = await service.take_next_case(db, queues, owner_id=AGENTS[0], now=db.now)
            assert case is not None
            taken[case.id] += 1
    async with database.unit_of_work(agents) as db:
        assert await service.take_next_case(db, queues, owner_id=AGENTS[0], now=db.now) is None
        assert set(taken) == set(ids[:12])
        other = await queries.lock_case(db, ids[0])
        mine = other.owner_id
        assert mine is not None
        await service.take_case(db, other, owner_id=mine, now=db.now)
        with pytest.raises(CaseTaken):
            await service.take_case(db, other, owner_id=UUID(int=7), now=db.now)


async def test_queues_count_by_age_and_escalated_cases_go_first(database: Database, clock: StandingClock) -> None:
    (old,) = await raised(database, CaseKind.MANUAL)
    clock.advance(hours=24 * 8)
    (late,) = await raised(database, CaseKind.LATE)
    clock.advance(hours=25)
    await raised(database, CaseKind.MANUAL)
    async with database.unit_of_work() as db:
        assert await watching.escalate(db, now=db.now) == 1
    async with database.unit_of_work() as db:
        assert await watching.escalate(db, now=db.now) == 0
        counts = {row.queue: row for row in await queries.count_queues(db, now=db.now)}
        assert list(counts) == list(CaseQueue)
        assert counts[CaseQueue.OTHER].ages == (1, 0, 0, 1)
        assert (counts[CaseQueue.LATE].ages, counts[CaseQueue.LATE].escalated) == ((1, 0, 0, 0), 1)
        first = await service.take_next_case(db, None, owner_id=AGENTS[0], now=db.now)
        second = await service.take_next_case(db, None, owner_id=AGENTS[0], now=db.now)
        assert first is not None
        assert second is not None
        assert [first.id, second.id] == [late, old]
        service.assign_case(db, first, owner_id=AGENTS[1], now=db.now, due_at=db.now + timedelta(days=1))
        assert first.escalated_at is None
        told = await db.scalars(sa.select(EventRecord.payload).where(EventRecord.name == "CaseEscalated"))
        assert [each["case_id"] for each in told] == [str(late)]


async def test_time_raises_what_is_late_or_stuck_and_ends_it_again(database: Database, clock: StandingClock) -> None:
    company = await world(database)
    order_id, work_id = await released(database, company, ("LAMP", 1))
    sent_id, shipment = await shipped(database, company, ("LAMP", 1))
    async with database.unit_of_work() as db:
        # Ten in the morning in London: where this place is, the day is over.
        await db.execute(sa.update(StockLocation).values(timezone="Pacific/Kiritimati"))
        await db.execute(sa.update(FulfillmentOrder).values(promised_on=db.now.date()))
        db.add(
            Parcel(
                id=new_id(), fulfillment_order_id=shipment.fulfillment_order_id, shipment_id=shipment.id,
                state=ParcelState.RETURNED, carrier="dhl", tracking_number="1", created_at=db.now, updated_at=db.now,
            )
        )  # fmt: skip
    for _ in range(2):
        async with database.unit_of_work() as db:
            await watching.raise_overdue(db, now=db.now)
            await watching.settle_gone(db, now=db.now)
    found = await cases(database)
    assert {kind: (case.order_id, case.state) for kind, case in found.items()} == {
        "LATE": (order_id, CaseState.OPEN),
        "UNDELIVERABLE": (sent_id, CaseState.OPEN),
    }
    assert found["LATE"].facts["fulfillment_order_id"] == str(work_id)
    assert found["LATE"].due_at is not None
    async with database.unit_of_work() as db:
        await db.execute(sa.update(Parcel).values(state=ParcelState.DELIVERED))
        await watching.settle_gone(db, now=db.now)
    assert (await cases(database))["UNDELIVERABLE"].state is CaseState.DONE


async def test_held_order_is_released_by_nothing_else(database: Database, drain: Drain) -> None:
    """Neither taking, settling nor finishing the task about a hold lets the order go."""
    company = await world(database)
    order_id = await confirmed(database, company, ("LAMP", 1))
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        hold = order_service.place_hold(db, order, kind=HoldKind.RISK, reason="doubtful", now=db.now)
        hold_id = hold.id
    assert await drain() == []
    case = (await cases(database))["RISK_REVIEW"]
    async with database.unit_of_work() as db:
        row = await queries.lock_case(db, case.id)
        await service.take_case(db, row, owner_id=AGENTS[0], now=db.now)
        service.finish_case(db, row, now=db.now)
    assert await drain() == []
    assert await rows_of(database, order_id) == []
    async with database.read_only() as db:
        assert (await db.get_one(type(hold), hold_id)).released_at is None
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        order_service.release_hold(db, order, await db.get_one(type(hold), hold_id), now=db.now)
    assert await drain() == []
    assert len(await rows_of(database, order_id)) == 1
