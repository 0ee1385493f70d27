"""What a case may be about. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class CaseKind(StrEnum):
    """Why somebody has to look."""

    UNALLOCATED = "UNALLOCATED"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    AUTHORIZATION_EXPIRING = "AUTHORIZATION_EXPIRING"
    CAPTURE_FAILED = "CAPTURE_FAILED"
    REFUND_FAILED = "REFUND_FAILED"
    CHARGEBACK_LOSS = "CHARGEBACK_LOSS"
    DISPUTE = "DISPUTE"
    UNANSWERED = "UNANSWERED"
    LATE = "LATE"
    CODES_MISSING = "CODES_MISSING"
    PROCESS_FAILED = "PROCESS_FAILED"
    DIFFERENCES = "DIFFERENCES"
    FOLLOW_UP = "FOLLOW_UP"
    WEBHOOK_DISABLED = "WEBHOOK_DISABLED"
    MANUAL = "MANUAL"


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to raise, unless one of its kind about `subject` is open."""

    kind: CaseKind
    subject: str
    order_id: UUID | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None

    @property
    def subject_key(self) -> str:
        """What may be open once."""
        return f"{self.kind.lower()}:{self.subject}"[:120]
