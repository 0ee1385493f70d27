"""What happens to partners. The stream is the partner."""

from dataclasses import dataclass
from uuid import UUID

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


@dataclass(frozen=True, kw_only=True)
class PartnerOnboarding(Event):
    """A partner accepted the invitation and is being set up."""

    code: str


@dataclass(frozen=True, kw_only=True)
class PartnerChanged(Event):
    """What is known of a partner or agreed with it was changed."""

    code: str


@dataclass(frozen=True, kw_only=True)
class PartnerEnded(Event):
    """The relation is over; nothing new is routed to the partner."""

    code: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class AgreementMade(Event):
    """New terms hold with a partner from a day on."""

    version: int
    valid_from: str


@dataclass(frozen=True, kw_only=True)
class PartnerPersonInvited(Event):
    """Somebody was invited to work for a partner."""

    user_id: UUID
