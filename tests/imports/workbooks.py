"""Workbooks, sound and damaged."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook

SHEET = "xl/worksheets/sheet1.xml"


def workbook(rows: Iterable[Sequence[Any]]) -> bytes:
    """A workbook of these rows."""
    book, file = Workbook(), io.BytesIO()
    assert book.active is not None
    for row in rows:
        book.active.append(list(row))
    book.save(file)
    return file.getvalue()


def damaged_at(sound: bytes, number: int) -> bytes:
    """The same workbook with a word in the place of a number: its row cannot be read."""
    damaged = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sound)) as old, zipfile.ZipFile(damaged, "w") as new:
        for name in old.namelist():
            part, there = old.read(name), f"<v>{number}</v>".encode()
            assert name != SHEET or part.count(there) == 1
            new.writestr(name, part.replace(there, b"<v>many</v>") if name == SHEET else part)
    return damaged.getvalue()
