"""Tables of people, machines, their tokens and the audit trail. Tokens and secrets are kept as hashes only."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.auth.permissions import ClientKind, Role
from kontor.auth.values import LinkPurpose, StepKind
from kontor.core.db import Json, Model, state_type


class User(Model):
    """A person who signs in. `email` is normalized, so that it is unique whatever its case.

    Who has chosen no password yet, or has none, has an empty hash, which no password fits.
    """

    __tablename__ = "user_account"
    # Without its partner a dropshipper would have no scope at all and see everything.
    __table_args__ = (
        sa.CheckConstraint("(role IN ('DROPSHIPPER', 'DROPSHIPPER_STAFF')) = (partner_id IS NOT NULL)", name="partner"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    role: Mapped[Role] = mapped_column(state_type(Role))
    partner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("partner.id"), index=True)
    language: Mapped[str] = mapped_column(sa.String(2), default="en")
    timezone: Mapped[str | None] = mapped_column(sa.String(60))
    active: Mapped[bool] = mapped_column(default=True)
    failed_attempts: Mapped[int] = mapped_column(default=0)
    last_failed_at: Mapped[datetime | None]
    last_signed_in_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class UserLocation(Model):
    """A store a person works in."""

    __tablename__ = "user_location"
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    location_id: Mapped[UUID] = mapped_column(sa.ForeignKey("stock_location.id"), primary_key=True, index=True)


class UserSession(Model):
    """A signed-in browser. It ends at `expires_at`, earlier when it was idle too long, or when it is deleted."""

    __tablename__ = "user_session"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    user_agent: Mapped[str] = mapped_column(sa.String(200))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SavedView(Model):
    """A page as somebody likes to see it: the query of its address. `team` is whom it can be shared with."""

    __tablename__ = "saved_view"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "page", "name"),
        sa.Index("ix_saved_view_team_page", "team", "page"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"))
    team: Mapped[str] = mapped_column(sa.String(60))
    page: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(60))
    query: Mapped[str] = mapped_column(sa.String(1000))
    shared: Mapped[bool]
    created_at: Mapped[datetime]


class UserLink(Model):
    """A link mailed to a person: to begin (INVITATION) or to choose a new password (RESET); good for once.

    The token is made when the mail is written, so there is none before and its plain text is nowhere but in the mail.
    """

    __tablename__ = "user_link"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[LinkPurpose] = mapped_column(state_type(LinkPurpose))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class UserSecondFactor(Model):
    """Codes by time (TOTP) of a person; in force once confirmed. `last_step` is the last time step that was used.

    The secret has to be known to compute codes, so it is kept as it is; recovery codes are kept as hashes.
    """

    __tablename__ = "user_second_factor"
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(sa.String(64))
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    recovery_hashes: Mapped[list[str]] = mapped_column(Json, default=list)
    created_at: Mapped[datetime]


class UserPasskey(Model):
    """A passkey (WebAuthn) of a person: its public key, never more. Ids and keys are base64url."""

    __tablename__ = "user_passkey"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[str] = mapped_column(sa.String(1400), unique=True)
    public_key: Mapped[str] = mapped_column(sa.String(2800))
    sign_count: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    name: Mapped[str] = mapped_column(sa.String(100))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class SignInStep(Model):
    """What is kept between two steps of signing in: a challenge, who still owes a code, where a provider leads back.

    Taken once; whoever takes it deletes it.
    """

    __tablename__ = "sign_in_step"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    kind: Mapped[StepKind] = mapped_column(state_type(StepKind))
    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class IdentityProvider(Model):
    """A company's OpenID Connect: of this installation, or of a partner for its own people.

    `domains` are those of the mail addresses it may vouch for; none means that people are matched by subject alone.
    """

    __tablename__ = "identity_provider"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    partner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("partner.id"), unique=True)
    issuer: Mapped[str] = mapped_column(sa.String(300))
    client_id: Mapped[str] = mapped_column(sa.String(300))
    client_secret: Mapped[str] = mapped_column(sa.String(500))
    domains: Mapped[list[str]] = mapped_column(Json, default=list)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class UserIdentity(Model):
    """Who a person is at a provider: its `sub`, which unlike an address never goes to somebody else."""

    __tablename__ = "user_identity"
    __table_args__ = (sa.UniqueConstraint("provider_id", "subject"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    provider_id: Mapped[UUID] = mapped_column(sa.ForeignKey("identity_provider.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    subject: Mapped[str] = mapped_column(sa.String(255))
    created_at: Mapped[datetime]


class ApiClient(Model):
    """A machine with its granted scopes. Shops see their channels, partners' systems their partner."""

    __tablename__ = "api_client"
    __table_args__ = (sa.CheckConstraint("(kind = 'PARTNER') = (partner_id IS NOT NULL)", name="partner"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(sa.String(60), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[ClientKind] = mapped_column(state_type(ClientKind))
    scopes: Mapped[list[str]] = mapped_column(Json)
    partner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("partner.id"), index=True)
    active: Mapped[bool] = mapped_column(default=True)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ApiClientChannel(Model):
    """A sales channel a shop's client works for."""

    __tablename__ = "api_client_channel"
    api_client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("api_client.id", ondelete="CASCADE"), primary_key=True)
    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sales_channel.id"), primary_key=True, index=True)


class ApiClientSecret(Model):
    """A secret of a client. After a rotation the old one lives on until `expires_at`."""

    __tablename__ = "api_client_secret"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    api_client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("api_client.id", ondelete="CASCADE"), index=True)
    secret_hash: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class AccessToken(Model):
    """An opaque bearer token of a client. Revoked ones stay until they would have expired."""

    __tablename__ = "access_token"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    api_client_id: Mapped[UUID] = mapped_column(sa.ForeignKey("api_client.id", ondelete="CASCADE"), index=True)
    scopes: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]


class AuditEntry(Model):
    """Who did what, when and in which request; written with the change itself and never changed."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        sa.Index("ix_audit_entry_at_id", "at", "id"),
        sa.Index("ix_audit_entry_principal_id_at", "principal_id", "at"),
        sa.Index("ix_audit_entry_operation_at", "operation", "at"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    principal_kind: Mapped[str] = mapped_column(sa.String(20))
    principal_id: Mapped[UUID | None]
    principal_name: Mapped[str] = mapped_column(sa.String(200))
    operation: Mapped[str] = mapped_column(sa.String(80))
    targets: Mapped[list[str]] = mapped_column(Json)
    details: Mapped[dict[str, Any]] = mapped_column(Json)
    request_id: Mapped[str | None] = mapped_column(sa.String(80))


class AuditTarget(Model):
    """The things an entry is about, to find the entries of one thing."""

    __tablename__ = "audit_target"
    # No foreign key: both rows are written together and never changed, so the check would cost and find nothing.
    target_id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
