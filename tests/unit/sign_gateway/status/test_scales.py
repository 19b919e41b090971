"""Where a value lies on a chart, and which values stand beside its axis."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sign_gateway.status import scales

COUNTS = st.lists(st.integers(0, 10**9), max_size=20)
SECONDS = st.lists(st.floats(1e-6, 1e8), max_size=20)


@given(COUNTS)
def test_counts_lie_between_nothing_and_the_top_tick(values):
    scale = scales.counts(values)
    assert all(0 <= scale.share(value) <= 1 for value in values)
    assert (scale.share(0), scale.share(scale.ticks[-1].value)) == (0, 1)
    assert 2 <= len(scale.ticks) <= 5


@given(COUNTS)
def test_ticks_of_counts_are_whole_and_of_one_distance(values):
    ticks = [tick.value for tick in scales.counts(values).ticks]
    assert all(tick == int(tick) for tick in ticks)
    assert len({after - before for before, after in pairwise(ticks)}) == 1


@pytest.mark.parametrize(
    ("most", "texts"),
    [
        (0, ["0", "1"]),
        (4, ["0", "1", "2", "3", "4"]),
        (7, ["0", "2", "4", "6", "8"]),
        (950, ["0", "500", "1k"]),
        (12_000, ["0", "5k", "10k", "15k"]),
    ],
)
def test_ticks_of_counts_are_round(most, texts):
    assert [tick.text for tick in scales.counts([0, most]).ticks] == texts


@given(SECONDS)
def test_longer_durations_lie_higher_and_none_leaves_the_chart(values):
    scale = scales.durations(values)
    shares = [scale.share(value) for value in sorted(values)]
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)
    assert 2 <= len(scale.ticks) <= 5


def test_the_range_of_durations_is_the_round_ones_around_them():
    scale = scales.durations([0.2, 1.5])
    assert (scale.low, scale.high) == (0.1, 3.0)
    assert [tick.text for tick in scale.ticks] == ["100 ms", "300 ms", "1 s", "3 s"]
    assert scale.share(0.1) == 0
    assert scale.share(3.0) == 1


def test_without_durations_there_is_a_scale_all_the_same():
    assert len(scales.durations([]).ticks) == 2


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (0.0004, "< 1 ms"), (0.25, "250 ms"), (1, "1 s"), (1.5, "1.5 s"), (90, "1.5 min"), (7200, "2 h"),
        (86400 * 12, "12 d"),
    ],
)  # fmt: skip
def test_a_duration_is_told_in_its_largest_unit(seconds, text):
    assert scales.duration(seconds) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (950, "950"), (1200, "1.2k"), (3_000_000, "3M")])
def test_a_count_is_told_shortly(number, text):
    assert scales.short(number) == text
