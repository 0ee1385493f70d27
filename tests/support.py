"""Types of the fixtures in conftest.py, for tests to name them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from kontor.core.principal import ANONYMOUS, SYSTEM, Principal, PrincipalKind
from kontor.relay import Failure

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Drain = Callable[..., Awaitable[list[Failure]]]
START = datetime(2026, 6, 15, 10, 0, tzinfo=UTC)
PRINCIPAL_HEADER = "x-test-principal"


class StandingClock:
    """A clock that stands still until it is moved."""

    def __init__(self, moment: datetime = START) -> None:
        self.moment = moment

    async def now(self) -> datetime:
        return self.moment

    async def move_to(self, moment: datetime) -> None:
        self.moment = moment

    def set_to(self, moment: datetime) -> None:
        """Make `moment` the present."""
        self.moment = moment

    def advance(self, **parts: float) -> datetime:
        """Move forward by days, hours, minutes, …; the new moment."""
        self.moment += timedelta(**parts)
        return self.moment


@dataclass(frozen=True)
class Principals:
    """Who may act in a test."""

    system: Principal = SYSTEM
    anonymous: Principal = ANONYMOUS

    @property
    def admin(self) -> Principal:
        """A user who holds every permission everywhere."""
        from kontor.auth.permissions import Permission

        return self.holding(*Permission)

    def holding(self, *permissions: str, **scope: Any) -> Principal:
        """A user with these permissions; `scope` as in Principal (partner_id, location_ids, …)."""
        user = Principal(PrincipalKind.USER, UUID(int=1), "Test User", frozenset(str(item) for item in permissions))
        return replace(user, **scope)


class Client:
    """Speaks to the application as any principal."""

    def __init__(self, http: httpx.AsyncClient, known: dict[str, Principal]) -> None:
        self.http, self._known = http, known

    async def graphql(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        principal: Principal = SYSTEM,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The decoded answer to one operation."""
        answer = await self.http.post(
            "/graphql",
            json={"query": query, "variables": dict(variables or {})},
            headers={**self.acting(principal), **(headers or {})},
        )
        decoded: dict[str, Any] = answer.json()
        return decoded

    def acting(self, principal: Principal) -> dict[str, str]:
        """The header that makes a request the principal's."""
        name = f"{principal.kind}-{len(self._known)}"
        self._known[name] = principal
        return {PRINCIPAL_HEADER: name}
