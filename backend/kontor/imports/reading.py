"""Reading tables: CSV of any usual encoding and delimiter, and XLSX, row by row without holding the file."""

import codecs
import csv
import io
import itertools
import zipfile
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from kontor.imports.errors import UnreadableFile, UnreadableLine

SAMPLE = 65_536
DELIMITERS = ",;\t|"
MAX_COLUMNS = 500
MAX_ROWS = 1_048_576  # of a sheet (ECMA-376 part 1, as spreadsheets limit it)
# A zip may unfold to far more than it weighs. Sheets are streamed; all else, such as the texts, is held in memory.
MAX_UNFOLDED = 1_000_000_000
MAX_HELD = 100_000_000
MAX_RATIO = 100  # sheets shrink to a tenth or a twentieth
SMALL = 10_000_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# What the parsers of a workbook raise when a part of it is missing, cut off, locked or something else.
BROKEN = (
    zipfile.BadZipFile, zlib.error, InvalidFileException, SyntaxError, LookupError, ValueError,
    TypeError, ArithmeticError,
    AttributeError, OSError, EOFError, RuntimeError,
)  # fmt: skip

Line = tuple[int, list[str]]


@contextmanager
def table(source: Path | bytes) -> Iterator[Iterator[Line]]:
    """The lines of a file with their numbers from 1, blank ones left out; the first is the header.

    Raises `UnreadableFile` before the first line, and `UnreadableLine` while the lines are read: nothing follows it.
    """
    with _opened(source) as file:
        start = file.read(4)
        file.seek(0)
        lines = _workbook(file) if start == b"PK\x03\x04" else _text(file)
        try:
            yield lines
        finally:
            lines.close()


def _opened(source: Path | bytes) -> BinaryIO:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    try:
        return source.open("rb")
    except OSError as problem:
        raise UnreadableFile(f"{source} cannot be read: {problem.strerror}.", path=("file",)) from problem


def _text(file: BinaryIO) -> Generator[Line, None, None]:
    encoding = _encoding(file)
    first = file.read(SAMPLE).decode(encoding, errors="ignore").splitlines() or [""]
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    reader = csv.reader(text, delimiter=_delimiter(first[0]))
    try:
        while True:
            begins = reader.line_num + 1
            try:
                row = next(reader, None)
            except (csv.Error, UnicodeDecodeError, OSError) as problem:
                raise UnreadableLine(begins, str(problem)) from problem
            if row is None:
                return
            if any(cell.strip() for cell in row):
                yield reader.line_num, _whole([cell.strip() for cell in row[:MAX_COLUMNS]])
    finally:
        text.detach()  # the file is closed by who opened it


def _encoding(file: BinaryIO) -> str:
    """The encoding in which all of the file can be read: a lone umlaut at its end tells as much as one in its header.

    Raises `UnreadableFile` when there is none.
    """
    start = file.read(4)
    marked = [name for mark, name in _MARKS if start.startswith(mark)]
    for name in marked or ("utf-8", "cp1252"):
        if _decodes(file, name):
            return name
    raise UnreadableFile("The file is no text in UTF-8, UTF-16 or Windows-1252.", path=("content",))


def _decodes(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while part := file.read(SAMPLE):
            decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True


def _delimiter(header: str) -> str:
    quoted, counts = False, dict.fromkeys(DELIMITERS, 0)
    for letter in header:
        quoted ^= letter == '"'
        if not quoted and letter in counts:
            counts[letter] += 1
    return max(counts, key=lambda letter: counts[letter])


def _workbook(file: BinaryIO) -> Generator[Line, None, None]:
    """The lines of the first sheet."""
    try:
        with zipfile.ZipFile(file) as packed:
            if _unfolds_too_far(packed.infolist()):
                raise UnreadableFile("The workbook is too large.", path=("content",))
        file.seek(0)
        book = load_workbook(file, read_only=True, data_only=True)
    except BROKEN as problem:
        raise UnreadableFile("The workbook cannot be read.", path=("content",)) from problem
    try:
        if not book.worksheets:
            raise UnreadableFile("The workbook has no sheet.", path=("content",))
        sheet = book.worksheets[0]
        # What a workbook says of its own size may be wrong: too small loses lines, none at all lets a single row far
        # below stand for a billion empty ones.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(values_only=True, max_row=MAX_ROWS)
        for number in itertools.count(1):
            try:
                row = next(rows, None)
            except BROKEN as problem:
                raise UnreadableLine(number, "the workbook is damaged") from problem
            if row is None:
                return
            cells = _whole([_cell(value) for value in row[:MAX_COLUMNS]])
            if cells:
                yield number, cells
    finally:
        book.close()


def _unfolds_too_far(parts: Sequence[zipfile.ZipInfo]) -> bool:
    unfolded, packed = (sum(getattr(part, name) for part in parts) for name in ("file_size", "compress_size"))
    held = sum(part.file_size for part in parts if not part.filename.startswith("xl/worksheets/"))
    return unfolded > MAX_UNFOLDED or held > MAX_HELD or unfolded > max(SMALL, MAX_RATIO * packed)


def _whole(cells: list[str]) -> list[str]:
    """The cells up to the last one that holds something."""
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _cell(value: Any) -> str:
    """A cell as the text a person would have typed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
