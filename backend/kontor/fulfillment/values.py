"""What callers name of the work at places."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Pieces:
    """Some pieces of a fulfillment line."""

    line_id: UUID
    quantity: int
