"""DATEV's file against the expressions that DATEV publishes for each field of its header and rows (version 13)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest

from kontor.ledger import datev
from kontor.ledger.booking import Booked, Row

DAY = r"20\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
TURNED = r"(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])20\d\d"
NOTHING, EMPTY = r"", r'""'
HEADER = (
    r'"(EXTF|DTVF)"', r"700", r"21", r'"Buchungsstapel"', r"13", DAY + r"([01]\d|2[0-3])[0-5]\d[0-5]\d{4}", NOTHING,
    r'"\w{0,2}"', r'"\w{0,25}"', r'"\w{0,25}"', r"\d{4,7}", r"\d{1,5}", DAY, r"[4-8]", DAY, DAY, r'"[\w./ ]{0,30}"',
    r'"([A-Z]{2}){0,2}"', r"[12]", r"(0|30|40|50|64)", r"[01]", r'"[A-Z]{3}"', NOTHING, EMPTY, NOTHING, NOTHING,
    r'"(\d\d){0,2}"', r"\d{0,4}", NOTHING, EMPTY, r'".{0,16}"',
)  # fmt: skip
FILLED = {
    "Umsatz (ohne Soll/Haben-Kz)": r"(?!0+,00)\d{1,10},\d\d", "Soll/Haben-Kennzeichen": r'"[SH]"',
    "WKZ Umsatz": r'"[A-Z]{3}"', "Konto": r"(?!0+$)\d{1,9}", "Gegenkonto (ohne BU-Schlüssel)": r"(?!0+$)\d{1,9}",
    "BU-Schlüssel": r'"\d{4}"', "Belegdatum": r"\d{4}", "Belegfeld 1": r'"[\w$&%*+\-/]{0,36}"',
    "Buchungstext": r'".{0,60}"', "EU-Land u. UStID (Bestimmung)": r'".{0,15}"',
    "EU-Steuersatz (Bestimmung)": r"\d\d,\d\d", "Auftragsnummer": r'".{0,30}"', "Festschreibung": r"[01]",
    "Leistungsdatum": TURNED, "Fälligkeit": TURNED,
}  # fmt: skip
# What is a text by its expression, and so stands in quotation marks even when there is nothing in it.
TEXTS = {2, 3, 6, 9, 11, 12, 14, 16, 20, *range(21, 39), 40, 42, *range(48, 88), 91, 95, 96, 98, 102, 103, 105, 107,
         109, 110, 112, 118, 120, 121, 123}  # fmt: skip


def batch(name: str) -> datev.Batch:
    return datev.Batch(
        1001, 7, date(2026, 1, 1), 4, date(2026, 6, 1), date(2026, 6, 30), name, "EUR", "SKR03", False,
        datetime(2026, 7, 1, 8, 30, 59, 999_000, tzinfo=UTC),
    )  # fmt: skip


def booked(**given: object) -> Booked:
    values = {
        "id": "e", "kind": "INVOICE", "on": date(2026, 6, 9), "document": "DE-2026-000001", "reference": "r",
        "order_number": "100000", "currency": "EUR", "sides": (),
    }  # fmt: skip
    return Booked(**{**values, **given})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["Kontor DE-L00001", 'Ein "langer" Name – mit Umlauten äöü und mehr als dreißig'])
def test_header_is_what_is_published(name: str) -> None:
    header, names = datev.head(batch(name)).decode(datev.ENCODING).splitlines()
    assert len(header.split(";")) == len(HEADER) == 31
    assert [cell for cell, said in zip(header.split(";"), HEADER, strict=True) if not re.fullmatch(said, cell)] == []
    assert len(names.split(";")) == 125
    assert set(FILLED) <= set(names.split(";"))


@pytest.mark.parametrize(
    "row",
    [
        Row(1, True, "10000", "8400", "", booked()),
        Row(99_999_999_999, False, "8320", "10000", "9", booked(supplied_on=date(2026, 6, 8), due_on=date(2026, 7, 1)),
            eu_country="FR", eu_rate="5.5"),
        Row(5, True, "8125", "10000", "", booked(document="RE_1 (neu)/Ü" * 9, vat_id="FR12345678901", kind="?" * 80),
            eu_country="FR"),
        Row(1000, True, "1200", "10000", "401", booked(currency="JPY", order_number='"' * 40)),
    ],
    ids=["least", "most", "odd", "quotes"],
)  # fmt: skip
def test_rows_are_what_is_published(row: Row) -> None:
    (line,) = datev.lines([row], locked=True).decode(datev.ENCODING).splitlines()
    cells = re.findall(r'(?:^|;)("(?:[^"]|"")*"|[^;"]*)', line)
    assert len(cells) == 125
    for place, (column, cell) in enumerate(zip(datev.COLUMNS, cells, strict=True), 1):
        plain = cell[:1] + cell[1:-1].replace('""', "'") + cell[-1:] if len(cell) > 1 else cell
        assert (cell[:1] == '"') is (place in TEXTS) or not cell, column
        if cell not in ("", EMPTY):
            assert re.fullmatch(FILLED[column], plain), (column, cell)
