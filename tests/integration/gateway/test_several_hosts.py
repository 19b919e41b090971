"""Is the server that works found among several, though another of them takes connections and says nothing?"""

import asyncio
import socket
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import uvloop

from shared.persistence.connecting import GONE_AFTER_S, connect
from shared.persistence.notices import JOBS, Notices
from shared.persistence.pool import answers, is_away, open_pool

WITHIN_S = 20
REFUSING = "127.0.0.1:9"


@pytest.fixture
async def silent():
    """Where a server is that has stopped answering, as one does whose machine is gone."""
    connected = []

    async def say_nothing(reader, writer):
        connected.append(writer)
        await asyncio.Event().wait()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    for writer in connected:
        writer.transport.abort()


def among(url, *hosts):
    """The URL with these servers before its own."""
    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{login}@{','.join((*hosts, host))}"))


async def test_the_pool_connects_to_the_one_that_answers(database_url, silent):
    async with asyncio.timeout(WITHIN_S), open_pool(among(database_url, silent, REFUSING)) as pool:
        assert await answers(pool)


async def test_notices_come_over_the_one_that_answers(database_url, silent):
    notices = Notices(among(database_url, silent))
    running = asyncio.create_task(notices.run())
    hint = notices.hint(JOBS, "sign")
    other = await asyncpg.connect(database_url)
    try:
        async with asyncio.timeout(WITHIN_S):
            while not await hint.wait(at_most_s=0.1):
                await other.execute("SELECT pg_notify($1, 'sign')", JOBS)
    finally:
        running.cancel()
        await other.close()


async def test_where_none_answers_the_error_says_so():
    with pytest.raises(OSError, match="Connect call failed"):
        async with open_pool(f"postgresql://u:p@{REFUSING},127.0.0.1:10/d"):
            pass


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux breaks such connections by itself")
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
async def test_a_connection_breaks_by_itself_when_its_other_end_is_gone(database_url, run):
    async def options():
        connection = await connect(database_url)
        connected = connection._transport.get_extra_info("socket")
        asked = connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        gone_after_ms = connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        await connection.close()
        return asked, gone_after_ms

    assert await asyncio.to_thread(run, options()) == (1, GONE_AFTER_S * 1000)


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
async def test_where_a_connection_is_lost_as_soon_as_it_is_made_the_database_is_away(database_url, run, monkeypatch):
    real = asyncpg.connect

    async def losing(*asked, **named):
        connection = await real(*asked, **named)
        connection.terminate()
        await asyncio.sleep(0.05)
        return connection

    async def use():
        async with open_pool(database_url) as pool:
            await answers(pool)

    monkeypatch.setattr(asyncpg, "connect", losing)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is, it is looked at
        await asyncio.to_thread(run, use())
    assert is_away(caught.value)
