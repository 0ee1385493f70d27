"""What others ask of the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from kontor.channels.models import LegalEntity
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, camel
from kontor.core.ids import new_id
from kontor.invoicing.posting import Account
from kontor.ledger import queries
from kontor.ledger.errors import PeriodExported
from kontor.ledger.exporting import create_export
from kontor.ledger.models import LedgerAccount, LedgerExport, LedgerSettings

__all__ = ["AccountData", "create_export", "save_settings", "set_accounts"]
_LIMITS = {
    "consultant_number": (0, 9_999_999),
    "client_number": (0, 99_999),
    "fiscal_year_month": (1, 12),
    "account_length": (4, 8),
    "gift_card_years": (1, 30),
}
LEAST_CONSULTANT = 1001


@dataclass(frozen=True, slots=True)
class AccountData:
    """The number of an account of the journal from a day on; `detail` as lines of the journal bear it, or a part."""

    account: Account
    number: str
    name: str
    valid_from: date
    detail: str = ""
    automatic: bool = False
    tax_key: str = ""


async def save_settings(db: Session, entity: LegalEntity, changes: Mapping[str, Any]) -> LedgerSettings:
    """Change how an entity keeps its books; raises `InvalidInput` naming the field."""
    if 0 < changes.get("consultant_number", 0) < LEAST_CONSULTANT:
        raise InvalidInput(
            "DATEV's numbers of consultants begin at 1001.", code="OUT_OF_RANGE", path=("consultantNumber",),
            min=LEAST_CONSULTANT, max=_LIMITS["consultant_number"][1],
        )  # fmt: skip
    for name, (least, most) in _LIMITS.items():
        if changes.get(name) is not None and not least <= changes[name] <= most:
            raise InvalidInput(f"{least} to {most}.", code="OUT_OF_RANGE", path=(camel(name),), min=least, max=most)
    if changes.get("chart", "SKR03") not in queries.CHARTS:
        raise InvalidInput("There is no such chart.", code="UNKNOWN_CHART", path=("chart",), known=queries.CHARTS)
    settings = await queries.lock_settings(db, entity)
    for name, value in changes.items():
        setattr(settings, name, value)
    settings.updated_at = db.now
    return settings


async def set_accounts(db: Session, entity: LegalEntity, rows: Sequence[AccountData]) -> list[LedgerAccount]:
    """Give accounts of the journal other numbers from a day on; all of the rows or none.

    What has left with its former number does not change any more: raises `PeriodExported` for a day up to which
    entries were exported, `InvalidInput` naming row and field for what is no number.
    """
    settings = await queries.lock_settings(db, entity)
    last: date | None = await db.scalar(
        sa.select(sa.func.max(LedgerExport.until)).where(LedgerExport.legal_entity_id == entity.id)
    )
    present = {
        (row.account, row.detail, row.valid_from): row
        for row in await db.scalars(sa.select(LedgerAccount).where(LedgerAccount.legal_entity_id == entity.id))
    }
    saved = []
    for index, row in enumerate(rows):
        _check_account(row, index, settings)
        if last is not None and row.valid_from <= last:
            raise PeriodExported(
                f"Entries up to {last} have been exported.",
                path=("inputs", index, "valid_from"),
                until=last.isoformat(),
            )
        key = (row.account.value, row.detail, row.valid_from)
        found = present.get(key)
        if found is None:
            found = LedgerAccount(
                id=new_id(),
                legal_entity_id=entity.id,
                account=row.account.value,
                detail=row.detail,
                valid_from=row.valid_from,
                created_at=db.now,
            )
            db.add(found)
            present[key] = found
        found.number, found.name, found.automatic, found.tax_key = row.number, row.name, row.automatic, row.tax_key
        saved.append(found)
    await db.flush()
    return saved


def _check_account(row: AccountData, index: int, settings: LedgerSettings) -> None:
    """A personal account has one digit more than the others."""
    checks = (
        ("number", row.number.isdecimal() and row.number.isascii()
         and 1 <= len(row.number) <= settings.account_length + 1),
        ("name", 1 <= len(row.name.strip()) <= 120),
        ("detail", len(row.detail) <= 40),
        ("tax_key", row.tax_key == "" or (row.tax_key.isdecimal() and row.tax_key.isascii() and len(row.tax_key) <= 4)),
    )  # fmt: skip
    for name, holds in checks:
        if not holds:
            raise InvalidInput("This is no such value.", code="INVALID_ACCOUNT", path=("inputs", index, name))
