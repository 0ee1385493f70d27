"""Money that nobody has explained is in the books a day later, and moves when it is assigned."""

from __future__ import annotations

import sqlalchemy as sa

from banking.test_service import assign, entries, owing, suggested, take_in
from factories.banking import Booked, camt
from factories.invoicing import accounts
from factories.ledger import open_of
from kontor.audit import clearing
from kontor.banking import arriving, service, suspense
from kontor.banking.models import GatewayPayout
from kontor.channels.models import LegalEntity
from kontor.core.clock import utc_day
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.ledger import rebuilding
from support import Client, Drain, Principals, StandingClock


async def a_day_later(database: Database, drain: Drain, clock: StandingClock) -> int:
    clock.advance(days=1)
    async with database.unit_of_work() as db:
        count = await suspense.suspend(db, now=db.now)
    assert await drain() == []
    return count


async def books(database: Database) -> tuple[int, int, int]:
    """Bank, suspense and receivables; the audit finds no difference."""
    async with database.read_only() as db:
        for check in clearing.CHECKS:
            assert await check(db) == []
    found = await accounts(database)
    return found.get("BANK", 0), found.get("SUSPENSE", 0), found.get("RECEIVABLES", 0)


async def test_unexplained_money_is_booked_and_moves_when_it_is_assigned(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    await owing(database, drain)
    await take_in(database, camt("S1", Booked("A", 6000, "thanks"), Booked("B", -300)))
    assert await books(database) == (0, 0, 5000)  # people have a day
    assert await a_day_later(database, drain, clock) == 1
    assert await a_day_later(database, drain, clock) == 0
    assert await books(database) == (6000, -6000, 5000)
    assert await open_of(database) == {"INVOICE": 5000, "SUSPENSE": -6000}
    await take_in(database, camt("S2", Booked("C", 5000), opening=0))
    named = [each for each in await entries(database) if each.reference == "C"]
    [found] = await suggested(database, named[0])
    [entry] = [each for each in await entries(database) if each.reference == "A"]
    assignment_id = await assign(database, drain, entry, found.debt.payment_id, 5000)
    assert await books(database) == (6000, -1000, 0)
    assert await open_of(database) == {"SUSPENSE": -1000}
    async with database.unit_of_work() as db:
        await service.undo(db, assignment_id, now=db.now)
    assert await drain() == []
    assert await books(database) == (6000, -6000, 5000)
    for aside, expected in ((True, (0, 0, 5000)), (False, (6000, -6000, 5000))):
        async with database.unit_of_work() as db:
            await service.set_aside(db, entry.id, aside=aside, now=db.now)
        assert await drain() == []
        assert await books(database) == expected
    assert (await open_of(database))["SUSPENSE"] == -6000


async def test_whole_journal_is_the_same_when_it_is_computed_anew(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock
) -> None:
    await owing(database, drain)
    await take_in(database, camt("S1", Booked("A", 700, "thanks")))
    assert await a_day_later(database, drain, clock) == 1
    async with database.read_only() as db:
        assert [text async for text in rebuilding.differences(db)] == []
    assert await books(database) == (700, -700, 5000)


UNDO = """mutation ($id: UUID!) { undoGatewayPayoutMatch(payoutId: $id) {
  ... on GatewayPayout { entryId } ... on Error { code } } }"""


async def test_matched_payout_is_taken_back_and_stays_with_people(
    runtime: Runtime, database: Database, drain: Drain, clock: StandingClock, client: Client, principals: Principals
) -> None:
    await owing(database, drain)
    await take_in(database, camt("S1", Booked("A", 900, "po_1")))
    [entry] = await entries(database)
    async with database.unit_of_work() as db:
        entity_id = (await db.scalars(sa.select(LegalEntity.id))).one()
        payout = GatewayPayout(
            id=new_id(), gateway="", reference="po_1", legal_entity_id=entity_id, amount=900, fees=0, currency="EUR",
            lines=0, arrives_on=utc_day(db.now), descriptor="", entry_id=None, imported_at=db.now, imported_by="test",
            updated_at=db.now,
        )  # fmt: skip
        db.add(payout)
    assert await a_day_later(database, drain, clock) == 1
    async with database.unit_of_work() as db:
        assert await arriving.find_arrivals(db, now=db.now) == 1
    assert await drain() == []
    found = await accounts(database)
    assert (found["BANK"], found.get("SUSPENSE", 0), found["TRANSIT"]) == (900, 0, -900)
    answers = [await client.graphql(UNDO, {"id": str(payout.id)}, principal=principals.admin) for _ in range(2)]
    assert [each["data"]["undoGatewayPayoutMatch"] for each in answers] == [{"entryId": None}] * 2
    assert await drain() == []
    found = await accounts(database)
    assert (found["BANK"], found["SUSPENSE"], found.get("TRANSIT", 0)) == (900, -900, 0)
    async with database.unit_of_work() as db:
        assert await arriving.find_arrivals(db, now=db.now) == 0
        await arriving.match_entry(db, payout.id, entry.id, now=db.now)
    assert await drain() == []
    assert (await accounts(database))["TRANSIT"] == -900
