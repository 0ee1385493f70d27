"""Tables of documents."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Model


class Document(Model):
    """A file we keep; the content lies in the document store under `key`.

    `channel_id` and `customer_id` say whose it is; a file without a channel is for unrestricted principals only.
    """

    __tablename__ = "document"
    __table_args__ = (
        sa.UniqueConstraint("key"),
        sa.Index("ix_document_created_at_id", "created_at", "id"),
        sa.Index("ix_document_number", "number", postgresql_using="gin", postgresql_ops={"number": "gin_trgm_ops"}),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(30))
    order_id: Mapped[UUID | None] = mapped_column(index=True)
    subject_id: Mapped[UUID | None]
    channel_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    number: Mapped[str] = mapped_column(sa.String(60))
    key: Mapped[str] = mapped_column(sa.String(200))
    content_type: Mapped[str] = mapped_column(sa.String(80))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    language: Mapped[str] = mapped_column(sa.String(2))
    created_at: Mapped[datetime]
