"""Tables of printing."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type
from kontor.printing.values import PaperKind, PaperSize


class PrintedPaper(Model):
    """What a paper says, frozen when it was first asked for; `document_id` is its file, once it is drawn.

    `subject_id` is the fulfillment order, for pick lists the place. `fingerprint` is over what makes it this paper and
    no other version: goods and addresses, but neither its day nor the retailer's design.
    """

    __tablename__ = "printed_paper"
    __table_args__ = (sa.UniqueConstraint("subject_id", "kind", "fingerprint"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[PaperKind] = mapped_column(state_type(PaperKind))
    subject_id: Mapped[UUID]
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    number: Mapped[str] = mapped_column(sa.String(60))
    order_id: Mapped[UUID | None] = mapped_column(index=True)
    channel_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    document_id: Mapped[UUID | None]
    created_at: Mapped[datetime]


class PrintBatch(Model):
    """One file to print. `items` are papers and documents in their order, `missing` what could not be had and why.

    The file is kept for a day: printed again later, it is put together anew from the same papers.
    """

    __tablename__ = "print_batch"
    __table_args__ = (sa.Index("ix_print_batch_created_at_id", "created_at", "id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    partner_id: Mapped[UUID | None]
    kinds: Mapped[list[str]] = mapped_column(Json)
    size: Mapped[PaperSize] = mapped_column(state_type(PaperSize))
    items: Mapped[list[Any]] = mapped_column(Json)
    missing: Mapped[list[Any]] = mapped_column(Json)
    done: Mapped[int] = mapped_column(default=0)
    pages: Mapped[int | None]
    bytes: Mapped[int | None]
    key: Mapped[str | None] = mapped_column(sa.String(200))
    problem: Mapped[str | None] = mapped_column(sa.String(300))
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    finished_at: Mapped[datetime | None]

    @property
    def stage(self) -> str:
        """PENDING, READY, or FAILED while it waits to be tried again."""
        return "READY" if self.finished_at else "FAILED" if self.problem else "PENDING"
