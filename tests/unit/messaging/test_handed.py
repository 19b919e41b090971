"""Does what a process commits get to its relay only while there is room, and is nothing of it forgotten?"""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from shared.messaging.handed import Handed
from shared.messaging.outcomes import Outcomes
from shared.persistence.events import Waiting

PLACES = 2
MOST_BYTES = 100
LEASE = timedelta(seconds=30)


def waiting(size=5):
    return Waiting(
        event_id=uuid4(), job_id=uuid4(), type="t", routing_key="k", body=b"x" * size, traceparent=None,
        attempts=1, correlation_id="c", due_to=datetime.now(UTC),
    )  # fmt: skip


class Kept(Outcomes):
    """Outcomes that write nothing down."""

    def __init__(self):
        super().__init__(None, places=PLACES, most_bytes=MOST_BYTES)  # type: ignore[arg-type]
        self.again = []

    def refused(self, event):
        self.again.append(event)


@pytest.fixture
def outcomes():
    return Kept()


@pytest.fixture
def handed(outcomes):
    return Handed(outcomes, LEASE)


def fits(handed, *sizes):
    with handed.expecting(sizes) as lease:
        return lease


async def test_what_is_taken_over_is_there_once(handed):
    first, second = waiting(), waiting()
    with handed.taking():
        with handed.expecting([5, 5]) as lease:
            assert lease == LEASE
        handed.take([first, second])
        await handed.wait()
        assert handed.pop() == [first, second]
        assert handed.pop() == []


def test_nothing_is_expected_where_nobody_publishes(handed):
    assert fits(handed, 5) is None
    with handed.taking():
        assert fits(handed, 5) == LEASE
    assert fits(handed, 5) is None


def test_no_more_is_expected_than_has_a_place(handed):
    with handed.taking():
        assert fits(handed) is None
        assert fits(handed, *[5] * (PLACES + 1)) is None
        assert fits(handed, MOST_BYTES + 1) is None
        with handed.expecting([5]):
            assert fits(handed, 5) == LEASE
            assert fits(handed, 5, 5) is None
            assert fits(handed, MOST_BYTES) is None


def test_places_of_what_was_not_committed_are_free_again(handed):
    with handed.taking():
        with pytest.raises(OSError, match="away"), handed.expecting([5, 5]):
            raise OSError("away")
        assert fits(handed, 5, 5) == LEASE


def test_what_is_taken_over_keeps_its_place_until_it_is_published(handed):
    with handed.taking():
        handed.take([waiting(), waiting()])
        assert fits(handed, 5) is None


def test_what_was_not_published_before_the_end_waits_like_what_was_refused(handed, outcomes):
    before, after = waiting(), waiting()
    with handed.taking():
        handed.take([before])
    handed.take([after])
    assert outcomes.again == [before, after]
    assert handed.pop() == []


def test_nothing_is_taken_over_during_a_pause_and_what_was_waits(handed, outcomes):
    before, meanwhile = waiting(), waiting()
    with handed.taking():
        handed.take([before])
        handed.pause()
        assert outcomes.again == [before]
        assert fits(handed, 5) is None
        handed.take([meanwhile])
        assert outcomes.again == [before, meanwhile]
        handed.go_on()
        outcomes.release(2, 10)
        assert fits(handed, 5) == LEASE
