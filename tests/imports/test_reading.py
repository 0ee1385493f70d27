"""Tables are read in one encoding from their first line to their last."""

import re
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from imports.workbooks import damaged_at, rewritten, workbook
from kontor.imports.errors import UnreadableFile, UnreadableLine
from kontor.imports.reading import SAMPLE, Line, table

PLAIN = "code,name\n" + "".join(f"P{index},Lamp\n" for index in range(SAMPLE // 8))


def read(data: bytes) -> tuple[list[Line], UnreadableLine | None]:
    """The lines, and what ended them early."""
    found: list[Line] = []
    with table(data) as lines:
        try:
            found.extend(lines)
        except UnreadableLine as problem:
            return found, problem
    return found, None


def test_first_umlaut_far_behind_the_start_is_read_as_windows_1252() -> None:
    data = (PLAIN + "P,Österreich\n").encode("cp1252")
    assert len(data) > SAMPLE
    found, problem = read(data)
    assert problem is None
    assert found[-1] == (SAMPLE // 8 + 2, ["P", "Österreich"])


def test_letters_that_lie_across_two_pieces_stay_whole() -> None:
    for pad in range(3):
        text = "code\n" + "x" * pad + "€" * SAMPLE + "\n"
        found, problem = read(text.encode())
        assert problem is None
        assert found[1] == (2, ["x" * pad + "€" * SAMPLE])


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + PLAIN.encode() + b"P,\xd6\n",  # marked as UTF-8
        PLAIN.encode("utf-16") + b"\n",  # half a letter
        PLAIN.encode() + b"P,\x81\n",  # in no encoding we read
    ],
)
def test_file_in_no_encoding_is_refused_before_its_first_line(data: bytes) -> None:
    with pytest.raises(UnreadableFile) as refusal, table(data) as lines:
        next(lines)
    assert refusal.value.code == "UNREADABLE_FILE"


def test_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="No such file"), table(tmp_path / "none.csv"):
        pass


def test_cell_that_is_too_long_names_the_line_it_begins_in() -> None:
    endless = "\n".join("y" * 100 for _ in range(2_000))
    found, problem = read(f'code,name\nA,1\n\nB,2\nC,"{endless}'.encode())
    assert found == [(1, ["code", "name"]), (2, ["A", "1"]), (4, ["B", "2"])]
    assert problem is not None
    assert (problem.code, problem.line, problem.params) == ("UNREADABLE_LINE", 5, {"line": 5})


def test_broken_row_of_a_workbook_is_named() -> None:
    found, problem = read(damaged_at(workbook([number] for number in range(1, 10)), 7))
    assert [(number, cells[0]) for number, cells in found] == [(number, str(number)) for number in range(1, 7)]
    assert problem is not None
    assert (problem.line, problem.message) == (7, "From line 7 on the file cannot be read: the workbook is damaged.")


def test_lines_of_a_workbook_are_as_wide_as_what_is_in_them() -> None:
    found, _ = read(workbook([["sku", "quantity"], ["A", 1], ["B"]]))
    assert found == [(1, ["sku", "quantity"]), (2, ["A", "1"]), (3, ["B"])]


@pytest.mark.parametrize("said", [b"", b'<dimension ref="A1"/>'])
def test_what_a_workbook_says_of_its_size_neither_hides_lines_nor_makes_endless_many(said: bytes) -> None:
    def far_below(sheet: bytes) -> bytes:
        there = re.sub(rb"<dimension[^>]*/>", said, sheet)
        return there.replace(b'<row r="3"', b'<row r="900000000"').replace(b'r="A3"', b'r="A900000000"')

    found, problem = read(rewritten(workbook([["sku"], ["A"], ["B"]]), far_below))
    assert (found, problem) == ([(1, ["sku"]), (2, ["A"])], None)


def test_workbook_that_unfolds_to_far_more_than_it_weighs_is_refused() -> None:
    bomb = rewritten(workbook([["sku"]]), lambda sheet: sheet + b" " * 20_000_000)
    assert len(bomb) < 100_000
    with pytest.raises(UnreadableFile):
        read(bomb)


def test_memory_does_not_grow_with_what_is_looked_through(tmp_path: Path) -> None:
    def written(megabytes: int) -> Path:
        file = tmp_path / f"{megabytes}.csv"
        with file.open("wb") as target:
            target.writelines(repeated(megabytes))
        return file

    def repeated(megabytes: int) -> Iterator[bytes]:
        yield b"code,name\n"
        yield from (b"P,Lamp\n" * 15_000 for _ in range(10 * megabytes))
        yield "P,Österreich\n".encode("cp1252")

    def peak(file: Path) -> int:
        tracemalloc.start()
        with table(file) as lines:
            assert next(lines) == (1, ["code", "name"])
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    small, large = peak(written(1)), peak(written(8))
    assert large < small * 1.3
