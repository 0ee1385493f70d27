"""What happens in talking with customers; the stream is the order's, or the customer's where no order is meant."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ContactLogged(Event):
    """Somebody spoke or wrote with a customer; `awaits_answer` where they wrote and nobody has read it yet."""

    contact_id: UUID
    order_id: UUID | None
    channel: str
    direction: str
    topic: str
    awaits_answer: bool = False


@dataclass(frozen=True, kw_only=True)
class FollowUpDue(Event):
    """The day of a follow-up has come."""

    contact_id: UUID
    order_id: UUID | None
    topic: str
    on: date


@dataclass(frozen=True, kw_only=True)
class FollowUpDone(Event):
    """What was to be followed up is done."""

    contact_id: UUID
    order_id: UUID | None
