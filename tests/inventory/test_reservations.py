"""Quotas of channels and pieces kept for customers."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from factories.channels import make_channel
from inventory.shelves import Shelf, make_shelf
from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.core.ids import new_id
from kontor.inventory.allocating import Pick, try_allocate
from kontor.inventory.models import MovementKind, Reservation
from kontor.inventory.reservations import (
    Wish,
    prolong_kept,
    release_expired,
    release_reservation,
    reserve_stock,
    set_channel_reservation,
)
from kontor.routing import masters
from kontor.routing.candidates import available
from kontor.routing.service import load_supply
from support import Drain, StandingClock


async def keep(shelf: Shelf, quantity: int) -> Reservation:
    async with shelf.database.unit_of_work() as db:
        return await set_channel_reservation(db, Wish(shelf.channel.id, "HAM", "LAMP", quantity))


async def hold(shelf: Shelf, quantity: int, reference: str = "CR-1", hours: int = 2) -> Reservation:
    async with shelf.database.unit_of_work() as db:
        wish = Wish(shelf.channel.id, "HAM", "LAMP", quantity)
        return await reserve_stock(db, wish, reference=reference, expires_at=db.now + timedelta(hours=hours))


async def test_quota_is_set_raised_and_lowered(database: Database) -> None:
    shelf = await make_shelf(database, 10)

    for quantity in (4, 6, 6, 1):
        await keep(shelf, quantity)

    assert await shelf.counters() == (10, 0, 1)
    assert await shelf.movements() == [
        (MovementKind.COUNT, 10, 0, 0),
        (MovementKind.RESERVE, 0, 0, 4),
        (MovementKind.RESERVE, 0, 0, 2),
        (MovementKind.UNRESERVE, 0, 0, -5),
    ]
    assert await shelf.sound()


async def test_quota_of_an_uncounted_article_waits_for_goods(database: Database) -> None:
    shelf = await make_shelf(database, None)
    await keep(shelf, 4)
    assert await shelf.counters() == (0, 0, 4)
    assert await shelf.sound()


async def test_quotas_set_at_once_end_at_one_of_them(database: Database) -> None:
    shelf = await make_shelf(database, 10)
    await keep(shelf, 1)

    await asyncio.gather(*[keep(shelf, quantity) for quantity in (2, 5, 7)])

    assert (await shelf.counters())[2] in (2, 5, 7)
    assert await shelf.sound()


async def test_click_and_reserve_ends_by_itself(database: Database, clock: StandingClock, drain: Drain) -> None:
    shelf = await make_shelf(database, 3)
    await hold(shelf, 2)
    assert await shelf.counters() == (3, 0, 2)

    assert await drain(until=clock.moment + timedelta(hours=1)) == []
    assert await shelf.counters() == (3, 0, 2)
    assert await drain(until=clock.moment + timedelta(hours=2)) == []

    assert await shelf.counters() == (3, 0, 0)
    assert await shelf.sound()


async def test_same_reservation_again_changes_nothing(database: Database) -> None:
    shelf = await make_shelf(database, 3)
    first = await hold(shelf, 2)
    again = await hold(shelf, 2)

    with pytest.raises(KontorError) as other:
        await hold(shelf, 1)
    with pytest.raises(KontorError) as short:
        await hold(shelf, 2, "CR-2")

    assert (first.id, other.value.code, short.value.code) == (again.id, "RESERVATION_TAKEN", "STOCK_SHORT")
    assert short.value.params == {"sku": "LAMP", "available": 1}
    assert await shelf.counters() == (3, 0, 2)


async def test_pain_04_release_happens_once(database: Database, clock: StandingClock) -> None:
    shelf = await make_shelf(database, 3)
    row = await hold(shelf, 2)
    clock.advance(hours=3)

    async def end() -> None:
        async with database.unit_of_work() as db:
            await release_expired(db)

    async def give_up() -> None:
        async with database.unit_of_work() as db:
            await release_reservation(db, row.id)

    await asyncio.gather(end(), give_up(), end())

    assert await shelf.counters() == (3, 0, 0)
    assert [kind for kind, *_ in await shelf.movements()].count(MovementKind.UNRESERVE) == 1


async def test_personal_pieces_are_nobodys_quota(database: Database) -> None:
    shelf = await make_shelf(database, 3)
    await hold(shelf, 2)

    async with database.unit_of_work() as db:
        book = await load_supply(db, await masters.load(db), [shelf.variant.id])
        seen = available(book.stock[shelf.variant.id][shelf.place.id], shelf.channel.code, book.today)
        greedy = Pick(new_id(), new_id(), shelf.channel.id, shelf.place.id, shelf.variant.id, 2, from_reservation=2)
        taken = await try_allocate(db, [greedy])

    assert (seen, taken) == (1, False)


async def test_quota_is_seen_by_its_channel_alone(database: Database) -> None:
    shelf = await make_shelf(database, 3)
    async with database.unit_of_work() as db:
        other = await make_channel(db, code="market")
    await keep(shelf, 2)

    async with database.read_only() as db:
        book = await load_supply(db, await masters.load(db), [shelf.variant.id])
    stock = book.stock[shelf.variant.id][shelf.place.id]

    assert [available(stock, code, book.today) for code in (shelf.channel.code, other.code)] == [3, 1]


@pytest.mark.engine("postgresql")
async def test_what_is_prolonged_while_its_time_ends_stays_kept(database: Database, clock: StandingClock) -> None:
    shelf = await make_shelf(database, 10)
    await hold(shelf, 3)
    clock.advance(hours=2)

    async def time_is_over() -> None:
        async with database.unit_of_work() as db:
            await release_expired(db)

    async with database.unit_of_work() as db:
        await prolong_kept(db, "CR-1", db.now + timedelta(days=1))
        ends = asyncio.create_task(time_is_over())
        await asyncio.sleep(0.5)
        assert not ends.done()
    await ends
    assert await shelf.counters() == (10, 0, 3)
