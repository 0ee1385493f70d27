"""Tables of processes."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type
from kontor.processes.states import InstanceState, UserTaskState


class ProcessDefinition(Model):
    """One version of a diagram. Running instances keep theirs."""

    __tablename__ = "process_definition"
    __table_args__ = (sa.UniqueConstraint("key", "version"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(60))
    version: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(200))
    xml: Mapped[str] = mapped_column(sa.Text)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    deployed_at: Mapped[datetime]
    deployed_by: Mapped[str] = mapped_column(sa.String(200))


class ProcessInstance(Model):
    """One run for one order, fulfillment order or return (`subject_id`); `data` is the engine's compact state."""

    __tablename__ = "process_instance"
    __table_args__ = (
        sa.UniqueConstraint("subject_id", "key"),
        sa.Index("ix_process_instance_order_id", "order_id"),
        sa.Index("ix_process_instance_started_at_id", "started_at", "id"),
        sa.Index("ix_process_instance_updated_at_id", "updated_at", "id"),
        sa.Index("ix_process_instance_state_updated_at", "state", "updated_at"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    definition_id: Mapped[UUID] = mapped_column(sa.ForeignKey("process_definition.id"))
    key: Mapped[str] = mapped_column(sa.String(60))
    subject_id: Mapped[UUID]
    order_id: Mapped[UUID]
    state: Mapped[InstanceState] = mapped_column(state_type(InstanceState))
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    error: Mapped[str | None] = mapped_column(sa.Text)
    started_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class UserTask(Model):
    """Something a person has to decide before the process goes on."""

    __tablename__ = "user_task"
    __table_args__ = (
        sa.UniqueConstraint("instance_id", "token"),
        sa.Index("ix_user_task_state_created_at", "state", "created_at"),
        sa.Index("ix_user_task_order_id", "order_id"),
        sa.Index("ix_user_task_created_at_id", "created_at", "id"),
        sa.Index("ix_user_task_updated_at_id", "updated_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    instance_id: Mapped[UUID] = mapped_column(sa.ForeignKey("process_instance.id"))
    order_id: Mapped[UUID]
    token: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(60))
    role: Mapped[str | None] = mapped_column(sa.String(40))
    state: Mapped[UserTaskState] = mapped_column(state_type(UserTaskState))
    outcome: Mapped[str | None] = mapped_column(sa.String(40))
    note: Mapped[str | None] = mapped_column(sa.String(500))
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None] = mapped_column(sa.String(200))
    updated_at: Mapped[datetime]
