"""How a language writes amounts, dates, rates and addresses, and the fixed words of our pages."""

import json
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, get_currency_precision

from kontor.core.errors import InvalidInput
from kontor.documents.values import Address, Language

TEMPLATES = Path(__file__).parent / "templates"

# European English: day before month, as the retailer's customers expect it.
_LOCALES: dict[Language, Locale] = {"de": Locale("de", "DE"), "en": Locale("en", "GB")}
_PERCENT: dict[Language, str] = {"de": "{}\u00a0%", "en": "{}%"}


@cache
def texts(language: Language) -> dict[str, str]:
    """The fixed words of all pages in one language; `InvalidInput` for a language we do not write."""
    path = TEMPLATES / "texts" / f"{language}.json"
    if language not in _LOCALES:
        raise InvalidInput(f"no documents in language {language!r}", code="LANGUAGE_UNKNOWN", path=("language",))
    loaded: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@cache
def currency_digits(currency: str) -> int:
    """Digits after the point: 2 for EUR, 0 for JPY."""
    return get_currency_precision(currency)


def money(amount: int, currency: str, language: Language) -> str:
    """Minor units as people read them: 123456 EUR is "1.234,56 €" in German and "€1,234.56" in English."""
    before, after, point, group = _money_pattern(currency, language, negative=amount < 0)
    digits = currency_digits(currency)
    text = f"{abs(amount):0{digits + 1}d}"
    whole = f"{int(text[: len(text) - digits]):,}"
    rest = point + text[len(text) - digits :] if digits else ""
    return f"{before}{whole.replace(',', group)}{rest}{after}"


@cache
def _money_pattern(currency: str, language: Language, *, negative: bool) -> tuple[str, str, str, str]:
    """What stands before and after the digits, the point and the mark of thousands: read off once from Babel, whose
    formatting of every single amount would take as long as the rest of a page."""
    locale = _LOCALES[language]
    sample = format_currency(Decimal(-1111 if negative else 1111), currency, locale=locale)
    first, last = sample.index("1"), max(sample.rindex("1"), sample.rfind("0"))
    digits = sample[first : last + 1]
    point = digits[-currency_digits(currency) - 1] if currency_digits(currency) else ""
    return sample[:first], sample[last + 1 :], point, digits[1]


@lru_cache(maxsize=2000)
def day(value: date, language: Language) -> str:
    """A date with its month in words, so that nobody mistakes the day for the month."""
    return format_date(value, "d. MMMM y" if language == "de" else "d MMMM y", locale=_LOCALES[language])


def moment(value: datetime, language: Language) -> str:
    """A date and time to the minute, in the zone the value carries."""
    return format_datetime(
        value, "d. MMM y, HH:mm" if language == "de" else "d MMM y, HH:mm", locale=_LOCALES[language]
    )


def percent(rate: Decimal, language: Language) -> str:
    """A rate in percent: 19 is "19 %" in German and "19%" in English."""
    return _PERCENT[language].format(format_decimal(rate, "0.###", locale=_LOCALES[language]))


def number(value: int, language: Language) -> str:
    return format_decimal(value, locale=_LOCALES[language])


def country_name(code: str, language: Language) -> str:
    """The country in the reader's language; the code itself where it is unknown."""
    return str(_LOCALES[language].territories.get(code.upper(), code.upper()))


def address_lines(address: Address, home: str, language: Language) -> list[str]:
    """Lines of an address as the post wants them: the country last, in capitals, and only when it is not `home`."""
    town = " ".join(part for part in (address.postal_code, address.city) if part)
    if address.region:
        town = f"{town}, {address.region}"
    lines = [address.company, address.name, address.extra, address.street, town]
    if address.country.upper() != home.upper():
        lines.append(country_name(address.country, language).upper())
    return [line for line in lines if line]


def iban_groups(iban: str) -> str:
    """An IBAN in groups of four, as it is read aloud."""
    plain = iban.replace(" ", "")
    return " ".join(plain[start : start + 4] for start in range(0, len(plain), 4))


@cache
def accent(color: str) -> str:
    """The brand color, darkened until it is readable on white (contrast 4.5 to 1, as WCAG asks of text)."""
    try:
        channels = [int(color[start : start + 2], 16) for start in (1, 3, 5)]
    except ValueError:
        channels = []
    if len(color) != 7 or color[0] != "#" or len(channels) != 3:
        raise InvalidInput(f"{color!r} is not a color like #1f3a5f", code="COLOR_INVALID", path=("color",))
    while 1.05 / (_luminance(channels) + 0.05) < 4.5:
        channels = [channel * 92 // 100 for channel in channels]
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def _luminance(channels: list[int]) -> float:
    parts = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
