"""The audit trail tells who did what, and is found again."""

from datetime import timedelta

from kontor.auth import audit
from kontor.auth.audit import AuditFilter
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.pagination import PageRequest
from kontor.core.principal import Principal, PrincipalKind
from support import StandingClock

ANNA = Principal(PrincipalKind.USER, id=new_id(), name="Anna")
SHOP = Principal(PrincipalKind.CLIENT, id=new_id(), name="Shop")


async def found(database: Database, **wanted: object) -> list[str]:
    async with database.read_only() as db:
        page = await audit.list_entries(db, AuditFilter(**wanted), PageRequest())  # type: ignore[arg-type]
    return [item.operation for item in page.items]


async def test_an_entry_tells_who_what_when_and_in_which_request(database: Database, clock: StandingClock) -> None:
    order = new_id()
    async with database.unit_of_work(ANNA, request_id="r-1") as db:
        audit.note(db, "placeHold", [("order", order), ("order", order)], {"reason": "address"})
    async with database.read_only() as db:
        entry = (await audit.list_entries(db, AuditFilter(), PageRequest())).items[0]
    assert (entry.principal_kind, entry.principal_id, entry.principal_name) == ("USER", ANNA.id, "Anna")
    assert (entry.operation, entry.targets, entry.details) == ("placeHold", [f"order:{order}"], {"reason": "address"})
    assert (entry.at, entry.request_id) == (clock.moment, "r-1")


async def test_what_was_rolled_back_was_not_done(database: Database) -> None:
    try:
        async with database.unit_of_work(ANNA) as db:
            audit.note(db, "placeHold", [("order", new_id())])
            raise RuntimeError("no")
    except RuntimeError:
        pass
    assert await found(database) == []


async def test_entries_are_narrowed_by_each_filter(database: Database, clock: StandingClock) -> None:
    order, start = new_id(), clock.moment
    for number, (principal, target) in enumerate([(ANNA, order), (SHOP, order), (ANNA, new_id())]):
        async with database.unit_of_work(principal) as db:
            audit.note(db, f"step{number}", [("order", target)])
        clock.advance(hours=1)
    assert await found(database) == ["step2", "step1", "step0"]
    assert await found(database, target_id=order) == ["step1", "step0"]
    assert await found(database, principal_id=ANNA.id) == ["step2", "step0"]
    assert await found(database, operation="step1") == ["step1"]
    assert await found(database, since=start + timedelta(hours=1), until=start + timedelta(hours=2)) == ["step1"]


async def test_pages_follow_each_other_within_one_moment(database: Database) -> None:
    async with database.unit_of_work(ANNA) as db:
        for number in range(5):
            audit.note(db, f"step{number}")
    seen: list[str] = []
    after: str | None = None
    async with database.read_only() as db:
        for _ in range(3):
            page = await audit.list_entries(db, AuditFilter(), PageRequest(2, after))
            seen, after = seen + [item.operation for item in page.items], page.cursors[-1]
    assert sorted(seen) == [f"step{number}" for number in range(5)]
    assert not page.has_next
