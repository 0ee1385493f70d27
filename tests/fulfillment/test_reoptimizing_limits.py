"""What joint planning leaves alone: places that get nothing new, and pieces that would be lost or come late."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.fulfillment import audited, confirmed, counters, sourced
from factories.intake import make_company, put_stock
from fulfillment.test_reoptimizing import articles, far_then_near, later_work, place_at, places_of, run_once
from kontor.channels.models import ShortagePolicy
from kontor.core.db import Database, Session
from kontor.fulfillment import reoptimizing
from kontor.fulfillment.waiting import Taken, find_waiting
from kontor.imports.saving import touch_masters
from kontor.inventory.models import Allocation, StockLevel
from kontor.locations.models import StockLocation
from kontor.locations.pausing import pause_location
from kontor.orders.models import Order
from kontor.routing import runs
from kontor.routing.excluding import ExclusionWish, exclude_place
from kontor.routing.models import RoutingRun
from kontor.routing.runs import Occasion


async def exclude(database: Database, place_id: UUID, **given: Any) -> None:
    async with database.unit_of_work() as db:
        await exclude_place(db, ExclusionWish(place_id, "cannot find it", **given))


async def pause(database: Database, place_id: UUID) -> None:
    async with database.unit_of_work() as db:
        await pause_location(db, place_id, until=db.now + timedelta(hours=1), reason="flood")


@pytest.mark.parametrize("what", ["place", "article", "order"])
async def test_nothing_moves_to_where_somebody_shut_it_out(database: Database, what: str) -> None:
    _, order_id, far, near = await far_then_near(database)
    async with database.read_only() as db:
        variant_id = await db.scalar(sa.select(Allocation.variant_id))
    given: dict[str, dict[str, Any]] = {
        "place": {}, "article": {"variant_id": variant_id}, "order": {"order_id": order_id}
    }  # fmt: skip
    await exclude(database, near.id, **given[what])

    run = await run_once(database)
    assert (run.moved, run.cost, run.planned, run.bound) == (0, 900, 900, 900)
    assert await places_of(database, order_id) == {far.id: 1}


async def test_pieces_leave_a_place_that_was_shut_out_as_far_as_others_have_them(database: Database) -> None:
    company = await make_company(database)
    (lamp,) = await articles(database, "LAMP")
    shut = await place_at(database, 300)
    await put_stock(database, shut.id, lamp.id, 5)
    order_id = await confirmed(database, company, ("LAMP", 5))
    dear = await place_at(database, 900)
    await put_stock(database, dear.id, lamp.id, 3)
    await exclude(database, shut.id, variant_id=lamp.id)

    run = await run_once(database)

    assert run.moved == 1
    assert run.bound <= run.planned <= run.cost
    assert await places_of(database, order_id) == {dear.id: 3, shut.id: 2}
    await audited(database)


@pytest.mark.parametrize("how", ["paused", "excluded"])
async def test_a_place_that_is_shut_while_the_run_thinks_gets_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    _, order_id, far, near = await far_then_near(database)
    plan = reoptimizing._plan

    async def planned(*given: Any) -> Any:
        joint = await plan(*given)
        await (pause if how == "paused" else exclude)(database, near.id)
        return joint

    monkeypatch.setattr(reoptimizing, "_plan", planned)
    run = await run_once(database)
    assert (run.moved, run.stale) == (0, 1)
    assert await places_of(database, order_id) == {far.id: 1}


@pytest.mark.parametrize("how", ["jointly", "released"])
async def test_what_a_paused_place_holds_is_kept_where_nobody_else_has_it(database: Database, how: str) -> None:
    company = await make_company(database)
    (lamp,) = await articles(database, "LAMP")
    far = await place_at(database, 900)
    await put_stock(database, far.id, lamp.id, 5)
    order_id = await confirmed(database, company, ("LAMP", 5))
    near = await place_at(database, 300)
    await put_stock(database, near.id, lamp.id, 3)
    await pause(database, far.id)

    if how == "jointly":
        assert (await run_once(database)).moved == 1
    else:
        await sourced(database, order_id)

    assert await counters(database, order_id) == [{"ordered": 5, "allocated": 5}]
    assert await places_of(database, order_id) == {near.id: 3, far.id: 2}
    await audited(database)


@pytest.mark.parametrize("how", ["paused", "excluded"])
async def test_work_that_a_place_was_given_before_it_was_shut_stays(database: Database, how: str) -> None:
    _, order_id, slow, _ = await later_work(database)
    await (pause if how == "paused" else exclude)(database, slow.id)
    assert (await run_once(database)).moved == 0
    assert await places_of(database, order_id) == {slow.id: 2}


async def test_work_of_a_closed_place_stays_where_nobody_has_all_of_it(database: Database) -> None:
    _, order_id, slow, near = await later_work(database)
    async with database.unit_of_work() as db:
        await db.execute(sa.update(StockLevel).where(StockLevel.location_id == near.id).values(safety=2))
        await db.execute(sa.update(StockLocation).where(StockLocation.id == slow.id).values(active=False))
        await touch_masters(db)
    assert (await run_once(database)).moved == 0
    assert await places_of(database, order_id) == {slow.id: 2}


async def test_a_piece_that_comes_in_time_is_not_made_late_because_another_is_late(database: Database) -> None:
    company = await make_company(database)
    (lamp,) = await articles(database, "LAMP")
    quick, slow = await place_at(database, 900), await place_at(database, 100, transit_days=9)
    for place in (quick, slow):
        await put_stock(database, place.id, lamp.id, 1)
    async with database.read_only() as db:
        promised_on = db.now.date() + timedelta(days=2)
    order_id = await confirmed(database, company, ("LAMP", 2), promised_on=promised_on)
    cheap = await place_at(database, 90, transit_days=9)
    await put_stock(database, cheap.id, lamp.id, 2)

    await run_once(database)

    assert (await places_of(database, order_id))[quick.id] == 1
    await audited(database)


async def test_a_run_that_fell_counts_what_it_had_moved_before(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await far_then_near(database)
    make = reoptimizing._make

    async def falls(*given: Any) -> Any:
        await make(*given)
        raise ConnectionError

    async with database.unit_of_work() as db:
        run_id = reoptimizing.request_run(db, Occasion.MANUAL).id
    with monkeypatch.context() as broken:
        broken.setattr(reoptimizing, "_make", falls)
        with pytest.raises(ConnectionError):
            await reoptimizing.reoptimize(database, run_id, seconds=2)
    await reoptimizing.reoptimize(database, run_id, seconds=2)

    async with database.read_only() as db:
        run = await db.get_one(RoutingRun, run_id)
    assert (run.moved, run.gained, run.stale, run.ended_at is not None) == (1, 600, 0, True)


async def test_where_more_orders_wait_than_a_run_takes_all_get_their_turn(database: Database) -> None:
    company = await make_company(database, shortage=ShortagePolicy.TAKE)
    await articles(database, "LAMP")
    made = [await confirmed(database, company, ("LAMP", 1)) for _ in range(7)]
    async with database.unit_of_work() as db:
        await db.execute(sa.update(Order).where(Order.id == made[6]).values(priority=1))
    async with database.read_only() as db:
        everyone = await find_waiting(db, most=8)
        some = [await find_waiting(db, most=4)]
        for _ in range(2):
            some.append(await find_waiting(db, some[-1].last, most=4))
    assert everyone == ([made[6], *made[:6]], None)
    assert [each.order_ids for each in some] == [
        [made[6], made[0], made[1], made[2]],
        [made[6], made[0], made[3], made[4]],
        [made[6], made[0], made[5], made[1]],
    ]
    assert [each.last for each in some] == [made[2], made[4], made[1]]


async def test_a_run_goes_on_behind_the_last_one(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    company = await make_company(database, shortage=ShortagePolicy.TAKE)
    await articles(database, "LAMP")
    made = [await confirmed(database, company, ("LAMP", 1)) for _ in range(4)]

    async def few(db: Session, after: UUID | None) -> Taken:
        return await find_waiting(db, after, most=2)

    monkeypatch.setattr(reoptimizing, "find_waiting", few)
    for last in (made[1], made[2], made[3], made[1]):
        assert (await run_once(database)).orders == 2
        async with database.read_only() as db:
            assert await runs.last_order(db) == last


async def test_rooms_of_one_house_send_one_parcel_when_planned_jointly(database: Database) -> None:
    company = await make_company(database)
    (lamp,) = await articles(database, "LAMP")
    far = await place_at(database, 900)
    await put_stock(database, far.id, lamp.id, 2)
    order_id = await confirmed(database, company, ("LAMP", 2))
    rooms = [await place_at(database, 500, dispatch_group="house") for _ in range(2)]
    for room in rooms:
        await put_stock(database, room.id, lamp.id, 1)

    run = await run_once(database)

    assert (run.moved, run.cost, run.planned, run.bound, run.gained) == (1, 900, 500, 500, 400)
    assert await places_of(database, order_id) == {room.id: 1 for room in rooms}
    assert (await run_once(database)).moved == 0
    await audited(database)
