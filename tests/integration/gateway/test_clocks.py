"""By whose clock does a job wait, expire and end? The database's, however wrong a replica's own is."""

from datetime import timedelta

import pytest

from services.callback_web.handlers import unavailable
from services.sign_gateway.posting import Poster
from shared.contract.models import SignResponse, SignStatus
from shared.persistence import jobs
from shared.signing.breaker import Breaker
from shared.signing.collect import Collector, Policy
from tests.gateway import delivery, events_of, only_job, sign_data

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def awaiting(pool, admission, msign, links):
    """A job that waits for its signer."""
    await admission.handle([delivery(sign_data())])
    poster = Poster(pool, msign, Breaker(), links)
    (job,) = await poster.claim(1)
    await poster.post(job)
    return job.job_id


async def until_due(pool):
    return await pool.fetchval("SELECT due_at - now() FROM jobs")


async def claim(pool, job_id):
    await pool.execute("UPDATE jobs SET collected_at = NULL")
    return await jobs.claim_collection(pool, job_id, owner=job_id, lease=MINUTE)


async def test_what_is_taken_in_is_due_at_once(pool, admission):
    await admission.handle([delivery(sign_data())])
    assert await pool.fetchval("SELECT due_at = created_at AND due_at <= now() FROM jobs")


async def test_an_event_is_due_at_once_and_tells_the_databases_time(pool, awaiting):
    assert await pool.fetchval("SELECT due_at <= now() FROM events")
    (event,) = await events_of(pool)
    (at,) = await pool.fetchrow("SELECT at FROM job_history WHERE to_state = 'awaiting_signer'")
    assert event["time"] == at.isoformat().replace("+00:00", "Z")


async def test_a_poll_waits_as_long_as_it_should(pool, awaiting):
    await jobs.release_collection(pool, await claim(pool, awaiting), due_in=5 * MINUTE)
    assert 4 * MINUTE < await until_due(pool) <= 5 * MINUTE


async def test_a_poll_never_jumps_over_the_deadline(pool, awaiting):
    await pool.execute("UPDATE jobs SET expires_at = now() + interval '1 minute'")
    await jobs.release_collection(pool, await claim(pool, awaiting), due_in=5 * MINUTE)
    job = await only_job(pool)
    assert job["due_at"] == job["expires_at"]


async def test_after_the_deadline_polls_go_on(pool, awaiting):
    await pool.execute("UPDATE jobs SET expires_at = now() - interval '1 minute'")
    await jobs.release_collection(pool, await claim(pool, awaiting), due_in=5 * MINUTE)
    assert await until_due(pool) > 4 * MINUTE


@pytest.mark.parametrize(("over", "state"), [("16 minutes", "expired"), ("14 minutes", "awaiting_signer")])
async def test_grace_is_counted_by_the_databases_clock(pool, awaiting, msign, over, state):
    await pool.execute("UPDATE jobs SET expires_at = now() - $1::text::interval", over)
    msign.response = SignResponse(status=SignStatus.PENDING)
    await Collector(pool, msign, Breaker(), source="tests", policy=Policy()).collect_claimed(
        await claim(pool, awaiting)
    )
    assert (await only_job(pool))["state"] == state


@pytest.mark.parametrize(("until", "about"), [("1 minute", None), ("-1 minute", "expired")])
async def test_a_link_expires_by_the_databases_clock(pool, awaiting, until, about):
    await pool.execute("UPDATE jobs SET expires_at = now() + $1::text::interval", until)
    job = await jobs.get(pool, awaiting)
    assert job is not None
    assert unavailable(job) == about
