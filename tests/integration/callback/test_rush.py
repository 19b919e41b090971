"""Many users at once, and parts of ours that do not answer: whoever's job can be read goes on to the system."""

import asyncio

import asyncpg
import pytest

from services.callback_web import returning as module
from services.callback_web.returning import Returning
from shared.persistence import jobs
from shared.persistence.notices import Notices
from shared.signing.breaker import Breaker
from shared.signing.collect import LEASE, Collector, Policy
from tests.gateway import FakeMSign, eventually, only_job
from tests.integration.callback.browsing import DECLINED, come_back, query_of


class CountingMSign(FakeMSign):
    """Notes who is asked about in which order, and how many at once at most; answers when the test lets it."""

    def __init__(self) -> None:
        super().__init__(response=DECLINED)
        self.order: list[str] = []
        self.now = self.most = 0
        self.go_on = asyncio.Event()

    async def get_sign_response(self, request_id, language):
        self.order.append(request_id)
        self.now += 1
        self.most = max(self.most, self.now)
        await self.go_on.wait()
        self.now -= 1
        return await super().get_sign_response(request_id, language)


@pytest.fixture
def msign():
    return CountingMSign()


@pytest.fixture
def returning(pool, msign, database_url, monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 2)
    collector = Collector(pool, msign, Breaker(), source="callback_web", policy=Policy())
    return Returning(pool, Notices(database_url), collector)


async def state_of(pool, job):
    return await pool.fetchval("SELECT state FROM jobs WHERE job_id = $1", job.job_id)


async def test_a_rush_is_served_in_order_and_only_so_many_at_once(browser, links, msign, post):
    rush = [await post() for _ in range(5)]
    waiting = []
    for job in rush:
        waiting.append(asyncio.create_task(come_back(browser, links, job)))
        await asyncio.sleep(0.05)
    msign.go_on.set()
    await asyncio.gather(*waiting)
    await eventually(lambda: asyncio.sleep(0, len(msign.order) == 5))
    assert set(msign.order[:2]) == {job.request_id for job in rush[:2]}
    assert msign.most == 2


@pytest.mark.usefixtures("hurried")
async def test_who_waits_in_line_for_too_long_goes_on_with_pending_and_the_result_still_arrives(
    browser, links, msign, pool, post, returning
):
    rush = [await post() for _ in range(4)]
    answers = await asyncio.gather(*(come_back(browser, links, job) for job in rush))
    assert [(answer.status, dict(query_of(answer))["status"]) for answer in answers] == [(303, "Pending")] * 4
    msign.go_on.set()
    await returning.stop()
    assert [await state_of(pool, job) for job in rush] == ["failed"] * 4


@pytest.mark.usefixtures("hurried")
async def test_where_the_line_is_too_long_the_job_is_the_pollers(browser, links, msign, pool, post, monkeypatch):
    monkeypatch.setattr(module, "LONGEST_LINE", 0)
    job = await post()
    answer = await come_back(browser, links, job)
    assert dict(query_of(answer))["status"] == "Pending"
    assert msign.asked == 0
    row = await only_job(pool)
    assert (row["state"], row["lease_until"]) == ("awaiting_signer", None)
    assert row["returned_at"] is not None


async def test_who_makes_up_request_ids_for_a_job_fills_no_line(browser, links, msign, post, returning):
    rush = [await post() for _ in range(2)]
    waiting = [asyncio.create_task(come_back(browser, links, job)) for job in rush]
    await eventually(lambda: asyncio.sleep(0, msign.now == 2))
    forged = await post()
    tries = [asyncio.create_task(come_back(browser, links, forged, RequestID=f"{number:032x}")) for number in range(20)]
    await asyncio.sleep(0.3)
    assert sum(key[0] == forged.job_id for key in returning._under_way) == module.MOST_OF_ONE
    assert {answer.status for answer in await asyncio.gather(*tries)} == {400}
    msign.go_on.set()
    await asyncio.gather(*waiting)
    await returning.stop()
    assert not returning._of_job


@pytest.mark.usefixtures("hurried")
async def test_a_database_that_is_gone_after_the_job_was_read_lets_the_user_go_on(
    browser, links, msign, post, monkeypatch
):
    job = await post()
    read, looks = jobs.get, []

    async def get(*args):
        looks.append(args)
        if len(looks) > 1:
            raise asyncpg.PostgresConnectionError("gone")
        return await read(*args)

    async def claim(*args, **kwargs):
        raise asyncpg.PostgresConnectionError("gone")

    monkeypatch.setattr(jobs, "get", get)
    monkeypatch.setattr(jobs, "claim_collection", claim)
    answer = await come_back(browser, links, job)
    assert (answer.status, dict(query_of(answer))["status"]) == (303, "Pending")


async def test_a_return_claims_only_with_the_jobs_own_request_id_and_is_noted_once(pool, post):
    job = await post()

    async def claim(request_id):
        await pool.execute("UPDATE jobs SET collected_at = NULL, lease_until = NULL")
        return await jobs.claim_collection(pool, job.job_id, owner=job.job_id, lease=LEASE, request_id=request_id)

    assert await claim("0" * 32) is None
    assert (await only_job(pool))["returned_at"] is None
    first = await claim(job.request_id.upper())
    assert first.returned_at == first.seen_at
    assert (await claim(job.request_id)).returned_at == first.returned_at
    assert (await claim(None)).returned_at == first.returned_at
