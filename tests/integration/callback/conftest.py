"""callback_web before a browser, on a real database and an MSign that answers what the test says."""

import uuid

import pytest
from aiohttp import test_utils

from services.callback_web.handlers import Pages, create_app
from services.callback_web.returning import Returning
from services.sign_gateway.posting import Poster
from shared.persistence import jobs
from shared.persistence.notices import Notices
from shared.signing.breaker import Breaker
from shared.signing.collect import Collector, Policy
from tests.gateway import delivery, sign_data
from tests.integration.callback.browsing import FRONTEND


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Whoever comes back waits for the outcome, however busy this machine is; who is to be told earlier says so."""
    monkeypatch.setattr("services.callback_web.handlers.LONGEST_ANSWER_S", 60)
    monkeypatch.setattr("services.callback_web.returning.LONGEST_WAIT_S", 59)


@pytest.fixture
def hurried(monkeypatch, patient):
    """Whoever comes back goes on soon."""
    monkeypatch.setattr("services.callback_web.returning.LONGEST_WAIT_S", 0.5)


@pytest.fixture
def returning(pool, msign, database_url):
    collector = Collector(pool, msign, Breaker(), source="callback_web", policy=Policy())
    return Returning(pool, Notices(database_url), collector)


@pytest.fixture
async def browser(pool, links, returning):
    app = create_app(Pages(pool, links, returning, frontend_url=FRONTEND + "/"))
    async with test_utils.TestClient(test_utils.TestServer(app)) as client:
        yield client


@pytest.fixture
def post(pool, admission, msign, links):
    """Posts a command of these data and returns its job."""

    async def posted(system="declaratii", **changes):
        command = delivery(sign_data(**changes), system=system, id=str(uuid.uuid4()))
        await admission.handle([command])
        poster = Poster(pool, msign, Breaker(), links)
        for job in await poster.claim(10):
            await poster.post(job)
        row = await pool.fetchrow("SELECT job_id FROM jobs ORDER BY job_id DESC LIMIT 1")
        return await jobs.get(pool, row["job_id"])

    return posted
