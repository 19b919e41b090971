"""Does an event that its own process has committed go out at once, and once, and from the outbox where it did not?"""

import asyncio
from datetime import timedelta
from functools import partial
from uuid import uuid4

import orjson
import pytest

from shared.messaging import broker
from shared.messaging import relay as relays
from shared.messaging.events import ACCEPTED, AcceptedData
from shared.messaging.handed import Handed
from shared.messaging.outcomes import Outcomes
from shared.messaging.relay import Relay
from shared.messaging.topology import EVENTS
from shared.persistence import events, jobs, long_events
from shared.persistence.events import INLAY, Draft
from shared.persistence.jobs import Move
from shared.persistence.notices import Notices
from shared.signing.states import Cause, Kind
from tests.gateway import delivery, eventually, sign_data


@pytest.fixture
async def connection(amqp_url):
    async with broker.open_broker(amqp_url, name="tests") as opened:
        yield opened


@pytest.fixture
async def queue(connection):
    """A system's queue."""
    async with connection.channel() as channel:
        declared = await channel.declare_queue(exclusive=True)
        await declared.bind(await channel.declare_exchange(EVENTS, "topic", durable=True), "*.*.declaratii")
        yield declared


@pytest.fixture
async def relay(connection, pool, database_url):
    """A relay that takes events over."""
    relay = Relay(connection, pool, Notices(database_url))
    running = asyncio.create_task(relay.run())

    async def takes():
        with relay.handed.expecting([1]) as lease:
            return lease is not None

    await eventually(takes)
    yield relay
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def posted(pool, admission, taker, *, number):
    """Have that many jobs accepted at once; their events are handed to the taker."""
    await admission.handle([delivery(sign_data()) for _ in range(number)])
    claimed = await jobs.claim(pool, Kind.SIGN, owner=uuid4(), lease=timedelta(seconds=60), limit=number)
    data = [
        AcceptedData(
            job_id=str(job.job_id), command_id=job.command_id, request_id="request", sign_url="https://s.example/",
            expires_at=job.expires_at,
        )
        for job in claimed
    ]  # fmt: skip
    moves = [
        Move(job=job, cause=Cause.POSTED, request_id="request", drafts=[Draft("sign_gateway", ACCEPTED, said)])
        for job, said in zip(claimed, data, strict=True)
    ]
    return moves, await jobs.move_all(pool, moves, taker)


async def test_what_is_handed_to_the_relay_goes_out_once_without_a_look(queue, pool, admission, relay, monkeypatch):
    async def nothing(*_, **__):
        return []

    monkeypatch.setattr(events, "claim_due", nothing)
    await posted(pool, admission, relay.handed, number=3)
    await eventually(lambda: pool.fetchval("SELECT count(published_at) = 3 FROM events"))
    stored = {row["body"] for row in await pool.fetch("SELECT body FROM events WHERE due_at IS NULL AND attempts = 1")}
    seen = [await queue.get(no_ack=True) for _ in range(3)]
    assert {message.body for message in seen} == stored
    assert len(stored) == 3
    assert {message.message_id for message in seen} == {orjson.loads(body)["id"] for body in stored}
    assert {message.correlation_id for message in seen} == {orjson.loads(body)["data"]["command_id"] for body in stored}
    assert await queue.get(no_ack=True, fail=False) is None


async def test_what_is_long_goes_out_as_it_lies_in_the_outbox(queue, pool, admission, relay):
    await admission.handle([delivery(sign_data())])
    (job,) = await jobs.claim(pool, Kind.SIGN, owner=uuid4(), lease=timedelta(seconds=60), limit=1)
    data = AcceptedData(
        job_id=str(job.job_id), command_id=job.command_id, request_id="request", sign_url=INLAY,
        expires_at=job.expires_at,
    )  # fmt: skip
    long = [letter * 300_000 for letter in (b"a", b"b", b"c")]
    move = Move(job=job, cause=Cause.POSTED, request_id="request", drafts=[Draft("tests", ACCEPTED, data, [long])])
    assert await long_events.move(pool, move, relay.handed)
    await eventually(lambda: pool.fetchval("SELECT count(published_at) = 1 FROM events WHERE attempts = 1"))
    message = await queue.get(no_ack=True)
    assert message.body == await pool.fetchval("SELECT body FROM events")
    assert orjson.loads(message.body)["data"]["sign_url"] == b"".join(long).decode()
    assert await queue.get(no_ack=True, fail=False) is None


async def test_what_a_move_that_came_too_late_would_have_told_is_not_handed_over(queue, pool, admission, relay):
    moves, _ = await posted(pool, admission, relay.handed, number=1)
    assert await jobs.move_all(pool, moves, relay.handed) == [None]
    await eventually(lambda: pool.fetchval("SELECT count(published_at) = 1 FROM events"))
    assert await queue.get(no_ack=True)
    assert await queue.get(no_ack=True, fail=False) is None


async def test_what_the_relay_has_no_room_for_waits_in_the_outbox(pool, admission, relay, monkeypatch):
    monkeypatch.setattr(relay.handed, "_open", False)
    await posted(pool, admission, relay.handed, number=2)
    await eventually(lambda: pool.fetchval("SELECT count(published_at) = 2 FROM events"))
    assert await pool.fetchval("SELECT count(*) FROM events WHERE attempts = 1 AND due_at IS NULL") == 2


async def test_what_was_handed_over_and_lost_goes_out_when_its_lease_is_over(pool, admission):
    outcomes = Outcomes(pool, places=5, most_bytes=10_000)
    handed = Handed(outcomes, relays.LEASE)
    with handed.taking():  # and the process dies
        await posted(pool, admission, handed, number=1)
    claim = partial(events.claim_due, pool, limit=5, most_bytes=10_000, lease=relays.LEASE)
    assert await claim() == []
    (due_in,) = await pool.fetchrow("SELECT due_at - created_at FROM events")
    assert due_in == relays.LEASE
    await pool.execute("UPDATE events SET due_at = due_at - $1::interval", relays.LEASE)
    (event,) = await claim()
    assert event.attempts == 2


async def test_while_the_broker_takes_nothing_nothing_is_handed_over_and_later_all_goes_out(
    queue, pool, admission, relay, monkeypatch
):
    blocked = True

    async def takes_messages(_):
        return not blocked

    monkeypatch.setattr(broker, "takes_messages", takes_messages)
    monkeypatch.setattr(relays, "BLOCKED_LOOK_EVERY_S", 0.05)
    await posted(pool, admission, relay.handed, number=2)  # taken over before the relay could see it
    await posted(pool, admission, relay.handed, number=2)
    await eventually(lambda: pool.fetchval("SELECT count(*) = 4 FROM events WHERE due_at < now() + interval '5 s'"))
    assert await pool.fetchval("SELECT count(published_at) FROM events") == 0
    assert await queue.get(no_ack=True, fail=False) is None
    blocked = False
    await eventually(lambda: pool.fetchval("SELECT count(published_at) = 4 FROM events"))
    assert len({(await queue.get(no_ack=True)).message_id for _ in range(4)}) == 4
    assert await queue.get(no_ack=True, fail=False) is None
