"""The ops port of a `sign_gateway` with a real database and a real broker, and jobs as the test wants them."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aio_pika.abc import AbstractRobustConnection
from aiohttp import test_utils, web

from services.sign_gateway.status.page import add_status
from shared.lifecycle import Service
from shared.lifecycle.ops import create_ops_app
from shared.messaging.broker import open_broker
from shared.signing.breaker import Breaker

INSERT = """
INSERT INTO jobs (job_id, kind, system, command_id, state, command, created_at, expires_at, due_at, posted_at,
                  returned_at, finished_at)
VALUES ($1, $2, $3, $4, $5, '{"short_description": "Secret"}', $6::timestamptz, $6::timestamptz + interval '1 day',
        $7, $8, $9, $10)
"""

Client = test_utils.TestClient[web.Request, web.Application]


@pytest.fixture
def breaker() -> Breaker:
    return Breaker()


@pytest.fixture
async def connection(amqp_url) -> AsyncIterator[AbstractRobustConnection]:
    async with open_broker(lambda: amqp_url, name="status") as opened:
        yield opened


@pytest.fixture
async def service(pool, connection, breaker) -> AsyncIterator[Service]:
    made = Service("sign_gateway")
    add_status(made, pool, connection, breaker)
    yield made
    await made.cancel_tasks()


@pytest.fixture
async def client(service) -> AsyncIterator[Client]:
    async with test_utils.TestClient(test_utils.TestServer(create_ops_app(service))) as opened:
        yield opened


@pytest.fixture
def begun(pool):
    """Put a job into the database that began some time ago, and ended, came back or was posted some seconds later."""

    async def put(state, *, ago, kind="sign", system="registru", posted=None, returned=None, finished=None):
        began = datetime.now(UTC) - ago
        after = [None if seconds is None else began + timedelta(seconds=seconds) for seconds in (posted, returned)]
        ended = None if finished is None else began + timedelta(seconds=finished)
        due = None if ended else began
        job_id = uuid.uuid4()
        await pool.execute(INSERT, job_id, kind, system, str(job_id), state, began, due, *after, ended)
        return job_id

    return put
