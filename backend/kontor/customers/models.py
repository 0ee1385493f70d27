"""Tables of customers."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, SerialId, state_type


class CustomerKind(StrEnum):
    """Consumers and companies are treated differently by law."""

    PERSON = "PERSON"
    COMPANY = "COMPANY"


_MERGED = sa.text("merged_into_id IS NOT NULL")


class Customer(Model):
    """A person or company. `email_key` is the address as matched: lower case, trimmed; `name_key` likewise.

    `search_key` is what a list's search looks into: number, name, company and email in small letters. One that was
    merged names the living customer it went into; one that was erased keeps its number and nothing of the person.
    """

    __tablename__ = "customer"
    __table_args__ = (
        sa.Index("ix_customer_email_key", "email_key"),
        sa.Index("ix_customer_name_key", "name_key"),
        sa.Index("ix_customer_created_at_id", "created_at", "id"),
        sa.Index("ix_customer_updated_at_id", "updated_at", "id"),
        sa.Index("ix_customer_merged_into_id", "merged_into_id", sqlite_where=_MERGED, postgresql_where=_MERGED),
        sa.Index(
            "ix_customer_search_key",
            "search_key",
            postgresql_using="gin",
            postgresql_ops={"search_key": "gin_trgm_ops"},
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(40), unique=True)
    kind: Mapped[CustomerKind] = mapped_column(state_type(CustomerKind), default=CustomerKind.PERSON)
    name: Mapped[str] = mapped_column(sa.String(200))
    name_key: Mapped[str] = mapped_column(sa.String(200), default="")
    company: Mapped[str | None] = mapped_column(sa.String(200))
    email: Mapped[str | None] = mapped_column(sa.String(254))
    email_key: Mapped[str | None] = mapped_column(sa.String(254))
    phone: Mapped[str | None] = mapped_column(sa.String(40))
    language: Mapped[str] = mapped_column(sa.String(2), default="en")
    vat_id: Mapped[str | None] = mapped_column(sa.String(20))
    tags: Mapped[list[str]] = mapped_column(Json, default=list)
    consents: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    search_key: Mapped[str] = mapped_column(sa.String(720), default="")
    merged_into_id: Mapped[UUID | None]
    merged_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class TermField(StrEnum):
    """What a term of a person is."""

    NAME = "NAME"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    POSTAL_CODE = "POSTAL_CODE"


class SearchTerm(Model):
    """A word, mail, phone or postal code by which a caller is found, as `customers.terms` writes it.

    Those of the customer and of all addresses of their orders. Rows come and go with the transaction that makes them
    true and are never changed; SQLite keeps its trigram index `fts_search_term` by triggers.
    """

    __tablename__ = "search_term"
    __table_args__ = (
        sa.UniqueConstraint("customer_id", "field", "term"),
        sa.Index("ix_search_term_term_customer_id", "term", "customer_id"),
        sa.Index("ix_search_term_parts", "term", postgresql_using="gin", postgresql_ops={"term": "gin_trgm_ops"}),
    )
    id: Mapped[int] = mapped_column(SerialId, primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(sa.ForeignKey("customer.id"))
    field: Mapped[TermField] = mapped_column(state_type(TermField))
    term: Mapped[str] = mapped_column(sa.String(120))


class ConsentChange(Model):
    """A consent that was given or taken back, never changed; `source` is how: by phone, in the shop's account."""

    __tablename__ = "consent_change"
    __table_args__ = (sa.Index("ix_consent_change_customer_id_at", "customer_id", "at"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(sa.ForeignKey("customer.id"))
    purpose: Mapped[str] = mapped_column(sa.String(60))
    granted: Mapped[bool]
    source: Mapped[str] = mapped_column(sa.String(200))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(sa.String(200))


class CustomerReference(Model):
    """The id by which a channel knows the customer."""

    __tablename__ = "customer_reference"
    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sales_channel.id"), primary_key=True)
    external_id: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(sa.ForeignKey("customer.id"), index=True)


class CustomerAddress(Model):
    """An address of a customer."""

    __tablename__ = "customer_address"
    __table_args__ = (sa.Index("ix_customer_address_postal_code", "postal_code"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(20), default="SHIPPING")
    name: Mapped[str] = mapped_column(sa.String(200))
    company: Mapped[str | None] = mapped_column(sa.String(200))
    street: Mapped[str] = mapped_column(sa.String(200))
    extra: Mapped[str | None] = mapped_column(sa.String(200))
    postal_code: Mapped[str] = mapped_column(sa.String(20))
    city: Mapped[str] = mapped_column(sa.String(120))
    region: Mapped[str | None] = mapped_column(sa.String(60))
    country: Mapped[str] = mapped_column(sa.String(2))
    created_at: Mapped[datetime]
