"""Every check in turn, over one state of the database."""

from __future__ import annotations

from collections.abc import Sequence

from kontor.audit import clearing, exchanges, goods, money, promotions, records
from kontor.audit.comparing import Check, Difference
from kontor.core.db import Database

CHECKS: tuple[Check, ...] = (
    *goods.CHECKS, *money.CHECKS, *clearing.CHECKS, *promotions.CHECKS, *records.CHECKS, *exchanges.CHECKS,
)  # fmt: skip


async def differences(database: Database) -> list[Difference]:
    """Everything that does not hold, in the order of the invariants; empty when all is well.

    Read in one transaction, so that work that goes on meanwhile makes no difference. Money and goods are compared as
    they were committed: a service that writes both sides in one unit of work is never caught between them.
    """
    return await of_checks(database, CHECKS)


async def of_checks(database: Database, checks: Sequence[Check]) -> list[Difference]:
    """What some of the checks find, over one state of the database."""
    found: list[Difference] = []
    async with database.read_only() as db:
        if not db.sqlite:
            await db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        for check in checks:
            found += await check(db)
    return sorted(found, key=lambda each: each.invariant)
