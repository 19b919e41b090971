"""TLS to the broker, the database and MSign: real handshakes, with good and bad certificates, rotated while in use."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from aio_pika.exceptions import AMQPError
from aiohttp import web

from shared.addresses import with_files
from shared.contract.envelope import Envelope
from shared.contract.transport import SoapTransport, watched_context
from shared.errors import ProviderDown
from shared.messaging.broker import answers, open_broker
from shared.persistence.pool import open_pool
from shared.watched import Watched
from tests.gateway import eventually
from tests.integration.encryption.fronts import Files, Front, amqps, make_files, server_context, verified

REFUSED = (AMQPError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


# The broker


async def test_the_broker_is_reached_over_tls(amqp_url, server):
    async with Front(amqp_url, server_context(server)).running() as front:
        async with open_broker(with_files(amqps(front, amqp_url), cafile=server.ca), name="tests") as connection:
            assert await answers(connection)
        assert front.encrypted == 1


async def test_a_broker_of_another_authority_or_another_name_is_refused(amqp_url, server, stranger):
    async with Front(amqp_url, server_context(server)).running() as front:
        for url in (
            with_files(amqps(front, amqp_url), cafile=stranger.ca),
            with_files(amqps(front, amqp_url, host="localhost"), cafile=server.ca),
        ):
            with pytest.raises(REFUSED):
                async with open_broker(url, name="tests"):
                    pass
        assert front.encrypted == 0


async def test_a_broker_that_asks_gets_our_certificate(amqp_url, server, client):
    context = server_context(server, ask_for_certificates=True)
    async with Front(amqp_url, context).running() as front:
        bare = with_files(amqps(front, amqp_url), cafile=server.ca)
        with pytest.raises(REFUSED):
            async with open_broker(bare, name="tests"):
                pass
        known = with_files(bare, certfile=client.cert, keyfile=client.key)
        async with open_broker(known, name="tests") as connection:
            assert await answers(connection)


async def test_a_connection_mends_itself_with_the_new_password_and_the_new_authority(
    amqp_url, broker, vhost, server, stranger, tmp_path
):
    async def user_with(password: str) -> str:
        await broker.call("PUT", "users/rotated", {"password": password, "tags": ""})
        await broker.call(
            "PUT", f"permissions/{vhost}/rotated", {"configure": "", "write": "", "read": ""}
        )  # fmt: skip
        return broker.url_of(vhost, "rotated", password)

    ca, secret = tmp_path / "trusted.pem", tmp_path / "amqp_url"
    ca.write_bytes(server.ca.read_bytes())
    async with Front(amqp_url, server_context(server)).running() as front:
        secret.write_text(amqps(front, await user_with("before")))
        watched = Watched((secret,), secret.read_text)
        async with open_broker(lambda: with_files(watched.current(), cafile=ca), name="tests") as connection:
            front.context = server_context(stranger)
            ca.write_bytes(stranger.ca.read_bytes())
            secret.write_text(amqps(front, await user_with("afterwards")))
            front.hang_up()
            await eventually(lambda: mended(front, connection))
    await broker.delete_user("rotated")


async def mended(front, connection):
    return front.encrypted == 2 and await answers(connection)


# The database


async def test_the_database_is_reached_over_tls(database_url, server):
    async with Front(database_url, server_context(server)).running() as front:
        url = with_files(verified(front, database_url), sslrootcert=server.ca)
        async with open_pool(url) as pool:
            assert await pool.fetchval("SELECT count(*) FROM jobs") == 0
        assert front.encrypted == 1


async def test_a_database_of_another_authority_or_another_name_is_refused(database_url, server, stranger):
    async with Front(database_url, server_context(server)).running() as front:
        for url in (
            with_files(verified(front, database_url), sslrootcert=stranger.ca),
            with_files(verified(front, database_url, host="localhost"), sslrootcert=server.ca),
        ):
            with pytest.raises(REFUSED):
                async with open_pool(url):
                    pass
        assert front.encrypted == 0


async def test_a_database_without_tls_is_refused(database_url, server):
    url = f"{database_url}?sslmode=verify-full"
    with pytest.raises(REFUSED):
        async with open_pool(with_files(url, sslrootcert=server.ca)):
            pass


async def test_new_connections_to_the_database_use_the_new_password(database_url, tmp_path):
    secret = tmp_path / "database_url"

    def url_with(password: str) -> str:
        parts = urlsplit(database_url)
        return urlunsplit(parts._replace(netloc=f"rotated:{password}@{parts.hostname}:{parts.port}"))

    admin = await asyncpg.connect(database_url)
    await admin.execute("CREATE ROLE rotated LOGIN PASSWORD 'before'")
    secret.write_text(url_with("before"))
    async with open_pool(Watched((secret,), secret.read_text).current, max_size=1) as pool:
        await admin.execute("ALTER ROLE rotated PASSWORD 'afterwards'")
        secret.write_text(url_with("afterwards"))
        await pool.expire_connections()
        assert await pool.fetchval("SELECT current_user") == "rotated"
    await admin.execute("DROP ROLE rotated")
    await admin.close()


# MSign


async def who_calls(request: web.Request) -> web.Response:
    assert request.transport is not None
    serial_number = int(request.transport.get_extra_info("peercert")["serialNumber"], 16)
    return web.Response(text=f"<serial>{serial_number}</serial>")


@pytest.fixture
async def msign_url(server: Files) -> AsyncIterator[str]:
    """A server that answers with the serial number of the certificate that it is shown."""
    app = web.Application()
    app.add_routes([web.post("/MSign.svc", who_calls)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_context(server, ask_for_certificates=True))
    await site.start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}/MSign.svc"
    await runner.cleanup()


@asynccontextmanager
async def transport_to(url: str, ours: Files) -> AsyncIterator[SoapTransport]:
    context = watched_context(client_cert=ours.cert, client_key=ours.key, ca_bundle=ours.ca)
    async with SoapTransport.open(url, context=context, timeout_s=60, connect_s=60, max_answer_bytes=1000) as opened:
        yield opened


async def shown(transport: SoapTransport) -> int:
    return int((await transport.post(Envelope((b"<x/>",)), {})).root.text or "")


async def test_the_next_call_shows_the_certificate_that_was_rotated_in_and_never_half_of_it(
    msign_url, client, tmp_path
):
    async with transport_to(msign_url, client) as transport:
        before = client.serial_number
        assert await shown(transport) == before
        new = make_files(tmp_path, "new")
        client.cert.write_bytes(new.cert.read_bytes())
        assert await shown(transport) == before, "the new certificate does not go with the old key"
        client.key.write_bytes(new.key.read_bytes())
        assert await shown(transport) == new.serial_number


async def test_calls_at_once_during_a_rotation_all_arrive(msign_url, client, tmp_path):
    async with transport_to(msign_url, client) as transport:
        first = [asyncio.create_task(shown(transport)) for _ in range(4)]
        await asyncio.sleep(0)
        before, new = client.serial_number, make_files(tmp_path, "new")
        client.cert.write_bytes(new.cert.read_bytes())
        client.key.write_bytes(new.key.read_bytes())
        then = await asyncio.gather(*(shown(transport) for _ in range(4)))
        assert set(await asyncio.gather(*first)) <= {before, new.serial_number}
        assert set(then) == {new.serial_number}


async def test_an_authority_that_was_taken_out_is_not_trusted_at_the_next_call(msign_url, client, stranger):
    async with transport_to(msign_url, client) as transport:
        await shown(transport)
        client.ca.write_bytes(stranger.ca.read_bytes())
        with pytest.raises(ProviderDown):
            await shown(transport)
