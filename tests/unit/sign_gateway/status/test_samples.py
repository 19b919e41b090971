"""The outbox over the last hour, as one process saw it."""

from datetime import UTC, datetime, timedelta

import pytest

from services.sign_gateway.status.samples import Samples
from services.sign_gateway.status.windows import HOUR
from shared.telemetry import metrics

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def outbox():
    """Let the gauges say that the oldest event has waited for some seconds; None: that nobody has looked yet."""

    def say(seconds):
        metrics.STATE_READ_TIMESTAMP.set(0 if seconds is None else 1)
        metrics.OUTBOX_OLDEST_AGE_SECONDS.set(seconds or 0)

    yield say
    say(None)


def test_the_longest_wait_of_each_step_is_kept(outbox):
    samples = Samples()
    for minutes, seconds in ((-6, 3), (1, 40), (2, 7)):
        outbox(seconds)
        samples.take(NOON + timedelta(minutes=minutes))
    worst = samples.worst(HOUR, NOON + timedelta(minutes=3))
    assert worst[-1] == 40
    assert worst[-2] is None
    assert worst[-3] == 3


def test_before_the_first_look_there_is_nothing_to_see(outbox):
    samples = Samples()
    outbox(None)
    samples.take(NOON)
    assert set(samples.worst(HOUR, NOON)) == {None}


def test_only_the_last_hour_is_kept(outbox):
    samples = Samples()
    outbox(5)
    for quarters in range(300):
        samples.take(NOON + timedelta(seconds=15 * quarters))
    end = NOON + timedelta(seconds=15 * 300)
    assert samples.worst(HOUR, end)[0] == 5
    assert set(samples.worst(HOUR, NOON)) == {None}
