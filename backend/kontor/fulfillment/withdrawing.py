"""Take an answer back while nobody has heard of it, and let it go when nobody did."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.core.errors import KontorError
from kontor.core.outbox import record
from kontor.core.principal import Principal
from kontor.fulfillment.errors import AnswerFinal
from kontor.fulfillment.events import FulfillmentAccepted
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState
from kontor.fulfillment.telling import forget_timer, tell_kept
from kontor.fulfillment.work import Work, check_moving, count, load_work, pick_row, settle_capacity, step
from kontor.inventory import allocations as stock
from kontor.inventory.allocating import lock_levels

S = FulfillmentState


async def withdraw_answers(
    db: Session, ids: Sequence[UUID], *, now: datetime, principal: Principal | None = None
) -> list[FulfillmentOrder | KontorError]:
    """Take answers back: work that was taken on waits for an answer again, refused pieces are back at the place.

    The fulfillment order, or the refusal, of each in its position: `AnswerFinal` when the time has passed or something
    has followed (pieces picked, stock sold or pieces given elsewhere).
    """
    work = await load_work(db, ids, principal=principal)
    seen: set[UUID] = set()
    results: list[FulfillmentOrder | KontorError] = []
    for row_id in ids:
        try:
            row = pick_row(work, row_id, seen)
            check_moving(work, row)
            await _withdraw(db, work, row, now=now)
            results.append(row)
        except KontorError as refusal:
            results.append(refusal)
    await count(db, work, now=now)
    await settle_capacity(db, work)
    return results


async def _withdraw(db: Session, work: Work, row: FulfillmentOrder, *, now: datetime) -> None:
    before = row.answered_from
    if row.answer_until is None or before is None or now >= row.answer_until:
        raise AnswerFinal("The answer cannot be taken back any more.", follows="time", state=str(row.state))
    if row.state is S.REJECTED:
        await _take_again(db, work, row)
    elif row.state is not S.ACCEPTED or any(line.picked for line in work.lines[row.id]):
        raise AnswerFinal("The work has gone on since.", follows="work", state=str(row.state))
    row.expected_on = None
    if before is S.OPEN:
        row.accepted_at = None
    step(db, row, before, now=now, reason="answer taken back")
    await forget_timer(db, row)
    if row.split_from_id is not None and before is not S.OPEN:
        # Split off by the refusal itself: its process has never heard that the place had taken it on.
        record(db, FulfillmentAccepted(stream_id=row.order_id, fulfillment_order_id=row.id))


async def _take_again(db: Session, work: Work, row: FulfillmentOrder) -> None:
    """Refused pieces get their stock back; raises `AnswerFinal` when it, or the pieces, went elsewhere."""
    lines = work.lines[row.id]
    for line in lines:
        placed = work.line(row, line)
        pending = work.changes.get(row.order_id, {}).get(placed.id, {}).get("allocated", 0)
        if placed.unallocated - pending < line.quantity:
            raise AnswerFinal("Another place has the pieces already.", follows="place", sku=line.sku)
    keys = {line.id: (row.location_id, line.variant_id) for line in lines}
    await db.flush()
    levels = await lock_levels(db, keys.values())
    for line in lines:
        level = levels[keys[line.id]]
        if level.on_hand + line.written_off - level.allocated < line.quantity:
            raise AnswerFinal("The stock was sold since.", follows="stock", sku=line.sku)
    back = [stock.GivenBack(line.order_line_id, line.variant_id, line.quantity, line.written_off) for line in lines]
    await stock.give_back(db, row, back)
    for line in lines:
        work.add(row.order_id, line.order_line_id, allocated=line.quantity)
        line.reject_reason = line.reject_note = None
        line.written_off = 0
    work.count_parcel(row, 1)
    work.free_capacity(row, -sum(line.quantity for line in lines))


async def announce_answers(db: Session, ids: Iterable[UUID]) -> None:
    """The time has passed: let everybody hear of the answers that were not taken back."""
    work = await load_work(db, sorted(set(ids)))
    for row in work.rows.values():
        await tell_kept(db, work, row)
