"""Since when must events have become due that the relay looks for?"""

from datetime import UTC, datetime

import pytest

from shared.messaging import relay
from shared.messaging.relay import Since
from shared.persistence.events import EVER

HERE = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch):
    """The process' time, which stands still."""
    now = [1000.0]
    monkeypatch.setattr(relay.time, "monotonic", lambda: now[0])
    return now


def test_at_first_everything_is_looked_for_and_then_what_became_due_a_moment_ago(clock):
    since = Since()
    assert [since.next(), since.next()] == [EVER, None]


def test_now_and_then_everything_is_looked_for(clock):
    since = Since()
    since.next()
    clock[0] += relay.LOOK_AT_ALL_EVERY_S
    assert [since.next(), since.next()] == [EVER, None]


def test_while_there_is_more_it_goes_on_where_the_last_look_ended(clock):
    since = Since()
    since.next()
    since.go_on_from(HERE)
    assert since.next() == HERE
    since.go_on_from(None)
    assert since.next() is None
