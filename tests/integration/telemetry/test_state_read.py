"""Do the gauges tell what the database holds, and how old that is?"""

from datetime import timedelta

import asyncpg
import pytest

from services.sign_gateway.measuring import measure
from shared.contract.models import SignResponse, SignStatus
from shared.persistence import events, inquiries
from shared.persistence.queries import load
from tests.counting import shown

EXPIRED = SignResponse(status=SignStatus.EXPIRED)


async def age(pool, job, by):
    await pool.execute("UPDATE jobs SET created_at = created_at - $2::interval WHERE job_id = $1", job.job_id, by)


async def test_open_jobs_are_shown_by_system_and_state_and_go_back_to_zero(pool, msign, take_in, post, collector):
    job = await post()
    await take_in()
    await take_in(system="registru", return_url="https://registru.example/back")
    await measure(pool)
    one = {"kind": "sign", "system": "declaratii"}
    assert shown("msign_gateway_jobs", **one, state="awaiting_signer") == 1
    assert shown("msign_gateway_jobs", **one, state="received") == 1
    assert shown("msign_gateway_jobs", kind="sign", system="registru", state="received") == 1
    assert shown("msign_gateway_claimable_jobs", kind="sign") == 2
    assert shown("msign_gateway_claimable_jobs", kind="verification") == 0
    msign.response = EXPIRED
    await collector.collect(job.job_id)
    await measure(pool)
    assert shown("msign_gateway_jobs", **one, state="awaiting_signer") == 0


async def test_each_open_job_has_one_age(pool, take_in):
    ages = [timedelta(), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=5), timedelta(days=2)]
    for by in ages:
        await age(pool, await take_in(), by)
    await measure(pool)
    words = ("under_1m", "1m_to_10m", "10m_to_1h", "1h_to_1d", "over_1d")
    assert [shown("msign_gateway_open_jobs_by_age", kind="sign", age=word) for word in words] == [1, 1, 1, 1, 1]


async def test_overdue_is_what_the_list_of_overdue_jobs_holds(pool, take_in, post):
    late, lost, waiting = await take_in(), await take_in(), await post()
    await pool.execute("UPDATE jobs SET due_at = now() - interval '5 minutes' WHERE job_id = $1", late.job_id)
    await pool.execute("UPDATE jobs SET lease_until = now() - interval '2 minutes' WHERE job_id = $1", lost.job_id)
    await pool.execute("UPDATE jobs SET expires_at = now() - interval '21 minutes' WHERE job_id = $1", waiting.job_id)
    abandoned = await post()
    await pool.execute("UPDATE jobs SET expires_at = now() - interval '9 minutes' WHERE job_id = $1", abandoned.job_id)
    await take_in()
    await measure(pool)
    listed = await inquiries.list_jobs(pool, overdue=True)
    assert shown("msign_gateway_overdue_jobs", kind="sign") == len(listed) == 3


async def test_the_outbox_tells_how_long_its_oldest_event_has_waited(pool, post):
    await post()
    await pool.execute("UPDATE events SET waiting_since = now() - interval '90 seconds'")
    await measure(pool)
    assert shown("msign_gateway_outbox_events") == 1
    assert 90 <= shown("msign_gateway_outbox_oldest_age_seconds") < 180


async def test_an_old_event_that_is_asked_for_again_has_not_waited_since_it_was_made(pool, post):
    job = await post()
    (due,) = await events.claim_due(pool, limit=10, most_bytes=1000, lease=timedelta(seconds=30))
    await events.mark_published(pool, [due.event_id])
    await measure(pool)
    assert (shown("msign_gateway_outbox_events"), shown("msign_gateway_outbox_oldest_age_seconds")) == (0, 0)
    await pool.execute("UPDATE events SET created_at = now() - interval '3 days', waiting_since = created_at")
    await events.publish_latest_again(pool, [job.job_id])
    await measure(pool)
    assert shown("msign_gateway_outbox_events") == 1
    assert shown("msign_gateway_outbox_oldest_age_seconds") < 5


async def test_without_a_database_the_numbers_stand_still_and_so_does_their_moment(pool, take_in):
    await take_in()
    await measure(pool)
    before = shown("msign_gateway_state_read_timestamp_seconds")
    await pool.close()
    with pytest.raises(asyncpg.InterfaceError):
        await measure(pool)
    assert shown("msign_gateway_state_read_timestamp_seconds") == before
    assert shown("msign_gateway_claimable_jobs", kind="sign") == 1


async def test_the_look_reads_no_finished_job(pool):
    """It goes through the index of open jobs: it costs what is open, not what was kept."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = await connection.fetch("EXPLAIN " + load("measures.sql")["open_jobs"])
    assert "jobs_open" in "\n".join(row[0] for row in plan)
