"""Customers who are gone: erased and merged ones take nothing new in, and what was said of them goes or moves."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from care.test_people import WHO, hits, ordered, tables_with
from factories.customers import make_customer
from factories.intake import order_input, place
from kontor.care import erasing, exporting, listing, merging, personal, service
from kontor.care.models import Case
from kontor.care.states import CaseState
from kontor.care.values import CaseKind, NewCase
from kontor.claims.events import GoodwillDeclined
from kontor.contacts import service as contacts
from kontor.contacts.models import Contact, ContactChannel, Direction
from kontor.contacts.service import NewContact
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.outbox import record
from kontor.customers import consents, queries, recognizing
from kontor.customers.errors import CustomerGone
from kontor.customers.models import ConsentChange, Customer, CustomerReference
from kontor.customers.service import save_customers
from kontor.documents.models import Document
from kontor.documents.ports import DocumentStore
from kontor.orders.models import Order
from kontor.risk.models import RiskListEntry
from kontor.risk.rules import address_key
from support import START, Client, Drain

CALL: dict[str, Any] = {
    "channel": ContactChannel.PHONE,
    "direction": Direction.INBOUND,
    "topic": "Zebra",
    "text": "Zebra.",
}


async def erase(database: Database, customer_id: Any) -> None:
    async with database.unit_of_work() as db:
        await erasing.erase_customer(db, customer_id, reason="asked by mail", now=db.now)


async def test_nothing_of_a_person_comes_back_after_an_erasure(database: Database) -> None:
    company, order_id, customer_id = await ordered(database)
    await erase(database, customer_id)
    async with database.unit_of_work() as db:
        number = (await db.get_one(Customer, customer_id)).number
        row: Any = {"number": number, "name": "Greta Fock", "email": WHO.email}
        [result] = await save_customers(db, [row])
        assert result.problem is not None
        assert (result.problem.code, result.problem.path) == ("CUSTOMER_ERASED", ("number",))
        for about in ({"order_id": order_id}, {"customer_id": customer_id}):
            with pytest.raises(CustomerGone):
                await contacts.log_contact(db, NewContact(**{**CALL, **about}), now=db.now)
        # What an older release let in is known by its mail still.
        await db.execute(sa.update(Customer).values(name="Greta Fock", email=WHO.email, email_key=WHO.email))
    await place(database, company, order_input(company.channel, ("LAMP", 1), customer=WHO))
    async with database.unit_of_work() as db:
        owners = set(await db.scalars(sa.select(Order.customer_id)))
        assert len(owners) == 2
        await db.execute(sa.delete(CustomerReference))
    await erase(database, customer_id)
    async with database.read_only() as db:
        gone = await db.get_one(Customer, customer_id)
        assert (gone.name, gone.email, gone.email_key) == ("erased", None, None)


async def test_the_number_of_a_merged_customer_takes_nothing_in_and_leads_to_the_living(database: Database) -> None:
    async with database.unit_of_work() as db:
        one, two, three = [await make_customer(db, email=f"a{n}@fock.example") for n in range(3)]
        await db.flush()
        await merging.merge_customers(db, two.id, one.id, now=db.now)
        await merging.merge_customers(db, three.id, two.id, now=db.now)
        await db.flush()
        [result] = await save_customers(db, [{"number": one.number, "name": "Greta", "email": "a0@fock.example"}])
        assert result.problem is not None
        assert result.problem.code == "CUSTOMER_MERGED"
        assert await queries.now_called(db, one.id) == three.id
    assert await hits(database, one.number) == [three.id]
    await erase(database, three.id)
    async with database.read_only() as db:
        assert await queries.now_called(db, one.id) is None


@pytest.mark.engine("postgresql")
async def test_an_order_that_comes_while_two_customers_are_merged_is_the_survivors(database: Database) -> None:
    async with database.unit_of_work() as db:
        keep, other = await make_customer(db, email="a@fock.example"), await make_customer(db, email="b@fock.example")
    wanted = recognizing.Wanted(new_id(), "Greta", email="b@fock.example")

    async def order() -> list[Any]:
        async with database.unit_of_work() as db:
            return await recognizing.recognize(db, [wanted])

    async with database.unit_of_work() as db:
        await merging.merge_customers(db, keep.id, other.id, take=["email"], now=db.now)
        waiting = asyncio.create_task(order())
        await asyncio.sleep(0.2)
        assert not waiting.done()
    assert await waiting == [keep.id]


async def test_what_people_wrote_about_a_person_goes_with_them(database: Database) -> None:
    """Contacts without an order and their cases, notes of cases, decisions deep in events."""
    _, order_id, customer_id = await ordered(database)
    async with database.unit_of_work() as db:
        day = db.now.date()
        due = await contacts.log_contact(db, NewContact(**CALL, customer_id=customer_id, follow_up_on=day), now=db.now)
        await db.flush()
        await contacts.raise_follow_ups(db, today=day, now=db.now)
        later = NewContact(**CALL, customer_id=customer_id, follow_up_on=day + timedelta(days=3))
        await contacts.log_contact(db, later, now=db.now)
        case = await service.open_case(
            db, NewCase(CaseKind.FOLLOW_UP, str(due.id), None, {"topic": "Zebra"}), now=db.now
        )
        done = await service.open_case(db, NewCase(CaseKind.UNPAID, "1", order_id), now=db.now)
        await db.flush()
        service.assign_case(db, done, owner_id=new_id(), now=db.now)
        service.wait_case(db, done, now=db.now, note="the zebra again")
        service.finish_case(db, done, now=db.now, note="zebra")
        record(db, GoodwillDeclined(stream_id=order_id, goodwill_id=new_id(), decision="no zebras"))
    async with database.read_only() as db:
        data, _ = await exporting.data_of(db, customer_id)
    assert len(data["care_case"]) == 2
    await erase(database, customer_id)
    assert await tables_with(database, "zebra") == set()
    async with database.unit_of_work() as db:
        assert (await db.get_one(Case, case.id)).state is CaseState.DONE
        assert set(await db.scalars(sa.select(Contact.follow_up_on))) == {None}
        assert await contacts.raise_follow_ups(db, today=day + timedelta(days=9), now=db.now) == 0


def test_words_are_taken_out_of_events_however_deep_they_stand() -> None:
    told = {"reason": "a", "lines": [{"reason": "b", "quantity": 2, "notes": {"decision": "c"}}], "message": None}
    assert personal.without_words(told) == {
        "reason": "", "lines": [{"reason": "", "quantity": 2, "notes": {"decision": ""}}], "message": None,
    }  # fmt: skip


def entry(value: Any, *, blocked: bool, until: Any = None, now: Any = None) -> RiskListEntry:
    kind = "EMAIL" if "@" in str(value) else "CUSTOMER"
    return RiskListEntry(
        id=new_id(), kind=kind, value=str(value), blocked=blocked, reason="x", until=until, created_at=now,
        created_by="test",
    )  # fmt: skip


async def test_a_merge_keeps_a_block_and_a_refusal_and_an_erasure_finds_all_entries(database: Database) -> None:
    async with database.unit_of_work() as db:
        now, past = db.now, db.now - timedelta(days=1)
        keep = await make_customer(db, email="a@fock.example", consents={"newsletter": True})
        other = await make_customer(db, email="b@fock.example", consents={"newsletter": True})
        db.add(entry(keep.id, blocked=False, until=past, now=now))
        db.add(entry(other.id, blocked=True, now=now))
        db.add(entry("b@fock.example", blocked=False, now=now))
        await db.flush()
        await consents.set_consent(db, keep.id, "newsletter", granted=False, source="by phone", stream_id=new_id())
        await db.execute(sa.update(Customer).where(Customer.id == keep.id).values(consents={}))
    async with database.unit_of_work() as db:
        await merging.merge_customers(db, keep.id, other.id, now=db.now)
    async with database.read_only() as db:
        found = await db.get_one(Customer, keep.id)
        assert found.consents == {"newsletter": False}
        own = list(await db.scalars(sa.select(RiskListEntry).where(RiskListEntry.kind == "CUSTOMER")))
        assert [(row.value, row.blocked) for row in own] == [(str(keep.id), True)]
        told = await db.scalars(sa.select(ConsentChange.source).order_by(ConsentChange.at, ConsentChange.id))
        assert told.all() == ["by phone", "mergeCustomers"]
    await erase(database, keep.id)
    async with database.read_only() as db:
        assert [row.blocked for row in await db.scalars(sa.select(RiskListEntry))] == [True]


async def test_trust_in_what_stands_on_orders_alone_goes_too(database: Database) -> None:
    """A mail the customer no longer has, and where the parcels went; a block stays, of whatever it is."""
    _, _, customer_id = await ordered(database)
    async with database.unit_of_work() as db:
        await listing.list_customer(db, customer_id, blocked=False, reason="x")
        address = (await db.scalars(sa.select(Order.billing_address))).one()
        where = entry(address_key(address), blocked=False, now=db.now)
        where.kind = "ADDRESS"
        blocked = entry("040778899", blocked=True, now=db.now)
        blocked.kind = "PHONE"
        db.add_all([where, blocked, entry("other@fock.example", blocked=False, now=db.now)])
        number = (await db.get_one(Customer, customer_id)).number
        [result] = await save_customers(db, [{"number": number, "name": "Greta Fock", "email": "new@fock.example"}])
        assert result.problem is None
    async with database.read_only() as db:
        told = (await exporting.data_of(db, customer_id))[0]["risk_list_entry"]
        assert {row["kind"] for row in told} >= {"CUSTOMER", "EMAIL", "ADDRESS"}
    await erase(database, customer_id)
    async with database.read_only() as db:
        left = await db.execute(sa.select(RiskListEntry.kind, RiskListEntry.value).order_by(RiskListEntry.kind))
        assert [tuple(row) for row in left] == [("EMAIL", "other@fock.example"), ("PHONE", "040778899")]


async def test_what_is_listed_of_others_is_not_theirs(database: Database, client: Client) -> None:
    """A gift goes to somebody who is blocked: neither told to, nor erased with, who ordered it; one order says it."""
    company, _, customer_id = await ordered(database)
    gift = {"name": "Bo Kurz", "street": "Am Deich 1", "postal_code": "20459", "city": "Hamburg", "country": "DE",
            "phone": "0171 555"}  # fmt: skip
    await place(database, company, order_input(company.channel, ("LAMP", 1), customer=WHO))
    async with database.unit_of_work() as db:
        plain, given = await db.scalars(sa.select(Order).order_by(Order.placed_at, Order.number))
        given.shipping_address = gift
        given.state = plain.state
        for kind, value, blocked in (("ADDRESS", address_key(gift), True), ("PHONE", "0171555", False)):
            row = entry(value, blocked=blocked, now=db.now)
            row.kind = kind
            db.add(row)
        own = entry(WHO.email, blocked=True, now=db.now)
        db.add(own)
        orders = {"plain": str(plain.id), "gift": str(given.id)}
    async with database.read_only() as db:
        told = (await exporting.data_of(db, customer_id))[0]["risk_list_entry"]
    assert told == [{"kind": "EMAIL", "value": WHO.email, "blocked": True}]
    shown = {}
    for name, order_id in orders.items():
        asked = "query($id: UUID!) { orderCustomer(orderId: $id) { listings { kind } } }"
        answer = await client.graphql(asked, {"id": order_id})
        shown[name] = {each["kind"] for each in answer["data"]["orderCustomer"]["listings"]}
    assert (shown["plain"], shown["gift"] - {"PHONE"}) == ({"EMAIL"}, {"EMAIL", "ADDRESS"})
    await erase(database, customer_id)
    async with database.read_only() as db:
        assert len(list(await db.scalars(sa.select(RiskListEntry)))) == 3


def test_of_two_entries_the_stronger_one_counts() -> None:
    now = START
    late, soon = now + timedelta(days=9), now + timedelta(days=1)
    block, trust = entry("a", blocked=True, until=soon), entry("a", blocked=False)
    over, longer = entry("a", blocked=True, until=now), entry("a", blocked=True, until=late)
    assert merging.stronger(trust, block, now=now) is block
    assert merging.stronger(trust, over, now=now) is trust
    assert merging.stronger(longer, block, now=now) is longer
    assert merging.stronger(over, None, now=now) is None


class SlowStore:
    """A store during whose work somebody is erased."""

    def __init__(self, store: Any, act: Any) -> None:
        self.store, self.act = store, act

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    async def put(self, *args: Any, **named: Any) -> Any:
        await self.store.put(*args, **named)
        await self.act()


async def test_a_file_that_is_made_while_the_person_is_erased_goes_too(
    runtime: Runtime, database: Database, drain: Drain
) -> None:
    _, _, customer_id = await ordered(database)
    async with database.unit_of_work() as db:
        request = await exporting.export_customer(db, customer_id)
    store = runtime.ports.get(DocumentStore)  # type: ignore[type-abstract]
    runtime.ports.register(DocumentStore, SlowStore(store, lambda: erase(database, customer_id)))
    await drain()
    async with database.read_only() as db:
        assert list(await db.scalars(sa.select(Document).where(Document.kind == exporting.KIND))) == []
    assert not await store.exists(f"customers/{customer_id}/{request}.zip")
