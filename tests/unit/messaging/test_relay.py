"""Since when must events have become due that the relay looks for, and what do their messages say?"""

import uuid
from datetime import UTC, datetime

import pytest

from shared.messaging.relay import LOOK_AT_ALL_EVERY_S, Since, properties_of
from shared.persistence.events import EVER, Waiting

HERE = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch):
    """The process' time, which stands still."""
    now = [1000.0]
    monkeypatch.setattr("shared.messaging.relay.time.monotonic", lambda: now[0])
    return now


def test_at_first_everything_is_looked_for_and_then_what_became_due_a_moment_ago(clock):
    since = Since()
    assert [since.next(), since.next()] == [EVER, None]


def test_now_and_then_everything_is_looked_for(clock):
    since = Since()
    since.next()
    clock[0] += LOOK_AT_ALL_EVERY_S
    assert [since.next(), since.next()] == [EVER, None]


def test_while_there_is_more_it_goes_on_where_the_last_look_ended(clock):
    since = Since()
    since.next()
    since.go_on_from(HERE)
    assert since.next() == HERE
    since.go_on_from(None)
    assert since.next() is None


@pytest.mark.parametrize(("command_id", "told"), [("17", "17"), ("x" * 255, "x" * 255), ("ș" * 128, None)])
def test_a_commands_id_is_told_outside_of_the_data_where_amqp_has_room_for_it(command_id, told):
    event = Waiting(
        event_id=uuid.uuid4(), job_id=uuid.uuid4(), type="x", routing_key="x", body=b"", traceparent=None, attempts=1,
        correlation_id=command_id, due_to=HERE,
    )  # fmt: skip
    properties = properties_of(event, None)
    assert properties.correlation_id == told
    assert properties.marshal()
