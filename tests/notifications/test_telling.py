"""What happens to an order is told to its customer once, in their language."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from factories.channels import make_channel
from factories.stories import Story, make_shipment, make_story, make_task, only
from kontor import relay
from kontor.core import outbox
from kontor.core.db import Database
from kontor.core.errors import InvalidInput, Unavailable
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.outbox import OutboxRow, record, schedule
from kontor.documents.models import Document
from kontor.documents.ports import DocumentStore
from kontor.fulfillment.events import (
    CodesIssued,
    FulfillmentDelivered,
    FulfillmentOrderShipped,
    FulfillmentPickedUp,
    FulfillmentReadyForPickup,
)
from kontor.fulfillment.models import IssuedCode
from kontor.inventory.events import BackorderRescheduled
from kontor.notifications import service
from kontor.notifications.models import Notification
from kontor.notifications.ports import MessageSender, OutgoingMessage
from kontor.notifications.selection import telling_of
from kontor.orders.events import HoldPlaced, OrderConfirmed, OrderLinesCanceled, OrderRejected
from kontor.orders.models import Order
from kontor.orders.states import ChargeStatus, DeliveryType, HoldKind
from kontor.payments.events import PaymentDeclined, RefundSucceeded
from kontor.payments.models import Payment, Refund, RefundAllocation
from kontor.payments.states import AWAITING_TRANSFER, PaymentMethodKind, PaymentState, RefundState
from kontor.returns.events import ReturnApproved, ReturnReceived
from kontor.returns.models import Return, ReturnLine
from kontor.returns.states import ReturnReason, ReturnState
from support import Drain


class Outbox:
    """Stands for the mail server; fails as often as it is told to."""

    def __init__(self) -> None:
        self.sent: list[OutgoingMessage] = []
        self.problems: list[Exception] = []
        self.away_for = ""

    async def send(self, message: OutgoingMessage) -> str:
        if self.problems:
            raise self.problems.pop(0)
        if message.subject == self.away_for:
            raise Unavailable("away")
        self.sent.append(message)
        return message.message_id

    @property
    def subjects(self) -> list[str]:
        return [message.subject for message in self.sent]


@pytest.fixture(autouse=True)
def _nothing_else_reacts(runtime: Runtime) -> Iterator[None]:
    with only(service.JOB):
        yield


@pytest.fixture
def mail(runtime: Runtime) -> Outbox:
    sender = Outbox()
    runtime.ports.register(MessageSender, sender)
    return sender


async def story_of(database: Database, **order: Any) -> Story:
    async with database.unit_of_work() as db:
        return await make_story(db, **{"language": "en", "number": "K-1", **order})


async def notifications(database: Database) -> list[Notification]:
    async with database.read_only() as db:
        return list(await db.scalars(sa.select(Notification).order_by(Notification.id)))


async def test_confirmation_names_lines_total_and_address(database: Database, drain: Drain, mail: Outbox) -> None:
    story = await story_of(database, promised_on=date(2026, 6, 18))
    async with database.unit_of_work() as db:
        db.add(payment_of(story, label="Visa 4242"))
        record(db, OrderConfirmed(stream_id=story.order.id))
    assert await drain() == []
    [message] = mail.sent
    assert (message.to, message.to_name, message.subject) == ("greta@fock.example", "Greta Fock", "Your order K-1")
    for words in ("- 3 × Lampe: €30.00", "Total: €40.00", "Payment: Visa 4242", "Deichstraße 7", "by 18 June 2026"):
        assert words in message.text
    [row] = await notifications(database)
    assert (row.template, row.language, row.subject, row.sent_at) == (
        "order_confirmed", "en", "Your order K-1", row.created_at,
    )  # fmt: skip
    assert message.message_id == row.message_id == f"<{row.id}@kontor.example>"


def payment_of(story: Story, **given: Any) -> Payment:
    values: dict[str, Any] = {
        "id": new_id(), "order_id": story.order.id, "position": 1, "kind": PaymentMethodKind.CARD,
        "state": PaymentState.AUTHORIZED, "currency": "EUR", "amount": 4000, "created_at": story.order.created_at,
        "updated_at": story.order.created_at,
    }  # fmt: skip
    return Payment(**(values | given))


async def test_one_cause_is_told_once_whoever_asks(database: Database, drain: Drain, mail: Outbox) -> None:
    story = await story_of(database)
    async with database.unit_of_work() as db:
        task = await make_task(db, story)
        shipment = await make_shipment(db, story, task, 3, 1)
        event = FulfillmentOrderShipped(
            stream_id=story.order.id, fulfillment_order_id=task.id, shipment_id=shipment.id, amount=1, currency="EUR"
        )
        record(db, event)
        args = {"order_id": story.order.id, "template": "shipped", "source": str(shipment.id)}
        schedule(db, service.JOB, args, key=story.order.id)
        schedule(db, service.JOB, args, key=story.order.id)
    await drain()
    async with database.unit_of_work() as db:
        schedule(db, service.JOB, args, key=story.order.id)
        record(db, OrderConfirmed(stream_id=story.order.id))
        asked = {"order_id": story.order.id, "template": "order_confirmed", "source": "process/1"}
        schedule(db, service.JOB, asked, key=story.order.id)
    assert await drain() == []
    assert mail.subjects == ["Your order K-1 is on its way", "Your order K-1"]


async def test_partial_shipment_says_what_is_to_come(database: Database, drain: Drain, mail: Outbox) -> None:
    story = await story_of(database)
    async with database.unit_of_work() as db:
        task = await make_task(db, story, promised_on=date(2026, 6, 20))
        shipment = await make_shipment(db, story, task, 2)
        record(db, shipped(story, task.id, shipment.id))
    await drain()
    [message] = mail.sent
    assert message.subject == "Part of your order K-1 is on its way"
    assert "- 2 × Lampe\n" in message.text
    assert "- 1 × Lampe\n- 1 × Öl\n" in message.text.partition("Still to come")[2]
    assert "DHL 00340: https://dhl.example/00340" in message.text
    assert "Expected delivery: 20 June 2026." in message.text


def shipped(story: Story, task_id: Any, shipment_id: Any) -> FulfillmentOrderShipped:
    return FulfillmentOrderShipped(
        stream_id=story.order.id, fulfillment_order_id=task_id, shipment_id=shipment_id, amount=1, currency="EUR"
    )


async def test_pick_up_is_never_called_shipped(database: Database, drain: Drain, mail: Outbox) -> None:
    story = await story_of(database, delivery_type=DeliveryType.PICKUP, language="de")
    async with database.unit_of_work() as db:
        task = await make_task(db, story, pickup_code="731-904")
        record(db, FulfillmentReadyForPickup(stream_id=story.order.id, fulfillment_order_id=task.id))
        shipment = await make_shipment(db, story, task, 3, 1)
        ids: dict[str, Any] = {"fulfillment_order_id": task.id, "shipment_id": shipment.id}
        record(db, shipped(story, task.id, shipment.id))
        record(db, FulfillmentPickedUp(stream_id=story.order.id, amount=1, currency="EUR", **ids))
        record(db, FulfillmentDelivered(stream_id=story.order.id, **ids))
    assert await drain() == []
    assert sorted(row.template for row in await notifications(database)) == ["picked_up", "ready_for_pickup"]
    ready = next(message for message in mail.sent if "731-904" in message.text)
    assert "Store Hamburg\nJungfernstieg 1\n20354 Hamburg" in ready.text
    assert any("15. Juli 2026" in message.text for message in mail.sent)  # 30 days to return


async def test_delivery_is_told_with_the_time_to_return(database: Database, drain: Drain, mail: Outbox) -> None:
    async with database.unit_of_work() as db:
        channel = await make_channel(db, settings={"return_url": "https://shop.example/back/{number}"}, return_days=14)
    story = await story_of(database, channel=channel)
    async with database.unit_of_work() as db:
        shipment = await make_shipment(db, story, await make_task(db, story), 3, 1)
        shipment.delivered_at = db.now + timedelta(days=1)
        task_id = shipment.fulfillment_order_id
        assert task_id is not None
        event = FulfillmentDelivered(stream_id=story.order.id, fulfillment_order_id=task_id, shipment_id=shipment.id)
        record(db, event)
    await drain()
    [message] = mail.sent
    assert "delivered on 16 June 2026" in message.text
    assert "until 30 June 2026" in message.text
    assert "https://shop.example/back/K-1" in message.text


@pytest.mark.parametrize(
    ("whole", "status", "subject", "words"),
    [
        (False, ChargeStatus.NONE, "Items of order K-1 canceled", "all other items as planned"),
        (True, ChargeStatus.NONE, "Order K-1 canceled", "You will not be charged."),
        (True, ChargeStatus.FULL, "Order K-1 canceled", "We refund €30.00"),
    ],
)
async def test_cancellation_reads_as_it_is(
    database: Database, drain: Drain, mail: Outbox, whole: bool, status: ChargeStatus, subject: str, words: str
) -> None:
    story = await story_of(database, charge_status=status)
    async with database.unit_of_work() as db:
        lines = ({"line_id": str(story.lines[0].id), "quantity": 3, "amount": 3000},)
        record(
            db, OrderLinesCanceled(stream_id=story.order.id, lines=lines, amount=3000, reason="CUSTOMER", whole=whole)
        )
        if whole:
            record(db, OrderRejected(stream_id=story.order.id, reason="FRAUD"))
    await drain()
    [message] = mail.sent
    assert message.subject == subject
    assert words in message.text
    assert "- 3 × Lampe" in message.text
    assert "FRAUD" not in message.text + message.html


async def test_review_and_declined_payment_are_told(database: Database, drain: Drain, mail: Outbox) -> None:
    async with database.unit_of_work() as db:
        channel = await make_channel(db, settings={"pay_url": "https://shop.example/pay/{external_id}"})
    story = await story_of(database, channel=channel, external_id="E-7")
    async with database.unit_of_work() as db:
        payment = payment_of(story)
        db.add(payment)
        for kind in (HoldKind.MANUAL, HoldKind.RISK):
            record(db, HoldPlaced(stream_id=story.order.id, hold_id=new_id(), kind=kind, reason="score 91"))
        record(db, PaymentDeclined(stream_id=story.order.id, payment_id=payment.id, code="NO", message="declined"))
    await drain()
    assert [row.template for row in await notifications(database)] == ["order_in_review", "payment_failed"]
    assert "https://shop.example/pay/E-7" in mail.sent[1].text
    assert "91" not in mail.sent[0].text


async def test_transfer_that_is_awaited_is_no_failed_payment(database: Database, drain: Drain, mail: Outbox) -> None:
    story = await story_of(database)
    async with database.unit_of_work() as db:
        payment = payment_of(story, kind=PaymentMethodKind.PREPAYMENT, state=PaymentState.CREATED)
        db.add(payment)
        asked: dict[str, Any] = {"stream_id": story.order.id, "payment_id": payment.id, "message": "not in yet"}
        record(db, PaymentDeclined(code=AWAITING_TRANSFER, **asked))
    assert await drain() == []
    [message] = mail.sent
    assert message.subject == "Please pay for your order K-1"
    for words in ("As soon as €40.00 have arrived", "IBAN: DE89370400440532013000", "Reference: K-1"):
        assert words in message.text
    async with database.unit_of_work() as db:
        record(db, PaymentDeclined(code="EXPIRED", **asked))
        record(db, OrderConfirmed(stream_id=story.order.id))
    assert await drain() == []
    assert [row.template for row in await notifications(database)] == [
        "payment_awaited", "payment_failed", "order_confirmed",
    ]  # fmt: skip


async def test_codes_are_sent_per_delivery(database: Database, drain: Drain, mail: Outbox) -> None:
    story = await story_of(database, delivery_type=DeliveryType.DIGITAL)
    async with database.unit_of_work() as db:
        line = await db.merge(story.lines[0])
        line.kind = "DIGITAL"
        shipment = await make_shipment(db, story, None, 2)
        for unit, (code, at) in enumerate(
            (("OLD-1", db.now - timedelta(days=1)), ("NEW-2", db.now), ("NEW-3", db.now)), 1
        ):
            db.add(
                IssuedCode(
                    id=new_id(), order_id=story.order.id, order_line_id=line.id, unit=unit, code=code, issued_at=at
                )
            )
        record(db, CodesIssued(stream_id=story.order.id, shipment_id=shipment.id, amount=1, currency="EUR"))
    await drain()
    [message] = mail.sent
    assert message.subject == "Your codes for order K-1"
    assert "NEW-2" in message.text
    assert "NEW-3" in message.text
    assert "OLD-1" not in message.text


async def test_return_label_travels_with_its_message(
    database: Database, drain: Drain, mail: Outbox, runtime: Runtime
) -> None:
    story = await story_of(database)
    store = runtime.ports.get(DocumentStore)  # type: ignore[type-abstract]
    await store.put("labels/1.pdf", b"%PDF-1", "application/pdf")
    async with database.unit_of_work() as db:
        shipment = await make_shipment(db, story, await make_task(db, story), 3, 1)
        document = Document(
            id=new_id(), kind="RETURN_LABEL", order_id=story.order.id, number="RMA-45", key="labels/1.pdf",
            content_type="application/pdf", size=6, sha256="", language="en", created_at=db.now,
        )  # fmt: skip
        db.add(document)
        back = await make_return(db, story, shipment, label_document_id=document.id, received=1)
        record(db, ReturnApproved(stream_id=story.order.id, return_id=back.id))
        record(db, ReturnReceived(stream_id=story.order.id, return_id=back.id, complete=False))
    assert await drain() == []
    approved, received = mail.sent
    assert [(item.name, item.data) for item in approved.attachments] == [("RMA-45.pdf", b"%PDF-1")]
    assert "label is attached" in approved.text
    assert "- 2 × Lampe" in approved.text
    assert (received.subject, received.attachments) == ("Your return RMA-45 has arrived", ())
    assert "- 1 × Lampe" in received.text


async def make_return(db: Any, story: Story, shipment: Any, *, received: int = 0, **given: Any) -> Return:
    back = Return(
        id=new_id(), number="RMA-45", order_id=story.order.id, state=ReturnState.APPROVED, location_id=story.place.id,
        currency="EUR", requested_at=db.now, requested_by="test", updated_at=db.now, **given,
    )  # fmt: skip
    db.add(back)
    await db.flush()
    from kontor.fulfillment.models import ShipmentLine

    line = await db.scalar(sa.select(ShipmentLine).where(ShipmentLine.order_line_id == story.lines[0].id))
    db.add(
        ReturnLine(
            id=new_id(), return_id=back.id, shipment_line_id=line.id, order_line_id=line.order_line_id, quantity=2,
            received=received, reason=next(iter(ReturnReason)),
        )
    )  # fmt: skip
    await db.flush()
    return back


async def test_refund_names_the_ways_it_goes(database: Database, drain: Drain, mail: Outbox) -> None:
    story = await story_of(database)
    async with database.unit_of_work() as db:
        card = payment_of(story)
        gift = payment_of(story, kind=PaymentMethodKind.GIFT_CARD, position=2)
        refund = Refund(
            id=new_id(), order_id=story.order.id, kind="RETURN", state=RefundState.SUCCEEDED, currency="EUR",
            amount=1500, reason="secret", source_key="x", requested_at=db.now, requested_by="test",
        )  # fmt: skip
        db.add_all([card, gift, refund])
        await db.flush()
        db.add(RefundAllocation(refund_id=refund.id, payment_id=card.id, amount=1000))
        db.add(RefundAllocation(refund_id=refund.id, payment_id=gift.id, amount=500))
        event = RefundSucceeded(
            stream_id=story.order.id, refund_id=refund.id, return_id=None, kind="RETURN", amount=1500, currency="EUR"
        )
        record(db, event)
    await drain()
    [message] = mail.sent
    for words in ("€15.00", "Card: €10.00", "Gift card: €5.00"):
        assert words in message.text


async def test_a_later_date_is_told(database: Database, drain: Drain, mail: Outbox) -> None:
    story = await story_of(database, language="de")
    async with database.unit_of_work() as db:
        lines = ({"order_line_id": str(story.lines[1].id), "quantity": 1, "fulfillment_order_id": None},)
        event = BackorderRescheduled(
            stream_id=story.order.id, location_id=story.place.id, lines=lines, was_expected_on="2026-06-20",
            expected_on="2026-07-01",
        )  # fmt: skip
        record(db, event)
    await drain()
    assert "1. Juli 2026" in mail.sent[0].text


async def test_channel_decides_which_messages_go_out(database: Database, drain: Drain, mail: Outbox) -> None:
    async with database.unit_of_work() as db:
        channel = await make_channel(db, settings={"messages": {"order_confirmed": False}})
    quiet = await story_of(database, channel=channel)
    nameless = await story_of(database, number="K-2", email=None)
    async with database.unit_of_work() as db:
        for story in (quiet, nameless):
            record(db, OrderConfirmed(stream_id=story.order.id))
    assert await drain() == []
    assert mail.sent == []
    assert await notifications(database) == []


async def test_crash_after_sending_repeats_the_same_message_id(
    database: Database, drain: Drain, mail: Outbox, monkeypatch: pytest.MonkeyPatch, runtime: Runtime
) -> None:
    story = await story_of(database)
    async with database.unit_of_work() as db:
        record(db, OrderConfirmed(stream_id=story.order.id))

    async def dies(*_: Any, **__: Any) -> None:
        raise RuntimeError("the machine went away")

    with monkeypatch.context() as patch:
        patch.setattr(service, "note_sent", dies)
        assert len(await drain()) == 1
    [row] = await notifications(database)
    assert row.sent_at is None
    await relay.hurry(runtime)
    assert await drain() == []
    first, second = mail.sent
    assert first.message_id == second.message_id == row.message_id
    [row] = await notifications(database)
    assert row.sent_at is not None


async def test_mail_server_away_keeps_the_message_and_lets_others_go(
    database: Database, drain: Drain, mail: Outbox, runtime: Runtime
) -> None:
    stories = [await story_of(database, number=f"K-{number}") for number in range(3)]
    async with database.unit_of_work() as db:
        for story in stories:
            record(db, OrderConfirmed(stream_id=story.order.id))
    mail.away_for = "Your order K-1"
    assert [item.dead for item in await drain()] == [False]
    assert sorted(mail.subjects) == ["Your order K-0", "Your order K-2"]
    mail.away_for = ""
    await relay.hurry(runtime)
    assert await drain() == []
    assert sorted(mail.subjects) == ["Your order K-0", "Your order K-1", "Your order K-2"]


async def test_refused_address_is_noted_and_not_tried_again(database: Database, drain: Drain, mail: Outbox) -> None:
    story = await story_of(database)
    mail.problems = [InvalidInput("no such mailbox", code="MAIL_REFUSED")]
    async with database.unit_of_work() as db:
        record(db, OrderConfirmed(stream_id=story.order.id))
    assert await drain() == []
    [row] = await notifications(database)
    assert (row.sent_at, row.error) == (None, "MAIL_REFUSED: no such mailbox")


async def test_recalled_shipment_is_not_told(database: Database, drain: Drain, mail: Outbox) -> None:
    story = await story_of(database)
    async with database.unit_of_work() as db:
        task = await make_task(db, story)
        shipment = await make_shipment(db, story, task, 3, 1)
        shipment.recalled_at = db.now
        record(db, shipped(story, task.id, shipment.id))
    assert await drain() == []
    assert mail.sent == []
    assert await notifications(database) == []


async def test_resending_goes_to_the_present_address_with_an_id_of_its_own(
    database: Database, drain: Drain, mail: Outbox
) -> None:
    story = await story_of(database)
    async with database.unit_of_work() as db:
        record(db, OrderConfirmed(stream_id=story.order.id))
    await drain()
    async with database.unit_of_work() as db:
        await db.execute(sa.update(Order).values(email="new@fock.example"))
        [row] = await db.scalars(sa.select(Notification))
        await service.resend(db, row.id, now=db.now, domain="kontor.example")
    await drain()
    first, second = mail.sent
    assert (second.to, second.subject) == ("new@fock.example", first.subject)
    assert second.message_id != first.message_id


@pytest.mark.parametrize("count", [2, 25])
async def test_facts_of_a_batch_take_the_same_number_of_statements(
    database: Database, drain: Drain, mail: Outbox, count: int
) -> None:
    for number in range(count):
        story = await story_of(database, number=f"K-{number}")
        async with database.unit_of_work() as db:
            record(db, OrderConfirmed(stream_id=story.order.id))
    statements: list[str] = []

    def note(*args: Any) -> None:
        statements.append(args[2])

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    await drain()
    sa.event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    assert len(mail.sent) == count
    assert len([text for text in statements if text.startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))]) <= 25


async def test_two_workers_with_the_same_row_keep_one_message(
    database: Database, mail: Outbox, runtime: Runtime
) -> None:
    from kontor.core import jobs

    story = await story_of(database)
    async with database.unit_of_work() as db:
        record(db, OrderConfirmed(stream_id=story.order.id))
    async with database.unit_of_work() as db:
        [lease] = await outbox.lease_due(db)
    await asyncio.gather(*(jobs.run(runtime, service.JOB, [lease.id]) for _ in range(3)))
    # The one that sent may have found the row held by another that noted its failure: then it is due once more.
    await jobs.run(runtime, service.JOB, [lease.id])
    assert len({message.message_id for message in mail.sent}) == 1
    assert len(await notifications(database)) == 1
    async with database.read_only() as db:
        left = list(await db.scalars(sa.select(OutboxRow)))
    assert left == []


@pytest.mark.parametrize(("amount", "told"), [(0, None), (1, "refunded")])
def test_refund_that_moved_no_money_is_no_news(amount: int, told: str | None) -> None:
    """Everything was withheld by rule: nobody reads that 0.00 are on their way."""
    event = str(new_id())
    found = telling_of("RefundSucceeded", event, {"refund_id": str(new_id()), "amount": amount})
    assert (found.template if found else None) == told
