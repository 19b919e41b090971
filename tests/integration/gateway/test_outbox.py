"""Which events does a relay claim, how many at once, and what becomes of those that it could not publish?"""

import asyncio
import random
from datetime import timedelta

import pytest

from shared.persistence import events
from tests.gateway import delivery, sign_data

LEASE = timedelta(seconds=30)
MUCH = 10**6
NUMBER = 5


@pytest.fixture
async def outbox(pool, admission):
    await admission.handle([delivery(sign_data(msisdn="no"), id=f"command-{n}") for n in range(NUMBER)])
    return pool


async def claim(pool, limit=100, most_bytes=MUCH, since=events.EVER):
    return await events.claim_due(pool, limit=limit, most_bytes=most_bytes, lease=LEASE, since=since)


async def test_what_is_claimed_comes_in_order_and_names_its_command(outbox):
    claimed = await claim(outbox)
    assert [event.event_id for event in claimed] == sorted(event.event_id for event in claimed)
    assert {event.correlation_id for event in claimed} == {f"command-{n}" for n in range(NUMBER)}
    assert {event.attempts for event in claimed} == {1}


async def test_what_is_claimed_is_nobody_elses_until_its_lease_is_over(outbox):
    assert len(await claim(outbox, limit=3)) == 3
    assert len(await claim(outbox)) == NUMBER - 3
    assert await claim(outbox) == []
    await outbox.execute("UPDATE events SET due_at = due_at - $1::interval", LEASE)
    assert {event.attempts for event in await claim(outbox)} == {2}


async def test_no_more_is_claimed_than_reaches_so_many_bytes_and_one_at_least(outbox):
    size = await outbox.fetchval("SELECT max(octet_length(body)) FROM events")
    assert len(await claim(outbox, most_bytes=size + 1)) == 2
    assert len(await claim(outbox, most_bytes=1)) == 1
    assert len(await claim(outbox)) == NUMBER - 3


async def test_what_became_due_long_ago_is_found_by_a_look_at_all_and_by_no_other(outbox):
    await outbox.execute("UPDATE events SET due_at = due_at - interval '1 minute' WHERE sequence = 1")
    assert await claim(outbox, since=None) == []
    assert len(await claim(outbox)) == NUMBER


async def test_the_next_look_goes_on_where_the_last_one_ended(outbox):
    await outbox.execute(
        "UPDATE events SET due_at = now() - interval '1 hour' * right(correlation, 1)::int FROM ("
        "SELECT job_id, command_id AS correlation FROM jobs) told WHERE told.job_id = events.job_id"
    )
    first = await claim(outbox, limit=2)
    assert {event.correlation_id for event in first} == {"command-4", "command-3"}
    assert {event.correlation_id for event in await claim(outbox, since=first[0].due_to)} == {
        "command-2",
        "command-1",
        "command-0",
    }


async def test_what_was_refused_is_due_again_after_its_own_delay(outbox):
    first, second, *_ = await claim(outbox)
    await events.defer(outbox, {first.event_id: timedelta(seconds=-1), second.event_id: timedelta(hours=1)})
    assert [event.event_id for event in await claim(outbox)] == [first.event_id]


async def test_what_another_has_published_meanwhile_is_not_due_again(outbox):
    first, *_ = await claim(outbox)
    await events.mark_published(outbox, [first.event_id])
    await events.defer(outbox, {first.event_id: timedelta(seconds=-1)})
    assert await claim(outbox) == []


async def test_what_was_asked_for_again_while_it_was_on_its_way_goes_out_again(outbox):
    first, second, *_ = await claim(outbox)
    await events.publish_latest_again(outbox, [first.job_id])
    await events.mark_published(outbox, [first.event_id, second.event_id])
    assert [event.event_id for event in await claim(outbox)] == [first.event_id]


async def test_those_who_change_the_same_events_at_once_wait_for_each_other_and_do_not_die_of_it(pool, admission):
    await admission.handle([delivery(sign_data(msisdn="no")) for _ in range(40)])
    rows = await pool.fetch("SELECT job_id, event_id FROM events")

    async def change(connection, chance):
        for _ in range(15):
            some = chance.sample(rows, len(rows))
            ids = [row["event_id"] for row in some]
            await events.publish_latest_again(connection, [row["job_id"] for row in some])
            await events.defer(connection, dict.fromkeys(ids, timedelta(0)))

    await asyncio.gather(*(change(pool, random.Random(seed)) for seed in range(4)))
