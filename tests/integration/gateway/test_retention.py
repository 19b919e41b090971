"""Is what is finished forgotten after its time, with everything that belongs to it, and nothing else?"""

import asyncio
import base64
from datetime import UTC, datetime, timedelta

import pytest

from services.sign_gateway.retention import purge
from shared.messaging.intake import Done
from shared.persistence import contents, jobs
from shared.spool import PIECE_BYTES
from tests.gateway import DIGEST, delivery, sign_data

KEPT_FOR = timedelta(days=7)
TABLES = ("jobs", "inbox", "job_contents", "job_history", "post_attempts", "events", "verdicts", "job_results")


@pytest.fixture
def now():
    return datetime.now(UTC)


@pytest.fixture
def purged(pool, now):
    async def run(batch=500):
        await purge(pool, before=now - KEPT_FOR, batch=batch)

    return run


async def finished(pool, admission, *, at, command_id="command-1"):
    """A job that was rejected at that time; its event is out."""
    await admission.handle([delivery(sign_data(msisdn="no"), id=command_id)])
    await pool.execute("UPDATE jobs SET finished_at = $1 WHERE command_id = $2", at, command_id)
    await pool.execute("UPDATE events SET due_at = NULL, published_at = now()")


async def counts(pool):
    return {table: await pool.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}


async def test_a_final_job_knows_when_it_was_finished(pool, admission):
    await admission.handle([delivery(sign_data(msisdn="no")), delivery(sign_data())])
    rows = await pool.fetch("SELECT state, finished_at IS NOT NULL AS finished FROM jobs")
    assert {(row["state"], row["finished"]) for row in rows} == {("rejected", True), ("received", False)}


async def test_a_finished_job_goes_with_everything_that_belongs_to_it(pool, admission, purged, now):
    await finished(pool, admission, at=now - KEPT_FOR - timedelta(minutes=1))
    await purged()
    assert await counts(pool) == dict.fromkeys(TABLES, 0)


async def test_a_job_stays_until_its_time_is_over(pool, admission, purged, now):
    await finished(pool, admission, at=now - KEPT_FOR + timedelta(minutes=1))
    before = await counts(pool)
    await purged()
    assert await counts(pool) == before


async def test_an_open_job_stays_however_old_it_is(pool, admission, purged, now):
    await admission.handle([delivery(sign_data())])
    await pool.execute("UPDATE jobs SET created_at = $1", now - timedelta(days=400))
    await pool.execute("UPDATE contents SET touched_at = $1", now - timedelta(days=400))
    await purged()
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 1
    assert await contents.get(pool, "declaratii", contents.ref_of(DIGEST)) == DIGEST


async def test_a_job_whose_event_is_not_out_yet_stays(pool, admission, purged, now):
    await finished(pool, admission, at=now - timedelta(days=400))
    await pool.execute("UPDATE events SET due_at = now()")
    await purged()
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 1


async def test_a_commands_id_can_be_used_again_once_it_is_forgotten(pool, admission, purged, now):
    await finished(pool, admission, at=now - KEPT_FOR - timedelta(minutes=1))
    await purged()
    assert await admission.handle([delivery(sign_data(), id="command-1")]) == [Done("admitted")]


async def test_many_jobs_go_in_batches(pool, admission, purged, now):
    for number in range(5):
        await finished(pool, admission, at=now - timedelta(days=8), command_id=f"command-{number}")
    await purged(batch=2)
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 0


async def test_stored_contents_that_no_job_uses_go_after_their_time(pool, purged, now):
    old = await contents.put(pool, "declaratii", b"old")
    await pool.execute("UPDATE contents SET touched_at = $1", now - timedelta(days=8))
    new = await contents.put(pool, "declaratii", b"new")
    await purged()
    assert await contents.get(pool, "declaratii", old) is None
    assert await contents.get(pool, "declaratii", new) == b"new"


async def test_storing_or_referring_again_gives_contents_their_time_anew(pool, admission, purged, now):
    long_ago = now - timedelta(days=8)
    for body in (b"stored again", DIGEST):
        await contents.put(pool, "declaratii", body)
    await pool.execute("UPDATE contents SET touched_at = $1", long_ago)
    await contents.put(pool, "declaratii", b"stored again")
    await admission.handle([delivery(sign_data(contents=[{"content_ref": contents.ref_of(DIGEST)}]))])
    assert await pool.fetchval("SELECT min(touched_at) FROM contents") > long_ago
    await purged()
    assert await pool.fetchval("SELECT count(*) FROM contents") == 2


async def test_what_one_system_uses_does_not_keep_anothers_contents(pool, admission, purged, now):
    await contents.put(pool, "registru", DIGEST)
    await admission.handle([delivery(sign_data())])
    await pool.execute("UPDATE contents SET touched_at = $1", now - timedelta(days=8))
    await purged()
    assert [row["system"] for row in await pool.fetch("SELECT system FROM contents")] == ["declaratii"]


async def test_results_live_as_long_as_their_job(pool, admission, purged, now):
    await finished(pool, admission, at=now)
    job = await jobs.by_command(pool, "declaratii", "command-1")
    assert job is not None
    ref = await contents.put_result(pool, "declaratii", job.job_id, b"a large signature")
    await pool.execute("UPDATE contents SET touched_at = $1", now - timedelta(days=400))
    await purged()
    assert await contents.get(pool, "declaratii", ref) == b"a large signature"
    await pool.execute("UPDATE jobs SET finished_at = $1", now - timedelta(days=8))
    await purged()
    assert await contents.get(pool, "declaratii", ref) is None


async def test_two_replicas_purge_at_once(pool, admission, purged, now):
    for number in range(20):
        await finished(pool, admission, at=now - timedelta(days=8), command_id=f"command-{number}")
    await asyncio.gather(purged(batch=3), purged(batch=3))
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 0


async def test_commands_that_bring_the_same_contents_in_another_order_do_not_wait_for_each_other(pool, admission):
    bodies = [base64.b64encode(bytes([number]) * 32).decode() for number in range(20)]
    forth = [{"content": body} for body in bodies]
    sent = [delivery(sign_data(contents=forth if number % 2 else forth[::-1])) for number in range(10)]
    verdicts = await asyncio.gather(*(admission.handle([one]) for one in sent))
    assert verdicts == [[Done("admitted")]] * 10


async def test_what_goes_with_a_job_is_found_by_an_index(pool):
    found = await pool.fetch("""
        SELECT conrelid::regclass::text AS referring FROM pg_constraint
        WHERE contype = 'f' AND confrelid = 'jobs'::regclass
          AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = conrelid AND indpred IS NULL AND indkey[0] = conkey[1])
    """)
    assert [row["referring"] for row in found] == []


async def test_large_contents_go_a_few_at_once(pool, now, monkeypatch):
    monkeypatch.setattr(contents, "PURGED_AT_ONCE_BYTES", 2 * PIECE_BYTES)
    async with pool.acquire() as connection:
        for body in (bytes([number]) * 2 * PIECE_BYTES for number in range(3)):
            await contents.put_large(connection, "declaratii", contents.ref_of(body), body)
    later = now + timedelta(days=1)
    assert [await contents.purge(pool, before=later, limit=500) for _ in range(4)] == [1, 1, 1, 0]
    assert await pool.fetchval("SELECT count(*) FROM content_pages") == 0
