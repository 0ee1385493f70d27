"""Finding people, clients and those behind a token. Lifetimes of tokens are measured on the wall clock, as `now`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.auth.errors import ApiClientNotFound, UserNotFound
from kontor.auth.models import (
    AccessToken,
    ApiClient,
    ApiClientChannel,
    ApiClientSecret,
    User,
    UserLocation,
    UserSession,
)
from kontor.auth.permissions import PARTNER_ROLES, STORE_ROLES, ClientKind, for_customer, of_role, of_scopes
from kontor.core.db import Model, Session
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal, PrincipalKind

SESSION_IDLE = timedelta(hours=4)
USER_SORTS: dict[str, Any] = {"CREATED_AT": User.created_at, "EMAIL": User.email, "NAME": User.name}
CLIENT_SORTS: dict[str, Any] = {"CREATED_AT": ApiClient.created_at, "NAME": ApiClient.name}


@dataclass(frozen=True, slots=True)
class Found:
    """Who stands behind a token, and whether its last use should be noted."""

    principal: Principal
    token_id: UUID
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A client that may ask for tokens, with the hashes of its valid secrets."""

    id: UUID
    client_id: str
    scopes: tuple[str, ...]
    expires_at: datetime | None
    secret_hashes: tuple[str, ...]


def normalize_email(email: str) -> str:
    """One spelling per address."""
    return email.strip().lower()


async def find_user_by_email(db: Session, email: str) -> User | None:
    """The person of an address, active or not."""
    if not email.isprintable():  # no account has such an address, and not every database takes the text
        return None
    return await db.scalar(sa.select(User).where(User.email == normalize_email(email)))


async def get_user(db: Session, user_id: UUID) -> User:
    """A person by id; raises `UserNotFound`."""
    user = await db.get(User, user_id)
    if user is None:
        raise UserNotFound("There is no such user.", path=("id",))
    return user


async def lock_user(db: Session, user_id: UUID) -> User:
    """A person, locked; raises `UserNotFound`."""
    user = await db.scalar(
        sa.select(User).where(User.id == user_id).with_for_update().execution_options(populate_existing=True)
    )
    if user is None:
        raise UserNotFound("There is no such user.", path=("id",))
    return user


async def locations_of(db: Session, user_ids: Sequence[UUID]) -> dict[UUID, frozenset[UUID]]:
    """The stores of many people."""
    rows = await db.execute(
        sa.select(UserLocation.user_id, UserLocation.location_id).where(UserLocation.user_id.in_(user_ids))
    )
    return _grouped(user_ids, rows)


async def channels_of(db: Session, api_client_ids: Sequence[UUID]) -> dict[UUID, frozenset[UUID]]:
    """The sales channels of many clients."""
    rows = await db.execute(
        sa.select(ApiClientChannel.api_client_id, ApiClientChannel.channel_id).where(
            ApiClientChannel.api_client_id.in_(api_client_ids)
        )
    )
    return _grouped(api_client_ids, rows)


def clients_visible_to(principal: Principal) -> sa.Select[ApiClient]:
    """Machines a principal may see: a partner its own; stores, shops and customers none."""
    found = sa.select(ApiClient)
    if principal.partner_id is not None:
        return found.where(ApiClient.partner_id == principal.partner_id)
    return found.where(sa.false()) if principal.restricted else found


async def lock_api_client(db: Session, api_client_id: UUID) -> ApiClient:
    """A client by id that the principal may see, locked; raises `ApiClientNotFound`."""
    client = await db.scalar(
        clients_visible_to(db.principal)
        .where(ApiClient.id == api_client_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if client is None:
        raise ApiClientNotFound("There is no such API client.", path=("id",))
    return client


async def find_known_client(db: Session, client_id: str, *, now: datetime) -> KnownClient | None:
    """A client that is active and not expired, by its public id."""
    if not client_id.isprintable():
        return None
    rows = (
        await db.execute(
            sa.select(ApiClient, ApiClientSecret.secret_hash)
            .outerjoin(
                ApiClientSecret,
                sa.and_(
                    ApiClientSecret.api_client_id == ApiClient.id,
                    sa.or_(ApiClientSecret.expires_at.is_(None), ApiClientSecret.expires_at > now),
                ),
            )
            .where(ApiClient.client_id == client_id, *_usable(now))
        )
    ).all()
    if not rows:
        return None
    client: ApiClient = rows[0][0]
    hashes = tuple(row[1] for row in rows if row[1] is not None)
    return KnownClient(client.id, client.client_id, tuple(client.scopes), client.expires_at, hashes)


async def find_session(db: Session, token_hash: str, *, now: datetime) -> Found | None:
    """The person of a living session, in one statement."""
    rows = (
        await db.execute(
            sa.select(UserSession.id, UserSession.last_seen_at, User, UserLocation.location_id)
            .join(User, User.id == UserSession.user_id)
            .outerjoin(UserLocation, UserLocation.user_id == User.id)
            .where(
                UserSession.token_hash == token_hash,
                UserSession.expires_at > now,
                UserSession.last_seen_at > now - SESSION_IDLE,
                User.active,
            )
        )
    ).all()
    if not rows:
        return None
    locations = frozenset(row.location_id for row in rows if row.location_id is not None)
    principal = replace(user_principal(rows[0].User, locations), session_id=rows[0].id)
    return Found(principal, rows[0].id, rows[0].last_seen_at)


async def find_access_token(db: Session, token_hash: str, *, now: datetime) -> Found | None:
    """The client of a living access token, in one statement; it may do what token and client both allow."""
    rows = (
        await db.execute(
            sa.select(AccessToken.id, AccessToken.scopes, ApiClient, ApiClientChannel.channel_id)
            .join(ApiClient, ApiClient.id == AccessToken.api_client_id)
            .outerjoin(ApiClientChannel, ApiClientChannel.api_client_id == ApiClient.id)
            .where(
                AccessToken.token_hash == token_hash,
                AccessToken.expires_at > now,
                AccessToken.revoked_at.is_(None),
                *_usable(now),
            )
        )
    ).all()
    if not rows:
        return None
    channels = frozenset(row.channel_id for row in rows if row.channel_id is not None)
    principal = client_principal(rows[0].ApiClient, channels, scopes=rows[0].scopes)
    return Found(principal, rows[0].id, rows[0].ApiClient.last_used_at)


async def find_customer_scope(
    db: Session, api_client_id: UUID, channel_id: UUID, *, now: datetime
) -> frozenset[str] | None:
    """What a customer may do through this client in this channel; nothing when the client lost either."""
    scopes = await db.scalar(
        sa.select(ApiClient.scopes)
        .join(ApiClientChannel, ApiClientChannel.api_client_id == ApiClient.id)
        .where(ApiClient.id == api_client_id, ApiClientChannel.channel_id == channel_id, *_usable(now))
    )
    return None if scopes is None else frozenset(map(str, for_customer(of_scopes(scopes))))


async def unknown(db: Session, table_name: str, ids: Collection[UUID]) -> set[UUID]:
    """Which of the ids are none of that table; for tables of packages above, which foreign keys name."""
    if not ids:
        return set()
    column = Model.metadata.tables[table_name].c.id
    return set(ids) - set(await db.scalars(sa.select(column).where(column.in_(ids))))


async def find_token_of_client(db: Session, token_hash: str) -> AccessToken | None:
    """An access token, living or not."""
    return await db.scalar(sa.select(AccessToken).where(AccessToken.token_hash == token_hash))


async def list_users(
    db: Session,
    page: PageRequest,
    *,
    search: str = "",
    active: bool | None = None,
    role: str | None = None,
    sort: str = "EMAIL",
    descending: bool = False,
) -> Page[User]:
    """People, by email unless asked otherwise; `search` looks into name and email."""

    def named(text: str) -> sa.ColumnElement[bool]:
        return sa.or_(User.email.icontains(text, autoescape=True), User.name.icontains(text, autoescape=True))

    found = narrow(sa.select(User), (named, search or None), (User.active.is_, active), (User.role.__eq__, role))
    return await paginate(db, found, choose(USER_SORTS, sort, descending=descending), User.id, page)


async def list_api_clients(
    db: Session,
    page: PageRequest,
    *,
    active: bool | None = None,
    kind: ClientKind | None = None,
    sort: str = "CREATED_AT",
    descending: bool = True,
) -> Page[ApiClient]:
    """Clients the principal may see, newest first unless asked otherwise."""
    found = narrow(clients_visible_to(db.principal), (ApiClient.active.is_, active), (ApiClient.kind.__eq__, kind))
    return await paginate(db, found, choose(CLIENT_SORTS, sort, descending=descending), ApiClient.id, page)


def user_principal(user: User, locations: frozenset[UUID]) -> Principal:
    """What a person may do and how far it reaches; a store role without stores reaches nothing."""
    if user.role in PARTNER_ROLES and user.partner_id is None:
        raise ValueError(f"User {user.id} has the role {user.role} without a partner")
    return Principal(
        PrincipalKind.USER,
        id=user.id,
        name=user.name,
        permissions=frozenset(map(str, of_role(user.role))),
        partner_id=user.partner_id,
        location_ids=locations if user.role in STORE_ROLES else None,
    )


def client_principal(client: ApiClient, channels: frozenset[UUID], *, scopes: Sequence[str]) -> Principal:
    """What a client may do with a token of these scopes."""
    granted = of_scopes(scopes) & of_scopes(client.scopes)
    return Principal(
        PrincipalKind.CLIENT,
        id=client.id,
        name=client.name,
        permissions=frozenset(map(str, granted)),
        partner_id=client.partner_id,
        channel_ids=channels if client.kind is ClientKind.SHOP else None,
    )


def _usable(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (ApiClient.active.is_(True), sa.or_(ApiClient.expires_at.is_(None), ApiClient.expires_at > now))


def _grouped(keys: Sequence[UUID], rows: Any) -> dict[UUID, frozenset[UUID]]:
    groups: dict[UUID, set[UUID]] = {key: set() for key in keys}
    for key, value in rows:
        groups[key].add(value)
    return {key: frozenset(values) for key, values in groups.items()}
