"""The replay of recorded orders in small: every ending, both ways to run, and processes that die all the time."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from flows import olist_sample
from kontor.bench.replay.dataset import DataSetError, busiest_day, centavos, load, moment
from kontor.bench.replay.expecting import expect
from kontor.bench.replay.installation import Wanted
from kontor.bench.replay.plan import Act, Ending, story
from kontor.bench.replay.playing import Playing, windows
from kontor.bench.replay.replaying import Options, Report, replay

RETURNED = 150  # of a thousand: a few of so small a set

# A whole installation is started, and the machine may be busy.
whole_installation = pytest.mark.timeout(900)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The generated data set."""
    return olist_sample.write(tmp_path_factory.mktemp("olist"))


def replayed(sample: Path, *, embedded: bool, chaos_every: float = 0.0) -> Report:
    """One replay of the sample."""
    wanted = Wanted(embedded=embedded, workers=2, clients=8, memory=True)
    options = Options(sample, wanted=wanted, chaos_every=chaos_every, returned_per_thousand=RETURNED)
    kept: list[Report] = []
    report = asyncio.run(replay(options, lambda _: None, kept.append))
    assert kept == [report]
    return report


def test_the_sample_holds_every_ending_and_every_quirk(sample: Path) -> None:
    data = load(sample)
    notes: Counter[str] = Counter()
    endings = {story(order, notes, returned_per_thousand=RETURNED).ending for order in data.orders}
    assert endings == set(Ending)
    assert set(data.unplaceable) == {"canceled", "created", "unavailable"}
    assert notes["orders without payment (on account)"] == 1
    assert notes["orders paid otherwise than owed (within the tolerance of the channel)"] == 1
    assert max(order.sellers for order in data.orders) == 3


def test_three_of_a_kind_are_one_line_of_three_pieces(sample: Path) -> None:
    lines = [line for order in load(sample).orders for line in order.lines]
    assert max(line.quantity for line in lines) == 2
    assert len(lines) < sum(line.quantity for line in lines)


def test_stock_suffices_for_exactly_what_was_sold(sample: Path) -> None:
    data = load(sample)
    sold = sum(line.quantity for order in data.orders for line in order.lines)
    assert sum(data.offers().values()) == sold
    assert len(set(data.skus().values())) == len(data.offers())


def test_a_seller_without_coordinates_gets_those_of_its_state(sample: Path) -> None:
    data = load(sample)
    assert data.notes["sellers without coordinates (the mean of the state is used)"] == 1
    assert all(seller.place.latitude is not None for seller in data.sellers.values())


def test_no_step_comes_before_the_one_it_needs(sample: Path) -> None:
    for order in load(sample).orders:
        steps = story(order, Counter(), returned_per_thousand=RETURNED).steps
        assert steps[0].act is Act.PLACE
        assert [step.at for step in steps] == sorted(step.at for step in steps)


def test_money_in_advance_is_expected_back_when_an_order_is_canceled(sample: Path) -> None:
    canceled = [
        planned
        for order in load(sample).orders
        if (planned := story(order, Counter())).ending in (Ending.CANCELED, Ending.UNAVAILABLE)
    ]
    assert canceled
    assert all(expect(planned).refunded == expect(planned).captured for planned in canceled)


def test_windows_cover_every_step_in_order(sample: Path) -> None:
    playing = [Playing(story(order, Counter())) for order in load(sample).orders]
    moments = sorted(step.at for each in playing for step in each.story.steps)
    ends = list(windows(playing, acts=10))
    assert ends == sorted(set(ends))
    assert ends[-1] == moments[-1]


def test_amounts_and_times_are_read_exactly() -> None:
    assert [centavos(text) for text in ("58.90", "7", "0.1", "-3.05")] == [5890, 700, 10, -305]
    assert moment("2017-11-24 10:00:00").isoformat() == "2017-11-24T12:00:00+00:00"


def test_a_folder_without_the_data_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match=r"orders\.csv\.gz"):
        load(tmp_path)


@whole_installation
def test_every_order_ends_as_recorded_in_the_embedded_way(sample: Path) -> None:
    assert replayed(sample, embedded=True).differences == []


@whole_installation
def test_every_order_ends_as_recorded_though_workers_die_all_the_time(sample: Path) -> None:
    quiet, disturbed = (replayed(sample, embedded=False, chaos_every=each) for each in (0.0, 6.0))
    assert (quiet.differences, disturbed.differences) == ([], [])
    assert sum(disturbed.figures["kills"].values()) > 0
    assert disturbed.digest == quiet.digest


@whole_installation
def test_sellers_work_a_day_with_keys_of_their_own_and_see_nothing_of_each_other(sample: Path) -> None:
    options = Options(
        sample, wanted=Wanted(embedded=True, clients=8, memory=True), returned_per_thousand=RETURNED,
        day=busiest_day(sample),
    )  # fmt: skip
    report = asyncio.run(replay(options, lambda _: None))
    assert report.differences == []
    assert report.figures["sellers"] == 6
    assert report.figures["asked of other sellers in vain"] > 0
    assert report.figures["returns decided by sellers"] > 0
    assert {"accept", "ship", "deliver"} <= set(report.figures["acts"])
