"""Tables of care."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.care.states import CaseState
from kontor.core.db import Json, Model, state_type


class Case(Model):
    """A task of care. `subject_key` keeps one thing from being raised twice while a case about it is open.

    `wait_until` is when a case that is put aside comes back by itself; only what waits has it.
    """

    __tablename__ = "care_case"
    __table_args__ = (
        sa.Index("ix_care_case_state_created_at", "state", "created_at"),
        sa.Index("ix_care_case_order_id", "order_id"),
        sa.Index("ix_care_case_state_due_at", "state", "due_at"),
        sa.Index("ix_care_case_created_at_id", "created_at", "id"),
        sa.Index("ix_care_case_due_at_id", "due_at", "id"),
        sa.Index("ix_care_case_updated_at_id", "updated_at", "id"),
        sa.Index("ix_care_case_subject_key", "subject_key"),
        sa.Index(
            "ix_care_case_wait_until",
            "wait_until",
            sqlite_where=sa.text("wait_until IS NOT NULL"),
            postgresql_where=sa.text("wait_until IS NOT NULL"),
        ),
        sa.Index(
            "uq_care_case_open_subject",
            "subject_key",
            unique=True,
            sqlite_where=sa.text("state <> 'DONE'"),
            postgresql_where=sa.text("state <> 'DONE'"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(40))
    subject_key: Mapped[str] = mapped_column(sa.String(120))
    order_id: Mapped[UUID | None]
    state: Mapped[CaseState] = mapped_column(state_type(CaseState))
    facts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    owner_id: Mapped[UUID | None]
    due_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    wait_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CaseDeadline(Model):
    """How long cases of a kind may take from a moment on, never changed; without hours they have no deadline.

    It is for one channel, or for all that have none of their own. Of those valid by now the one counts that began last.
    """

    __tablename__ = "case_deadline"
    __table_args__ = (
        sa.CheckConstraint("hours BETWEEN 1 AND 2000", name="hours"),
        sa.Index("ix_case_deadline_kind_valid_from", "kind", "valid_from"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(40))
    channel_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("sales_channel.id"))
    hours: Mapped[int | None]
    valid_from: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))
