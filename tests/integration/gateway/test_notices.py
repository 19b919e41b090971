"""Does whoever looks again and again learn of a notice that came while it was looking?"""

import asyncio
import contextlib

import pytest

from shared.persistence.notices import JOBS, Notices

PATIENCE_S = 20
MOMENT_S = 0.01


@pytest.fixture
async def notices(database_url):
    notices = Notices(database_url)
    listening = asyncio.create_task(notices.run())
    yield notices
    listening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listening


async def tell(pool, notices, payload):
    """Notify until somebody has heard it: listening begins when it begins."""
    heard = asyncio.create_task(notices.wait(JOBS, payload, at_most_s=PATIENCE_S))
    while not heard.done():
        await pool.execute("SELECT pg_notify($1, $2)", JOBS, payload)
        await asyncio.wait({heard}, timeout=0.05)
    assert await heard


async def test_a_notice_that_came_while_nobody_waited_ends_the_next_wait_at_once(pool, notices):
    hint = notices.hint(JOBS, "sign")
    await tell(pool, notices, "sign")
    assert await hint.wait(at_most_s=MOMENT_S)


async def test_it_ends_one_wait_only(pool, notices):
    hint = notices.hint(JOBS, "sign")
    await tell(pool, notices, "sign")
    await tell(pool, notices, "verification")  # all of the first kind are heard by now
    assert await hint.wait(at_most_s=MOMENT_S)
    assert not await hint.wait(at_most_s=MOMENT_S)


async def test_a_notice_of_another_kind_is_not_for_it(pool, notices):
    hint = notices.hint(JOBS, "sign")
    await tell(pool, notices, "verification")
    assert not await hint.wait(at_most_s=MOMENT_S)
