"""Workbooks, sound and damaged."""

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
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
    there = f"<v>{number}</v>".encode()

    def damage(sheet: bytes) -> bytes:
        assert sheet.count(there) == 1
        return sheet.replace(there, b"<v>many</v>")

    return rewritten(sound, damage)


def rewritten(sound: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The same workbook with another text of its sheet."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sound)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == SHEET else old.read(name))
    return made.getvalue()
