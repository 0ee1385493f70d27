"""How the text of a cell becomes a value. Each raises `InvalidField`."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from kontor.imports.errors import InvalidField

_YES, _NO = frozenset({"true", "yes", "y", "1", "ja", "j", "x"}), frozenset({"false", "no", "n", "0", "nein"})


def whole(text: str) -> int:
    """A whole number; spreadsheets write 5 as 5.0 at times."""
    try:
        number = number_of(text)
        if number != number.to_integral_value():
            raise InvalidOperation
    except InvalidOperation as problem:
        raise InvalidField(f"{text!r} is no whole number.") from problem
    return int(number)


def exact(text: str) -> Decimal:
    """A number with a point or a comma before the decimals."""
    return number_of(text)


def degrees(text: str) -> float:
    """A coordinate."""
    return float(number_of(text))


def number_of(text: str) -> Decimal:
    """A number as people write it: `1234.5`, `1234,5`, `1.234,50`, `1,234.50`, `1 234.50`."""
    plain = text.strip().replace("\u00a0", "").replace(" ", "").replace("'", "")
    point, comma = plain.rfind("."), plain.rfind(",")
    if comma > point:
        plain = plain.replace(".", "").replace(",", ".", 1) if plain.count(",") == 1 else plain
    elif comma >= 0:
        plain = plain.replace(",", "")
    try:
        number = Decimal(plain)
    except InvalidOperation as problem:
        raise InvalidField(f"{text!r} is no number.") from problem
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise InvalidField(f"{text!r} is no number we can use.")
    return number


def cents(text: str) -> int:
    """An amount such as 12.99 in minor units of a currency with two decimals."""
    amount = number_of(text) * 100
    if amount != amount.to_integral_value():
        raise InvalidField(f"{text!r} has more than two decimal places.")
    return int(amount)


def flag(text: str) -> bool:
    """Yes or no, in English or German."""
    plain = text.strip().lower()
    if plain not in _YES | _NO:
        raise InvalidField(f"{text!r} is neither yes nor no.")
    return plain in _YES


def day(text: str) -> date:
    """A date as 2026-06-15 or 15.06.2026."""
    plain = text.strip()
    for form in ("%Y-%m-%d", "%d.%m.%Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"):
        try:
            return datetime.strptime(plain, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    raise InvalidField(f"{text!r} is no date.")


def moment(text: str) -> datetime:
    """A moment in ISO form; a date is its beginning; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        found = datetime.combine(day(text), datetime.min.time())
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def listed(text: str) -> list[str]:
    """Items separated by a bar, comma or semicolon."""
    for separator in ("|", ";", ","):
        if separator in text:
            return [item.strip() for item in text.split(separator) if item.strip()]
    return [text.strip()]


def counted(read: Callable[[str], int] = whole) -> Callable[[str], list[dict[str, Any]]]:
    """Components such as `LAMP*2|BULB*6`; without a number it is one."""

    def parts(text: str) -> list[dict[str, Any]]:
        found = []
        for item in listed(text):
            sku, _, quantity = item.rpartition("*") if "*" in item else (item, "", "1")
            found.append({"sku": sku.strip(), "quantity": read(quantity)})
        return found

    return parts


def json(text: str) -> Any:
    """A JSON value."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as problem:
        raise InvalidField("This is no JSON.") from problem
