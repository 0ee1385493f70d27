"""What a resolver knows about the call: who, in which language, under which request and idempotency key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import strawberry

from kontor.core.errors import Forbidden, InvalidInput
from kontor.core.jobs import Runtime
from kontor.core.principal import ANONYMOUS, Principal

if TYPE_CHECKING:
    from kontor.api.graphql.feeds import EventFeed

LANGUAGES = ("en", "de")
LONGEST_KEY = 200


@dataclass(slots=True)
class Context:
    """One call; loaders live as long as it does."""

    runtime: Runtime
    principal: Principal = ANONYMOUS
    request_id: str = ""
    language: str = "en"
    idempotency_key: str | None = None
    feed: EventFeed | None = None
    connection_params: Mapping[str, Any] | None = None
    loaders: dict[Any, Any] = field(default_factory=dict)
    again: Callable[[], Awaitable[Principal]] | None = None

    @property
    def socket(self) -> bool:
        """Whether the call came over a websocket, where one context serves the whole connection."""
        return self.again is not None

    async def check_still_signed_in(self) -> None:
        """Raise `Forbidden` when who opened the connection may do or see anything else by now, or nothing at all."""
        if self.again is None:
            return
        present = await self.again()
        if replace(present, name=self.principal.name) != self.principal:
            raise Forbidden("Please sign in again.", code="UNAUTHENTICATED")


Info = strawberry.Info[Context, None]


def make_context(
    runtime: Runtime,
    principal: Principal,
    headers: Mapping[str, str],
    *,
    request_id: str,
    feed: EventFeed | None = None,
) -> Context:
    """The context of a call; raises `InvalidInput` for an idempotency key nobody could keep."""
    key = headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isprintable()):
        raise InvalidInput(
            f"An idempotency key has 1 to {LONGEST_KEY} printable characters.",
            code="INVALID_IDEMPOTENCY_KEY",
            max=LONGEST_KEY,
        )
    return Context(runtime, principal, request_id, language_of(headers.get("accept-language", "")), key, feed)


def language_of(accepted: str) -> str:
    """The language we speak that the header wants most; English when there is none."""
    wishes: list[tuple[float, str]] = []
    for part in accepted.split(","):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        wishes.append((-weight, name.split("-")[0].lower()))
    return next(
        (name for weight, name in sorted(wishes, key=lambda wish: wish[0]) if name in LANGUAGES and weight), "en"
    )
