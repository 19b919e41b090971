"""From a received job to the accepted event, with an MSign that does what the test says."""

from datetime import UTC, datetime, timedelta

import pytest

from services.sign_gateway.deadlines import expire_overdue, take_back_lost
from services.sign_gateway.posting import Poster
from shared.contract.faults import AuthenticationFailed, InvalidParameter
from shared.errors import ProviderDown, Transient
from shared.signing.breaker import Breaker
from tests.gateway import DIGEST, delivery, events_of, only_job, sign_data


@pytest.fixture
def poster(pool, msign, links):
    return Poster(pool, msign, Breaker(), links)


async def post_all(poster):
    for job in await poster.claim(10):
        await poster.post(job)


async def test_a_job_is_posted_and_the_accepted_event_carries_the_way(pool, admission, poster, msign, links):
    await admission.handle([delivery(sign_data(), id="command-1")])
    await post_all(poster)
    job = await only_job(pool)
    (event,) = await events_of(pool)
    assert job["state"] == "awaiting_signer"
    assert event["type"] == "msign.sign_request.accepted.v1"
    assert (event["subject"], event["sequence"]) == (str(job["job_id"]), 1)
    assert event["data"]["command_id"] == "command-1"
    assert event["data"]["request_id"] == job["request_id"]
    assert event["data"]["sign_url"] == links.sign_url(job["job_id"])
    (request,) = msign.posted
    assert request.contents[0].content == DIGEST


async def test_an_ambiguous_failure_is_tried_again_later_and_on_record(pool, admission, poster, msign):
    msign.post_answers = [Transient("the connection broke")]
    await admission.handle([delivery(sign_data())])
    await post_all(poster)
    job = await only_job(pool)
    assert (job["state"], job["failures"]) == ("received", 1)
    assert job["due_at"] > datetime.now(UTC)
    assert await pool.fetchval("SELECT outcome FROM post_attempts") == "ambiguous"
    assert await events_of(pool) == []


@pytest.mark.parametrize("error", [ProviderDown("no route"), AuthenticationFailed("Unknown service consumer: 01")])
async def test_a_provider_that_is_down_opens_the_breaker_and_burns_no_attempt(pool, admission, msign, links, error):
    breaker = Breaker()
    msign.post_answers = [error]
    await admission.handle([delivery(sign_data())])
    await post_all(Poster(pool, msign, breaker, links))
    job = await only_job(pool)
    assert (job["state"], job["failures"]) == ("received", 0)
    assert breaker.open
    assert await breaker.room(8) == 1


async def test_a_request_that_msign_refuses_ends_as_rejected(pool, admission, poster, msign):
    msign.post_answers = [InvalidParameter("Contents[0].Content: bad")]
    await admission.handle([delivery(sign_data())])
    await post_all(poster)
    (event,) = await events_of(pool)
    assert event["type"] == "msign.sign_request.rejected.v1"
    assert event["data"]["errors"][0]["code"] == "refused_by_msign"
    assert "Contents[0].Content" in event["data"]["errors"][0]["message"]


async def test_a_late_answer_of_a_lost_claim_is_an_orphan_and_tells_nobody(pool, admission, poster, msign):
    await admission.handle([delivery(sign_data())])
    (first,) = await poster.claim(1)
    await pool.execute("UPDATE jobs SET lease_until = now() - interval '1 second'")
    assert await take_back_lost(pool) == 1
    (second,) = await poster.claim(1)
    await poster.post(second)
    await poster.post(first)
    job = await only_job(pool)
    outcomes = await pool.fetch("SELECT outcome, request_id FROM post_attempts ORDER BY attempt")
    assert [row["outcome"] for row in outcomes] == ["orphaned", "accepted"]
    assert job["request_id"] == outcomes[1]["request_id"]
    assert len(await events_of(pool)) == 1


async def test_a_job_whose_processes_die_again_and_again_does_not_take_each_of_them_along_at_once(
    pool, admission, poster
):
    await admission.handle([delivery(sign_data())])
    for losses in (1, 2):
        assert await poster.claim(1)  # and the process dies
        await pool.execute("UPDATE jobs SET lease_until = now() - interval '1 second'")
        assert await take_back_lost(pool) == 1
        assert (await only_job(pool))["failures"] == losses
    assert await poster.claim(1) == []
    await pool.execute("UPDATE jobs SET due_at = due_at - interval '2 seconds'")
    assert await poster.claim(1)


async def test_a_flood_of_one_system_lets_the_others_through(pool, admission, poster):
    flood = [delivery(sign_data()) for _ in range(20)]
    other = delivery(sign_data(return_url="https://registru.example/"), system="registru")
    await admission.handle([*flood, other])
    claimed = await poster.claim(4)
    assert sorted({job.system for job in claimed}) == ["declaratii", "registru"]
    assert len(claimed) == 4


async def test_a_flood_lets_others_through_also_where_places_become_free_one_by_one(pool, admission, poster):
    await admission.handle([delivery(sign_data()) for _ in range(50)])
    await admission.handle([delivery(sign_data(return_url="https://registru.example/"), system="registru")])
    claimed = [job.system for _ in range(40) for job in await poster.claim(1)]
    assert len(claimed) == 40
    assert "registru" in claimed


async def test_two_claimers_never_get_the_same_job(pool, admission, poster, msign, links):
    await admission.handle([delivery(sign_data()) for _ in range(10)])
    other = Poster(pool, msign, Breaker(), links)
    first, second = await poster.claim(6), await other.claim(6)
    assert len({job.job_id for job in first + second}) == 10


async def test_a_job_that_never_reached_msign_expires_with_one_ready_event(pool, admission, poster):
    await admission.handle([delivery(sign_data())])
    await pool.execute("UPDATE jobs SET expires_at = $1", datetime.now(UTC) - timedelta(seconds=1))
    assert await poster.claim(1) == []
    assert (await expire_overdue(pool), await expire_overdue(pool)) == (1, 0)
    (event,) = await events_of(pool)
    assert (event["data"]["status"], event["data"]["request_id"]) == ("Expired", None)
