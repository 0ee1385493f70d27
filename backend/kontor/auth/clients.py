"""API clients: machines with granted scopes and secrets that are shown once and rotated with an overlap."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from kontor.auth import queries, secrets
from kontor.auth.errors import ApiClientInactive, InvalidApiClient
from kontor.auth.models import AccessToken, ApiClient, ApiClientChannel, ApiClientSecret, User
from kontor.auth.permissions import GRANTABLE, ClientKind
from kontor.auth.service import sign_out_everywhere
from kontor.core.db import Session
from kontor.core.errors import Forbidden
from kontor.core.ids import new_id
from kontor.core.principal import Principal

OVERLAP = timedelta(hours=24)
MAX_OVERLAP = timedelta(days=30)
USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ApiClientInput:
    """A machine as an administrator describes it."""

    name: str
    kind: ClientKind
    scopes: frozenset[str]
    channel_ids: frozenset[UUID] = frozenset()
    partner_id: UUID | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A client with its fresh secret, which cannot be shown again."""

    client: ApiClient
    secret: str


async def create_api_client(db: Session, given: ApiClientInput, *, now: datetime) -> NewSecret:
    """Add a machine; raises `InvalidApiClient` naming the field, `Forbidden` for one of somebody else.

    What a partner adds is its own system.
    """
    given = _own(db.principal, given)
    await _check(db, given, now)
    client = ApiClient(
        id=new_id(),
        client_id=secrets.new_secret("kc")[:27],
        name=given.name.strip(),
        kind=given.kind,
        scopes=sorted(given.scopes),
        partner_id=given.partner_id,
        active=True,
        expires_at=given.expires_at,
        created_at=now,
        updated_at=now,
    )
    db.add(client)
    await db.flush()
    db.add_all(ApiClientChannel(api_client_id=client.id, channel_id=item) for item in sorted(given.channel_ids))
    secret = _add_secret(db, client, now)
    return NewSecret(client, secret)


async def rotate_api_client_secret(
    db: Session, client: ApiClient, *, now: datetime, overlap: timedelta = OVERLAP
) -> NewSecret:
    """A new secret for a locked client; the present ones work on for `overlap`, so that callers can change over.

    An overlap of zero ends them and every token at once, for a secret that leaked. Raises `ApiClientInactive` and
    `InvalidApiClient`.
    """
    if not client.active:
        raise ApiClientInactive("A revoked client gets no new secret.", path=("id",))
    if not timedelta() <= overlap <= MAX_OVERLAP:
        raise InvalidApiClient("Secrets overlap for up to 30 days.", code="INVALID_OVERLAP", path=("overlapHours",))
    end = now + overlap
    await db.execute(
        sa.update(ApiClientSecret)
        .where(
            ApiClientSecret.api_client_id == client.id,
            sa.or_(ApiClientSecret.expires_at.is_(None), ApiClientSecret.expires_at > end),
        )
        .values(expires_at=end)
        .execution_options(synchronize_session=False)
    )
    if not overlap:
        await _revoke_tokens(db, [client.id], now)
    client.updated_at = now
    secret = _add_secret(db, client, now)
    return NewSecret(client, secret)


async def revoke_api_client(db: Session, client: ApiClient, *, now: datetime) -> None:
    """End a locked client with all its tokens, for good; a second time changes nothing."""
    if not client.active:
        return
    client.active, client.updated_at = False, now
    await _revoke_tokens(db, [client.id], now)


async def close_partner_access(db: Session, partner_id: UUID, *, now: datetime) -> None:
    """End all people and machines of a partner, when the partnership ends."""
    users = list(
        await db.scalars(
            sa.select(User).where(User.partner_id == partner_id, User.active).order_by(User.id).with_for_update()
        )
    )
    for user in users:
        user.active, user.updated_at = False, now
        await sign_out_everywhere(db, user.id)
    found = sa.select(ApiClient).where(ApiClient.partner_id == partner_id, ApiClient.active).order_by(ApiClient.id)
    for client in list(await db.scalars(found.with_for_update())):
        await revoke_api_client(db, client, now=now)


def save_access_token(
    db: Session, client_row_id: UUID, token: str, *, scopes: list[str], now: datetime, expires_at: datetime
) -> None:
    """Keep an issued bearer token, hashed."""
    db.add(
        AccessToken(
            id=new_id(),
            token_hash=secrets.digest(token),
            api_client_id=client_row_id,
            scopes=scopes,
            created_at=now,
            expires_at=expires_at,
        )
    )


async def revoke_access_token(db: Session, token_hash: str, *, now: datetime) -> None:
    """End one bearer token; revoking it again changes nothing."""
    await db.execute(
        sa.update(AccessToken)
        .where(AccessToken.token_hash == token_hash, AccessToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


async def note_used(db: Session, api_client_id: UUID, *, now: datetime) -> None:
    """Note that a client is in use; at most once a minute."""
    await db.execute(
        sa.update(ApiClient)
        .where(
            ApiClient.id == api_client_id,
            sa.or_(ApiClient.last_used_at.is_(None), ApiClient.last_used_at <= now - USED_EVERY),
        )
        .values(last_used_at=now)
        .execution_options(synchronize_session=False)
    )


def _own(principal: Principal, given: ApiClientInput) -> ApiClientInput:
    if not principal.restricted:
        return given
    foreign = principal.partner_id is None or given.partner_id not in (None, principal.partner_id)
    if foreign or given.kind is not ClientKind.PARTNER:
        raise Forbidden("A partner's system is the partner's own.", path=("partnerId",))
    return replace(given, partner_id=principal.partner_id)


async def _check(db: Session, given: ApiClientInput, now: datetime) -> None:
    if not 1 <= len(given.name.strip()) <= 200:
        raise InvalidApiClient("A name has 1 to 200 characters.", path=("name",))
    unknown = sorted(given.scopes - GRANTABLE[given.kind])
    if unknown or not given.scopes:
        raise InvalidApiClient(
            "The client needs at least one scope, and only such as its kind may have.",
            code="SCOPE_NOT_GRANTABLE",
            path=("scopes",),
            scopes=unknown,
        )
    if (given.kind is ClientKind.SHOP) != bool(given.channel_ids):
        raise InvalidApiClient(
            "A shop has at least one channel, other clients have none.", code="CHANNEL_MISMATCH", path=("channelIds",)
        )
    if (given.kind is ClientKind.PARTNER) != (given.partner_id is not None):
        raise InvalidApiClient(
            "A partner's client has a partner, other clients have none.", code="PARTNER_MISMATCH", path=("partnerId",)
        )
    if given.expires_at is not None and given.expires_at <= now:
        raise InvalidApiClient("The end lies in the past.", code="INVALID_EXPIRY", path=("expiresAt",))
    if given.partner_id is not None and await queries.unknown(db, "partner", {given.partner_id}):
        raise InvalidApiClient("There is no such partner.", code="PARTNER_NOT_FOUND", path=("partnerId",))
    if missing := await queries.unknown(db, "sales_channel", given.channel_ids):
        raise InvalidApiClient(
            "There is no such channel.", code="CHANNEL_NOT_FOUND", path=("channelIds",), ids=sorted(map(str, missing))
        )


def _add_secret(db: Session, client: ApiClient, now: datetime) -> str:
    secret = secrets.new_secret("kcs")
    db.add(
        ApiClientSecret(
            id=new_id(), api_client_id=client.id, secret_hash=secrets.digest(secret), created_at=now, expires_at=None
        )
    )
    return secret


async def _revoke_tokens(db: Session, api_client_ids: list[UUID], now: datetime) -> None:
    await db.execute(
        sa.update(AccessToken)
        .where(AccessToken.api_client_id.in_(api_client_ids), AccessToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )
