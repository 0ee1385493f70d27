"""Tables that are given back are harmless, whatever was in them."""

import io

import pytest
from openpyxl import load_workbook

from kontor.api.http.uploads import _workbook, harmless


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "-1+2", "+49 30", "\t=1"])
def test_no_spreadsheet_takes_a_cell_for_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


def test_a_workbook_takes_what_xml_has_no_place_for() -> None:
    sheet = load_workbook(io.BytesIO(_workbook([["a\x0bb", "=1", "12", "007", "-3"]]))).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet] == [["ab", "'=1", 12, "007", "-3"]]
