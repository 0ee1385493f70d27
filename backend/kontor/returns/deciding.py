"""Whoever the goods came back to decides piece by piece: accepted or refused, in which condition, and why.

The refund follows from what is accepted by the process of the return; the customer is told once, of all of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.errors import InvalidInput, NotFound
from kontor.core.outbox import record
from kontor.core.principal import Principal
from kontor.locations.models import StockLocation
from kontor.returns import queries, receiving
from kontor.returns.errors import AlreadyDecided, InvalidReturn, NotAnnounced, PlaceTakesNoReturns, ReturnLineNotFound
from kontor.returns.events import ReturnDecided
from kontor.returns.models import Return, ReturnInspection, ReturnLine
from kontor.returns.receiving import Arrived, Finding
from kontor.returns.service import Announcement, ReturnWish, request_return
from kontor.returns.states import Disposition, ReturnReason, ReturnState

R = ReturnState
ANNOUNCED = frozenset({R.REQUESTED, R.APPROVED, R.IN_TRANSIT})
ARRIVED = frozenset({R.PARTIALLY_RECEIVED, R.RECEIVED})
DECIDED = frozenset({R.INSPECTED, R.REFUNDED, R.CLOSED})
DECIDE_WITHIN = timedelta(hours=48)
"""How long after the goods arrived the customer may expect an answer."""


class Condition(StrEnum):
    """How a piece came back."""

    NEW = "NEW"
    USED = "USED"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class Decision:
    """Pieces of a return line, how they came back, and whether they are paid back; `reason` says why not."""

    line_id: UUID
    quantity: int
    condition: Condition
    accepted: bool
    reason: str | None = None

    @property
    def disposition(self) -> Disposition:
        """What happens to the pieces: as new and taken back they are sold again, refused ones wait for the customer."""
        if not self.accepted or self.condition is Condition.USED:
            return Disposition.QUARANTINE
        return Disposition.RESTOCK if self.condition is Condition.NEW else Disposition.SCRAP


async def decide_return(
    db: Session, return_id: UUID, decisions: Sequence[Decision], *, now: datetime, principal: Principal
) -> Return:
    """Decide about pieces; those that were not received yet are received with it.

    What arrived at places of others is theirs to decide. Raises `AlreadyDecided`, `InvalidReturn` naming the field,
    `ReturnLineNotFound`, `NotAnnounced`.
    """
    order, found = await queries.lock_return(db, return_id, principal)
    lines = {line.id: line for line in (await queries.lines_of(db, [found.id]))[found.id]}
    if not any(line.inspected < line.quantity for line in lines.values()):
        raise await _already_decided(db, lines.values(), principal)
    there = await receiving.waiting_for(db, list(lines), principal)
    waiting = _summed(there)
    wanted = _check(decisions, lines, waiting)
    place = await place_of(db, found, principal)
    coming = [
        Arrived(line_id, count - waiting[line_id]) for line_id, count in wanted.items() if count > waiting[line_id]
    ]
    for each in coming:
        there[each.line_id][place] = there[each.line_id].get(place, 0) + each.quantity
    findings = found_at(decisions, there)
    if coming:
        await receiving.receive_return(db, found.id, place, coming, now=now, findings=findings, principal=principal)
    else:
        await receiving.inspect_return(db, found.id, findings, now=now, principal=principal)
    record(db, ReturnDecided(stream_id=order.id, return_id=found.id, lines=told_lines(decisions, lines)))
    return found


def found_at(decisions: Sequence[Decision], there: Mapping[UUID, Mapping[UUID, int]]) -> list[Finding]:
    """What was decided, place by place: whoever works at several places decides about the pieces, wherever they lie.

    `there` are pieces by line and place, as many as are decided on; one place is emptied after the other. Pure.
    """
    rest = {line_id: dict(sorted(counts.items())) for line_id, counts in there.items()}
    found = []
    for each in decisions:
        left = each.quantity
        for place, count in rest[each.line_id].items():
            part = min(left, count)
            if part:
                rest[each.line_id][place] -= part
                left -= part
                found.append(
                    Finding(
                        each.line_id, part, each.disposition, each.accepted, str(each.condition), place, each.reason,
                        told=True,
                    )
                )  # fmt: skip
    return found


def told_lines(decisions: Sequence[Decision], lines: dict[UUID, ReturnLine]) -> list[dict[str, Any]]:
    """What the customer is told of each decision."""
    return [
        {
            "order_line_id": str(lines[each.line_id].order_line_id), "quantity": each.quantity,
            "accepted": each.accepted, "reason": None if each.accepted else (each.reason or "").strip(),
        }
        for each in decisions
    ]  # fmt: skip


async def preview(
    db: Session, return_id: UUID, decisions: Sequence[Decision], *, principal: Principal
) -> tuple[Return, list[dict[str, Any]]]:
    """What `decide_return` would tell the customer; raises what it would of the decisions themselves."""
    found = await queries.get_return(db, return_id, principal)
    lines = {line.id: line for line in (await queries.lines_of(db, [found.id]))[found.id]}
    _check(decisions, lines, _summed(await receiving.waiting_for(db, list(lines), principal)))
    return found, told_lines(decisions, lines)


def _summed(there: Mapping[UUID, Mapping[UUID, int]]) -> dict[UUID, int]:
    """Pieces by line, wherever they lie."""
    return {line_id: sum(counts.values()) for line_id, counts in there.items()}


def _check(
    decisions: Sequence[Decision], lines: dict[UUID, ReturnLine], waiting: Mapping[UUID, int]
) -> dict[UUID, int]:
    """Pieces by line; raises when they are none, too many or refused without a reason."""
    if not decisions:
        raise InvalidInput("Name at least one piece.", code="NOTHING_FOUND", path=("pieces",))
    wanted: dict[UUID, int] = {}
    for index, each in enumerate(decisions):
        if each.line_id not in lines:
            raise ReturnLineNotFound("The return has no such line.", path=("pieces", index, "lineId"))
        line = lines[each.line_id]
        wanted[each.line_id] = wanted.get(each.line_id, 0) + each.quantity
        possible = line.quantity - line.received + waiting[each.line_id]
        if each.quantity < 1 or wanted[each.line_id] > possible:
            raise NotAnnounced(
                f"{possible} more pieces can be decided on.",
                path=("pieces", index, "quantity"), announced=line.quantity, received=line.received,
                quantity=each.quantity,
            )  # fmt: skip
        if not each.accepted and not 1 <= len((each.reason or "").strip()) <= 300:
            raise InvalidReturn("Say in 1 to 300 characters why.", path=("pieces", index, "reason"))
    return wanted


async def _already_decided(db: Session, lines: Any, principal: Principal) -> AlreadyDecided:
    last = await db.scalar(
        sa.select(ReturnInspection)
        .where(ReturnInspection.return_line_id.in_([line.id for line in lines]))
        .order_by(ReturnInspection.id.desc())
        .limit(1)
    )
    by = "" if last is None else named(last.inspected_by, last.partner_id, principal)
    return AlreadyDecided(
        "Every piece has been decided on.", by=by, at="" if last is None else last.inspected_at.isoformat()
    )


def named(by: str, partner_id: UUID | None, principal: Principal) -> str:
    """The name of who acted, for the principal: empty for people of another side."""
    return "" if principal.restricted and partner_id != principal.partner_id else by.partition(":")[2] or by


async def place_of(db: Session, found: Return, principal: Principal) -> UUID:
    """Where the goods are: the return's own place, else the first of the principal's that takes returns."""
    if found.location_id is not None:
        return found.location_id
    return await own_place(db, principal)


async def own_place(db: Session, principal: Principal) -> UUID:
    """The first place of the principal's partner that takes returns; raises `PlaceTakesNoReturns`."""
    place = await db.scalar(
        sa.select(StockLocation.id)
        .where(StockLocation.partner_id == principal.partner_id, StockLocation.accepts_returns)
        .order_by(StockLocation.code)
        .limit(1)
    )
    if place is None:
        raise PlaceTakesNoReturns("None of your places takes returns.", path=("orderId",), location="")
    return place


async def mark_arrived(db: Session, return_id: UUID, *, now: datetime, principal: Principal) -> Return:
    """Everything that was announced is there; it is decided on later. Done before, nothing changes."""
    _, found = await queries.lock_return(db, return_id, principal)
    lines = (await queries.lines_of(db, [found.id]))[found.id]
    coming = [Arrived(line.id, line.quantity - line.received) for line in lines if line.received < line.quantity]
    if coming:
        place = await place_of(db, found, principal)
        await receiving.receive_return(db, found.id, place, coming, now=now, principal=principal)
    return found


async def announce_arrived(
    db: Session, order_id: UUID, pieces: Sequence[tuple[UUID, int]], *, now: datetime, principal: Principal
) -> Return:
    """A parcel nobody announced lies here: announce what is in it, for an order the partner sent itself.

    Raises `NotFound` for an order of others, `NotReturnable` for more than was sent, `PlaceTakesNoReturns`.
    """
    places = frozenset(await db.scalars(_own_places(principal)))
    if not await queries.was_sent_from(db, order_id, places):
        raise NotFound("There is no such order.", code="ORDER_NOT_FOUND", path=("orderId",))
    wishes = tuple(ReturnWish(line_id, quantity, ReturnReason.OTHER) for line_id, quantity in pieces)
    place = await own_place(db, principal)
    announced = Announcement(order_id, wishes, None, place, anyway=True, shipped_from=places)
    found = await request_return(db, announced, now=now)
    return await mark_arrived(db, found.id, now=now, principal=principal)


async def find_sent(db: Session, text: str, *, now: datetime, principal: Principal) -> list[queries.SentOrder]:
    """Orders the partner sent that fit a number, a parcel's number, a name or an article; newest first, 20 at most.

    The name is compared and not shown: it is read from the parcel.
    """
    if not 3 <= len(text.strip()) <= 80:
        raise InvalidInput("3 to 80 characters.", code="INVALID_TEXT", path=("text",))
    return await queries.sent_orders(db, text.strip(), _own_places(principal), now=now)


def _own_places(principal: Principal) -> sa.Select[UUID]:
    return sa.select(StockLocation.id).where(StockLocation.partner_id == principal.partner_id)
