"""Who hears what is told, and when; does whoever looks again and again sleep over what came while it was looking?"""

import asyncio
import contextlib
import uuid

import asyncpg
import pytest

from shared.persistence.notices import CHANGES, EVENTS, JOBS, MOST_IN_ONE, Notices, tell, together, transaction
from tests.gateway import eventually

PATIENCE_S = 60
MOMENT_S = 0.01


@pytest.fixture
async def notices(database_url):
    notices = Notices(database_url)
    listening = asyncio.create_task(notices.run())
    yield notices
    listening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listening


async def notify(pool, notices, payload):
    """Notify until somebody has heard it: listening begins when it begins."""
    with notices.listening(JOBS, payload) as hint:
        while not await hint.wait(at_most_s=0.05):
            await pool.execute("SELECT pg_notify($1, $2)", JOBS, payload)


async def test_a_notice_that_came_while_nobody_waited_ends_the_next_wait_at_once(pool, notices):
    hint = notices.hint(JOBS, "sign")
    await notify(pool, notices, "sign")
    assert await hint.wait(at_most_s=MOMENT_S)


async def test_it_ends_one_wait_only(pool, notices):
    hint = notices.hint(JOBS, "sign")
    await notify(pool, notices, "sign")
    await notify(pool, notices, "verification")  # all of the first kind are heard by now
    assert await hint.wait(at_most_s=MOMENT_S)
    assert not await hint.wait(at_most_s=MOMENT_S)


async def test_a_notice_of_another_kind_is_not_for_it(pool, notices):
    hint = notices.hint(JOBS, "sign")
    await notify(pool, notices, "verification")
    assert not await hint.wait(at_most_s=MOMENT_S)


async def test_what_is_told_in_a_transaction_is_heard_once_it_is_committed(pool, notices):
    hint = notices.hint(EVENTS)
    async with transaction(pool) as connection:
        await connection.execute("SELECT 1")
        tell(EVENTS)
        assert not await hint.wait(at_most_s=MOMENT_S)
    assert await hint.wait(at_most_s=MOMENT_S)


async def test_what_was_rolled_back_is_not_heard(pool, notices):
    hint = notices.hint(EVENTS)

    async def tell_and_fail():
        async with transaction(pool) as connection:
            tell(EVENTS)
            await connection.execute("DO $$ BEGIN RAISE 'no'; END $$")

    with pytest.raises(asyncpg.RaiseError):
        await tell_and_fail()
    assert not await hint.wait(at_most_s=MOMENT_S)
    tell(EVENTS)
    assert await hint.wait(at_most_s=MOMENT_S)


async def test_a_task_that_outlives_the_transaction_it_began_in_is_heard_at_once(pool, notices):
    hint, over = notices.hint(EVENTS), asyncio.Event()

    async def tell_afterwards():
        await over.wait()
        tell(EVENTS)

    async with transaction(pool):
        task = asyncio.create_task(tell_afterwards())
    over.set()
    await task
    assert await hint.wait(at_most_s=MOMENT_S)


async def test_what_is_told_outside_of_a_transaction_is_heard_at_once(notices):
    hint, other = notices.hint(CHANGES, "job 1"), notices.hint(CHANGES, "job 2")
    tell(CHANGES, "job 1")
    assert await hint.wait(at_most_s=MOMENT_S)
    assert not await other.wait(at_most_s=MOMENT_S)


async def test_other_processes_hear_every_notice_though_many_go_out_together(pool, notices, database_url):
    await notify(pool, notices, "sign")  # it is connected
    ids = [str(uuid.uuid4()) for _ in range(2 * MOST_IN_ONE + 1)]
    heard, by = set(), []

    def listen(_connection, _pid, _channel, payload):
        by.append(payload)
        heard.update(payload.split(","))

    other = await asyncpg.connect(database_url)
    await other.add_listener(CHANGES, listen)
    for one in ids:
        tell(CHANGES, one)

    async def all_heard():
        return heard == set(ids)

    await eventually(all_heard)
    assert len(by) == 3
    await other.close()


async def test_ids_that_came_together_are_each_heard(pool, notices):
    await notify(pool, notices, "sign")
    first, last = notices.hint(CHANGES, "1"), notices.hint(CHANGES, "3")
    await pool.execute("SELECT pg_notify($1, '1,2,3')", CHANGES)
    assert await first.wait(at_most_s=PATIENCE_S)
    assert await last.wait(at_most_s=PATIENCE_S)


async def test_who_listened_leaves_nothing_behind(notices):
    before = dict(notices._waiting)
    with notices.listening(CHANGES, "job"):
        assert len(notices._waiting) == len(before) + 1
    assert dict(notices._waiting) == before


def test_no_notify_is_too_long_for_postgres():
    _, payloads = together([(CHANGES, str(uuid.uuid4())) for _ in range(MOST_IN_ONE)])
    assert len(payloads) == 1
    assert len(payloads[0]) < 8000
