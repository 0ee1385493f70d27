import json
import re
from decimal import Decimal

import pytest

from kontor.core.errors import InvalidInput
from kontor.documents.formatting import TEMPLATES, accent, address_lines, money, percent, texts
from kontor.documents.values import Address


def test_both_languages_have_the_same_words_and_gaps() -> None:
    german, english = (json.loads((TEMPLATES / "texts" / f"{code}.json").read_text()) for code in ("de", "en"))
    assert german.keys() == english.keys()
    for key, text in german.items():
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", english[key])), key


def test_money_follows_language_and_currency_digits() -> None:
    assert money(123456, "EUR", "de") == "1.234,56\xa0€"
    assert money(123456, "EUR", "en") == "€1,234.56"
    assert money(123456, "JPY", "en") == "JP¥123,456"
    assert money(-500, "EUR", "en") == "-€5.00"


def test_percent_drops_needless_digits() -> None:
    assert percent(Decimal("19.00"), "de") == "19\xa0%"
    assert percent(Decimal("5.5"), "en") == "5.5%"


def test_country_is_printed_only_abroad() -> None:
    address = Address(name="A", street="B 1", postal_code="1010", city="Wien", country="AT")
    assert address_lines(address, "DE", "de") == ["A", "B 1", "1010 Wien", "ÖSTERREICH"]
    assert address_lines(address, "AT", "de") == ["A", "B 1", "1010 Wien"]


def test_light_brand_color_is_darkened_until_readable() -> None:
    assert accent("#0b5c4a") == "#0b5c4a"
    assert accent("#ffe600") == "#7f7300"


@pytest.mark.parametrize("color", ["red", "#12345", "#gg0000", "1234567", ""])
def test_what_is_no_color_is_refused(color: str) -> None:
    with pytest.raises(InvalidInput):
        accent(color)


def test_unknown_language_is_refused() -> None:
    with pytest.raises(InvalidInput):
        texts("fr")
