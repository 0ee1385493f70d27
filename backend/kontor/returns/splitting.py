"""One announcement of the customer as several returns, where no one place takes all of it.

Dropshippers take back only what they sent themselves. Each place gets a return of its own, with a number and a label,
sees it and decides about it. The fee is kept once.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.principal import Principal
from kontor.orders.models import Order
from kontor.returns import queries, service
from kontor.returns.homing import ReturnPlaces
from kontor.returns.models import Return, ReturnLine
from kontor.returns.places import ReturnWay
from kontor.returns.service import Announcement

Sender = UUID | None


async def announce(
    db: Session, announced: Announcement, *, now: datetime, principal: Principal | None = None
) -> list[Return]:
    """Announce: one return, or where no one place takes all of it one for each place that takes a part, the fewest.

    What no place takes is a return without a place, for people to decide (`check_return`, and a case). Raises what
    `request_return` does.
    """
    order = await queries.lock_order_of(db, announced.order_id, principal)
    whole, rows = await service.draft_return(db, order, announced, now=now)
    places = await service.places_for(db, order, whole, rows)
    senders = await queries.senders_of(db, [row.shipment_line_id for row in rows])
    if places is None or places.usual is not None or len(set(senders.values())) == 1:
        await service.keep_return(db, order, whole, rows, places, now=now)
        return [whole]
    return await _announce_parts(db, order, whole, rows, senders, now=now)


async def _announce_parts(
    db: Session,
    order: Order,
    whole: Return,
    rows: Sequence[ReturnLine],
    senders: Mapping[UUID, Sender],
    *,
    now: datetime,
) -> list[Return]:
    by_sender: dict[Sender, list[ReturnLine]] = {}
    for row in rows:
        by_sender.setdefault(senders[row.shipment_line_id], []).append(row)
    costs = {sender: costs_of(await service.places_for(db, order, whole, own)) for sender, own in by_sender.items()}
    parts: list[Return] = []
    first = await queries.count_all(db, order.id) + 1
    for offset, together in enumerate(fewest(costs)):
        own = [row for sender in together for row in by_sender[sender]]
        made = whole if not parts else _another(whole)
        made.number = f"R{order.number}-{first + offset}"
        made.announcement_id = whole.id
        for row in own:
            row.return_id = made.id
        # Looked at before it is kept: a kept one names its place.
        places = await service.places_for(db, order, made, own)
        await service.keep_return(db, order, made, own, places, now=now)
        parts.append(made)
    return parts


def _another(whole: Return) -> Return:
    """A further part: the fee is noted with the first one, and kept of whichever is paid back."""
    return Return(
        id=new_id(), order_id=whole.order_id, state=whole.state, currency=whole.currency, fee=0, note=whole.note,
        requested_at=whole.requested_at, requested_by=whole.requested_by, updated_at=whole.updated_at,
    )  # fmt: skip


def costs_of(places: ReturnPlaces | None) -> dict[UUID, int]:
    """What each place costs for pieces, in cents: by parcel, to a counter only where no parcel is possible."""
    found: dict[UUID, int] = {}
    for way in (ReturnWay.PARCEL, ReturnWay.COUNTER) if places is not None else ():
        for choice in places.choices if places is not None and not found else ():
            if choice.way is way:
                found[choice.location_id] = choice.cost_cents
    return found


def fewest(costs: Mapping[Sender, Mapping[UUID, int]]) -> list[list[Sender]]:
    """The senders whose goods travel together: as many as one place takes, of equal places the cheapest.

    >>> fewest({UUID(int=1): {UUID(int=8): 500}, UUID(int=2): {UUID(int=8): 400, UUID(int=9): 1}})
    [[UUID('00000000-0000-0000-0000-000000000001'), UUID('00000000-0000-0000-0000-000000000002')]]
    """
    left, parts = dict(costs), list[list[Sender]]()
    while any(left.values()):
        best = min(
            {place for offers in left.values() for place in offers},
            key=lambda place: (
                -len(_takes(left, place)),
                sum(left[each][place] for each in _takes(left, place)),
                place,
            ),
        )
        parts.append(_takes(left, best))
        left = {sender: offers for sender, offers in left.items() if sender not in parts[-1]}
    return [*parts, list(left)] if left else parts


def _takes(costs: Mapping[Sender, Collection[UUID]], place: UUID) -> list[Sender]:
    return [sender for sender, offers in costs.items() if place in offers]
