"""What the risk check decides. The stream is the order."""

from dataclasses import dataclass

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class RiskAssessed(Event):
    """An order was checked."""

    decision: str
    score: int


@dataclass(frozen=True, kw_only=True)
class RiskReviewed(Event):
    """A person decided on an order in review."""

    decision: str
