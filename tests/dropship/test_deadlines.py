"""Deadlines of partners: reminded, escalated, taken away; late parcels are told; one winner between answer and loss."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.auth import make_user
from factories.catalog import make_variant
from factories.fulfillment import audited, order_of, rows_of
from factories.intake import make_company, put_stock
from factories.locations import make_location, make_tariff
from factories.partners import make_partner
from factories.processes import cases_of, order_one, told
from kontor.auth.permissions import Role
from kontor.care.late import settle_late
from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.core.jobs import Runtime
from kontor.dropship import deadlines
from kontor.fulfillment.answering import Acceptance, accept, escalate, reject
from kontor.fulfillment.errors import TakenAway, WrongState
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.fulfillment.states import FulfillmentState, RejectReason
from kontor.locations.models import LocationKind
from kontor.notifications.ports import MessageSender, OutgoingMessage
from kontor.partners import queries
from kontor.partners.agreements import agree
from support import Client, Drain, Principals, StandingClock

S = FulfillmentState


class Post:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.letters: list[OutgoingMessage] = []

    async def send(self, message: OutgoingMessage) -> str:
        self.letters.append(message)
        return message.message_id

    def to(self, address: str) -> list[str]:
        return [each.subject for each in self.letters if each.to == address]


@pytest.fixture
def post(runtime: Runtime) -> Post:
    kept = Post()
    runtime.ports.register(MessageSender, kept)
    return kept


async def two_dropshippers(database: Database) -> tuple[UUID, UUID, Any]:
    """An order at the first of two partners, who must answer within 8 hours and ship within 20."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        await make_user(db, role=Role.OPERATIONS, email="ops@shop.example", language="en")
        variant = await make_variant(db)
        places = []
        for number, price in enumerate((400, 900)):
            partner = await make_partner(db, code=f"p{number}", email=f"p{number}@ds.example")
            place = await make_location(db, kind=LocationKind.DROPSHIPPER, partner_id=partner.id, code=f"ds{number}")
            await make_tariff(db, location_id=place.id, parcel_cents=price)
            places.append(place)
            locked = await queries.lock_partner(db, id=partner.id)
            await agree(db, locked, {"answer_hours": 8, "ship_hours": 20}, valid_from=db.now.date())
    for place in places:
        await put_stock(database, place.id, variant.id, 5)
    return await order_one(database, company, variant), places[0].id, places[1]


async def test_unanswered_work_is_reminded_escalated_and_goes_to_another_partner(
    database: Database, drain: Drain, clock: StandingClock, post: Post, client: Client, principals: Principals
) -> None:
    order_id, first, second = await two_dropshippers(database)
    assert await drain() == []
    (row,) = await rows_of(database, order_id)
    assert row.location_id == first
    for hours, reminded in ((5.5, 0), (7, 1), (7.5, 0)):
        clock.set_to(row.created_at + timedelta(hours=hours))
        async with database.unit_of_work() as db:
            assert await deadlines.remind_of_answers(db, now=db.now) == reminded
    assert await drain() == []
    assert post.to("p0@ds.example") == ["1 Auftrag wartet auf Ihre Antwort"]
    assert await drain(until=row.created_at + timedelta(hours=9)) == []
    assert await cases_of(database, order_id) == [("UNANSWERED", "OPEN")]
    assert post.to("ops@shop.example") == ["1 order of partners past a deadline"]
    assert await drain(until=row.created_at + timedelta(hours=33)) == []
    lost, heir = await rows_of(database, order_id)
    assert (lost.state, heir.state, heir.location_id) == (S.REJECTED, S.OPEN, second.id)
    assert ("UNANSWERED", "DONE") in await cases_of(database, order_id)
    scope = principals.holding("fulfillment:read", partner_id=lost.partner_id)
    asked = "query($id: UUID!) { fulfillmentOrder(id: $id) { takenOver { kind } } }"
    answer = await client.graphql(asked, {"id": str(lost.id)}, principal=scope)
    assert answer["data"]["fulfillmentOrder"]["takenOver"] == [{"kind": "DROPSHIPPER"}]
    with pytest.raises(TakenAway):
        async with database.unit_of_work() as db:
            await accept(db, Acceptance(lost.id), now=db.now)
    await audited(database)


async def test_late_parcel_is_told_once_and_its_case_ends_with_it(
    database: Database, drain: Drain, clock: StandingClock, post: Post
) -> None:
    order_id, _, _ = await two_dropshippers(database)
    await drain()
    (row,) = await rows_of(database, order_id)
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row.id), now=db.now)
    clock.advance(hours=21)
    for _ in range(2):
        async with database.unit_of_work() as db:
            await deadlines.tell_overdue(db, now=db.now)
    assert await drain() == []
    assert await told(database, "FulfillmentOverdue") == 1
    assert await cases_of(database, order_id) == [("LATE", "OPEN")]
    assert post.to("ops@shop.example") == ["1 order of partners past a deadline"]
    async with database.unit_of_work() as db:
        await ship(db, Shipping(row.id), now=db.now, how=How(accepts_open=True))
    async with database.unit_of_work() as db:
        await settle_late(db, now=db.now)
    assert ("LATE", "DONE") in await cases_of(database, order_id)


async def test_answer_and_loss_at_one_moment_have_one_winner(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id, _, _ = await two_dropshippers(database)
    await drain()
    (row,) = await rows_of(database, order_id)
    async with database.unit_of_work() as db:
        assert await escalate(db, row.id, now=db.now)

    async def answer() -> str:
        try:
            async with database.unit_of_work() as db:
                await accept(db, Acceptance(row.id), now=db.now)
        except KontorError as refused:
            return refused.code
        return "accepted"

    async def take_away() -> str:
        try:
            async with database.unit_of_work() as db:
                state = await db.scalar(sa.select(FulfillmentOrder.state).where(FulfillmentOrder.id == row.id))
                if state is not S.OPEN:
                    return "kept"
                await reject(db, row.id, None, now=db.now, reason=RejectReason.NO_ANSWER)
        except WrongState:
            return "kept"
        return "taken"

    outcomes = await asyncio.gather(answer(), take_away())
    assert sorted(outcomes) in (["accepted", "kept"], ["TAKEN_AWAY", "taken"]), outcomes
    (after,) = await rows_of(database, order_id)
    assert after.state in (S.ACCEPTED, S.REJECTED)
    assert (after.state is S.ACCEPTED) == ("accepted" in outcomes)
    assert (await order_of(database, order_id)).state in ("CONFIRMED", "IN_FULFILLMENT")
    await audited(database)
