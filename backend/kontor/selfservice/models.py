"""Tables of self-service."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model


class SelfServicePolicy(Model):
    """A version of what customers of a channel may do alone, never changed; the one that began last counts.

    `rules` is what `policy.Policy` says, by its names.
    """

    __tablename__ = "self_service_policy"
    __table_args__ = (sa.UniqueConstraint("channel_id", "version"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    channel_id: Mapped[UUID] = mapped_column(sa.ForeignKey("sales_channel.id"))
    version: Mapped[int]
    rules: Mapped[dict[str, Any]] = mapped_column(Json)
    valid_from: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))
