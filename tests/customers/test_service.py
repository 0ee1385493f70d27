"""Saving and seeing customers."""

from typing import Any

from factories.channels import make_channel
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.pagination import PageRequest
from kontor.customers import queries, service
from kontor.customers.queries import CustomerFilter
from support import Principals, StandingClock


async def test_customers_are_named_by_number_or_channel_reference(database: Database) -> None:
    async with database.unit_of_work() as db:
        await make_channel(db, code="shop")
        first = await service.save_customers(
            db,
            [
                {"number": "C1", "name": "Erika", "channel": "shop", "external_id": "77"},
                {"channel": "shop", "external_id": "78", "name": "Max", "email": "Max@Example.com"},
                {"name": "Nobody"},
                {"number": "C2", "name": "X", "channel": "none", "external_id": "1"},
                {"number": "C3", "name": "X", "vat_id": "DE123"},
            ],
        )
        second = await service.save_customers(
            db,
            [
                {"channel": "shop", "external_id": "78", "phone": "+49 40 1"},
                {"number": "C9", "name": "Thief", "channel": "shop", "external_id": "77"},
            ],
        )
    assert [str(row.outcome) for row in first] == ["CREATED", "CREATED", "REFUSED", "REFUSED", "REFUSED"]
    assert [row.problem and (row.problem.code, row.problem.path) for row in first[2:]] == [
        ("CUSTOMER_UNNAMED", ("number",)),
        ("UNKNOWN_REFERENCE", ("channel",)),
        ("INVALID_VAT_ID", ("vatId",)),
    ]
    assert (str(second[0].outcome), second[0].id) == ("UPDATED", first[1].id)
    assert second[1].problem is not None
    assert second[1].problem.code == "REFERENCE_TAKEN"


async def test_what_belongs_to_a_customer_changes_them(database: Database, clock: StandingClock) -> None:
    """Addresses and references are found by `changed_since`; saving the same again is no change."""
    address: Any = {"name": "Erika", "street": "Kai 1", "postal_code": "20457", "city": "Hamburg", "country": "DE"}
    rows: list[Any] = [{"number": number, "name": number} for number in ("C1", "C2", "C3")]
    changes: list[Any] = [
        {"number": "C1", "addresses": [address]},
        {"number": "C2", "channel": "shop", "external_id": "1"},
        {"number": "C3", "name": "C3"},
    ]
    async with database.unit_of_work() as db:
        await make_channel(db, code="shop")
        await service.save_customers(db, rows)
    for expected in (["C1", "C2"], []):
        since = clock.advance(hours=1)
        async with database.unit_of_work() as db:
            await service.save_customers(db, changes)
            page = await queries.list_customers(db, CustomerFilter(changed_since=since), PageRequest())
            assert sorted(each.number for each in page.items) == expected


async def test_shop_sees_the_customers_of_its_channels_only(database: Database, principals: Principals) -> None:
    async with database.unit_of_work() as db:
        shop, _ = await make_channel(db, code="shop"), await make_channel(db, code="other")
        results = await service.save_customers(
            db,
            [
                {"name": "Erika", "channel": "shop", "external_id": "1"},
                {"name": "Max", "channel": "other", "external_id": "1"},
            ],
        )
    seen = {}
    scopes: dict[str, dict[str, Any]] = {
        "shop": {"channel_ids": frozenset([shop.id])},
        "partner": {"partner_id": new_id()},
        "customer": {"customer_id": results[1].id},
        "all": {},
    }
    for name, scope in scopes.items():
        async with database.read_only(principals.holding("customers:read", **scope)) as db:
            page = await queries.list_customers(db, CustomerFilter(), PageRequest())
            seen[name] = sorted(row.name for row in page.items)
            assert (await queries.find_customer(db, id=results[0].id) is not None) is ("Erika" in seen[name])
    assert seen == {"shop": ["Erika"], "partner": [], "customer": ["Max"], "all": ["Erika", "Max"]}


async def test_search_looks_into_email(database: Database) -> None:
    async with database.unit_of_work() as db:
        await service.save_customers(db, [{"number": "C1", "name": "Max", "email": "Max_1@Example.com"}])
    async with database.read_only() as db:
        found = [
            len((await queries.list_customers(db, CustomerFilter(search=text), PageRequest())).items)
            for text in ("MAX_1@", "max%1", "example.com")
        ]
    assert found == [1, 0, 1]
