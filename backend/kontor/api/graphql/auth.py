"""People, API clients, customer tokens and the audit trail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import strawberry

from kontor.api.graphql.auth_types import (
    Actor,
    ApiClient,
    ApiClientInput,
    ApiClientPayload,
    ApiClientResult,
    ApiClientsSort,
    AuditEntriesSort,
    AuditEntry,
    AuditFilter,
    CustomerTokenPayload,
    CustomerTokenResult,
    User,
    UserInput,
    UserPayload,
    UserResult,
    UsersSort,
    actor_of,
)
from kontor.api.graphql.context import Info
from kontor.api.graphql.loaders import by_id
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import public, requires
from kontor.api.http.session import gate
from kontor.auth import audit, clients, customer_tokens, limits, models, queries, service
from kontor.auth.clients import NewSecret
from kontor.auth.customer_tokens import CustomerToken
from kontor.auth.permissions import ClientKind, Permission, Role
from kontor.core.clock import wall
from kontor.core.db import Session
from kontor.core.errors import Forbidden, InvalidInput, KontorError
from kontor.core.principal import PrincipalKind
from kontor.customers import queries as customers


@strawberry.type
class AuthQuery:
    @strawberry.field(description="Who is calling; null when nobody is signed in.", extensions=[public()])
    async def me(self, info: Info) -> Actor | None:
        principal = info.context.principal
        if principal.kind is PrincipalKind.ANONYMOUS:
            return None
        row = await by_id(info, models.User, principal.id) if principal.kind is PrincipalKind.USER else None
        return actor_of(principal, User.of(row) if row is not None else None)

    @strawberry.field(
        description="People; `search` looks into name and email.",
        extensions=[requires(Permission.USERS_READ)],
    )
    async def users(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        search: str = "",
        active: bool | None = None,
        role: Role | None = None,
        sort: UsersSort = UsersSort.EMAIL,
    ) -> Connection[User]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_users(
                db, page_of(first, after), search=search, active=active, role=role, **sorting(sort)
            )
        return connect(page, User.of)

    @strawberry.field(description="Machines.", extensions=[requires(Permission.CLIENTS_READ)])
    async def api_clients(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        active: bool | None = None,
        kind: ClientKind | None = None,
        sort: ApiClientsSort = ApiClientsSort.CREATED_AT_DESC,
    ) -> Connection[ApiClient]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_api_clients(db, page_of(first, after), active=active, kind=kind, **sorting(sort))
        return connect(page, ApiClient.of)

    @strawberry.field(description="The audit trail.", extensions=[requires(Permission.AUDIT_READ)])
    async def audit_entries(
        self,
        info: Info,
        filter: AuditFilter | None = None,
        sort: AuditEntriesSort = AuditEntriesSort.AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[AuditEntry]:
        wanted = filter.values() if filter else audit.AuditFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await audit.list_entries(
                db, wanted, page_of(first, after), descending=sort is AuditEntriesSort.AT_DESC
            )
        return connect(page, AuditEntry.of)


@strawberry.type
class AuthMutation:
    @strawberry.mutation(description="Add a person.", extensions=[requires(Permission.USERS_WRITE, person=True)])
    async def create_user(self, info: Info, input: UserInput, password: str) -> UserResult:
        async def work(db: Session) -> models.User:
            with _inside_input("password"):
                return await service.create_user(db, input.values(), password=password, now=wall())

        # The password is not part of the fingerprint: a fast hash of it would help whoever reads the table.
        return await _user_changed(info, work, input.body(), details={"email": input.email, "role": str(input.role)})

    @strawberry.mutation(
        description="Change a person; a change of rights ends their sessions.",
        extensions=[requires(Permission.USERS_WRITE, person=True)],
    )
    async def update_user(self, info: Info, id: UUID, input: UserInput) -> UserResult:
        async def work(db: Session) -> models.User:
            user = await queries.lock_user(db, id)
            with _inside_input():
                return await service.update_user(db, user, input.values(), now=wall())

        details = {"role": str(input.role), "active": input.active}
        return await _user_changed(info, work, [id, *input.body()], details=details)

    @strawberry.mutation(
        description="Set another person's password and end their sessions.",
        extensions=[requires(Permission.USERS_WRITE, person=True)],
    )
    async def reset_password(self, info: Info, id: UUID, new: str) -> UserResult:
        async def work(db: Session) -> models.User:
            user = await queries.lock_user(db, id)
            await service.change_password(db, user, current=None, new=new, now=wall())
            return user

        return await _user_changed(info, work, [id])

    @strawberry.mutation(
        description="Change one's own password; every session ends, this one too.", extensions=[public()]
    )
    async def change_password(self, info: Info, current: str, new: str) -> UserResult:
        principal = info.context.principal
        if principal.kind is not PrincipalKind.USER or principal.id is None:
            raise Forbidden("Please sign in.", code="UNAUTHENTICATED")
        user_id = principal.id
        await gate(info.context.runtime).limiter.take(limits.PASSWORD_CHANGE, str(user_id))

        async def work(db: Session) -> models.User:
            user = await queries.lock_user(db, user_id)
            await service.change_password(db, user, current=current, new=new, now=wall())
            return user

        return await _user_changed(info, work, [user_id])

    @strawberry.mutation(
        description="Add a machine; its secret is shown this once.", extensions=[requires(Permission.CLIENTS_WRITE)]
    )
    async def create_api_client(self, info: Info, input: ApiClientInput) -> ApiClientResult:
        async def work(db: Session) -> NewSecret:
            with _inside_input():
                return await clients.create_api_client(db, input.values(), now=wall())

        details = {"name": input.name, "kind": str(input.kind), "scopes": sorted(input.scopes)}
        return await _client_changed(info, work, input.body(), details=details)

    @strawberry.mutation(
        description="A new secret; the present ones work on for the overlap. With none, all tokens end as well.",
        extensions=[requires(Permission.CLIENTS_WRITE)],
    )
    async def rotate_api_client_secret(self, info: Info, id: UUID, overlap_hours: int = 24) -> ApiClientResult:
        if not 0 <= overlap_hours <= clients.MAX_OVERLAP // timedelta(hours=1):
            raise InvalidInput("Secrets overlap for up to 30 days.", code="INVALID_OVERLAP", path=("overlapHours",))

        async def work(db: Session) -> NewSecret:
            client = await queries.lock_api_client(db, id)
            return await clients.rotate_api_client_secret(
                db, client, now=wall(), overlap=timedelta(hours=overlap_hours)
            )

        return await _client_changed(info, work, [id, overlap_hours], details={"overlapHours": overlap_hours})

    @strawberry.mutation(
        description="End a client with all its tokens, for good.", extensions=[requires(Permission.CLIENTS_WRITE)]
    )
    async def revoke_api_client(self, info: Info, id: UUID) -> ApiClientResult:
        async def work(db: Session) -> NewSecret:
            client = await queries.lock_api_client(db, id)
            await clients.revoke_api_client(db, client, now=wall())
            return NewSecret(client, "")

        return await _client_changed(info, work, [id])

    @strawberry.mutation(
        description="A signed token by which a customer acts in one channel of the shop; lives `expiresIn` seconds.",
        extensions=[requires(Permission.CUSTOMER_TOKENS_WRITE)],
    )
    async def create_customer_token(
        self, info: Info, customer_id: UUID, channel_id: UUID, expires_in: int = 3600
    ) -> CustomerTokenResult:
        principal, now = info.context.principal, wall()
        if principal.kind is not PrincipalKind.CLIENT or principal.id is None or principal.channel_ids is None:
            raise Forbidden("Only a shop's client can ask for customer tokens.", code="NOT_A_SHOP")
        if channel_id not in principal.channel_ids:
            raise InvalidInput("The shop has no such channel.", code="CHANNEL_NOT_FOUND", path=("channelId",))
        if not 0 < expires_in <= customer_tokens.MAX_LIFE.total_seconds():
            raise InvalidInput("A token lives up to 24 hours.", code="INVALID_LIFETIME", path=("expiresIn",))
        shop_id, expires_at = principal.id, now + timedelta(seconds=expires_in)

        async def work(db: Session) -> CustomerTokenPayload:
            living = await customers.now_called(db, customer_id)
            if living is None or await customers.find_customer(db, id=living) is None:
                raise InvalidInput("There is no such customer.", code="CUSTOMER_NOT_FOUND", path=("customerId",))
            said = CustomerToken(living, channel_id, shop_id, expires_at)
            token = customer_tokens.issue(info.context.runtime.settings, said, now=now)
            return CustomerTokenPayload(token=token, expires_at=expires_at)

        async def again(db: Session, ids: list[UUID]) -> CustomerTokenPayload:
            return await work(db)

        return await change(
            info,
            work,
            body=[customer_id, channel_id, expires_in],
            targets=lambda _: [("customer", customer_id), ("channel", channel_id)],
            again=again,
        )


async def _user_changed(info: Info, work: Any, body: Any, *, details: Any = None) -> UserPayload:
    async def again(db: Session, ids: list[UUID]) -> models.User:
        return await queries.get_user(db, ids[0])

    user: models.User = await change(
        info, work, body=body, targets=lambda made: [("user", made.id)], again=again, details=details
    )
    gate(info.context.runtime).cache.clear()
    return UserPayload(user=User.of(user))


async def _client_changed(info: Info, work: Any, body: Any, *, details: Any = None) -> ApiClientPayload:
    async def again(db: Session, ids: list[UUID]) -> NewSecret:
        return NewSecret(await queries.lock_api_client(db, ids[0]), "")

    made: NewSecret = await change(
        info, work, body=body, targets=lambda done: [("apiClient", done.client.id)], again=again, details=details
    )
    gate(info.context.runtime).cache.clear()
    return ApiClientPayload(api_client=ApiClient.of(made.client), secret=made.secret or None)


@contextmanager
def _inside_input(*beside: str) -> Iterator[None]:
    """Name the field as the caller wrote it: in the argument `input`, unless it is an argument beside it."""
    try:
        yield
    except KontorError as problem:
        if not problem.path or problem.path[0] not in beside:
            problem.within("input")
        raise
