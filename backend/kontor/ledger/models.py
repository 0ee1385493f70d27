"""Tables of the ledger."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model


class LedgerSettings(Model):
    """How a legal entity keeps its books; the id is the entity's. The row is locked while an export is put together.

    Consultant and client number are those of DATEV, 0 while they are not known. `fiscal_year_month` is the month in
    which the fiscal year begins, `account_length` how many digits an impersonal account has. `gift_card_years` is how
    many years after the end of the year of their sale gift cards can be claimed; None for ever.
    """

    __tablename__ = "ledger_settings"
    id: Mapped[UUID] = mapped_column(sa.ForeignKey("legal_entity.id"), primary_key=True)
    chart: Mapped[str] = mapped_column(sa.String(10))
    consultant_number: Mapped[int]
    client_number: Mapped[int]
    fiscal_year_month: Mapped[int]
    account_length: Mapped[int]
    lock_exports: Mapped[bool]
    gift_card_years: Mapped[int | None]
    updated_at: Mapped[datetime]


class LedgerAccount(Model):
    """The number of an account of the journal, from a day on until the next row of the same account and detail."""

    __tablename__ = "ledger_account"
    __table_args__ = (sa.UniqueConstraint("legal_entity_id", "account", "detail", "valid_from"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    legal_entity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("legal_entity.id"))
    account: Mapped[str] = mapped_column(sa.String(40))
    detail: Mapped[str] = mapped_column(sa.String(40))
    valid_from: Mapped[date]
    number: Mapped[str] = mapped_column(sa.String(9))
    name: Mapped[str] = mapped_column(sa.String(120))
    automatic: Mapped[bool]
    tax_key: Mapped[str] = mapped_column(sa.String(4))
    created_at: Mapped[datetime]


class ExportState(StrEnum):
    """WAITING for a worker, WRITING, FINISHED, or FAILED: a job that failed is tried again."""

    WAITING = "WAITING"
    WRITING = "WRITING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"


class LedgerExport(Model):
    """Entries that left the house together. `files` says of each file its name, hash, size, rows and days.

    `started_at` is when the last try to write the files began, `problem` why it failed. `size` is that of all files in
    bytes, None before they are written and in exports older than the column.

    `since` None: everything up to the day `until` that had not left before.
    """

    __tablename__ = "ledger_export"
    __table_args__ = (
        sa.UniqueConstraint("legal_entity_id", "sequence"),
        sa.Index("ix_ledger_export_created_at_id", "created_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(40))
    legal_entity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("legal_entity.id"))
    sequence: Mapped[int]
    since: Mapped[date | None]
    until: Mapped[date]
    entries: Mapped[int]
    files: Mapped[list[Any]] = mapped_column(Json, default=list)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))
    finished_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    size: Mapped[int | None] = mapped_column(sa.BigInteger)
    problem: Mapped[str | None] = mapped_column(sa.String(300))

    @property
    def progress(self) -> ExportState:
        """How far the files are."""
        if self.finished_at is not None:
            return ExportState.FINISHED
        if self.problem is not None:
            return ExportState.FAILED
        return ExportState.WAITING if self.started_at is None else ExportState.WRITING


class LedgerExportEntry(Model):
    """Which export an entry of the journal left with; the key says that it is one."""

    __tablename__ = "ledger_export_entry"
    __table_args__ = (sa.Index("ix_ledger_export_entry_export_id", "export_id"),)
    entry_id: Mapped[UUID] = mapped_column(sa.ForeignKey("journal_entry.id"), primary_key=True)
    export_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_export.id"))


class LedgerDay(Model):
    """A closed day; `content` are its figures, one object per currency, as they were when it was closed."""

    __tablename__ = "ledger_day"
    __table_args__ = (sa.UniqueConstraint("legal_entity_id", "day"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    legal_entity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("legal_entity.id"))
    day: Mapped[date]
    content: Mapped[list[Any]] = mapped_column(Json)
    closed_at: Mapped[datetime]
