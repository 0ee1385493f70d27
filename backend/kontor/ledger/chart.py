"""Which number an account of the journal has on a day. Pure.

The most detailed row counts (`OSS/FR/20` before `OSS/FR` before `OSS` before none), among those of one detail the
latest that is valid already, and a retailer's own before the shipped one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from kontor.ledger.errors import AccountMissing

# Accounts that are revenue like any other where a chart does not keep them apart.
_LIKE = {"CHARGES": "REVENUE", "KEPT_FEES": "REVENUE"}


@dataclass(frozen=True, slots=True)
class Numbered:
    """A row of a chart of accounts; `valid_from` None is a shipped one.

    `automatic`: the accounting program takes the tax out of what is booked here (an automatic account of DATEV).
    `tax_key`: the key that makes it do so on an account that does not by itself.
    """

    account: str
    detail: str
    number: str
    name: str
    automatic: bool = False
    tax_key: str = ""
    valid_from: date | None = None

    @property
    def taxes(self) -> bool:
        """Whether what is booked here is gross."""
        return self.automatic or bool(self.tax_key)


class Chart:
    """The rows that a legal entity goes by."""

    def __init__(self, rows: Iterable[Numbered]) -> None:
        self._rows: dict[tuple[str, str], list[Numbered]] = {}
        for row in rows:
            self._rows.setdefault((row.account, row.detail), []).append(row)
        for group in self._rows.values():
            group.sort(key=lambda row: row.valid_from or date.min)

    def find(self, account: str, detail: str, on: date) -> Numbered:
        """The row that counts; raises `AccountMissing`."""
        for name in (account, _LIKE.get(account)):
            for part in _parts(detail) if name else ():
                found = self._valid(name or "", part, on)
                if found is not None:
                    return found
        raise AccountMissing(
            f"The chart has no number for {account} {detail}.", account=account, detail=detail, on=on.isoformat()
        )

    def on(self, day: date) -> list[Numbered]:
        """Every row that is valid on a day, by account and detail."""
        found = (self._valid(account, detail, day) for account, detail in sorted(self._rows))
        return [row for row in found if row is not None]

    def _valid(self, account: str, detail: str, on: date) -> Numbered | None:
        rows = self._rows.get((account, detail), ())
        return next((row for row in reversed(rows) if (row.valid_from or date.min) <= on), None)


def _parts(detail: str) -> Iterator[str]:
    """A detail, then less and less of it."""
    while detail:
        yield detail
        detail = detail.rpartition("/")[0]
    yield ""
