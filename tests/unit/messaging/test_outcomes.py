"""Is what the broker said written down once, together, and in spite of a database that was away?"""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from shared.messaging import outcomes
from shared.messaging.outcomes import Outcomes
from shared.persistence import events
from shared.persistence.events import Waiting

PLACES = 4
MOST_BYTES = 100


def waiting(body=b"event", attempts=1):
    return Waiting(
        event_id=uuid.uuid4(), job_id=uuid.uuid4(), type="t", routing_key="k", body=body, traceparent=None,
        attempts=attempts, correlation_id="c", due_to=datetime.now(UTC),
    )  # fmt: skip


class Written:
    """Takes the place of the outbox; each statement waits until it may go on, and raises what it is told to."""

    def __init__(self):
        self.marked, self.deferred, self.errors = [], {}, []
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def mark_published(self, _pool, ids):
        await self.go_on.wait()
        if self.errors:
            raise self.errors.pop()
        self.marked.append(ids)

    async def defer(self, _pool, delays):
        self.deferred |= delays


@pytest.fixture
def written(monkeypatch):
    written = Written()
    monkeypatch.setattr(events, "mark_published", written.mark_published)
    monkeypatch.setattr(events, "defer", written.defer)
    monkeypatch.setattr(outcomes, "RETRY_S", 0.01)
    return written


@pytest.fixture
async def under_way(written):
    found = Outcomes(None, places=PLACES, most_bytes=MOST_BYTES)  # type: ignore[arg-type] # nothing reaches a database
    running = asyncio.create_task(found.run())
    yield found
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def begin(under_way, *some):
    under_way.begin(some)
    for event in some:
        under_way.confirmed(event)


async def test_what_is_confirmed_while_a_statement_is_under_way_goes_together(under_way, written):
    first, second, third = waiting(), waiting(), waiting()
    written.go_on.clear()
    await begin(under_way, first)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await begin(under_way, second, third)
    written.go_on.set()
    await under_way.rest(at_most_s=60)
    assert written.marked == [[first.event_id], [second.event_id, third.event_id]]


async def test_what_is_confirmed_one_after_the_other_gathers_while_there_is_ample_room(written, monkeypatch):
    monkeypatch.setattr(outcomes, "GATHER_S", 1)
    under_way = Outcomes(None, places=100, most_bytes=MOST_BYTES)  # type: ignore[arg-type]
    running = asyncio.create_task(under_way.run())
    first, second = waiting(), waiting()
    await begin(under_way, first)
    await asyncio.sleep(0.01)
    await begin(under_way, second)
    await under_way.rest(at_most_s=60)
    running.cancel()
    assert written.marked == [[first.event_id, second.event_id]]


async def test_a_database_that_was_away_is_told_later(under_way, written):
    written.errors.append(asyncpg.InterfaceError("the pool is closed"))
    event = waiting()
    await begin(under_way, event)
    await under_way.rest(at_most_s=60)
    assert written.marked == [[event.event_id]]


async def test_what_was_refused_waits_longer_each_time_and_is_not_marked(under_way, written):
    first, third = waiting(), waiting(attempts=3)
    under_way.begin([first, third])
    under_way.refused(first)
    under_way.refused(third)
    await under_way.rest(at_most_s=60)
    assert written.marked == []
    assert written.deferred == {first.event_id: timedelta(seconds=1), third.event_id: timedelta(seconds=4)}


async def test_there_is_room_once_half_of_the_places_are_free(under_way):
    some = [waiting() for _ in range(PLACES - 1)]
    under_way.begin(some)
    room = asyncio.create_task(under_way.room())
    await asyncio.sleep(0.01)
    assert not room.done()
    under_way.confirmed(some[0])
    async with asyncio.timeout(60):
        assert await room == (2, MOST_BYTES - 10)


async def test_nothing_begins_at_once_while_what_is_due_waits_for_room(under_way):
    some = [waiting() for _ in range(PLACES - 1)]
    under_way.begin(some)
    assert under_way.has_room(1, 5)
    room = asyncio.create_task(under_way.room())
    await asyncio.sleep(0)
    assert not under_way.has_room(1, 5)
    under_way.confirmed(some[0])
    async with asyncio.timeout(60):
        await room
    assert under_way.has_room(1, 5)


async def test_who_no_longer_waits_for_room_holds_up_nothing(under_way):
    under_way.begin([waiting() for _ in range(PLACES - 1)])
    room = asyncio.create_task(under_way.room())
    await asyncio.sleep(0)
    room.cancel()
    await asyncio.gather(room, return_exceptions=True)
    assert under_way.has_room(1, 5)


async def test_a_large_event_takes_the_room_of_many(under_way):
    large = waiting(b"x" * 2 * MOST_BYTES)
    under_way.begin([large])
    room = asyncio.create_task(under_way.room())
    await asyncio.sleep(0.01)
    assert not room.done()
    under_way.confirmed(large)
    async with asyncio.timeout(60):
        assert await room == (PLACES, MOST_BYTES)


async def test_what_is_never_answered_is_not_waited_for_for_ever(under_way, written):
    under_way.begin([waiting()])
    await under_way.rest(at_most_s=0.01)
    assert written.marked == []
