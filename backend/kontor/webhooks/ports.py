"""The way out for webhooks, as seen from inside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Answer:
    """How a call ended. `status` None when nobody answered; `retry_after` in seconds where the receiver asks for it."""

    status: int | None
    error: str | None = None
    milliseconds: int = 0
    retry_after: int | None = None

    @property
    def accepted(self) -> bool:
        """Whether the receiver has the event."""
        return self.status is not None and 200 <= self.status < 300


class WebhookSender(Protocol):
    """Calls an endpoint once. Every failure is an answer; nothing is raised."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post the body to the address the URL's name has now, following no redirects."""
        ...
