"""What was found out is committed once, though the connection breaks before or after the commit, and told at once."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from services.sign_gateway.posting import Poster
from shared.contract.models import SignResponse, SignResult, SignStatus
from shared.errors import Transient
from shared.messaging.handed import Handed
from shared.messaging.outcomes import Outcomes
from shared.messaging.relay import LEASE
from shared.persistence import contents, events, jobs, moving, notices
from shared.signatures.pades.sign import sign_pdf
from shared.signing import ending
from shared.signing.breaker import Breaker
from shared.signing.collect import Collector, Policy
from shared.signing.results import SMALL_BYTES
from shared.signing.states import Cause
from tests.documents import pdf_file
from tests.gateway import delivery, events_of, eventually, only_job, sign_data
from tests.pki import TestPki

BROKE = asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
MOVE, RELEASE = jobs._SQL["move"], jobs._SQL["release_collection"]


def breaking_pool(pool: asyncpg.Pool, *breaks: str) -> Any:
    """Return the pool, but as one whose connection breaks at the next moves: before they were made, or after."""
    return _BreakingPool(pool, *breaks)


class _BreakingPool:
    def __init__(self, pool, *breaks):
        self._pool = pool
        self.breaks = list(breaks)

    def __getattr__(self, name):
        return getattr(self._pool, name)

    async def execute(self, statement, *values):
        if statement == RELEASE and self.breaks and self.breaks.pop(0) == "before":
            raise BROKE
        return await self._pool.execute(statement, *values)

    async def fetch(self, statement, *values):
        at = self.breaks.pop(0) if statement == MOVE and self.breaks else None
        if at == "before":
            raise BROKE
        found = await self._pool.fetch(statement, *values)
        if at == "after":
            raise BROKE
        return found


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(moving, "RETRY_S", 0.01)


@pytest.fixture
def taker(pool):
    """A relay's place for what is handed over, of which nothing is published."""
    handed = Handed(Outcomes(pool, places=100, most_bytes=1_000_000), LEASE)
    with handed.taking():
        yield handed


@pytest.mark.parametrize("breaks", [["before"], ["after"], ["before", "after"], ["after", "after", "before"]])
async def test_what_msign_accepted_is_not_posted_again(pool, admission, msign, links, taker, breaks):
    await admission.handle([delivery(sign_data()) for _ in range(3)])
    poster = Poster(breaking_pool(pool, *breaks), msign, Breaker(), links, taker)
    await asyncio.gather(*map(poster.post, await poster.claim(3)))
    attempts = await pool.fetch("SELECT outcome, request_id FROM post_attempts")
    told = [event["data"]["request_id"] for event in await events_of(pool)]
    assert [row["outcome"] for row in attempts] == ["accepted"] * 3
    assert sorted(row["request_id"] for row in attempts) == sorted(told)
    assert await pool.fetchval("SELECT count(*) FROM jobs WHERE state = 'awaiting_signer' AND claimed_by IS NULL") == 3
    due = await events.claim_due(pool, limit=10, most_bytes=1_000_000, lease=LEASE)
    assert len({event.event_id for event in [*due, *taker.pop()]}) == 3  # on their way, or to be found at once


async def test_a_server_that_ends_the_connection_in_a_move_is_asked_again(pool, admission, msign, links):
    await admission.handle([delivery(sign_data())])
    poster = Poster(pool, msign, Breaker(), links)
    (job,) = await poster.claim(1)
    waiting = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%WITH wanted%'"
    async with pool.acquire() as other, other.transaction():
        await other.execute("SELECT FROM jobs FOR UPDATE")
        posting = asyncio.create_task(poster.post(job))
        await eventually(lambda: pool.fetchval(f"SELECT count(*) = 1 {waiting}"))
        await pool.execute(f"SELECT pg_terminate_backend(pid) {waiting}")
        await eventually(lambda: pool.fetchval(f"SELECT count(*) = 1 {waiting}"))
    await posting
    assert (await only_job(pool))["state"] == "awaiting_signer"
    assert len(await events_of(pool)) == 1


async def test_a_failure_is_put_down_once(pool, admission, msign, links):
    await admission.handle([delivery(sign_data())])
    msign.post_answers = [Transient("it broke")]
    poster = Poster(breaking_pool(pool, "after"), msign, Breaker(), links)
    await poster.post((await poster.claim(1))[0])
    job = await only_job(pool)
    assert (job["state"], job["failures"]) == ("received", 1)
    assert await pool.fetchval("SELECT outcome FROM post_attempts") == "ambiguous"


async def test_who_was_taken_over_meanwhile_leaves_the_job_alone(pool, admission, msign, links):
    await admission.handle([delivery(sign_data())])
    late, other = Poster(breaking_pool(pool, "before"), msign, Breaker(), links), Poster(pool, msign, Breaker(), links)
    (first,) = await late.claim(1)
    await jobs.move(pool, first, Cause.LOST_CLAIM, due_in=timedelta(0))
    await other.post((await other.claim(1))[0])
    await late.post(first)
    outcomes = await pool.fetch("SELECT outcome FROM post_attempts ORDER BY attempt")
    assert [row["outcome"] for row in outcomes] == ["orphaned", "accepted"]
    assert len(await events_of(pool)) == 1


async def collected(pool, admission, msign, links, breaking, **command):
    await admission.handle([delivery(sign_data(**command))])
    poster = Poster(pool, msign, Breaker(), links)
    await poster.post((await poster.claim(1))[0])
    policy = Policy(timedelta(minutes=15))
    collector = Collector(breaking, msign, Breaker(), source="callback_web", policy=policy)
    return await collector.collect((await only_job(pool))["job_id"])


@pytest.mark.parametrize("breaks", [["before"], ["after"]])
async def test_an_outcome_is_told_once_and_who_waits_learns_of_it(pool, admission, msign, links, breaks):
    msign.response = SignResponse(status=SignStatus.FAILURE, message="Anulat")
    found = await collected(pool, admission, msign, links, breaking_pool(pool, *breaks))
    assert found.outcome.reason == "declined"
    assert [event["sequence"] for event in await events_of(pool)] == [1, 2]
    assert (await only_job(pool))["state"] == "failed"


async def test_the_right_to_collect_is_given_back_once_the_database_is_there_again(pool, admission, msign, links):
    breaking = breaking_pool(pool, "before", "before")
    assert (await collected(pool, admission, msign, links, breaking)).outcome is None
    job = await only_job(pool)
    assert (job["state"], job["lease_until"], job["claimed_by"]) == ("awaiting_signer", None, None)
    assert breaking.breaks == []


async def test_a_signature_that_is_referred_to_is_told_once_though_nobody_heard_of_the_commit(
    pool, admission, msign, links, monkeypatch
):
    heard = iter([False, True])
    real = notices.transaction

    @asynccontextmanager
    async def transaction(pool):
        async with real(pool) as connection:
            yield connection
        if not next(heard):
            raise BROKE

    monkeypatch.setattr(ending, "transaction", transaction)
    body = pdf_file("a page")
    ref = await contents.put(pool, "declaratii", body)
    pki = TestPki.make()
    file = await sign_pdf(body, pki.signer, pki.timestamper, reason=None, signed_at=datetime.now(UTC))
    file += b"\n" * SMALL_BYTES
    msign.response = SignResponse(status=SignStatus.SUCCESS, results=(SignResult(correlation_id="1", signature=file),))
    command = {"content_type": "Pdf", "contents": [{"content_ref": ref, "correlation_id": "1"}]}
    found = await collected(pool, admission, msign, links, pool, **command)
    assert found.outcome
    _, ready = await events_of(pool)
    assert await contents.get(pool, "declaratii", ready["data"]["results"][0]["signature_ref"]) == file
