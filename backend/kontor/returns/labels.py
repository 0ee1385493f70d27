"""The label of a return: what it is called by carriers, and how long it holds."""

from datetime import datetime, timedelta
from uuid import UUID

from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.outbox import record, schedule, unschedule
from kontor.core.principal import Principal
from kontor.orders.models import Order
from kontor.returns import queries
from kontor.returns.events import ReturnLabelRenewed
from kontor.returns.models import Return
from kontor.returns.states import RETURN, ReturnState

R = ReturnState
LABEL_DAYS = 30
LABEL_AGAIN = timedelta(minutes=10)


async def label_days(db: Session, order: Order) -> timedelta:
    """How long labels hold: the channel's `return_label_days`."""
    channel = await db.get_one(SalesChannel, order.channel_id)
    return timedelta(days=int(channel.settings.get("return_label_days", LABEL_DAYS)))


async def hold_until(db: Session, found: Return, until: datetime) -> None:
    """The label holds until then, or as long as before if that is longer."""
    found.expires_at = max(until, found.expires_at or until)
    await unschedule(db, [expiry(found.id)])
    schedule(
        db, "returns.expire", {"return_id": found.id}, key=found.order_id, due_at=found.expires_at,
        unique_key=expiry(found.id),
    )  # fmt: skip


async def open_label(db: Session, found: Return) -> None:
    """The label of a locked return has no end until `start_label` sets one."""
    found.expires_at = None
    await unschedule(db, [expiry(found.id)])


async def start_label(db: Session, return_id: UUID, *, now: datetime, at_least: datetime | None = None) -> None:
    """From now on the label of an approved return holds as long as a new one, `at_least` until then.

    A return of which goods came, or that has ended, is left alone.
    """
    order, found = await queries.lock_return(db, return_id)
    if found.state not in (R.APPROVED, R.IN_TRANSIT):
        return
    until = now + await label_days(db, order)
    await hold_until(db, found, max(until, at_least or until))
    found.updated_at = now


def expiry(return_id: UUID) -> str:
    """The name of the timer that gives a return up."""
    return f"expire/{return_id}"


async def set_label(
    db: Session,
    return_id: UUID,
    *,
    tracking: str | None = None,
    document_id: UUID | None = None,
    now: datetime,
    principal: Principal | None = None,
) -> Return:
    """Remember the label of an approved return: its tracking reference (our number unless a carrier gave one) and
    document."""
    _, found = await queries.lock_return(db, return_id, principal)
    if found.state not in (R.APPROVED, R.IN_TRANSIT):
        RETURN.check(found.state, R.IN_TRANSIT, what="Return")
    if tracking is not None and not 1 <= len(tracking.strip()) <= 80:
        raise InvalidInput("1 to 80 characters.", code="INVALID_TEXT", path=("tracking",))
    found.label_tracking = tracking or found.label_tracking or found.number
    found.label_document_id = document_id or found.label_document_id
    found.updated_at = now
    return found


async def renew_label(db: Session, return_id: UUID, *, now: datetime, principal: Principal | None = None) -> Return:
    """Send the customer the label again, valid as long as a new one. Asked again at once, nothing is sent twice."""
    order, found = await queries.lock_return(db, return_id, principal)
    if found.state not in (R.APPROVED, R.IN_TRANSIT):
        RETURN.check(found.state, R.IN_TRANSIT, what="Return")
    if found.label_sent_at is not None and now - found.label_sent_at < LABEL_AGAIN:
        return found
    if found.expires_at is not None:
        await hold_until(db, found, now + await label_days(db, order))
    found.label_sent_at = found.updated_at = now
    record(db, ReturnLabelRenewed(stream_id=order.id, return_id=found.id))
    return found
