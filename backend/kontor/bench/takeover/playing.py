"""Takes orders over day by day, through the services and the jobs of money, in one process.

What the processes would do next (release, ship, invoice, capture, cancel) is said here, one batch of orders at a time;
of the reactions to events only those that move or book money are in force.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from kontor import relay
from kontor.bench.replay.loading import ZONE
from kontor.bench.replay.plan import Act, Story
from kontor.bench.takeover.company import order_of
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.jobs import Runtime
from kontor.core.outbox import schedule
from kontor.core.principal import SYSTEM
from kontor.fulfillment.canceling import cancel_lines
from kontor.fulfillment.delivering import Delivery, record_deliveries
from kontor.fulfillment.models import FulfillmentOrder, Shipment, ShipmentLine
from kontor.fulfillment.shipping import How, Shipping, ship_all
from kontor.fulfillment.sourcing import SourceOutcome, source_orders
from kontor.fulfillment.states import FulfillmentState
from kontor.invoicing import service as invoicing
from kontor.orders import queries as orders
from kontor.orders import service as order_service
from kontor.orders.models import OrderCharge
from kontor.orders.placing import Placed, Taken
from kontor.payments import queries as payment_queries
from kontor.payments import service as payments
from kontor.payments.paying_back import payable_for
from kontor.payments.placing import take_orders
from kontor.payments.states import PaymentMethodKind
from kontor.processes import handed_over

T = TypeVar("T")
BATCH = 100
# Of what a day holds, in this order: no act of an order comes before one that it needs.
ACTS = (Act.PLACE, Act.PAY, Act.SHIP, Act.DELIVER, Act.CANCEL, Act.TAKE_BACK)
REACTIONS = frozenset({"invoicing.post_journal", "invoicing.credit", "processes.refund_canceled"})


class NotTaken(RuntimeError):
    """An order cannot be taken over as recorded; the message says which and why."""


class DayClock:
    """A clock that stands where the day being played ends."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    async def now(self) -> datetime:
        return self.moment

    async def move_to(self, moment: datetime) -> None:
        """Make `moment` the present."""
        self.moment = moment


@dataclass(slots=True)
class Taking:
    """A story on its way."""

    story: Story
    order_id: UUID | None = None

    @property
    def id(self) -> UUID:
        """The order's id; it was placed before."""
        assert self.order_id is not None
        return self.order_id


@dataclass(slots=True)
class Days:
    """What is due on which day, by act."""

    due: dict[date, dict[Act, list[Taking]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    @classmethod
    def of(cls, takings: Iterable[Taking]) -> Days:
        """Every step on its day where the seller is."""
        days = cls()
        for taking in takings:
            for step in taking.story.steps:
                days.due[local_day(step.at, ZONE)][step.act].append(taking)
        return days

    def __iter__(self) -> Iterator[tuple[date, dict[Act, list[Taking]]]]:
        for day in sorted(self.due):
            yield day, self.due[day]


Work = Callable[[Session, Sequence[Taking]], Awaitable[None]]


def end_of(day: date) -> datetime:
    """One second before a day ends where the seller is: after everything that was recorded on it."""
    return datetime.combine(day, time(23, 59, 59), ZoneInfo(ZONE)).astimezone(UTC)


class Takeover:
    """Plays days on one runtime whose clock is a `DayClock`."""

    def __init__(self, runtime: Runtime, clock: DayClock) -> None:
        self._runtime, self._clock = runtime, clock
        self._next_number = 1
        self.acts: Counter[str] = Counter()

    async def play(self, days: Days) -> AsyncIterator[date]:
        """Play every day; yields each when all of its work is done and its journal written."""
        for day, due in days:
            await self._clock.move_to(end_of(day))
            for act in ACTS:
                if takings := due.get(act):
                    await self._perform(act, takings)
                    self.acts[act.value] += len(takings)
            yield day

    async def _perform(self, act: Act, takings: Sequence[Taking]) -> None:
        match act:
            case Act.PLACE:
                await self._each(takings, self._place)
                await self._each([each for each in takings if not each.story.prepaid], self._release)
            case Act.PAY:
                await self._each(takings, self._pay)
                await self._each(takings, self._release)
            case Act.SHIP:
                left = list(takings)
                while left := await self._ship(left):
                    pass
            case Act.DELIVER:
                await self._each(takings, self._deliver)
            case Act.CANCEL:
                await self._each(takings, self._cancel)
            case Act.TAKE_BACK:
                await self._each(takings, self._take_back)

    async def _each(self, takings: Sequence[Taking], work: Work) -> None:
        """Batch by batch in a unit of work each, and everything that follows from it."""
        for part in _parts(takings):
            async with self._runtime.database.unit_of_work(SYSTEM) as db:
                await work(db, part)
        await self._drain()

    async def _drain(self) -> None:
        if failed := await relay.drain(self._runtime):
            raise NotTaken("; ".join(f"{each.job}: {each.error}" for each in failed[:5]))

    async def _place(self, db: Session, takings: Sequence[Taking]) -> None:
        numbers = list(range(self._next_number, self._next_number + len(takings)))
        self._next_number += len(takings)
        batch = [Taken(order_of(each.story), SYSTEM) for each in takings]
        for taking, outcome in zip(takings, await take_orders(db, batch, numbers, stock_last=True), strict=True):
            if not isinstance(outcome, Placed):
                raise NotTaken(f"order {taking.story.order.id}: {outcome.code} {outcome.path}: {outcome.message}")
            taking.order_id = outcome.order_id
            schedule(db, "payments.authorize", {"order_id": taking.id}, key=taking.id)

    async def _pay(self, db: Session, takings: Sequence[Taking]) -> None:
        locked = await orders.lock_orders(db, [each.id for each in takings])
        for order_id, promised in (await payment_queries.lock_payments(db, locked)).items():
            for payment in promised:
                if payment.kind is PaymentMethodKind.PREPAYMENT:
                    await payments.record_payment(
                        db, locked[order_id], payment, payment.amount, reference="boleto", now=db.now
                    )

    async def _release(self, db: Session, takings: Sequence[Taking]) -> None:
        locked = await orders.lock_orders(db, [each.id for each in takings])
        order_service.confirm(db, list(locked.values()), now=db.now)
        await db.flush()
        for order_id, sourced in (await source_orders(db, locked, now=db.now)).items():
            if sourced.outcome is not SourceOutcome.ALL:
                raise NotTaken(f"order {locked[order_id].external_id}: {sourced.missing} pieces found no place")

    async def _ship(self, takings: Sequence[Taking]) -> list[Taking]:
        """One shipment of each order leaves, is invoiced and captured; the orders of which more is to leave."""
        more: list[Taking] = []

        async def send(db: Session, part: Sequence[Taking]) -> None:
            waiting = await _work_of(db, part)
            requests = [Shipping(waiting[each.id][0]) for each in part]
            sent = await ship_all(db, requests, now=db.now, how=How(accepts_open=True))
            refused = [each for each in sent if not isinstance(each, Shipment)]
            if refused:
                raise NotTaken(f"a shipment was refused: {refused[0]}")
            shipments = {each.order_id: each.id for each in sent if isinstance(each, Shipment)}
            await db.flush()
            await invoicing.issue_invoices(db, list(shipments.values()), now=db.now)
            for order_id, value in (await handed_over.values_of(db, shipments, now=db.now)).items():
                handed_over.schedule_capture(
                    db, order_id, shipments[order_id], value.amount, final=value.complete
                )  # fmt: skip
            more.extend(each for each in part if len(waiting[each.id]) > 1)

        await self._each(takings, send)
        return more

    async def _deliver(self, db: Session, takings: Sequence[Taking]) -> None:
        work = await _work_of(db, takings, FulfillmentState.SHIPPED)
        requests = [Delivery(row_id) for each in takings for row_id in work[each.id]]
        refused = [each for each in await record_deliveries(db, requests, now=db.now) if not isinstance(each, Shipment)]
        if refused:
            raise NotTaken(f"an arrival was refused: {refused[0]}")
        locked = await orders.lock_orders(db, [each.id for each in takings])
        order_service.complete(db, list(locked.values()), now=db.now)

    async def _cancel(self, db: Session, takings: Sequence[Taking]) -> None:
        locked = await orders.lock_orders(db, [each.id for each in takings])
        lines = await orders.lines_of(db, locked)
        for order_id, order in locked.items():
            wanted = {line.id: line.open_quantity for line in lines[order_id] if line.open_quantity}
            await cancel_lines(db, order, lines[order_id], wanted, reason="canceled as recorded", now=db.now)
            schedule(db, "payments.void", {"order_id": order_id}, key=order_id)

    async def _take_back(self, db: Session, takings: Sequence[Taking]) -> None:
        """Everything came back: all that was invoiced is paid back, as far as it was paid."""
        locked = await orders.lock_orders(db, [each.id for each in takings])
        for order_id, order in locked.items():
            lines = await _sent(db, order_id)
            paid = await payable_for(db, order, sum(line["gross"] for line in lines))
            lines += [{"name": rule.value, "gross": -amount} for rule, amount in paid.withheld.items()]
            await payments.request_refund(
                db, order, kind="RETURN", amount=paid.amount, lines=lines,
                reason="sent back as recorded", source_key=f"back/{order_id}", now=db.now,
            )  # fmt: skip


def _parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


async def _work_of(
    db: Session, takings: Sequence[Taking], state: FulfillmentState = FulfillmentState.OPEN
) -> dict[UUID, list[UUID]]:
    row = FulfillmentOrder
    found = sa.select(row.order_id, row.id).where(row.order_id.in_([each.id for each in takings]), row.state == state)
    work: dict[UUID, list[UUID]] = {each.id: [] for each in takings}
    for order_id, row_id in await db.execute(found.order_by(row.id)):
        work[order_id].append(row_id)
    return work


async def _sent(db: Session, order_id: UUID) -> list[dict[str, Any]]:
    goods = (
        sa.select(ShipmentLine.id, ShipmentLine.quantity, ShipmentLine.gross)
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(Shipment.order_id == order_id)
        .order_by(ShipmentLine.id)
    )
    fees = sa.select(OrderCharge.id, OrderCharge.gross).where(
        OrderCharge.order_id == order_id, OrderCharge.shipment_id.is_not(None)
    )
    lines: list[dict[str, Any]] = [
        {"shipment_line_id": str(row.id), "quantity": row.quantity, "gross": row.gross}
        for row in await db.execute(goods)
    ]
    return lines + [{"charge_id": str(row.id), "quantity": 0, "gross": row.gross} for row in await db.execute(fees)]
