"""Funnels, outcomes and speeds from counts."""

from datetime import UTC, datetime, timedelta

import pytest

from services.sign_gateway.status import tally
from services.sign_gateway.status.tally import Tally
from services.sign_gateway.status.windows import DAY, HOUR, WEEK, floor
from shared.persistence.activity import Activity, Cohort, Ended, Took
from shared.signing.states import Kind

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
BEFORE = NOON - timedelta(hours=1)


@pytest.fixture
def counted():
    filled = Tally()
    filled.add(
        Activity(
            (
                Cohort(Kind.SIGN, "registru", "completed", NOON, 5, 5, 4),
                Cohort(Kind.SIGN, "registru", "expired", NOON, 2, 1, 0),
                Cohort(Kind.SIGN, "declaratii", "rejected", NOON, 1, 0, 0),
                Cohort(Kind.SIGN, "registru", "failed", BEFORE, 7, 7, 7),
                Cohort(Kind.VERIFICATION, "registru", "completed", NOON, 9, 0, 0),
            ),
            (Ended(Kind.SIGN, "completed", NOON, 5), Ended(Kind.SIGN, "failed", BEFORE, 7)),
            (Took(Kind.SIGN, "returned_to_ready", NOON, 0, 5), Took(Kind.SIGN, "received_to_posted", NOON, -8, 6)),
        )
    )
    return filled


def test_a_funnel_counts_the_jobs_that_began_in_its_time(counted):
    found = tally.funnels([counted], Kind.SIGN, NOON)
    assert list(found) == ["declaratii", "registru"]
    registru = found["registru"]
    assert (registru.received, registru.posted, registru.returned) == (7, 6, 4)
    assert registru.ended == {"completed": 5, "failed": 0, "expired": 2, "rejected": 0, "open": 0}


def test_open_jobs_are_a_part_of_the_funnel(counted):
    fresh = Tally()
    fresh.add(Activity((Cohort(Kind.SIGN, "registru", "open", NOON, 3, 2, 1),), (), ()))
    whole = tally.together(tally.funnels([counted, fresh], Kind.SIGN, NOON).values())
    assert (whole.received, whole.posted, whole.returned) == (11, 8, 5)
    assert sum(whole.ended.values()) == whole.received


def test_what_was_forgotten_is_not_counted(counted):
    counted.forget(NOON)
    assert "registru" in tally.funnels([counted], Kind.SIGN, BEFORE)
    assert tally.funnels([counted], Kind.SIGN, BEFORE)["registru"].ended["failed"] == 0
    assert tally.ends([counted], Kind.SIGN, [BEFORE, NOON])["failed"] == (0, 0)


def test_ends_and_speeds_stand_in_their_steps(counted):
    steps = [BEFORE, NOON]
    assert tally.ends([counted], Kind.SIGN, steps)["completed"] == (0, 5)
    assert tally.ends([counted], Kind.SIGN, steps)["failed"] == (7, 0)
    speed = tally.speed([counted], Kind.SIGN, "returned_to_ready", steps)
    assert speed.jobs == (0, 5)
    assert speed.median_s[0] is None
    assert 1 <= (speed.median_s[1] or 0) <= (speed.p95_s[1] or 0) <= 1.2


def test_without_jobs_all_is_nothing():
    assert tally.together(()).received == 0
    assert tally.ends([], Kind.SIGN, [NOON])["completed"] == (0,)


@pytest.mark.parametrize("window", [HOUR, DAY, WEEK])
def test_a_window_ends_in_the_step_that_is_under_way(window):
    now = NOON + timedelta(minutes=7, seconds=3)
    steps = window.steps(now)
    assert steps[-1] <= now < steps[-1] + window.step
    assert len(steps) == window.span // window.step
    assert all(step == floor(step, window.step) for step in steps)
