"""The way out for messages, as seen from inside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageAttachment:
    name: str
    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """A message ready to go. `message_id` is derived from our own id (see `message_id_of`), so that a repeated
    sending is recognized by the receiver and by us."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    to_name: str = ""
    attachments: tuple[MessageAttachment, ...] = ()
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def message_id_of(identifier: object, domain: str) -> str:
    """The Message-ID of RFC 5322 for one of our ids: the same each time it is sent."""
    return f"<{identifier}@{domain}>"


class MessageSender(Protocol):
    """Hands messages to the outside."""

    async def send(self, message: OutgoingMessage) -> str:
        """Send one message and return its message id.

        `InvalidInput` when the address or a header can never work (do not try again), `Unavailable` when trying
        again later helps.
        """
        ...
