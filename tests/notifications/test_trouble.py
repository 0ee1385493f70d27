"""What goes otherwise than promised is told as well: late work, parcels that do not arrive, claims, refused changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from factories.stories import Story, make_shipment, make_story, make_task, only
from kontor.changes.events import OrderChangeDeclined
from kontor.claims.events import ClaimApproved, ClaimDenied, ClaimOpened
from kontor.claims.models import Claim, ClaimLine
from kontor.claims.states import ClaimKind, ClaimState
from kontor.core.clock import local_day
from kontor.core.db import Database, Session
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.outbox import EventRecord, record
from kontor.exchanges.models import Exchange
from kontor.exchanges.states import ExchangeState, ExchangeWay
from kontor.fulfillment.events import FulfillmentPostponed
from kontor.fulfillment.lateness import note_late, promised_day
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder, Parcel, ShipmentLine
from kontor.fulfillment.stalling import note_progress
from kontor.fulfillment.states import FulfillmentState, ParcelState
from kontor.inventory.events import BackorderRescheduled
from kontor.notifications import service
from kontor.notifications.ports import MessageSender, OutgoingMessage
from kontor.orders.states import DeliveryType
from kontor.returns.events import ReturnReceived
from kontor.returns.models import Return, ReturnLine
from kontor.returns.states import ReturnReason, ReturnState
from support import Drain, StandingClock


class Outbox:
    """Stands for the mail server."""

    def __init__(self) -> None:
        self.sent: list[OutgoingMessage] = []

    async def send(self, message: OutgoingMessage) -> str:
        self.sent.append(message)
        return message.message_id


@pytest.fixture(autouse=True)
def _nothing_else_reacts(runtime: Runtime) -> Iterator[None]:
    with only(service.JOB):
        yield


@pytest.fixture
def mail(runtime: Runtime) -> Outbox:
    sender = Outbox()
    runtime.ports.register(MessageSender, sender)
    return sender


async def late_task(db: Session, story: Story, *, days: int = 1, **given: Any) -> FulfillmentOrder:
    today = local_day(db.now, story.place.timezone)
    return await make_task(db, story, promised_on=today - timedelta(days=days), **given)


async def story_of(db: Session, **order: Any) -> Story:
    return await make_story(db, **{"language": "en", "number": "K-1", **order})


async def look(database: Database) -> int:
    async with database.unit_of_work() as db:
        return await note_late(db, now=db.now)


async def test_a_promise_that_passed_is_told_once(database: Database, drain: Drain, mail: Outbox) -> None:
    async with database.unit_of_work() as db:
        story = await story_of(db)
        task = await late_task(db, story)
    assert (await look(database), await look(database)) == (1, 0)
    assert await drain() == []
    [message] = mail.sent
    assert message.subject == "Your order K-1 is late"
    assert "- 3 × Lampe\n- 1 × Öl\n" in message.text
    assert "by 14 June 2026" in message.text
    async with database.unit_of_work() as db:  # the place names a day, and misses that as well
        await db.execute(sa.update(FulfillmentOrder).values(promised_on=task.promised_on))
    assert await look(database) == 0


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"days": 0}, "the day is not over"),
        ({"state": FulfillmentState.SHIPPED}, "it has left"),
        ({"state": FulfillmentState.ON_HOLD}, "it waits for somebody else"),
        ({"cancel_requested": True}, "somebody asked to stop it"),
    ],
)
async def test_what_is_not_late_for_customers_is_not_told(database: Database, given: dict[str, Any], why: str) -> None:
    async with database.unit_of_work() as db:
        await late_task(db, await story_of(db), **given)
    assert await look(database) == 0, why


async def test_who_heard_of_a_later_day_is_not_told_that_the_first_has_passed(
    database: Database, drain: Drain, mail: Outbox
) -> None:
    async with database.unit_of_work() as db:
        story = await story_of(db)
        task = await late_task(db, story)
        later = {"was_expected_on": "2026-06-14", "expected_on": "2026-06-20"}
        lines = ({"order_line_id": str(story.lines[0].id), "quantity": 3, "fulfillment_order_id": None},)
        record(db, BackorderRescheduled(stream_id=story.order.id, location_id=story.place.id, lines=lines, **later))
    assert await look(database) == 1
    await drain()
    assert [message.subject for message in mail.sent] == ["New delivery date for order K-1", "Your order K-1 is late"]
    assert "Öl" in mail.sent[1].text
    assert "Lampe" not in mail.sent[1].text
    async with database.read_only() as db:
        told = await db.scalar(sa.select(FulfillmentOrder.late_at).where(FulfillmentOrder.id == task.id))
    assert told is not None


def test_a_later_day_is_promised_once_it_was_told_of_all() -> None:
    first, sooner, later = date(2026, 6, 14), date(2026, 6, 18), date(2026, 6, 20)
    assert promised_day(first, []) == first
    assert promised_day(first, [later, None]) == first
    assert promised_day(first, [later, sooner]) == sooner
    assert promised_day(later, [sooner]) == later


async def test_the_second_place_of_late_goods_is_no_news(database: Database, drain: Drain, mail: Outbox) -> None:
    """What one place refused is late at the next; the customer hears of what they did not hear of."""
    async with database.unit_of_work() as db:
        story = await story_of(db)
        first = await late_task(db, story)
    assert await look(database) == 1
    await drain()
    async with database.unit_of_work() as db:
        line = sa.select(FulfillmentLine).where(FulfillmentLine.fulfillment_order_id == first.id)
        rows = {row.order_line_id: row for row in await db.scalars(line)}
        rows[story.lines[0].id].quantity = 2  # one of them was refused, and what follows is given to another place
        second = await late_task(db, story)
        later = sa.update(FulfillmentLine).where(FulfillmentLine.fulfillment_order_id == second.id)
        await db.execute(later.where(FulfillmentLine.order_line_id == story.lines[0].id).values(quantity=1))
        await db.execute(later.where(FulfillmentLine.order_line_id == story.lines[1].id).values(quantity=0))
    assert await look(database) == 0
    async with database.unit_of_work() as db:
        await db.execute(sa.update(FulfillmentOrder).values(state=FulfillmentState.REJECTED))
        third = await late_task(db, story)
        later = sa.update(FulfillmentLine).where(FulfillmentLine.fulfillment_order_id == third.id)
        await db.execute(later.where(FulfillmentLine.order_line_id == story.lines[1].id).values(quantity=2))
    assert await look(database) == 1
    await drain()
    assert "- 1 × Öl\n" in mail.sent[1].text
    assert "Lampe" not in mail.sent[1].text


async def test_a_day_that_a_place_named_holds_for_the_place_that_follows(
    database: Database, clock: StandingClock
) -> None:
    async with database.unit_of_work() as db:
        story = await story_of(db)
        task = await late_task(db, story)
        lines = tuple({"order_line_id": str(line.id), "quantity": line.ordered} for line in story.lines)
        said = FulfillmentPostponed(
            stream_id=story.order.id, fulfillment_order_id=new_id(), lines=lines, was_expected_on="2026-06-14",
            expected_on="2026-06-20",
        )  # fmt: skip
        record(db, said)
    assert await look(database) == 0
    async with database.read_only() as db:
        found = await db.get_one(FulfillmentOrder, task.id)
        assert (found.promised_on, found.late_at) == (date(2026, 6, 20), None)
    clock.advance(days=6)
    assert (await look(database), await look(database)) == (1, 0)


async def test_goods_that_were_to_be_fetched_are_called_so(database: Database, drain: Drain, mail: Outbox) -> None:
    async with database.unit_of_work() as db:
        await late_task(db, await story_of(db, delivery_type=DeliveryType.PICKUP))
    await look(database)
    await drain()
    assert "were to be ready for pick-up" in mail.sent[0].text


async def test_late_work_that_leaves_before_the_mail_is_no_news(database: Database, drain: Drain, mail: Outbox) -> None:
    async with database.unit_of_work() as db:
        await late_task(db, await story_of(db))
    await look(database)
    async with database.unit_of_work() as db:
        await db.execute(sa.update(FulfillmentOrder).values(state=FulfillmentState.SHIPPED))
    await drain()
    assert mail.sent == []


@pytest.mark.parametrize(
    ("to", "event", "words"),
    [
        (ParcelState.LOST, "ParcelLost", "cannot find a parcel"),
        (ParcelState.RETURNED, "ParcelReturned", "could not be delivered"),
    ],
)
async def test_parcels_that_do_not_arrive(
    database: Database, drain: Drain, mail: Outbox, to: ParcelState, event: str, words: str
) -> None:
    async with database.unit_of_work() as db:
        story = await story_of(db)
        task = await make_task(db, story)
        await make_shipment(db, story, task, 3, 1)
        parcel = (await db.scalars(sa.select(Parcel))).one()
    for _ in range(2):
        async with database.unit_of_work() as db:
            await note_progress(db, task.id, parcel.id, to, reason="asked twice", now=db.now)
    assert await drain() == []
    [message] = mail.sent
    assert words in message.text
    assert "Tracking number: 00340" in message.text
    assert "- 3 × Lampe" in message.text
    assert ("Deichstraße 7" in message.text) is (to is ParcelState.RETURNED)
    async with database.read_only() as db:
        found = (await db.scalars(sa.select(EventRecord).where(EventRecord.name == event))).one()
    assert (found.stream_id, found.payload["parcel_id"]) == (story.order.id, str(parcel.id))


async def test_a_parcel_that_is_found_after_it_was_paid_back_asks_nothing(
    database: Database, drain: Drain, mail: Outbox
) -> None:
    for returned, told in ((3, 1), (4, 1)):
        async with database.unit_of_work() as db:
            story = await story_of(db, number=f"K-{returned}")
            task = await make_task(db, story)
            shipment = await make_shipment(db, story, task, 3, 1)
            for line, count in zip(story.lines, (3, returned - 3), strict=True):
                row = sa.update(ShipmentLine).where(ShipmentLine.shipment_id == shipment.id)
                await db.execute(row.where(ShipmentLine.order_line_id == line.id).values(returned=count))
            parcel = (await db.scalars(sa.select(Parcel).where(Parcel.fulfillment_order_id == task.id))).one()
        async with database.unit_of_work() as db:
            await note_progress(db, task.id, parcel.id, ParcelState.RETURNED, reason="found", now=db.now)
        assert await drain() == []
        assert len(mail.sent) == told


async def test_a_refused_change_names_what_comes_all_the_same(database: Database, drain: Drain, mail: Outbox) -> None:
    async with database.unit_of_work() as db:
        story = await story_of(db)
        story.lines[0].canceled = 1
        told = OrderChangeDeclined(stream_id=story.order.id, change_id=new_id(), canceled=1, refused=2, code="REFUSED")
        record(db, told)
    await drain()
    [message] = mail.sent
    assert message.subject == "We could not change your order K-1 any more"
    assert "- 2 × Lampe\n- 1 × Öl\n" in message.text


async def make_claim(db: Session, story: Story, state: ClaimState = ClaimState.OPEN) -> Claim:
    await make_shipment(db, story, None, 3, 1)
    row = (await db.scalars(sa.select(ShipmentLine).where(ShipmentLine.order_line_id == story.lines[0].id))).one()
    claim = Claim(
        id=new_id(), number="CK-1-1", order_id=story.order.id, kind=ClaimKind.DAMAGED, state=state, note="",
        returns_goods=False, corrects_stock=False, opened_at=db.now, opened_by="test", updated_at=db.now,
    )  # fmt: skip
    db.add(claim)
    await db.flush()
    line = ClaimLine(
        id=new_id(), claim_id=claim.id, shipment_line_id=row.id, order_line_id=row.order_line_id, quantity=2
    )
    db.add(line)
    await db.flush()
    return claim


@pytest.mark.parametrize(
    ("remedy", "back", "words"),
    [
        ("REFUND", False, "There is nothing to send back."),
        ("REFUND", True, "as soon as the items have reached us"),
        ("REPLACEMENT", False, None),
        ("GOODWILL", False, None),
    ],
)
async def test_claims_are_answered(
    database: Database, drain: Drain, mail: Outbox, remedy: str, back: bool, words: str | None
) -> None:
    async with database.unit_of_work() as db:
        story = await story_of(db)
        claim = await make_claim(db, story)
        record(db, ClaimOpened(stream_id=story.order.id, claim_id=claim.id, number=claim.number, kind="DAMAGED"))
    await drain()
    assert mail.sent[0].subject == "We have received your claim CK-1-1"
    async with database.unit_of_work() as db:
        approved = ClaimApproved(stream_id=story.order.id, claim_id=claim.id, remedy=remedy, returns_goods=back)
        record(db, approved)
    assert await drain() == []
    said = [message.text for message in mail.sent[1:]]
    assert len(said) == (0 if words is None else 1), "goodwill is told once granted, a replacement as agreed"
    assert all(str(words) in text and "- 2 × Lampe" in text for text in said)


async def test_a_claim_that_is_denied_at_once_is_one_mail_with_the_reason(
    database: Database, drain: Drain, mail: Outbox
) -> None:
    async with database.unit_of_work() as db:
        story = await story_of(db)
        claim = await make_claim(db, story, ClaimState.DENIED)
        record(db, ClaimOpened(stream_id=story.order.id, claim_id=claim.id, number=claim.number, kind="DAMAGED"))
        record(db, ClaimDenied(stream_id=story.order.id, claim_id=claim.id, reason="The seal is broken."))
    assert await drain() == []
    [message] = mail.sent
    assert "The reason: The seal is broken." in message.text


@pytest.mark.parametrize("exchange", [True, False])
async def test_goods_that_came_back_for_others_are_not_called_a_refund(
    database: Database, drain: Drain, mail: Outbox, exchange: bool
) -> None:
    async with database.unit_of_work() as db:
        story = await story_of(db)
        back = Return(
            id=new_id(), number="RMA-1", order_id=story.order.id, state=ReturnState.RECEIVED, requested_at=db.now,
            location_id=story.place.id, updated_at=db.now, currency="EUR", requested_by="test",
        )  # fmt: skip
        db.add(back)
        await db.flush()
        if exchange:
            db.add(
                Exchange(
                    id=new_id(), number="X-1", order_id=story.order.id, state=ExchangeState.APPROVED,
                    way=ExchangeWay.AFTER_RETURN, replacement=False, reason=ReturnReason.TOO_SMALL, note="",
                    currency="EUR", return_id=back.id, requested_at=db.now, requested_by="test", updated_at=db.now,
                )
            )  # fmt: skip
        await make_shipment(db, story, None, 1)
        row = (await db.scalars(sa.select(ShipmentLine))).one()
        db.add(
            ReturnLine(
                id=new_id(), return_id=back.id, shipment_line_id=row.id, order_line_id=row.order_line_id, quantity=1,
                received=1, reason=ReturnReason.TOO_SMALL,
            )
        )  # fmt: skip
        await db.flush()
        record(db, ReturnReceived(stream_id=story.order.id, return_id=back.id, complete=True))
    assert await drain() == []
    [message] = mail.sent
    assert ("refund" in message.text, "how your exchange goes on" in message.text) == (not exchange, exchange)
