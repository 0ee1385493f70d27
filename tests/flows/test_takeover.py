"""Recorded payments taken over with their orders: a generated set and, where it is at hand, a part of the real one."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from flows import olist_sample
from kontor.bench.replay.dataset import DataSetError
from kontor.bench.replay.plan import Ending, story
from kontor.bench.takeover.expecting import documented, expect
from kontor.bench.takeover.recorded import load_all
from kontor.bench.takeover.running import take_over

RECORDED = Path(os.environ.get("KONTOR_TESTDATA", "nowhere")) / "olist"
MOST = 24


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generated data set, many of its orders paid otherwise than owed."""
    return olist_sample.write(tmp_path_factory.mktemp("olist"), differing=True)


async def test_generated_payments_end_as_recorded_and_differences_stay_open(database_url: str, sample: Path) -> None:
    report = await take_over(sample, database_url)
    assert report.differences == []
    assert report.figures["journal entries computed anew that differ"] == 0
    still = report.figures["orders with something open"]
    assert still["OVERPAYMENT"] > 3
    assert still["INVOICE"] > 3
    assert still["INVOICE without any payment"] == 1
    assert report.figures["refunded"] > 0


@pytest.fixture(scope="module")
def recorded(sample: Path) -> Path:
    """The recorded payments; a generated set of the same shape where they are not at hand."""
    return RECORDED if RECORDED.is_dir() else sample


@pytest.mark.engine("postgresql")
@pytest.mark.timeout(600)
async def test_a_sample_of_the_recorded_payments_ends_as_recorded(database_url: str, recorded: Path) -> None:
    report = await take_over(recorded, database_url, most=MOST)
    assert report.differences == []
    assert report.figures["orders"] == MOST


def test_what_was_paid_otherwise_than_owed_is_known_of_every_order(recorded: Path) -> None:
    notes: Counter[str] = Counter()
    stories = [story(each, notes, returned_per_thousand=0) for each in load_all(recorded, notes)]
    found = documented(stories)
    kinds = ("over-paid", "under-paid", "without payment", "over-paid, sent", "under-paid, sent")
    if recorded == RECORDED:
        assert [found[kind] for kind in kinds] == [264, 39, 1, 262, 39]
        assert sum(len(each.order.payments) for each in stories) == 103_886
    else:
        assert all(found[kind] for kind in kinds), found


def test_every_order_of_the_set_is_played_and_what_is_filled_in_is_counted(sample: Path) -> None:
    notes: Counter[str] = Counter()
    orders = load_all(sample, notes)
    assert len(orders) == 60
    assert notes["orders without header (times by the seller's deadline)"] > 0
    assert notes["orders without lines (one piece for what was paid)"] > 0
    assert len(load_all(sample, notes, most=20)) == 20


def test_money_of_a_canceled_order_goes_back_and_leaves_nothing_open(sample: Path) -> None:
    notes: Counter[str] = Counter()
    planned = [story(each, notes, returned_per_thousand=0) for each in load_all(sample, notes)]
    canceled = [expect(each) for each in planned if each.ending in (Ending.CANCELED, Ending.UNAVAILABLE)]
    assert canceled
    assert all(each.refunded == each.captured and not each.open for each in canceled)


def test_a_folder_without_payments_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match=r"order_payments\.csv\.gz"):
        load_all(tmp_path, Counter())
