"""Tables of sales channels."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type


class ChannelKind(StrEnum):
    """Where orders come from."""

    WEB_SHOP = "WEB_SHOP"
    APP = "APP"
    STORE = "STORE"
    CALL_CENTER = "CALL_CENTER"
    CATALOG = "CATALOG"
    MARKETPLACE = "MARKETPLACE"
    PARTNER = "PARTNER"


class ShortagePolicy(StrEnum):
    """What happens to an order that cannot be promised in full."""

    REFUSE = "REFUSE"
    BACKORDER = "BACKORDER"
    TAKE = "TAKE"  # already sold, as on a marketplace: taken, the missing quantity unallocated, a case raised


class LegalEntity(Model):
    """Who sells: name, address, tax ids and bank on every document; number series hang on it.

    The day of an order and of a document, and the year of its number, are those of the entity's time zone. With a GS1
    company prefix its parcels bear an SSCC.
    """

    __tablename__ = "legal_entity"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(20), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    street: Mapped[str] = mapped_column(sa.String(200))
    postal_code: Mapped[str] = mapped_column(sa.String(20))
    city: Mapped[str] = mapped_column(sa.String(120))
    country: Mapped[str] = mapped_column(sa.String(2))
    timezone: Mapped[str] = mapped_column(sa.String(60), default="Europe/Berlin")
    vat_id: Mapped[str | None] = mapped_column(sa.String(20))
    tax_number: Mapped[str | None] = mapped_column(sa.String(40))
    register: Mapped[str | None] = mapped_column(sa.String(120))
    iban: Mapped[str | None] = mapped_column(sa.String(34))
    bic: Mapped[str | None] = mapped_column(sa.String(11))
    email: Mapped[str | None] = mapped_column(sa.String(254))
    phone: Mapped[str | None] = mapped_column(sa.String(40))
    gs1_prefix: Mapped[str | None] = mapped_column(sa.String(12))
    brand_color: Mapped[str] = mapped_column(sa.String(7), default="#1f3a5f")
    logo_svg: Mapped[str | None] = mapped_column(sa.Text)
    footer: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)


class BrandFont(StrEnum):
    """In what letters a retailer writes: those of the reader's device, or ours, which documents are set in too."""

    SYSTEM = "SYSTEM"
    SOURCE_SANS = "SOURCE_SANS"


class Brand(Model):
    """A version of how a retailer looks, never changed: the latest one of a `code` counts.

    It is that of one channel, or of all channels of a legal entity that have none of their own. Logos are clean SVG, or
    a PNG as data URL. `texts` is {language: {place: text}}, the places those of `BRAND_TEXTS`.
    """

    __tablename__ = "brand"
    __table_args__ = (
        sa.UniqueConstraint("code", "version"),
        sa.CheckConstraint("(channel_id IS NULL) <> (legal_entity_id IS NULL)", name="owner"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    version: Mapped[int]
    channel_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("sales_channel.id"))
    legal_entity_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("legal_entity.id"))
    name: Mapped[str] = mapped_column(sa.String(120))
    color: Mapped[str] = mapped_column(sa.String(7))
    radius: Mapped[int]
    font: Mapped[BrandFont] = mapped_column(state_type(BrandFont))
    logo_light: Mapped[str | None] = mapped_column(sa.Text)
    logo_dark: Mapped[str | None] = mapped_column(sa.Text)
    texts: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))


class SalesChannel(Model):
    """Where orders come from. `settings` holds the simple ones: waiting times (hours), which messages go out.

    Its own prices are in `currency`; `currencies` are others it sells in, at the prices of lists in them.
    """

    __tablename__ = "sales_channel"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    kind: Mapped[ChannelKind] = mapped_column(state_type(ChannelKind))
    legal_entity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("legal_entity.id"))
    country: Mapped[str] = mapped_column(sa.String(2))
    currency: Mapped[str] = mapped_column(sa.String(3))
    currencies: Mapped[list[str]] = mapped_column(Json, default=list, server_default="[]")
    languages: Mapped[list[str]] = mapped_column(Json, default=list)
    gross: Mapped[bool] = mapped_column(default=True)
    shortage: Mapped[ShortagePolicy] = mapped_column(state_type(ShortagePolicy), default=ShortagePolicy.REFUSE)
    priced_by_channel: Mapped[bool] = mapped_column(default=True)
    payment_methods: Mapped[list[str]] = mapped_column(Json, default=list)
    priority: Mapped[int] = mapped_column(default=0)
    return_days: Mapped[int] = mapped_column(default=30)
    payment_days: Mapped[int] = mapped_column(default=14)
    processes: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    settings: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    def sells_in(self, currency: str) -> bool:
        """Whether orders in this currency are taken."""
        return currency == self.currency or currency in self.currencies
