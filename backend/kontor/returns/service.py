"""Returns before the goods come: announced, approved or declined, on their way, given up, closed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from kontor.catalog.models import ProductKind
from kontor.channels.models import SalesChannel
from kontor.channels.queries import time_zone_of
from kontor.core.clock import local_day
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import record, unschedule
from kontor.core.principal import Principal
from kontor.core.statemachine import change_row, transition
from kontor.locations.models import StockLocation
from kontor.orders import progress
from kontor.orders import queries as orders
from kontor.orders.errors import LineNotFound
from kontor.orders.models import Order
from kontor.returns import queries
from kontor.returns.eligibility import Hindrance, ReturnDecision, SentPieces, choose, decide, fee, value_of
from kontor.returns.errors import InvalidReturn, NotReturnable, PlaceTakesNoReturns
from kontor.returns.events import (
    ReturnApproved,
    ReturnCanceled,
    ReturnClosed,
    ReturnDeclined,
    ReturnRequested,
)
from kontor.returns.homing import ReturnPlaces, channel_places, return_places, without_place
from kontor.returns.labels import expiry, hold_until, label_days
from kontor.returns.models import Return, ReturnLine, ReturnPlaceDecision
from kontor.returns.postage import payer_of
from kontor.returns.states import RETURN, ReturnReason, ReturnState

R = ReturnState
NOTHING_CAME = "nothing came in time"
"""Why a return is canceled whose label has ended."""
_WORDS = {
    Hindrance.KIND: "This kind of article does not come back.",
    Hindrance.TOO_LATE: "The time to send it back has passed.",
    Hindrance.TOO_MANY: "More pieces than were shipped and are not announced already.",
}


@dataclass(frozen=True, slots=True)
class ReturnWish:
    """Pieces of an order line that are to come back."""

    order_line_id: UUID
    quantity: int
    reason: ReturnReason
    note: str | None = None
    variant_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is announced: pieces, where they will be brought, and whether time and kind are overlooked (by staff).

    With `shipped_from` only pieces that left from these places.
    `taken` are pieces by shipment line that are spoken for otherwise. `pieces` says which pieces by shipment line are
    meant; without it the oldest shipments are.
    """

    order_id: UUID
    wishes: tuple[ReturnWish, ...]
    note: str | None = None
    location_id: UUID | None = None
    anyway: bool = False
    shipped_from: frozenset[UUID] | None = None
    taken: Mapping[UUID, int] = field(default_factory=dict)
    pieces: Mapping[UUID, int] | None = None

    def of(self, sent: SentPieces) -> SentPieces:
        """Of what left with a shipment, what this can be about: the others count as announced."""
        announced = sent.announced + self.taken.get(sent.shipment_line_id, 0)
        if self.pieces is not None:
            announced = max(announced, sent.quantity - self.pieces.get(sent.shipment_line_id, 0))
        return replace(sent, announced=announced)


async def request_return(
    db: Session, announced: Announcement, *, now: datetime, principal: Principal | None = None
) -> Return:
    """Announce one return; raises `NotReturnable` with the hindrance, `LineNotFound` or `InvalidReturn`.

    Pieces are taken from the oldest shipments. Pieces that are announced already cannot be announced again. Where no
    one place takes all of them it has none; `splitting.announce` makes one return per place of it.
    """
    order = await queries.lock_order_of(db, announced.order_id, principal)
    made, rows = await draft_return(db, order, announced, now=now)
    await keep_return(db, order, made, rows, await places_for(db, order, made, rows), now=now)
    return made


async def keep_return(
    db: Session, order: Order, made: Return, rows: Sequence[ReturnLine], places: ReturnPlaces | None, *, now: datetime
) -> None:
    """Write a drafted return of a locked order; with `places` it goes to the usual one, and why is kept."""
    made.postage_payer = await payer_of(db, [row.shipment_line_id for row in rows], [row.reason for row in rows])
    if places is not None:
        made.location_id = places.usual.location_id if places.usual is not None else None
    db.add(made)
    await db.flush()
    db.add_all(rows)
    if places is not None:
        db.add(ReturnPlaceDecision(return_id=made.id, record=places.record(), decided_at=made.requested_at))
    await db.flush()
    db.note_state(change_row("return", made.id, None, R.REQUESTED, now=now, by=db.by))
    lines = (await orders.lines_of(db, [order.id]))[order.id]
    progress.count(db, order, lines, {}, now=now, open_returns=1)
    record(db, ReturnRequested(stream_id=order.id, return_id=made.id, number=made.number))


async def places_for(db: Session, order: Order, made: Return, rows: Sequence[ReturnLine]) -> ReturnPlaces | None:
    """The places for a drafted return that names none; None where it names one, the channel leaves the place open, or
    nothing of it is a thing: that goes nowhere."""
    channel = await db.get_one(SalesChannel, order.channel_id)
    if made.location_id is not None or not channel_places(channel):
        return None
    lines = (await orders.lines_of(db, [order.id]))[order.id]
    things = {line.id for line in lines if line.kind == ProductKind.PHYSICAL}
    wanted: dict[UUID, int] = {}
    for row in rows:
        if row.order_line_id in things:
            wanted[row.order_line_id] = wanted.get(row.order_line_id, 0) + row.quantity
    if not wanted:
        return None
    senders = await queries.senders_of(db, [row.shipment_line_id for row in rows])
    sent: dict[UUID, frozenset[UUID]] = {}
    for row in rows:
        place = senders.get(row.shipment_line_id)
        sent[row.order_line_id] = sent.get(row.order_line_id, frozenset()) | ({place} if place else frozenset())
    return await return_places(db, order, lines, wanted, sent_from=sent)


async def draft_return(
    db: Session, order: Order, announced: Announcement, *, now: datetime
) -> tuple[Return, list[ReturnLine]]:
    """The return as it would be announced, with its lines; nothing is kept. Raises what `request_return` does."""
    _check_texts(announced)
    await _check_place(db, announced.location_id)
    channel = await db.get_one(SalesChannel, order.channel_id)
    zone = await time_zone_of(db, channel)
    sent = [announced.of(each) for each in await queries.sent_pieces(db, order.id, zone, announced.shipped_from)]
    made = Return(
        id=new_id(), number=f"R{order.number}-{await queries.count_all(db, order.id) + 1}", order_id=order.id,
        state=R.REQUESTED, location_id=announced.location_id, currency=order.currency,
        fee=fee([wish.reason for wish in announced.wishes], channel.settings), note=announced.note, requested_at=now,
        requested_by=db.by, updated_at=now,
    )  # fmt: skip
    known = {line.id for line in (await orders.lines_of(db, [order.id]))[order.id]}
    rows: list[ReturnLine] = []
    for index, wish in enumerate(announced.wishes):
        if wish.order_line_id not in known:
            raise LineNotFound("The order has no such line.", path=("lines", index, "orderLineId"))
        own = [each for each in sent if each.order_line_id == wish.order_line_id]
        pieces, hindrance = choose(
            own, wish.quantity, return_days=channel.return_days, today=local_day(now, zone), anyway=announced.anyway
        )
        if hindrance is not None:
            possible = sum(each.left for each in own)
            raise NotReturnable(
                _WORDS[hindrance], path=("lines", index, "quantity"), hindrance=str(hindrance),
                requested=wish.quantity, possible=possible,
            )  # fmt: skip
        rows += [_line(made, wish, line_id, count) for line_id, count in pieces.items()]
    return made, rows


async def _check_place(db: Session, location_id: UUID | None) -> None:
    if location_id is None:
        return
    place = await db.get(StockLocation, location_id)
    if place is None or not place.accepts_returns:
        raise PlaceTakesNoReturns("There is no such place that takes returns.", path=("locationId",))


def _line(made: Return, wish: ReturnWish, shipment_line_id: UUID, count: int) -> ReturnLine:
    return ReturnLine(
        id=new_id(), return_id=made.id, shipment_line_id=shipment_line_id, order_line_id=wish.order_line_id,
        quantity=count, received=0, inspected=0, accepted=0, refunded=0, reason=wish.reason, note=wish.note,
        variant_id=wish.variant_id,
    )  # fmt: skip


def _check_texts(announced: Announcement) -> None:
    if not 1 <= len(announced.wishes) <= 200:
        raise InvalidReturn("A return has 1 to 200 lines.", path=("lines",))
    if announced.note is not None and len(announced.note) > 1000:
        raise InvalidReturn("At most 1000 characters.", path=("note",))
    seen: set[UUID] = set()
    for index, wish in enumerate(announced.wishes):
        if wish.quantity < 1:
            raise InvalidReturn("At least one piece.", path=("lines", index, "quantity"))
        if wish.order_line_id in seen:
            raise InvalidReturn("A line is named once.", path=("lines", index, "orderLineId"))
        if wish.note is not None and len(wish.note) > 500:
            raise InvalidReturn("At most 500 characters.", path=("lines", index, "note"))
        seen.add(wish.order_line_id)


async def check_return(db: Session, return_id: UUID) -> ReturnDecision:
    """What the channel's rule says of an announced return, of all that was announced with it together.

    What no place takes is for people to decide.
    """
    order, found = await queries.lock_return(db, return_id)
    if await without_place(db, [found.id]):
        return ReturnDecision.REVIEW
    together = await queries.announced_with(db, found)
    by_return = await queries.lines_of(db, [each.id for each in together])
    lines = [line for each in together for line in by_return[each.id]]
    channel = await db.get_one(SalesChannel, order.channel_id)
    pieces = await queries.sent_pieces(db, order.id, await time_zone_of(db, channel))
    sent = {each.shipment_line_id: each for each in pieces}
    counts: Counter[UUID] = Counter()
    for line in lines:
        counts[line.shipment_line_id] += line.quantity
    value = value_of(counts, sent)
    return decide([line.reason for line in lines], value, channel.settings)


async def approve(
    db: Session, return_id: UUID, *, now: datetime, principal: Principal | None = None, open_end: bool = False
) -> Return:
    """The return may be sent; it is given up when nothing has come until its label ends.

    With `open_end` that is not before `start_label` says when.
    """
    order, found = await queries.lock_return(db, return_id, principal)
    await _approve(db, order, found, now=now, open_end=open_end)
    return found


async def approve_agreed(db: Session, return_id: UUID, *, now: datetime, open_end: bool = False) -> None:
    """Approve the return of what somebody has agreed to otherwise. One that no place takes waits for somebody.

    With an `open_end` its label has no end until `start_label` sets one.
    """
    if not await without_place(db, [return_id]):
        await approve(db, return_id, now=now, open_end=open_end)


async def _approve(db: Session, order: Order, found: Return, *, now: datetime, open_end: bool = False) -> None:
    transition(db, found, R.APPROVED, table=RETURN, now=now)
    found.updated_at = now
    if not open_end:
        await hold_until(db, found, now + await label_days(db, order))
    record(db, ReturnApproved(stream_id=order.id, return_id=found.id))


async def decline(
    db: Session, return_id: UUID, *, reason: str, now: datetime, principal: Principal | None = None
) -> Return:
    """The return is not accepted; its pieces can be announced again."""
    order, found = await queries.lock_return(db, return_id, principal)
    reason = _reason(reason)
    transition(db, found, R.DECLINED, table=RETURN, now=now, reason=reason)
    found.updated_at = now
    await _report_open(db, order, now=now)
    record(db, ReturnDeclined(stream_id=order.id, return_id=found.id, reason=reason))
    return found


async def mark_in_transit(db: Session, return_id: UUID, *, now: datetime, principal: Principal | None = None) -> Return:
    """The customer handed the parcel in."""
    _, found = await queries.lock_return(db, return_id, principal)
    transition(db, found, R.IN_TRANSIT, table=RETURN, now=now)
    found.updated_at = now
    return found


async def cancel_return(
    db: Session, return_id: UUID, *, reason: str, now: datetime, principal: Principal | None = None
) -> Return:
    """Nothing comes back after all; raises `TransitionRefused` when something did."""
    order, found = await queries.lock_return(db, return_id, principal)
    reason = _reason(reason)
    transition(db, found, R.CANCELED, table=RETURN, now=now, reason=reason)
    found.updated_at = now
    await unschedule(db, [expiry(found.id)])
    await _report_open(db, order, now=now)
    record(db, ReturnCanceled(stream_id=order.id, return_id=found.id, reason=reason))
    return found


async def expire(db: Session, return_id: UUID, *, now: datetime) -> bool:
    """The label has ended: a return of which nothing came is given up.

    False when something did, or when the label was renewed and still holds, or has no end yet.
    """
    order, found = await queries.lock_return(db, return_id)
    if found.state not in (R.APPROVED, R.IN_TRANSIT) or found.expires_at is None or found.expires_at > now:
        return False
    transition(db, found, R.CANCELED, table=RETURN, now=now, reason=NOTHING_CAME)
    found.updated_at = now
    await _report_open(db, order, now=now)
    record(db, ReturnCanceled(stream_id=order.id, return_id=found.id, reason=NOTHING_CAME))
    return True


async def close_return(db: Session, return_id: UUID, *, now: datetime, principal: Principal | None = None) -> Return:
    """The return is settled."""
    order, found = await queries.lock_return(db, return_id, principal)
    transition(db, found, R.CLOSED, table=RETURN, now=now)
    found.updated_at = now
    record(db, ReturnClosed(stream_id=order.id, return_id=found.id))
    return found


async def _report_open(db: Session, order: Order, *, now: datetime) -> None:
    await db.flush()
    lines = (await orders.lines_of(db, [order.id]))[order.id]
    progress.count(db, order, lines, {}, now=now, open_returns=await queries.count_open(db, order.id))


def _reason(reason: str) -> str:
    if not 1 <= len(reason.strip()) <= 300:
        raise InvalidInput("1 to 300 characters.", code="INVALID_REASON", path=("reason",))
    return reason.strip()


async def approve_at_the_counter(db: Session, order: Order, found: Return, *, now: datetime) -> None:
    """Goods of a return nobody has decided on are taken in: that approves it."""
    if found.state is R.REQUESTED:
        await _approve(db, order, found, now=now)
