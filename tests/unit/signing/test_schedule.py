"""When something is tried again."""

from datetime import timedelta

import pytest

from shared.signing.schedule import lost_delay, poll_delay, retry_delay


@pytest.mark.parametrize(("failures", "seconds"), [(1, 1), (2, 5), (3, 30), (4, 300), (50, 300)])
def test_retries_wait_longer_each_time(failures, seconds):
    assert retry_delay(failures, 0.5) == timedelta(seconds=seconds)


def test_jitter_spreads_retries_by_a_fifth_either_way():
    assert retry_delay(1, 0.0) == timedelta(seconds=0.8)
    assert retry_delay(1, 1.0) == timedelta(seconds=1.2)


@pytest.mark.parametrize(("polls", "seconds"), [(0, 10), (1, 20), (4, 160), (5, 300), (10_000, 300)])
def test_polls_grow_apart_up_to_five_minutes(polls, seconds):
    assert poll_delay(polls, 0.5) == timedelta(seconds=seconds)


def test_a_lost_claim_waits_only_if_it_is_not_the_first_failure():
    assert lost_delay(0, 0.5) == timedelta(0)
    assert lost_delay(3, 0.5) == retry_delay(3, 0.5)
