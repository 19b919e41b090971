"""Percentiles from counts by size: as near to the true ones as they say."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sign_gateway.status.percentiles import PER_DOUBLING, quantile


def size(seconds: float) -> int:
    return math.floor(PER_DOUBLING * math.log2(seconds))


@given(st.lists(st.floats(0.001, 600_000), min_size=1, max_size=200), st.sampled_from([0.5, 0.95]))
def test_a_percentile_is_in_the_size_of_the_true_one(seconds, share):
    found = quantile(Counter(map(size, seconds)), share)
    true = sorted(seconds)[math.ceil(share * len(seconds)) - 1]
    assert found is not None
    assert true / 2 ** (1 / PER_DOUBLING) * 0.999 <= found <= true * 2 ** (1 / PER_DOUBLING) * 1.001


def test_without_durations_there_is_none():
    assert quantile({}, 0.5) is None
    assert quantile({3: 0}, 0.5) is None


def test_within_a_size_the_place_is_told_from_the_counts():
    assert quantile({0: 100}, 0.5) == pytest.approx(2 ** (0.5 / PER_DOUBLING))
