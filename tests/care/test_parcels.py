"""Parcels that are lost or came back: their cases end with the goods, and what was finished is not raised again."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import order_of, released, rows_of, sourced
from factories.intake import Company, make_company, put_stock
from factories.returns import approved, return_lines
from kontor.care import service, watching
from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.claims import claiming
from kontor.claims.claiming import ClaimedPieces, Report, Verdict
from kontor.claims.states import ClaimKind, Remedy
from kontor.core.db import Database
from kontor.core.principal import SYSTEM
from kontor.fulfillment import stalling
from kontor.fulfillment.delivering import Delivery, record_delivery
from kontor.fulfillment.models import FulfillmentOrder, Parcel
from kontor.fulfillment.parcels import ParcelInput
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.fulfillment.states import ParcelState
from kontor.orders import queries as orders
from kontor.returns import receiving
from support import StandingClock


async def sent(database: Database, pieces: int, *numbers: str) -> tuple[UUID, UUID]:
    """An order that left in one parcel, or one of each number: its id and that of the first parcel."""
    company: Company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
    await put_stock(database, company.warehouse.id, variant.id, 50)
    order_id, work_id = await released(database, company, ("LAMP", pieces))
    async with database.unit_of_work() as db:
        parcels = tuple(ParcelInput("dhl", number) for number in numbers or ("1",))
        await ship(db, Shipping(work_id, parcels=parcels), now=db.now, how=How(accepts_open=True))
        parcel_id = (
            await db.scalars(sa.select(Parcel.id).where(Parcel.tracking_number == parcels[0].tracking_number))
        ).one()
    return order_id, parcel_id


async def reported(database: Database, parcel_id: UUID, state: ParcelState) -> None:
    async with database.unit_of_work() as db:
        await stalling.report_parcel(db, parcel_id, state, reason="seen", now=db.now, principal=SYSTEM)


async def watched(database: Database) -> dict[str, list[CaseState]]:
    """What the cases are after a look, by their kind, oldest first."""
    async with database.unit_of_work() as db:
        await watching.raise_overdue(db, now=db.now)
        await watching.settle_gone(db, now=db.now)
    found: dict[str, list[CaseState]] = {}
    async with database.read_only() as db:
        for case in await db.scalars(sa.select(Case).order_by(Case.created_at, Case.id)):
            found.setdefault(case.kind, []).append(case.state)
    return found


async def replaced(database: Database, order_id: UUID, pieces: int) -> None:
    """So many pieces are claimed as missing and sent again."""
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        (line, *_) = (await orders.lines_of(db, [order_id]))[order_id]
        report = Report(ClaimKind.MISSING, (ClaimedPieces(line.id, pieces),), wished=Remedy.REPLACEMENT)
        claim = await claiming.open_claim(db, order, report, now=db.now)
        await claiming.approve_claim(db, order, claim, Verdict(Remedy.REPLACEMENT), now=db.now)


async def test_goods_that_came_back_and_went_out_again_need_nobody(database: Database, clock: StandingClock) -> None:
    order_id, parcel_id = await sent(database, 2)
    await reported(database, parcel_id, ParcelState.RETURNED)
    assert await watched(database) == {"UNDELIVERABLE": [CaseState.OPEN]}
    clock.advance(minutes=20)
    await replaced(database, order_id, 1)
    assert await watched(database) == {"UNDELIVERABLE": [CaseState.OPEN]}  # the other piece is still with us
    await replaced(database, order_id, 1)
    assert await watched(database) == {"UNDELIVERABLE": [CaseState.DONE]}
    clock.advance(minutes=20)
    assert await watched(database) == {"UNDELIVERABLE": [CaseState.DONE]}
    assert (await order_of(database, order_id)).state != "CANCELED"


async def test_what_goes_out_again_is_not_late_by_the_first_promise(database: Database, clock: StandingClock) -> None:
    order_id, parcel_id = await sent(database, 1)
    async with database.unit_of_work() as db:
        promised = (await orders.lock_order(db, order_id)).promised_on
    assert promised is not None
    await reported(database, parcel_id, ParcelState.LOST)
    clock.advance(days=20)
    await replaced(database, order_id, 1)
    await sourced(database, order_id)
    _, again = await rows_of(database, order_id)
    assert again.promised_on is not None
    assert again.promised_on >= clock.moment.date() > promised
    assert await watched(database) == {"LATE": [CaseState.DONE]}  # the lost parcel's


async def test_what_was_finished_is_raised_again_by_news_alone(database: Database, clock: StandingClock) -> None:
    _, parcel_id = await sent(database, 1)
    await reported(database, parcel_id, ParcelState.LOST)
    assert await watched(database) == {"LATE": [CaseState.OPEN]}
    async with database.unit_of_work() as db:
        case = (await db.scalars(sa.select(Case))).one()
        service.finish_case(db, case, now=db.now)
    clock.advance(minutes=20)
    assert await watched(database) == {"LATE": [CaseState.DONE]}
    await reported(database, parcel_id, ParcelState.RETURNED)
    assert await watched(database) == {"LATE": [CaseState.DONE], "UNDELIVERABLE": [CaseState.OPEN]}


async def test_what_was_replaced_before_it_came_back_has_to_be_taken_in(
    database: Database, clock: StandingClock
) -> None:
    order_id, parcel_id = await sent(database, 1)
    await reported(database, parcel_id, ParcelState.LOST)
    await watched(database)
    await replaced(database, order_id, 1)
    assert await watched(database) == {"LATE": [CaseState.DONE]}
    clock.advance(days=2)
    await reported(database, parcel_id, ParcelState.RETURNED)
    assert (await watched(database))["UNDELIVERABLE"] == [CaseState.OPEN]


async def test_a_parcel_that_was_said_to_be_back_by_mistake_arrives(database: Database, clock: StandingClock) -> None:
    order_id, parcel_id = await sent(database, 2, "1", "2")
    await reported(database, parcel_id, ParcelState.RETURNED)
    assert await watched(database) == {"UNDELIVERABLE": [CaseState.OPEN]}
    clock.advance(days=1)
    for number, delivered in (("2", 0), ("1", 2)):
        async with database.unit_of_work() as db:
            await record_delivery(db, Delivery(tracking_number=number), now=db.now)
        async with database.read_only() as db:
            (line, *_) = (await orders.lines_of(db, [order_id]))[order_id]
            assert line.delivered == delivered
    assert await watched(database) == {"UNDELIVERABLE": [CaseState.DONE]}


async def test_what_is_only_announced_is_not_back(database: Database, clock: StandingClock) -> None:
    """Half of it arrives: the rest is looked after still. Announced before the news or after, what arrives counts."""
    order_id, parcel_id = await sent(database, 2)
    announced = await approved(database, order_id, 2, anyway=True)
    clock.advance(minutes=20)
    await reported(database, parcel_id, ParcelState.RETURNED)
    assert await watched(database) == {"UNDELIVERABLE": [CaseState.OPEN]}
    for pieces, state in ((1, CaseState.OPEN), (1, CaseState.DONE)):
        clock.advance(minutes=20)
        async with database.unit_of_work() as db:
            (place,) = await db.scalars(sa.select(FulfillmentOrder.location_id))
            (line,) = await return_lines(database, announced.id)
            arrived = [receiving.Arrived(line.id, pieces)]
            await receiving.count_as_back(db, announced.id, place, arrived, now=db.now, findings=[])
        assert await watched(database) == {"UNDELIVERABLE": [state]}
