"""What happens to partners. The stream is the partner."""

from dataclasses import dataclass

from kontor.core.outbox import Event


@dataclass(frozen=True, kw_only=True)
class PartnerInvited(Event):
    """A partner was invited."""

    code: str


@dataclass(frozen=True, kw_only=True)
class PartnerActivated(Event):
    """A partner may be routed to."""

    code: str


@dataclass(frozen=True, kw_only=True)
class PartnerSuspended(Event):
    """A partner gets no new work."""

    code: str
    reason: str
