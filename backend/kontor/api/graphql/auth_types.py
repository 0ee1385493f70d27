"""The types of people, API clients, customer tokens and the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.loaders import by_key, by_parent
from kontor.auth import audit, models, queries
from kontor.auth.clients import ApiClientInput as ClientValues
from kontor.auth.permissions import ClientKind, Role
from kontor.auth.service import UserInput as UserValues
from kontor.core.clock import wall
from kontor.core.principal import Principal, PrincipalKind

_USER_FIELDS = (
    "id", "email", "name", "role", "partner_id", "language", "timezone", "active", "failed_attempts", "last_failed_at",
    "last_signed_in_at", "created_at", "updated_at",
)  # fmt: skip
_CLIENT_FIELDS = (
    "id", "client_id", "name", "kind", "scopes", "partner_id", "active", "expires_at", "last_used_at", "created_at",
    "updated_at",
)  # fmt: skip

strawberry.enum(Role)
strawberry.enum(ClientKind, name="ApiClientKind")
strawberry.enum(PrincipalKind)


@strawberry.type(description="A person who can sign in.")
class User:
    id: UUID
    email: str
    name: str
    role: Role
    partner_id: UUID | None
    language: str
    timezone: str | None = strawberry.field(description="Null: that of the browser.")
    active: bool
    failed_attempts: int = strawberry.field(description="Wrong passwords since the last time it was right.")
    last_failed_at: datetime | None
    last_signed_in_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @strawberry.field(description="The stores a store role works in.")
    async def location_ids(self, info: Info) -> list[UUID]:
        return sorted(await by_key(info, _locations, self.id))

    @classmethod
    def of(cls, row: Any) -> User:
        """As the API shows it."""
        return cls(**{name: getattr(row, name) for name in _USER_FIELDS})


@strawberry.type(description="Who is calling. A scope of null is unrestricted, an empty one reaches nothing.")
class Actor:
    kind: PrincipalKind
    id: UUID | None
    name: str
    permissions: list[str]
    partner_id: UUID | None
    location_ids: list[UUID] | None
    channel_ids: list[UUID] | None
    customer_id: UUID | None
    user: User | None


@strawberry.type(description="A secret that works, without its text.")
class ApiClientSecret:
    created_at: datetime
    expires_at: datetime | None


@strawberry.type(description="A machine that may ask for access tokens (OAuth 2.0 client credentials).")
class ApiClient:
    id: UUID
    client_id: str
    name: str
    kind: ClientKind
    scopes: list[str]
    partner_id: UUID | None
    active: bool
    expires_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @strawberry.field(description="Its secrets that work, the newest last, without their text.")
    async def secrets(self, info: Info) -> list[ApiClientSecret]:
        rows = await by_parent(info, models.ApiClientSecret.api_client_id, self.id)
        now = wall()
        return [
            ApiClientSecret(created_at=row.created_at, expires_at=row.expires_at)
            for row in rows
            if row.expires_at is None or row.expires_at > now
        ]

    @strawberry.field(description="The sales channels a shop's client works for.")
    async def channel_ids(self, info: Info) -> list[UUID]:
        return sorted(await by_key(info, _channels, self.id))

    @classmethod
    def of(cls, row: Any) -> ApiClient:
        """As the API shows it."""
        return cls(**{name: getattr(row, name) for name in _CLIENT_FIELDS})


@strawberry.type(description="Who did what, when and in which request.")
class AuditEntry:
    id: UUID
    at: datetime
    principal_kind: PrincipalKind
    principal_id: UUID | None
    principal_name: str
    operation: str
    targets: list[str] = strawberry.field(description="Kind and id of each thing, as in order:0198….")
    details: JSON
    request_id: str | None

    @classmethod
    def of(cls, row: models.AuditEntry) -> AuditEntry:
        """As the API shows it."""
        return cls(
            id=row.id,
            at=row.at,
            principal_kind=PrincipalKind(row.principal_kind),
            principal_id=row.principal_id,
            principal_name=row.principal_name,
            operation=row.operation,
            targets=row.targets,
            details=cast(Any, row.details),
            request_id=row.request_id,
        )


@strawberry.input(description="A person. Dropshippers have a partner, store roles at least one store, others neither.")
class UserInput:
    email: str
    name: str
    role: Role
    partner_id: UUID | None = None
    location_ids: list[UUID] = strawberry.field(default_factory=list)
    language: str = "en"
    active: bool = True

    def values(self) -> UserValues:
        """As the service takes it."""
        return UserValues(
            self.email,
            self.name,
            self.role,
            self.partner_id,
            frozenset(self.location_ids),
            self.language,
            self.active,
        )

    def body(self) -> list[Any]:
        """For the fingerprint of an idempotent call."""
        return [
            self.email, self.name, self.role, self.partner_id, sorted(self.location_ids), self.language, self.active
        ]  # fmt: skip


@strawberry.input(
    description="A machine. Shops have at least one channel, partners' systems a partner, others neither."
)
class ApiClientInput:
    name: str
    kind: ClientKind
    scopes: list[str]
    channel_ids: list[UUID] = strawberry.field(default_factory=list)
    partner_id: UUID | None = None
    expires_at: datetime | None = None

    def values(self) -> ClientValues:
        """As the service takes it."""
        return ClientValues(
            self.name, self.kind, frozenset(self.scopes), frozenset(self.channel_ids), self.partner_id, self.expires_at
        )

    def body(self) -> list[Any]:
        """For the fingerprint of an idempotent call."""
        return [
            self.name, self.kind, sorted(self.scopes), sorted(self.channel_ids), self.partner_id, self.expires_at
        ]  # fmt: skip


@strawberry.enum
class UsersSort(Enum):
    EMAIL = "EMAIL"
    EMAIL_DESC = "EMAIL_DESC"
    NAME = "NAME"
    NAME_DESC = "NAME_DESC"
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"


@strawberry.enum
class ApiClientsSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    NAME = "NAME"
    NAME_DESC = "NAME_DESC"


@strawberry.enum
class AuditEntriesSort(Enum):
    AT = "AT"
    AT_DESC = "AT_DESC"


@strawberry.input(description="Which entries are wanted: `since` inclusive, `until` exclusive.")
class AuditFilter:
    principal_id: UUID | None = None
    operation: str | None = None
    target_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    def values(self) -> audit.AuditFilter:
        """As the query takes it."""
        return audit.AuditFilter(self.principal_id, self.operation, self.target_id, self.since, self.until)


@strawberry.type
class UserPayload:
    user: User


@strawberry.type
class ApiClientPayload:
    api_client: ApiClient
    secret: str | None = strawberry.field(
        default=None, description="Shown this once; null when the call was repeated under its idempotency key."
    )


@strawberry.type
class CustomerTokenPayload:
    token: str
    expires_at: datetime


UserResult = Annotated[UserPayload | Refusal, strawberry.union("UserResult")]
ApiClientResult = Annotated[ApiClientPayload | Refusal, strawberry.union("ApiClientResult")]
CustomerTokenResult = Annotated[CustomerTokenPayload | Refusal, strawberry.union("CustomerTokenResult")]


def actor_of(principal: Principal, user: User | None) -> Actor:
    """Who is calling, as the API shows it."""

    def listed(ids: frozenset[UUID] | None) -> list[UUID] | None:
        return None if ids is None else sorted(ids)

    return Actor(
        kind=principal.kind,
        id=principal.id,
        name=principal.name,
        permissions=sorted(principal.permissions),
        partner_id=principal.partner_id,
        location_ids=listed(principal.location_ids),
        channel_ids=listed(principal.channel_ids),
        customer_id=principal.customer_id,
        user=user,
    )


async def _locations(context: Context, ids: list[UUID]) -> Sequence[frozenset[UUID]]:
    async with context.runtime.database.read_only(context.principal) as db:
        found = await queries.locations_of(db, ids)
    return [found[item] for item in ids]


async def _channels(context: Context, ids: list[UUID]) -> Sequence[frozenset[UUID]]:
    async with context.runtime.database.read_only(context.principal) as db:
        found = await queries.channels_of(db, ids)
    return [found[item] for item in ids]
