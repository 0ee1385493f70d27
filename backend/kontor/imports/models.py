"""Tables of the ground under the masters."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type
from kontor.imports.states import UploadState


class MastersVersion(Model):
    """A number that grows with every change of what others keep in memory: places, tariffs, partners, channels, tax."""

    __tablename__ = "masters_version"
    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    version: Mapped[int] = mapped_column(sa.BigInteger)


class Upload(Model):
    """A file somebody uploaded: what its columns are, what was found in it, and how far it is applied.

    `columns` has for each title of `header` the field it fills, or None. `counts` says how many lines ended how;
    `findings` are the first lines of each ending that is worth showing. It is worked on with the rights of `by_*`.
    At `forgotten_at` the file and every line of it were removed; what it did is still told.
    """

    __tablename__ = "upload"
    __table_args__ = (
        sa.Index("ix_upload_owner", "partner_id", "kind", "created_at"),
        sa.Index("ix_upload_created_at_id", "created_at", "id"),
        sa.Index("ix_upload_updated_at_id", "updated_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(40))
    partner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("partner.id"))
    state: Mapped[UploadState] = mapped_column(state_type(UploadState))
    name: Mapped[str] = mapped_column(sa.String(200))
    size: Mapped[int] = mapped_column(sa.BigInteger)
    options: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    header: Mapped[list[Any]] = mapped_column(Json, default=list)
    columns: Mapped[list[Any]] = mapped_column(Json, default=list)
    sample: Mapped[list[Any]] = mapped_column(Json, default=list)
    rows: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    findings: Mapped[list[Any]] = mapped_column(Json, default=list)
    guarded: Mapped[bool] = mapped_column(default=False)
    problem: Mapped[dict[str, Any] | None] = mapped_column(Json)
    by_kind: Mapped[str] = mapped_column(sa.String(20))
    by_id: Mapped[UUID | None]
    by_name: Mapped[str] = mapped_column(sa.String(200))
    forgotten_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
