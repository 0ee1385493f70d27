"""What the fields of a row take: checks for typed values, and how the text of a file's cell becomes one.

A check returns the value as it is stored and raises `InvalidField` without a path; `checked` adds the field's name as
the API spells it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

import orjson

from kontor.core.clock import validate_time_zone
from kontor.core.errors import InvalidInput, camel
from kontor.imports.errors import InvalidField, MissingField

REQUIRED: Final = object()
MAX_INT: Final = 2**31 - 1
MAX_AMOUNT: Final = 10**12
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its check, how a cell's text is read, whether it may be empty, and what a new row gets without it."""

    check: Callable[[Any], Any]
    read: Callable[[str], Any] = str
    empty: bool = False
    default: Any = REQUIRED
    aliases: tuple[str, ...] = ()


def checked(row: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """The given fields as they are stored; raises `InvalidField` naming the first at fault.

    What is not in `row` is not in the result. Fields nobody knows are refused.
    """
    values = {}
    for name, value in row.items():
        field = fields.get(name)
        if field is None:
            raise InvalidField(f"There is no field {name}.", path=(camel(name),))
        values[name] = check_field(name, value, field)
    return values


def check_field(name: str, value: Any, field: Field) -> Any:
    """One value as it is stored; raises `InvalidField` with the field's name."""
    if value is None or value == "":
        if field.empty:
            return None
        if field.default is not REQUIRED:
            return fresh(field.default)
        raise MissingField(f"{camel(name)} must not be empty.", path=(camel(name),))
    try:
        return field.check(value)
    except InvalidInput as problem:
        # A check that knows its field names it; only what lies inside the field keeps its own path.
        inside = problem.path if problem.path and not isinstance(problem.path[0], str) else ()
        problem.path = (camel(name), *inside)
        raise


def completed(values: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """The values of a new row, defaults included; raises `MissingField`."""
    full = dict(values)
    for name, field in fields.items():
        if name not in full:
            if field.default is REQUIRED and not field.empty:
                raise MissingField(f"{camel(name)} is needed.", path=(camel(name),))
            full[name] = None if field.default is REQUIRED else fresh(field.default)
    return full


def fresh(default: Any) -> Any:
    """A default nobody else holds."""
    return default.copy() if isinstance(default, (list, dict)) else default


def text(most: int, *, pattern: str | None = None, upper: bool = False) -> Callable[[Any], str]:
    """Text of at most `most` characters, trimmed, without control characters."""
    shape = re.compile(pattern) if pattern else None

    def check(value: Any) -> str:
        found = str(value).strip()
        if upper:
            found = found.upper()
        if not found or len(found) > most or _CONTROL.search(found):
            raise InvalidField(f"Text of 1 to {most} printable characters is needed.", max=most)
        if shape and not shape.fullmatch(found):
            raise InvalidField(f"{found!r} has not the right form.")
        return found

    return check


def code(most: int = 80) -> Callable[[Any], str]:
    """A natural key: no spaces inside, case kept."""
    return text(most, pattern=r"[^\s,;\"']+")


country = text(2, pattern=r"[A-Z]{2}", upper=True)
currency = text(3, pattern=r"[A-Z]{3}", upper=True)
time_of_day = text(5, pattern=r"([01]\d|2[0-3]):[0-5]\d")


def language(value: Any) -> str:
    """A two-letter language."""
    return text(2, pattern=r"[a-z]{2}")(str(value).lower())


def time_zone(value: Any) -> str:
    """A name of the time zone database, such as Europe/Berlin."""
    return validate_time_zone(text(60)(value))


def email(value: Any) -> str:
    """An email address."""
    found = text(254)(value)
    if not _EMAIL.fullmatch(found):
        raise InvalidField(f"{found!r} is no email address.")
    return found


def integer(least: int = 0, most: int = MAX_INT) -> Callable[[Any], int]:
    """A whole number within bounds."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise InvalidField(f"A whole number from {least} to {most} is needed.", min=least, max=most)
        return value

    return check


def decimal(least: Decimal, most: Decimal, places: int) -> Callable[[Any], Decimal]:
    """An exact number within bounds."""

    def check(value: Any) -> Decimal:
        try:
            number = Decimal(str(value))
            if not least <= number <= most or number != round(number, places):
                raise InvalidOperation
        except InvalidOperation as problem:
            raise InvalidField(
                f"A number from {least} to {most} with at most {places} decimal places is needed."
            ) from problem
        return number

    return check


def degrees(limit: int) -> Callable[[Any], float]:
    """A coordinate in degrees."""

    def check(value: Any) -> float:
        number = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else float("nan")
        if not -limit <= number <= limit:
            raise InvalidField(f"Degrees from -{limit} to {limit} are needed.", min=-limit, max=limit)
        return number

    return check


def flag(value: Any) -> bool:
    """Yes or no."""
    if not isinstance(value, bool):
        raise InvalidField("Yes or no is needed.")
    return value


def choice(options: type[StrEnum]) -> Callable[[Any], StrEnum]:
    """One of an enum's values."""

    def check(value: Any) -> StrEnum:
        try:
            return options(str(value).strip().upper())
        except ValueError as problem:
            raise InvalidField(f"One of {', '.join(options)} is needed.", allowed=list(options)) from problem

    return check


def moment(value: Any) -> datetime:
    """A moment in time with its zone, in UTC."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise InvalidField("A moment with its time zone is needed.")
    return value.astimezone(UTC)


def day(value: Any) -> date:
    """A date."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise InvalidField("A date is needed.")
    return value


def several(check: Callable[[Any], Any], most: int = 200) -> Callable[[Any], list[Any]]:
    """A list, each item checked, in the order given."""

    def check_all(value: Any) -> list[Any]:
        if not isinstance(value, (list, tuple)) or len(value) > most:
            raise InvalidField(f"A list of at most {most} items is needed.", max=most)
        found = []
        for index, item in enumerate(value):
            try:
                found.append(check(item))
            except InvalidInput as problem:
                raise problem.within(index) from None
        return found

    return check_all


def facts(most: int = 20_000) -> Callable[[Any], dict[str, Any]]:
    """Plain data by name, as JSON keeps it, of at most `most` bytes."""

    def check(value: Any) -> dict[str, Any]:
        try:
            if not isinstance(value, dict) or len(orjson.dumps(value)) > most:
                raise TypeError
        except TypeError as problem:
            raise InvalidField(f"An object of at most {most} bytes of JSON is needed.", max=most) from problem
        return value

    return check
