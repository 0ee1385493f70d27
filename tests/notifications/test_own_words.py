"""Messages in a retailer's own words: versions, the day they begin, what goes out, and previews with a real order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from factories.auth import make_user
from factories.stories import Story, make_shipment, make_story, make_task, only
from kontor.core.db import Database
from kontor.core.errors import Unavailable
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.outbox import OutboxRow, record
from kontor.core.principal import PrincipalKind
from kontor.fulfillment.events import FulfillmentOrderShipped
from kontor.notifications import own_words, previewing, service
from kontor.notifications.models import MessageTemplate, Notification, NotificationText
from kontor.notifications.own_words import TemplateDraft
from kontor.notifications.ports import MessageSender, OutgoingMessage
from kontor.notifications.wording import Words
from kontor.orders.events import OrderConfirmed
from support import Client, Drain, Principals, StandingClock


class Postbox:
    """Keeps what is sent; away as often as it is told."""

    def __init__(self) -> None:
        self.sent: list[OutgoingMessage] = []
        self.away = 0

    async def send(self, message: OutgoingMessage) -> str:
        if self.away:
            self.away -= 1
            raise Unavailable("away")
        self.sent.append(message)
        return message.message_id


@pytest.fixture(autouse=True)
def _nothing_else_reacts(runtime: Runtime) -> Iterator[None]:
    with only(service.JOB):
        yield


@pytest.fixture
def mail(runtime: Runtime) -> Postbox:
    sender = Postbox()
    runtime.ports.register(MessageSender, sender)
    return sender


def words(subject: str = "Mine: {{ order_number }}", **given: Any) -> TemplateDraft:
    values = {"template": "order_confirmed", "language": "en", **given}
    return TemplateDraft(words=Words(subject, "Thanks", "Total {{ total|money(currency) }}."), **values)


async def confirm(database: Database, drain: Drain, number: str) -> Story:
    async with database.unit_of_work() as db:
        story = await make_story(db, number=number, language="en")
        record(db, OrderConfirmed(stream_id=story.order.id))
    await drain()
    return story


async def test_words_in_force_go_out_and_what_was_sent_is_kept_word_for_word(
    database: Database, drain: Drain, mail: Postbox
) -> None:
    await confirm(database, drain, "K-1")
    async with database.unit_of_work() as db:
        first = await own_words.save_template(db, words(), now=db.now)
        again = await own_words.save_template(db, words(), now=db.now)
        await own_words.save_template(db, words("Later", valid_from=db.now + timedelta(days=9)), now=db.now)
        await own_words.save_template(db, words("Anders", language="de"), now=db.now)
    assert (again.id, first.version) == (first.id, 1)
    second = await confirm(database, drain, "K-2")
    async with database.unit_of_work() as db:
        await own_words.restore_template(db, "order_confirmed", "en", None, now=db.now)
    await confirm(database, drain, "K-3")
    assert [each.subject for each in mail.sent] == ["Your order K-1", "Mine: K-2", "Your order K-3"]
    async with database.read_only() as db:
        found = sa.select(NotificationText).join(Notification).where(Notification.order_id == second.order.id)
        [kept] = await db.scalars(found)
        versions = await own_words.versions_of(db, "order_confirmed", "en")
    assert (kept.subject, kept.text, kept.html) == (mail.sent[1].subject, mail.sent[1].text, mail.sent[1].html)
    assert kept.template_id == first.id
    assert [(row.version, row.subject) for row in versions] == [
        (3, None),
        (2, "Later"),
        (1, "Mine: {{ order_number }}"),
    ]


async def test_words_saved_again_after_planned_ones_began_count_again(database: Database, clock: StandingClock) -> None:
    async with database.unit_of_work() as db:
        planned = await own_words.save_template(db, words("A", valid_from=db.now + timedelta(days=1)), now=db.now)
        now = await own_words.save_template(db, words("B"), now=db.now)
        again = await own_words.save_template(db, words("B"), now=db.now)
    # B is in force and A still to come: saving B again says that B is to stay.
    assert [row.version for row in (planned, now, again)] == [1, 2, 3]
    clock.set_to(clock.moment + timedelta(days=2))
    async with database.unit_of_work() as db:
        back = await own_words.save_template(db, words("B"), now=db.now)
        assert await own_words.save_template(db, words("B"), now=db.now) == back
        found = (await own_words.own_words(db, ["order_confirmed"], [], now=db.now)).of(
            "order_confirmed", "en", new_id()
        )
    assert back.version == 4
    assert found is not None
    assert found.words.subject == "B"


async def test_a_channels_own_words_come_before_those_for_all(database: Database, drain: Drain, mail: Postbox) -> None:
    async with database.unit_of_work() as db:
        story = await make_story(db, number="K-1", language="en")
        await own_words.save_template(db, words("All"), now=db.now)
        await own_words.save_template(db, words("Channel", channel_id=story.channel.id), now=db.now)
        record(db, OrderConfirmed(stream_id=story.order.id))
    await drain()
    await confirm(database, drain, "K-2")
    assert [each.subject for each in mail.sent] == ["Channel", "All"]


async def test_what_was_written_before_the_mail_server_went_away_is_what_arrives(
    database: Database, drain: Drain, mail: Postbox
) -> None:
    mail.away = 1
    await confirm(database, drain, "K-1")
    async with database.unit_of_work() as db:
        await own_words.save_template(db, words("New words"), now=db.now)
        await db.execute(sa.update(OutboxRow).values(due_at=db.now, available_at=db.now))
    await drain()
    assert [each.subject for each in mail.sent] == ["Your order K-1"]


@pytest.mark.engine("sqlite")
async def test_words_that_fail_for_an_order_give_way_to_ours(database: Database, drain: Drain, mail: Postbox) -> None:
    async with database.unit_of_work() as db:
        row = await own_words.save_template(db, words(), now=db.now)
        # Nobody can save this; a release may change what a fact is, though.
        await db.execute(
            sa.update(MessageTemplate).where(MessageTemplate.id == row.id).values(body="{{ lines|money('EUR') }}")
        )
    await confirm(database, drain, "K-1")
    assert [each.subject for each in mail.sent] == ["Your order K-1"]


async def test_preview_tells_the_facts_of_the_order_and_says_what_is_made_up(database: Database) -> None:
    async with database.unit_of_work() as db:
        story = await make_story(db, number="K-9", language="en")
        draft = TemplateDraft(
            template="shipped", language="en", words=Words("Off: {{ order_number }}", "Off", "{{ ui.items(lines) }}")
        )
        before = await previewing.preview_message(db, draft, story.order.id, base_url="")
        await make_shipment(db, story, await make_task(db, story), 2)
        await db.flush()
        after = await previewing.preview_message(db, draft, story.order.id, base_url="")
        ours = await previewing.preview_in_force(db, "shipped", story.order.id, now=db.now, base_url="")
    assert "lines" in before.imagined
    assert (after.imagined, after.message.subject) == ((), "Off: K-9")
    assert "- 2 × Lampe" in after.message.text
    assert ours.message.subject == "Part of your order K-9 is on its way"
    assert ours.body.startswith("we have shipped part of your order K-9") or "K-9" in ours.body


SAVE = """mutation($input: MessageTemplateInput!) { saveMessageTemplate(input: $input) { __typename
  ... on MessageTemplateVersion { id version words { subject } } ... on Error { code message path } } }"""
LIST = """{ messageTemplates(language: "en", template: "shipped") { template placeholders shipped { title }
  versions { version } inForce { words { subject } } } }"""
TEST = """mutation($order: UUID!, $draft: MessageTemplateInput!) { sendTestMessage(orderId: $order, draft: $draft) {
  __typename ... on TestMessage { recipient } ... on Error { code path } } }"""
TEXT = "query($id: UUID!) { notificationText(id: $id) { subject text html templateId notification { state } } }"


async def test_templates_through_the_api(
    database: Database, client: Client, drain: Drain, principals: Principals, mail: Postbox
) -> None:
    wanted = {
        "template": "shipped", "language": "en", "subject": "Off: {{ order_number }}", "title": "Off", "body": "Bye.",
    }  # fmt: skip
    bad = await client.graphql(SAVE, {"input": {**wanted, "body": "{{ nope }}"}}, principal=principals.admin)
    assert bad["data"]["saveMessageTemplate"] == {
        "__typename": "InvalidInputError", "code": "PLACEHOLDER_UNKNOWN", "path": ["body"],
        "message": "This message has no placeholder nope (line 1).",
    }  # fmt: skip
    saved = await client.graphql(SAVE, {"input": wanted}, principal=principals.admin)
    assert saved["data"]["saveMessageTemplate"]["version"] == 1
    [shown] = (await client.graphql(LIST, principal=principals.admin))["data"]["messageTemplates"]
    assert shown["inForce"]["words"]["subject"] == "Off: {{ order_number }}"
    assert {"lines", "parcels"} <= set(shown["placeholders"])
    narrow = principals.holding("notifications:write", channel_ids=frozenset())
    refused = await client.graphql(SAVE, {"input": wanted}, principal=narrow)
    assert refused["data"]["saveMessageTemplate"]["code"] == "CHANNEL_NOT_FOUND"
    async with database.unit_of_work() as db:
        story = await make_story(db, number="K-5", language="en")
        task = await make_task(db, story)
        shipment = await make_shipment(db, story, task, 3, 1)
        person = await make_user(db, email="anna@kontor.example")
        ids: dict[str, Any] = {"fulfillment_order_id": task.id, "shipment_id": shipment.id}
        record(db, FulfillmentOrderShipped(stream_id=story.order.id, amount=1, currency="EUR", **ids))
    await drain()
    async with database.read_only() as db:
        [row] = await db.scalars(sa.select(Notification))
    told = await client.graphql(TEXT, {"id": str(row.id)}, principal=principals.admin)
    text = told["data"]["notificationText"]
    assert (text["subject"], text["notification"]["state"]) == ("Off: K-5", "SENT")
    assert text["text"] == mail.sent[0].text
    given = {"order": str(story.order.id), "draft": wanted}
    machine = replace(principals.admin, kind=PrincipalKind.CLIENT)
    nobody = await client.graphql(TEST, given, principal=machine)
    assert nobody["data"]["sendTestMessage"]["code"] == "NO_ADDRESS_TO_TEST"
    anna = replace(principals.admin, id=person.id)
    sent = await client.graphql(TEST, given, principal=anna)
    assert sent["data"]["sendTestMessage"]["recipient"] == "anna@kontor.example"
    await drain()
    assert (mail.sent[-1].to, mail.sent[-1].subject) == ("anna@kontor.example", "[Test] Off: K-5")
