"""Returns of orders that arrived."""

from typing import Any
from uuid import UUID

from factories.fulfillment import shipped
from factories.intake import Company
from kontor.core.db import Database
from kontor.fulfillment.delivering import Delivery, record_delivery
from kontor.orders import queries as orders
from kontor.returns import queries
from kontor.returns.models import Return, ReturnLine
from kontor.returns.service import Announcement, ReturnWish, approve, request_return
from kontor.returns.states import ReturnReason


async def delivered(database: Database, company: Company, *lines: Any, **given: Any) -> UUID:
    """An order that arrived in one shipment; its id."""
    order_id, shipment = await shipped(database, company, *lines, **given)
    async with database.unit_of_work() as db:
        await record_delivery(db, Delivery(shipment.fulfillment_order_id), now=db.now)
    return order_id


async def requested(
    database: Database, order_id: UUID, quantity: int, *, reason: ReturnReason = ReturnReason.TOO_LARGE, **given: Any
) -> Return:
    """Pieces of the first line were announced."""
    async with database.unit_of_work() as db:
        line = (await orders.lines_of(db, [order_id]))[order_id][0]
        wish = ReturnWish(line.id, quantity, reason)
        return await request_return(db, Announcement(order_id, (wish,), **given), now=db.now)


async def approved(database: Database, order_id: UUID, quantity: int, **given: Any) -> Return:
    """Pieces of the first line may be sent."""
    found = await requested(database, order_id, quantity, **given)
    async with database.unit_of_work() as db:
        return await approve(db, found.id, now=db.now)


async def return_lines(database: Database, return_id: UUID) -> list[ReturnLine]:
    """The lines of a return."""
    async with database.read_only() as db:
        return (await queries.lines_of(db, [return_id]))[return_id]
