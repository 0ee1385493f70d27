"""What happens to cases that others should know. The stream is the order, or the case that is about none."""

from dataclasses import dataclass
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class CaseEscalated(Event):
    """The deadline of a case passed and it is not done."""

    case_id: UUID
    kind: str
    due_at: str
    owner_id: UUID | None = None
