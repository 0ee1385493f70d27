"""What happens to the labels of returns. The stream is the order."""

from dataclasses import dataclass
from uuid import UUID

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class ReturnLabelMade(Event):
    """A carrier made the label of a return: the customer can send the goods."""

    return_id: UUID
    carrier: str
    tracking_number: str


@dataclass(frozen=True, kw_only=True)
class ReturnLabelFailed(Event):
    """A carrier refuses the label of a return, or did not say whether it was made; `code` says why."""

    return_id: UUID
    code: str
    message: str
