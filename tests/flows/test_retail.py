"""Invoices and cancellations of a wholesaler as sales and returns: by the rows alone, and through the API."""

from __future__ import annotations

import csv
import os
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from flows import retail_sample
from kontor.bench.replay import cli
from kontor.bench.replay.client import Api
from kontor.bench.replay.installation import Installation
from kontor.bench.retail.book import TAKEN, Fate, write_up
from kontor.bench.retail.rows import RetailDataError, Row, read, span
from kontor.bench.retail.running import play
from kontor.core.db import Database
from kontor.core.principal import PrincipalKind
from support import Client, Drain, Principals, StandingClock

RECORDED = Path(os.environ.get("KONTOR_TESTDATA", "nowhere")) / "online-retail"
JANUARY = span("2011-01")
ROWS_PLAYED = 100
"""Of the real file; a whole month is for `kontor replay retail`."""


class InProcess(Api):
    """The API of the test's application, called without a network."""

    def __init__(self, client: Client, principals: Principals) -> None:
        super().__init__("http://testserver", "", "")
        # A machine: what people ship and refund may be recalled for a minute.
        self._client, self._acting = client, client.acting(replace(principals.admin, kind=PrincipalKind.CLIENT))

    async def _send(self, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        self.calls.sent += 1
        sent = {**headers, **self._acting, "content-type": "application/json"}
        answer: httpx.Response = await self._client.http.post("/graphql", content=body, headers=sent)
        decoded: dict[str, Any] = answer.json()
        return decoded


class Workshop(Installation):
    """An installation whose work is done by the test, at the test's time."""

    def __init__(self, database: Database, api: Api, clock: StandingClock, drain: Drain) -> None:
        self.database, self.api, self.clock, self._drain = database, api, clock, drain  # type: ignore[assignment]

    async def move_to(self, moment: datetime) -> None:
        await self.clock.move_to(moment)

    async def quiet(self) -> None:
        assert await self._drain() == []


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """The generated data set."""
    return retail_sample.write(tmp_path)


def fates_of(rows: list[Row]) -> dict[str, list[Fate]]:
    """What became of the rows of each document in January."""
    book = write_up(rows, JANUARY)
    found: dict[str, list[Fate]] = {}
    for row in rows:
        if row.number in book.fates:
            found.setdefault(row.document, []).append(book.fates[row.number])
    return found


def test_every_row_of_the_months_has_one_fate(sample: Path) -> None:
    rows = read(sample)
    fates = fates_of(rows)
    assert sum(map(len, fates.values())) == sum(JANUARY.holds(row.at) for row in rows)
    assert {fate for each in fates.values() for fate in each} == set(Fate)
    assert fates["537001"] == [*[Fate.SOLD] * 4, Fate.CHARGED]
    assert fates["537006"] == [Fate.FOUND]
    assert fates["537007"] == [Fate.WRITTEN_OFF]
    assert fates["537008"] == [Fate.CHARGES_ALONE]
    assert fates["A537009"] == [Fate.BAD_DEBT]
    assert fates["C537010"] == [Fate.NEVER_SOLD]
    assert fates["C537011"] == [Fate.NOBODY]
    assert fates["C537013"] == [Fate.MORE_THAN_OPEN, Fate.CREDITED]
    assert fates["C537014"] == [Fate.RETURNED, Fate.NEVER_CHARGED]
    assert fates["C537016"] == [Fate.RETURNED, Fate.CREDITED]
    assert fates["C537017"] == [Fate.NEVER_CHARGED]
    assert fates["C537018"] == [Fate.SOLD_BEFORE]


def test_a_cancellation_is_taken_off_the_same_price_first_and_of_that_off_the_newest_sale(sample: Path) -> None:
    book = write_up(read(sample), JANUARY)
    assert [sale.left for sale in (book.sales["537002"], book.sales["537001"])] == [[0], [4, 40, 4, 4]]
    assert book.recorded == 12 * 339 + 8 * 310 + 3 * 125 + 125
    assert book.at_paid - book.recorded == 8 * (295 - 310)


def test_charges_go_back_once_and_never_more_than_was_paid(sample: Path) -> None:
    book = write_up(read(sample), JANUARY)
    boxes = book.sales["537003"]
    assert boxes.refunded == boxes.paid == 375 + 1800 + 200
    assert (book.alone, book.with_goods, book.kept) == (1800 + 200, 1800 + 200, 200)


def test_months_and_folders_are_checked(tmp_path: Path) -> None:
    with pytest.raises(RetailDataError, match=r"online_retail\.csv\.gz"):
        read(tmp_path)
    with pytest.raises(ValueError, match="2010-12 lies before 2011-01"):
        span("2011-01", "2010-12")
    wrong = CliRunner().invoke(cli.app, ["retail", "--data", str(tmp_path), "--from", "January"])
    assert wrong.exit_code == 2
    nowhere = CliRunner().invoke(cli.app, ["retail"], env={"KONTOR_TESTDATA": ""})
    assert nowhere.exit_code == 2


@pytest.mark.parametrize("recorded", [pytest.param(True, marks=pytest.mark.skipif(
    not RECORDED.is_dir(), reason="KONTOR_TESTDATA names no folder with online-retail")), False])  # fmt: skip
async def test_sales_and_returns_end_as_the_rows_say(
    recorded: bool, sample: Path, database: Database, client: Client, drain: Drain, principals: Principals,
    clock: StandingClock,
) -> None:  # fmt: skip
    months = span("2010-12") if recorded else JANUARY
    rows = customers_with_returns(read(RECORDED, months)) if recorded else read(sample)
    book = write_up(rows, months)
    played = [row for row in rows if row.number in book.fates]
    clock.set_to(played[0].at)
    api = InProcess(client, principals)
    refused = sample / "refused.csv"
    report = await play(Workshop(database, api, clock, drain), played, book, lambda _: None, refused)
    await api.aclose()
    assert "\n".join(report.differences) == ""
    assert report.figures["refunded"] == book.refunded > 0
    with refused.open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    fates = Counter(fate for fate in book.fates.values() if fate not in TAKEN)
    assert Counter(row["reason"] for row in written) == {fate.value: count for fate, count in fates.items()}
    if not recorded:
        assert report.figures["said by Kontor"] == {"NOT_RETURNABLE": 1}
        assert [row["said"][:29] for row in written if row["said"]] == ["requestReturn: NOT_RETURNABLE"]


def customers_with_returns(rows: list[Row]) -> list[Row]:
    """Some rows of a month of the real file: of the first customers who sent something back within it."""
    back = [row.customer for row in rows if row.is_credit and row.customer and not row.is_charge]
    chosen: list[Row] = []
    for customer in dict.fromkeys(back):
        own = [row for row in rows if row.customer == customer]
        if len(chosen) + len(own) <= ROWS_PLAYED:
            chosen += own
    return sorted(chosen, key=lambda row: (row.at, row.number))
