"""Tables of the labels of returns."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type
from kontor.returnlabels.states import ReturnLabelState


class ReturnLabel(Model):
    """The label of a return. `reference` is what the carrier knows it by; `called_at` is when it was first asked.

    `asked` is the request as it was written: addresses, weight. Asked again by a person it gets a new reference, so
    that a carrier that refused once does not answer from memory.
    """

    __tablename__ = "return_label"
    __table_args__ = (sa.UniqueConstraint("return_id"), sa.UniqueConstraint("reference"))
    id: Mapped[UUID] = mapped_column(primary_key=True)
    return_id: Mapped[UUID] = mapped_column(sa.ForeignKey("return.id"))
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("carrier_account.id"))
    state: Mapped[ReturnLabelState] = mapped_column(state_type(ReturnLabelState))
    reference: Mapped[str] = mapped_column(sa.String(35))
    asked: Mapped[dict[str, Any]] = mapped_column(Json)
    tracking_number: Mapped[str | None] = mapped_column(sa.String(80))
    tracking_url: Mapped[str | None] = mapped_column(sa.String(500))
    document_id: Mapped[UUID | None]
    problem_code: Mapped[str | None] = mapped_column(sa.String(60))
    problem: Mapped[str | None] = mapped_column(sa.String(500))
    called_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
