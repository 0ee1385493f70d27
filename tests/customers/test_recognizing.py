"""The customers that come with orders."""

import asyncio

import sqlalchemy as sa

from factories.channels import make_channel
from factories.customers import make_address, make_customer
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.customers.models import Customer, CustomerAddress, CustomerReference
from kontor.customers.recognizing import Wanted, recognize

ADDRESS = {"street": "Weg 1", "postal_code": "10115", "city": "Berlin", "country": "DE"}


async def test_known_are_found_and_unknown_are_made_once(database: Database) -> None:
    async with database.unit_of_work() as db:
        channel = await make_channel(db)
        known = await make_customer(db, email="erika@example.com")
        neighbor = await make_customer(db, name="Max Muster", name_key="max muster", email=None)
        await make_address(db, neighbor, postal_code="10115")
        ids = await recognize(
            db,
            [
                Wanted(channel.id, "Erika", external_id="1", email="ERIKA@example.com"),
                Wanted(channel.id, "New", external_id="2", email="new@example.com", address=ADDRESS),
                Wanted(channel.id, "New", external_id="3", email="new@example.com"),
                Wanted(channel.id, "Somebody", external_id="1"),
                Wanted(channel.id, "MAX  muster", postal_code="10115"),
            ],
        )
    async with database.read_only() as db:
        made = await db.get_one(Customer, ids[1])
        addresses = (await db.scalars(sa.select(CustomerAddress).where(CustomerAddress.customer_id == ids[1]))).all()
        references = await db.scalar(sa.select(sa.func.count()).select_from(CustomerReference))
    assert ids == [known.id, ids[1], ids[1], known.id, neighbor.id]
    assert (made.name, made.search_key.split()[1:]) == ("New", ["new", "new@example.com"])
    assert [(address.name, address.city) for address in addresses] == [("New", "Berlin")]
    assert references == 3


async def test_parallel_first_orders_of_one_customer_agree(database: Database) -> None:
    async with database.unit_of_work() as db:
        channel_id = (await make_channel(db)).id

    async def order() -> object:
        async with database.unit_of_work() as db:
            return (await recognize(db, [Wanted(channel_id, "Erika", external_id="77")]))[0]

    ids = await asyncio.gather(*(order() for _ in range(8)))
    async with database.read_only() as db:
        assert await db.scalar(sa.select(sa.func.count()).select_from(Customer)) == 1
    assert len(set(ids)) == 1
    assert new_id() not in ids
