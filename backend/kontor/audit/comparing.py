"""The shape of a check: one statement over whole tables that finds only what differs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from kontor.core.db import Session


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that does not hold. `invariant` is its number; `recorded` is what stands there, `computed` what should.

    The numbers stand in docs/architecture.md under "What the audit checks".
    """

    invariant: int
    check: str
    subject: str
    recorded: str
    computed: str

    def __str__(self) -> str:
        return f"{self.invariant}. {self.subject}: {self.check}: recorded {self.recorded}, computed {self.computed}"


Check = Callable[[Session], Awaitable[list[Difference]]]


def total(column: Any, name: str = "total") -> Any:
    """A sum as a plain integer on both databases, 0 for nothing."""
    return sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger()).label(name)


def or_zero(column: Any) -> Any:
    """What an outer join did not find counts nothing."""
    return sa.func.coalesce(column, 0)


async def unequal(
    db: Session, invariant: int, check: str, *, found: Any, subject: Sequence[Any], pair: tuple[Any, Any]
) -> list[Difference]:
    """Rows of `found` (a FROM clause) where the pair differs; the subject's columns are read as one text."""
    recorded, computed = pair
    statement = sa.select(*subject, recorded.label("recorded"), computed.label("computed")).select_from(found)
    return await rows(db, invariant, check, statement.where(recorded != computed))


async def rows(db: Session, invariant: int, check: str, statement: Any) -> list[Difference]:
    """Every row of the statement is a difference: its last two columns are recorded and computed."""
    return [
        Difference(invariant, check, " ".join(str(part) for part in subject), str(recorded), str(computed))
        for *subject, recorded, computed in await db.execute(statement)
    ]


def text(value: str) -> Any:
    """A constant word in a statement, such as `order`."""
    return sa.literal(value, sa.String())
