"""What was said with customers is kept as it was said, and followed up on its day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from factories.customers import make_customer
from factories.stories import make_story, only
from kontor.care.models import Case
from kontor.contacts import queries, service
from kontor.contacts.errors import AlreadyCorrected, InvalidContact, NoFollowUp
from kontor.contacts.models import ContactChannel, Direction
from kontor.contacts.service import NewContact
from kontor.core.db import Database
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.pagination import PageRequest
from kontor.customers.errors import CustomerNotFound
from kontor.notifications.models import Notification
from support import Client, Drain, Principals

CALL: dict[str, Any] = {
    "channel": ContactChannel.PHONE, "direction": Direction.INBOUND, "topic": "Where is it?",
    "text": "Promised Tuesday.",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _care_alone(runtime: Runtime) -> Iterator[None]:
    with only("care.raise"):
        yield


async def test_a_follow_up_is_a_case_on_its_day_and_ends_with_it(database: Database, drain: Drain) -> None:
    async with database.unit_of_work() as db:
        story = await make_story(db)
        later = (db.now + timedelta(days=2)).date()
        row = await service.log_contact(db, NewContact(**CALL, order_id=story.order.id, follow_up_on=later), now=db.now)
        assert await service.raise_follow_ups(db, today=later - timedelta(days=1), now=db.now) == 0
        await db.flush()
        assert await service.raise_follow_ups(db, today=later, now=db.now) == 1
        await db.flush()
        assert await service.raise_follow_ups(db, today=later, now=db.now) == 0
    await drain()
    async with database.read_only() as db:
        [case] = await db.scalars(sa.select(Case))
        assert (case.kind, case.state, case.order_id) == ("FOLLOW_UP", "OPEN", story.order.id)
        assert case.facts == {"contact_id": str(row.id), "topic": "Where is it?", "on": later.isoformat()}
    async with database.unit_of_work() as db:
        done = await service.complete_follow_up(db, row.id, now=db.now)
        assert done.follow_up_done_by
        with pytest.raises(NoFollowUp):
            await service.complete_follow_up(db, row.id, now=db.now)
    await drain()
    async with database.read_only() as db:
        assert [each.state for each in await db.scalars(sa.select(Case))] == ["DONE"]


async def test_a_correction_names_what_it_puts_right_and_takes_the_follow_up_over(database: Database) -> None:
    async with database.unit_of_work() as db:
        story = await make_story(db)
        day = db.now.date()
        first = await service.log_contact(db, NewContact(**CALL, order_id=story.order.id, follow_up_on=day), now=db.now)
        await db.flush()
        second = await service.correct_contact(db, first.id, topic="Where is the lamp?", text="", now=db.now)
        await db.flush()
        assert (first.topic, first.text) == ("Where is it?", "Promised Tuesday.")
        assert (second.corrects_id, second.follow_up_on) == (first.id, day)
        assert first.follow_up_done_at is not None
        with pytest.raises(AlreadyCorrected):
            await service.correct_contact(db, first.id, topic="Once more", text="", now=db.now)
        page = await queries.list_contacts(db, queries.ContactFilter(follow_up_open=True), PageRequest())
        assert [row.id for row in page.items] == [second.id]


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"order_id": None}, "orderId"),
        ({"topic": " "}, "topic"),
        ({"text": "x" * 20_001}, "text"),
        ({"direction": Direction.INTERNAL}, "direction"),
        ({"follow_up_on": "past"}, "followUpOn"),
    ],
)
async def test_what_cannot_be_kept_names_its_field(database: Database, given: dict[str, Any], path: str) -> None:
    async with database.unit_of_work() as db:
        story = await make_story(db)
        if given.get("follow_up_on"):
            given = {"follow_up_on": db.now.date() - timedelta(days=3)}
        with pytest.raises(InvalidContact) as refused:
            await service.log_contact(db, NewContact(**{**CALL, "order_id": story.order.id, **given}), now=db.now)
        assert refused.value.path == (path,)


async def test_contacts_of_a_person_alone_are_unseen_by_who_sees_some_orders(
    database: Database, principals: Principals
) -> None:
    async with database.unit_of_work() as db:
        person = await make_customer(db)
        story = await make_story(db)
        await service.log_contact(db, NewContact(**CALL, customer_id=person.id), now=db.now)
        await service.log_contact(db, NewContact(**CALL, order_id=story.order.id), now=db.now)
        with pytest.raises(CustomerNotFound):
            await service.log_contact(db, NewContact(**CALL, customer_id=new_id()), now=db.now)
    narrow = principals.holding("care:read", channel_ids=frozenset({story.channel.id}))
    async with database.read_only(narrow) as db:
        page = await queries.list_contacts(db, queries.ContactFilter(), PageRequest())
    assert [row.order_id for row in page.items] == [story.order.id]


WRITE = """mutation($order: UUID!, $text: String!) {
  writeToCustomer(orderId: $order, topic: "Your lamp", text: $text, followUpOn: null) {
    __typename ... on Contact { id channel direction notificationId } ... on Error { code path } } }"""
LIST = (
    """query($order: UUID!) { contacts(filter: {orderId: $order, text: "lamp"}) { nodes { topic text createdBy } } }"""
)


async def test_a_mail_to_a_customer_is_one_mail_and_one_contact(
    database: Database, client: Client, principals: Principals
) -> None:
    async with database.unit_of_work() as db:
        story = await make_story(db, language="en")
    given = {"order": str(story.order.id), "text": "It comes on Friday."}
    key = {"idempotency-key": "write-1"}
    agent = principals.holding("care:write", "care:read", "orders:read")
    first, second = [
        (await client.graphql(WRITE, given, principal=agent, headers=key))["data"]["writeToCustomer"] for _ in range(2)
    ]
    assert (first["channel"], first["direction"]) == ("EMAIL", "OUTBOUND")
    assert second == first
    async with database.read_only() as db:
        [row] = await db.scalars(sa.select(Notification))
    assert (str(row.id), row.template, row.language) == (first["notificationId"], "personal", "en")
    listed = await client.graphql(LIST, {"order": str(story.order.id)}, principal=agent)
    [node] = listed["data"]["contacts"]["nodes"]
    assert node == {"topic": "Your lamp", "text": "It comes on Friday.", "createdBy": "Test User"}
    empty = await client.graphql(WRITE, {**given, "text": " "}, principal=agent)
    assert empty["data"]["writeToCustomer"]["path"] == ["text"]


@pytest.mark.engine("sqlite")
async def test_what_was_mailed_is_not_corrected(database: Database) -> None:
    async with database.unit_of_work() as db:
        story = await make_story(db)
        mail = NewContact(**{**CALL, "channel": ContactChannel.EMAIL}, order_id=story.order.id, message_id="<1@b>")
        row = await service.log_contact(db, mail, now=db.now)
        await db.flush()
        with pytest.raises(InvalidInput) as refused:
            await service.correct_contact(db, row.id, topic="No", text="", now=db.now)
        assert refused.value.code == "MAIL_UNCHANGEABLE"
