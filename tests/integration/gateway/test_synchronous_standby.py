"""With a synchronous standby, is nothing acknowledged or told that only the primary has?

A server waits there for a standby that never comes: its commits take place, but nobody may rely on them.
"""

from datetime import timedelta

import pytest

from msign_gateway.infrastructure.place import private_place
from msign_gateway.infrastructure.postgres import find_programs, native_postgres
from services.sign_gateway.handlers import SignPolicy, sign_intent
from shared.messaging.intake import Done
from shared.persistence.migrate import migrate
from shared.persistence.pool import open_pool
from shared.signing.admission import Admission
from tests.gateway import delivery, eventually, sign_data


@pytest.fixture
async def pool():
    """Connections to a server of one's own, which give a statement up after a second."""
    if find_programs() is None:
        pytest.skip("no PostgreSQL programs on this machine to run a second server with")
    with private_place() as directory:
        async with native_postgres(directory, durable=True) as server:
            url = await server.create("gateway")
            await migrate(url)
            async with open_pool(url, command_timeout_s=1) as opened:
                yield opened


async def standby(pool, name):
    """Have commits wait for the standby of that name."""
    await pool.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
    await pool.execute("SELECT pg_reload_conf()")
    await eventually(lambda: pool.fetchval("SELECT current_setting('synchronous_standby_names') = $1", name))


async def test_a_command_that_only_the_primary_has_is_not_acknowledged_when_it_comes_again(pool, systems):
    admission = Admission(pool, systems, sign_intent(SignPolicy(timedelta(hours=1), 4096)))
    command = [delivery(sign_data())]
    await standby(pool, "gone")
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await admission.handle(command)
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 1  # committed, as whoever looks sees
    await standby(pool, "")
    assert await admission.handle(command) == [Done("duplicate")]
