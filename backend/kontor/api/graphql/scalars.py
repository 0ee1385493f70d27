"""Scalars that refuse what Kontor cannot keep: times without a zone, numbers beyond 64 bits, texts with NUL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, NewType
from uuid import UUID

import strawberry
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from kontor.core import money
from kontor.core.errors import InvalidInput

Long = NewType("Long", int)
LONGEST = 2**63 - 1

__all__ = ["JSON", "SCALARS", "Long", "Money", "MoneyInput"]


def _long(value: Any) -> int:
    if isinstance(value, str) and value.lstrip("-").isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not -LONGEST - 1 <= value <= LONGEST:
        raise ValueError("A whole number of 64 bits is expected.")
    return value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    if moment is None or moment.tzinfo is None:
        raise ValueError("An ISO 8601 time with a zone is expected, such as 2026-06-15T10:00:00Z.")
    return moment.astimezone(UTC)


def _moment_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _day(value: Any) -> date:
    if not isinstance(value, str) or len(value) != 10:
        raise ValueError("A date is expected, such as 2026-06-15.")
    return date.fromisoformat(value)


def _uuid(value: Any) -> UUID:
    if not isinstance(value, str):
        raise ValueError("A UUID is expected.")
    return UUID(value)


SCALARS: dict[object, ScalarDefinition] = {
    Long: strawberry.scalar(
        name="Long",
        description="A whole number of 64 bits.",
        serialize=int,
        parse_value=_long,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment in ISO 8601 with a zone; given out in UTC.",
        serialize=_moment_text,
        parse_value=_moment,
    ),
    date: strawberry.scalar(name="Date", description="A day in ISO 8601.", serialize=date.isoformat, parse_value=_day),
    UUID: strawberry.scalar(name="UUID", description="A UUID.", serialize=str, parse_value=_uuid),
}


@strawberry.type(description="An amount in whole minor units (cents) of its currency.")
class Money:
    amount: Long
    currency: str

    @classmethod
    def of(cls, value: money.Money) -> Money:
        """As the API shows it."""
        return cls(amount=Long(value.amount), currency=value.currency)


@strawberry.input(description="An amount in whole minor units (cents) of its currency.")
class MoneyInput:
    amount: Long
    currency: str

    def value(self, *path: str | int) -> money.Money:
        """The amount; raises `InvalidInput` for a currency that is none."""
        if len(self.currency) != 3 or not (self.currency.isascii() and self.currency.isupper()):
            raise InvalidInput(
                "A currency is three capital letters (ISO 4217).", code="INVALID_CURRENCY", path=(*path, "currency")
            )
        return money.Money(self.amount, self.currency)
