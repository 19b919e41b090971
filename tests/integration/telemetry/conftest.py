"""Jobs that are moved by the gateway's own parts, on a real database."""

import pytest

from services.sign_gateway.posting import Poster
from shared.persistence import jobs
from shared.signing.breaker import Breaker
from shared.signing.collect import Collector, Policy
from tests.counting import Counted
from tests.gateway import delivery, sign_data


@pytest.fixture
def counted():
    return Counted()


@pytest.fixture
def collector(pool, msign):
    return Collector(pool, msign, Breaker(), source="callback_web", policy=Policy())


@pytest.fixture
def take_in(pool, admission):
    """Takes a command in and returns its job."""

    async def taken(system="declaratii", **changes):
        await admission.handle([delivery(sign_data(**changes), system=system)])
        row = await pool.fetchrow("SELECT job_id FROM jobs ORDER BY job_id DESC LIMIT 1")
        return await jobs.get(pool, row["job_id"])

    return taken


@pytest.fixture
def post(pool, msign, links, take_in):
    """Takes a command in, posts it, and returns its job."""

    async def posted(**changes):
        job = await take_in(**changes)
        poster = Poster(pool, msign, Breaker(), links)
        for claimed in await poster.claim(10):
            await poster.post(claimed)
        return await jobs.get(pool, job.job_id)

    return posted
