"""Is a job that is claimed as it begins kept as if it had been claimed later, and only where it is its turn?"""

import asyncio
from datetime import timedelta

import pytest

from services.sign_gateway.deadlines import take_back_lost
from services.sign_gateway.handlers import SignPolicy, sign_intent
from services.sign_gateway.posting import AtOnce, Poster
from shared.persistence import contents, intake, jobs
from shared.persistence.notices import JOBS, Notices
from shared.signing.admission import Admission
from shared.signing.breaker import Breaker
from shared.signing.states import Kind
from shared.signing.worker import Worker
from tests.gateway import DIGEST, delivery, eventually, only_job, sign_data

PLACES = 3


@pytest.fixture
async def worker(pool, msign, links):
    """A worker that rests, and its poster."""
    breaker, rests = Breaker(), asyncio.Event()
    poster = Poster(pool, msign, breaker, links)

    async def idle():
        rests.set()
        await asyncio.Event().wait()

    worker = Worker("post", claim=poster.claim, work=poster.post, idle=idle, breaker=breaker, concurrency=PLACES)
    running = asyncio.create_task(worker.run())
    await rests.wait()
    yield worker, poster
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def at_once(pool, systems, worker):
    rested, poster = worker
    policy = SignPolicy(timedelta(hours=24), 4 * 1024 * 1024)
    return Admission(pool, systems, sign_intent(policy), AtOnce(poster, rested))


async def states(pool):
    return [row["state"] for row in await pool.fetch("SELECT state FROM jobs ORDER BY job_id")]


async def test_a_job_that_begins_while_nothing_waits_is_posted_without_a_look(pool, at_once, msign, monkeypatch):
    async def nothing(*_, **__):
        raise AssertionError("looked up")

    monkeypatch.setattr(jobs, "claim", nothing)
    monkeypatch.setattr(contents, "of_jobs", nothing)
    seen = []
    post = msign.post_sign_request

    async def posted(*asked):
        seen.append(await pool.fetchrow("SELECT attempt, outcome, ended_at FROM post_attempts"))
        return await post(*asked)

    monkeypatch.setattr(msign, "post_sign_request", posted, raising=False)
    await at_once.handle([delivery(sign_data(), id="command-1")])
    await eventually(lambda: pool.fetchval("SELECT state = 'awaiting_signer' FROM jobs"))
    assert [tuple(row) for row in seen] == [(1, None, None)]  # on record before the call
    history = await pool.fetch("SELECT sequence, from_state, to_state, cause FROM job_history ORDER BY sequence")
    assert [tuple(row) for row in history] == [
        (1, None, "received", "intake"),
        (2, "received", "posting", "claim"),
        (3, "posting", "awaiting_signer", "posted"),
    ]
    attempt = await pool.fetchrow("SELECT attempt, outcome FROM post_attempts")
    assert tuple(attempt) == (1, "accepted")
    (request,) = msign.posted
    assert request.contents[0].content == DIGEST
    assert request.short_content_description == "Declarație"
    job = await only_job(pool)
    assert (job["attempt"], job["history_count"], job["lease_until"], job["claimed_by"]) == (1, 3, None, None)


async def test_who_waits_for_a_job_to_begin_hears_of_it_and_who_would_claim_it_does_not(at_once, database_url):
    notices = Notices(database_url)
    claims = notices.hint(JOBS, Kind.SIGN)
    with notices.listening(JOBS) as begins:
        await at_once.handle([delivery(sign_data())])
        assert await begins.wait(at_most_s=20)
    assert not await claims.wait(at_most_s=0.01)


async def test_contents_that_are_not_small_are_looked_up(pool, at_once, msign):
    body = b"%PDF-1.7\n" + b"x" * contents.SMALL_BYTES
    ref = await contents.put(pool, "declaratii", body)
    await at_once.handle([delivery(sign_data(content_type="Pdf", contents=[{"content_ref": ref, "name": "a.pdf"}]))])
    await eventually(lambda: pool.fetchval("SELECT state = 'awaiting_signer' FROM jobs"))
    assert msign.posted[0].contents[0].content == body


async def test_more_than_there_are_places_for_wait_for_their_turn(pool, at_once):
    await at_once.handle([delivery(sign_data()) for _ in range(PLACES + 1)])
    assert await states(pool) == ["received"] * (PLACES + 1)
    assert await pool.fetchval("SELECT count(*) FROM post_attempts") == 0


async def test_what_cannot_begin_leaves_its_places_free(pool, at_once, worker, monkeypatch):
    async def away(*_, **__):
        raise OSError("away")

    with monkeypatch.context() as patched:
        patched.setattr(intake, "begin", away)
        with pytest.raises(OSError, match="away"):
            await at_once.handle([delivery(sign_data())])
    rested, _ = worker
    async with rested.places(PLACES) as free:
        assert free


async def test_a_job_whose_process_died_after_it_began_is_everybodys_after_its_lease(
    pool, at_once, worker, monkeypatch
):
    rested, poster = worker
    monkeypatch.setattr(rested, "begin", lambda _: None)
    await at_once.handle([delivery(sign_data())])
    assert await states(pool) == ["posting"]
    assert await poster.claim(1) == []
    await pool.execute("UPDATE jobs SET lease_until = now() - interval '1 second'")
    await take_back_lost(pool)
    (job,) = await poster.claim(1)
    assert (job.attempt, job.kind) == (2, Kind.SIGN)
