"""Tables of people, machines, their tokens and the audit trail. Tokens and secrets are kept as hashes only."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.auth.permissions import ClientKind, Role
from kontor.core.db import Json, Model, state_type


class User(Model):
    """A person who signs in. `email` is normalized, so that it is unique whatever its case."""

    __tablename__ = "user_account"
    # Without its partner a dropshipper would have no scope at all and see everything.
    __table_args__ = (sa.CheckConstraint("(role = 'DROPSHIPPER') = (partner_id IS NOT NULL)", name="partner"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    role: Mapped[Role] = mapped_column(state_type(Role))
    partner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("partner.id"), index=True)
    language: Mapped[str] = mapped_column(sa.String(2), default="en")
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
