"""Orders are assessed in batches, held for a person, and decided on once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.intake import ADDRESS, order_input, place
from factories.processes import make_store, order_one, order_state, standing, work_of
from kontor.core.db import Database
from kontor.inventory.models import StockLevel
from kontor.orders import queries as orders
from kontor.orders import service as order_service
from kontor.orders.intake import PaymentInput
from kontor.orders.models import OrderHold
from kontor.processes.models import UserTask
from kontor.risk import saving, service
from kontor.risk.errors import NotInReview
from kontor.risk.models import RiskAssessment, RiskListEntry, RiskSighting
from kontor.risk.states import RiskState
from kontor.risk.values import Decision, ListKind
from support import Drain, StandingClock

REVIEWED = {"risk.amount": 500}


async def assessment(database: Database, order_id: UUID) -> RiskAssessment:
    async with database.read_only() as db:
        return (await db.scalars(sa.select(RiskAssessment).where(RiskAssessment.order_id == order_id))).one()


async def reviewed(database: Database, order_id: UUID, *, accept: bool) -> None:
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        await service.review_order(db, order, accept=accept, now=db.now, note="called her")


async def test_doubtful_order_waits_for_a_person_and_goes_on(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database, settings=REVIEWED)
    order_id = await order_one(database, company, variant)
    assert await drain() == []
    assert await standing(database, order_id) == ["review_risk"]
    async with database.read_only() as db:
        assert [(hold.kind, hold.blocking) for hold in await db.scalars(sa.select(OrderHold))] == [("RISK", True)]
        task = (await db.scalars(sa.select(UserTask))).one()
    assert (task.name, task.role, task.state) == ("review_risk", "CARE_AGENT", "OPEN")
    await reviewed(database, order_id, accept=True)
    assert await drain() == []
    assert await order_state(database, order_id) == "IN_FULFILLMENT"
    async with database.read_only() as db:
        task = (await db.scalars(sa.select(UserTask))).one()
    assert (task.state, task.outcome) == ("DONE", "ACCEPT")
    with pytest.raises(NotInReview):
        await reviewed(database, order_id, accept=False)


async def test_refused_order_gives_its_stock_back(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database, 3, settings=REVIEWED)
    order_id = await order_one(database, company, variant, 2)
    await drain()
    await reviewed(database, order_id, accept=False)
    assert await drain() == []
    assert await order_state(database, order_id) == "REJECTED"
    async with database.read_only() as db:
        level = await db.get_one(StockLevel, (company.warehouse.id, variant.id))
    assert (level.on_hand, level.allocated) == (3, 0)


async def test_releasing_the_hold_accepts_the_order(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database, settings=REVIEWED)
    order_id = await order_one(database, company, variant)
    await drain()
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        (hold,) = (await orders.open_holds(db, [order_id]))[order_id]
        order_service.release_hold(db, order, hold, now=db.now)
    assert await drain() == []
    assert (await assessment(database, order_id)).state is RiskState.ACCEPTED
    assert len(await work_of(database, order_id)) == 1


async def test_blocked_address_is_rejected_at_once(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database)
    async with database.unit_of_work() as db:
        rows = await saving.save_risk_list_entries(
            db, [{"kind": ListKind.EMAIL, "value": "Greta@Fock.example", "reason": "never paid"}]
        )
        assert [str(row.outcome) for row in rows] == ["CREATED"]
    order_id = await order_one(database, company, variant)
    assert await drain() == []
    assert await order_state(database, order_id) == "REJECTED"
    found = await assessment(database, order_id)
    assert found.reasons == [{"code": "BLOCKED", "score": 100, "params": {"kind": "EMAIL"}, "decision": "REJECT"}]


async def test_sixth_order_within_a_day_is_noticed(database: Database, drain: Drain, clock: StandingClock) -> None:
    company, variant = await make_store(database)
    plain = order_input(company.channel, (variant.sku, 1), facts={"ip": "10.0.0.7"})
    batch = [replace(plain, external_id=f"x{number}") for number in range(7)]
    await place(database, company, *batch)
    await drain()
    async with database.read_only() as db:
        rows = await db.scalars(sa.select(RiskAssessment).order_by(RiskAssessment.order_id))
        seen = [row.facts["seen"] for row in rows]
    assert [each["EMAIL"] for each in seen] == [1, 2, 3, 4, 5, 6, 7]
    assert [each["IP"] for each in seen] == [1, 2, 3, 4, 5, 6, 7]
    clock.advance(hours=25)
    later = await order_one(database, company, variant)
    await drain()
    assert (await assessment(database, later)).facts["seen"]["EMAIL"] == 1
    clock.advance(days=4)
    async with database.unit_of_work() as db:
        await service.forget_sightings(db, now=db.now)
        assert await db.scalar(sa.select(sa.func.count()).select_from(RiskSighting)) == 0


async def test_far_more_than_usual_is_noticed(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database)
    await order_one(database, company, variant)
    await drain()
    large = await order_one(database, company, variant, 30)
    await drain()
    assert [reason["code"] for reason in (await assessment(database, large)).reasons] == ["ABOVE_USUAL"]


async def test_declined_cards_of_the_customer_count(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database)
    declined = (PaymentInput("CARD", 1000, token="tok_declined"),)
    for _ in range(3):
        await order_one(database, company, variant, payments=declined)
    await drain()
    order_id = await order_one(database, company, variant)
    await drain()
    assert (await assessment(database, order_id)).reasons[0]["params"] == {"declines": 3, "limit": 3}


async def test_own_rule_decides_and_a_broken_one_asks_a_person(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database)
    async with database.unit_of_work() as db:
        await saving.save_risk_rules(
            db,
            [
                {"code": "NO-BREMEN", "condition": 'city == "Bremen"', "decision": Decision.REJECT},
                {"code": "VIP", "condition": "facts.vip == true", "score": -50},
            ],
        )
    bremen = replace(ADDRESS, city="Bremen")
    given: tuple[dict[str, Any], ...] = (
        {"facts": {"vip": True}},
        {"facts": {"vip": False}, "shipping_address": bremen},
        {},
    )
    orders_ = [await order_one(database, company, variant, **each) for each in given]
    await drain()
    found = [await assessment(database, order_id) for order_id in orders_]
    assert [(each.state, [reason["code"] for reason in each.reasons]) for each in found] == [
        (RiskState.ACCEPTED, ["VIP"]),
        (RiskState.REJECTED, ["NO-BREMEN"]),
        (RiskState.REVIEW, ["RULE_FAILED"]),
    ]


@pytest.mark.parametrize(
    ("row", "path"),
    [
        ({"code": "X", "condition": "total >"}, ("condition",)),
        ({"code": "X", "condition": "total + 1"}, ("condition",)),
        ({"code": "X", "condition": "nobody == 1"}, ("condition",)),
        ({"code": "X", "condition": "true", "text": {"fr": "non"}}, ("text",)),
        ({"code": "X", "condition": "true", "channel": "nowhere"}, ("channel",)),
        ({"code": "X"}, ("condition",)),
        ({"code": "X", "condition": "true", "score": 5000}, ("score",)),
    ],
)
@pytest.mark.engine("sqlite")
async def test_wrong_rule_is_refused_with_its_field(database: Database, row: Any, path: tuple[str, ...]) -> None:
    async with database.unit_of_work() as db:
        (result,) = await saving.save_risk_rules(db, [row])
    assert result.problem is not None
    assert result.problem.path == path


async def test_list_entry_is_kept_as_it_is_compared_and_ends(database: Database) -> None:
    async with database.unit_of_work() as db:
        rows = await saving.save_risk_list_entries(
            db,
            [
                {"kind": ListKind.PHONE, "value": "+49 40 123", "reason": "fraud"},
                {"kind": ListKind.PHONE, "value": "0049 40 123", "reason": "again"},
                {"kind": ListKind.PHONE, "value": "---", "reason": "nothing"},
            ],
        )
        assert [str(row.outcome) for row in rows] == ["CREATED", "REFUSED", "REFUSED"]
    async with database.unit_of_work() as db:
        (row,) = await saving.save_risk_list_entries(
            db, [{"kind": ListKind.PHONE, "value": "004940123", "until": db.now}]
        )
        assert str(row.outcome) == "UPDATED"
        (entry,) = await db.scalars(sa.select(RiskListEntry))
        assert (entry.value, entry.blocked, entry.until) == ("+4940123", True, db.now)
