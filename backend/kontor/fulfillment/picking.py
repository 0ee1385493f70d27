"""Pieces taken from the shelf, reported as they are now: a tick taken back is a smaller number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kontor.core.db import Session
from kontor.core.errors import KontorError
from kontor.core.principal import Principal
from kontor.fulfillment.errors import FulfillmentLineNotFound, InvalidQuantity
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState
from kontor.fulfillment.values import Pieces
from kontor.fulfillment.work import check_moving, check_state, load_work, pick_row, step

S = FulfillmentState


@dataclass(frozen=True, slots=True)
class Picks:
    """How many pieces of lines of one fulfillment order are in hand now; other lines stay as they were."""

    fulfillment_order_id: UUID
    lines: tuple[Pieces, ...]


async def record_picks(
    db: Session, requests: Sequence[Picks], *, now: datetime, principal: Principal | None = None
) -> list[FulfillmentOrder | KontorError]:
    """Note what is in hand; the fulfillment order, or the refusal, of each request in its position.

    With the last piece the work is PICKED, with one put back it is ACCEPTED again. Said twice it is true once.
    """
    work = await load_work(db, [each.fulfillment_order_id for each in requests], principal=principal)
    seen: set[UUID] = set()
    results: list[FulfillmentOrder | KontorError] = []
    for each in requests:
        try:
            row = pick_row(work, each.fulfillment_order_id, seen)
            check_state(row, S.ACCEPTED, S.PICKED)
            check_moving(work, row)
            lines = work.lines[row.id]
            picked = picked_of(lines, each.lines)
        except KontorError as refusal:
            results.append(refusal)
            continue
        for line in lines:
            line.picked = picked.get(line.id, line.picked)
        row.updated_at = now
        state = S.PICKED if all(line.picked == line.quantity for line in lines) else S.ACCEPTED
        if state is not row.state:
            step(db, row, state, now=now)
        results.append(row)
    return results


def picked_of(lines: Sequence[FulfillmentLine], given: Sequence[Pieces]) -> dict[UUID, int]:
    """Pieces in hand by line; raises `FulfillmentLineNotFound` or `InvalidQuantity`, naming the input."""
    there = {line.id: line.quantity for line in lines}
    picked: dict[UUID, int] = {}
    for index, each in enumerate(given):
        if each.line_id not in there:
            raise FulfillmentLineNotFound(
                "The fulfillment order has no such line.", path=("lines", index, "lineId"), line_id=str(each.line_id)
            )
        if not 0 <= each.quantity <= there[each.line_id]:
            raise InvalidQuantity(
                f"0 to {there[each.line_id]} pieces.", path=("lines", index, "quantity"),
                quantity=each.quantity, max=there[each.line_id],
            )  # fmt: skip
        picked[each.line_id] = each.quantity
    return picked
