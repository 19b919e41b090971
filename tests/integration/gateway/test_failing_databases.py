"""A database that refuses: is that its being away, or a bug of ours?

Every error is a server's own, and comes through the pool that services use.
"""

from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from msign_gateway.infrastructure import Database
from msign_gateway.infrastructure.place import private_place
from msign_gateway.infrastructure.postgres import find_programs, native_postgres
from services.sign_gateway.handlers import SignPolicy, sign_intent
from shared.messaging.intake import Done
from shared.persistence.migrate import migrate
from shared.persistence.pool import answers, is_away, open_pool
from shared.signing.admission import Admission
from tests.gateway import delivery, eventually, sign_data

NO_SPACE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON jobs EXECUTE FUNCTION refuse()
"""
READ_ONLY = "ALTER SYSTEM SET default_transaction_read_only = on"


@pytest.fixture
async def administrator(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.url)
    yield connection
    await connection.close()


async def refused(work: Awaitable[object]) -> Exception:
    with pytest.raises((asyncpg.PostgresError, asyncpg.InternalClientError)) as caught:
        await work
    return caught.value


async def test_a_full_disk_counts_as_a_database_that_is_away_and_leaves_no_half_of_a_job(pool, admission):
    await pool.execute(NO_SPACE)
    error = await refused(admission.handle([delivery(sign_data())]))
    assert isinstance(error, asyncpg.DiskFullError)
    assert is_away(error)
    assert await pool.fetchval("SELECT count(*) FROM contents") == 0
    await pool.execute("DROP TRIGGER refuse ON jobs")
    assert await admission.handle([delivery(sign_data())]) == [Done("admitted")]


async def test_too_many_connections_count_as_a_database_that_is_away(database_url, administrator):
    await administrator.execute("CREATE ROLE narrow LOGIN PASSWORD 'narrow' CONNECTION LIMIT 1")
    parts = urlsplit(database_url)
    url = urlunsplit(parts._replace(netloc=f"narrow:narrow@{parts.hostname}:{parts.port}"))
    try:
        async with open_pool(url) as pool:
            error = await refused(asyncpg.connect(url))
            assert await answers(pool)
    finally:
        await administrator.execute("DROP ROLE narrow")
    assert isinstance(error, asyncpg.TooManyConnectionsError)
    assert is_away(error)


async def test_a_primary_that_has_become_read_only_is_left_for_where_the_address_leads_then(database_url, systems):
    if find_programs() is None:
        pytest.skip("no PostgreSQL programs on this machine to run a second server with")
    with private_place() as directory:
        async with native_postgres(directory, durable=False) as old:
            where = [await old.create("gateway")]
            await migrate(where[0])
            async with open_pool(lambda: where[0]) as pool:
                moving = Admission(pool, systems, sign_intent(SignPolicy(timedelta(hours=1), 4 * 1024 * 1024)))
                assert await moving.handle([delivery(sign_data())]) == [Done("admitted")]
                await pool.execute(READ_ONLY)
                await pool.execute("SELECT pg_reload_conf()")
                await eventually(lambda: pool.fetchval("SELECT current_setting('transaction_read_only') = 'on'"))
                error = await refused(moving.handle([delivery(sign_data())]))
                assert isinstance(error, asyncpg.ReadOnlySQLTransactionError)
                assert is_away(error)
                error = await refused(pool.fetchval("SELECT true"))
                assert isinstance(error, asyncpg.InternalClientError)  # nothing else can be reached yet
                assert is_away(error)
                where[0] = database_url
                assert await moving.handle([delivery(sign_data())]) == [Done("admitted")]


async def test_several_servers_may_be_named_and_the_one_that_can_be_written_to_is_used(database_url):
    parts = urlsplit(database_url)
    login, _, host = parts.netloc.rpartition("@")
    several = urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:9,{host}"))
    async with open_pool(several) as pool:
        assert await answers(pool)
