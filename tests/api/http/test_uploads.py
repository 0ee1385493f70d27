"""Tables that are given back are harmless, whatever was in them."""

import io
import json
import threading
from typing import Any

import pytest
from openpyxl import load_workbook
from starlette.requests import Request

from kontor.api.http import uploads
from kontor.api.http.uploads import _table, _workbook, harmless


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "-1+2", "+49 30", "\t=1"])
def test_no_spreadsheet_takes_a_cell_for_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


def test_a_workbook_takes_what_xml_has_no_place_for() -> None:
    sheet = load_workbook(io.BytesIO(_workbook([["a\x0bb", "=1", "12", "007", "-3"]]))).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet] == [["ab", "'=1", 12, "007", "-3"]]


def asked(query: str = "form=xlsx") -> Request:
    return Request({"type": "http", "query_string": query.encode(), "headers": []})


def test_a_table_too_long_for_a_workbook_is_a_csv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_IN_WORKBOOK", 3)
    lines = [["sku"], ["1"], ["2"], ["3"]]
    assert _table(asked(), "stock", lines[:3]).headers["content-disposition"].endswith("stock.xlsx")
    answer = _table(asked(), "stock", iter(lines))
    assert answer.headers["content-disposition"].endswith("stock.csv")
    assert bytes(answer.body).decode("utf-8-sig").split() == ["sku", "1", "2", "3"]


async def test_tables_are_made_beside_the_loop_that_serves_others(monkeypatch: pytest.MonkeyPatch) -> None:
    data = json.dumps({"line": 2, "cells": ["Lamp"], "code": "X", "message": "No."}).encode()
    made: list[Any] = []
    monkeypatch.setattr(uploads, "_answer", lambda *given: made.append((threading.current_thread().name, given[1])))
    lines = uploads._lines_with_reasons(data, ["Name", "Stock"], "en")
    await uploads._off_the_loop(lambda: _table(asked(""), "back", lines))
    ((thread, text),) = made
    assert thread.startswith("tables")
    assert text.decode("utf-8-sig").splitlines() == ["Name,Stock,Line,Reason", "Lamp,,2,No."]
