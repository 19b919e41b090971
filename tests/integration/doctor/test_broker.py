"""What the doctor finds at the broker over AMQP."""

import aio_pika
import pytest

from shared.messaging.topology import COMMANDS, DEAD, EVENTS, SIGN_COMMANDS, VERIFICATION_COMMANDS
from tests.integration.encryption.fronts import Front, amqps, server_context

QUEUES = [name for queue in (SIGN_COMMANDS, VERIFICATION_COMMANDS) for name in (queue.name, queue.dead)]


@pytest.fixture
async def empty(broker):
    """The URL of a virtual host with nothing in it."""
    async with broker.temporary_vhost("msign-doctor") as vhost:
        yield broker.url_of(vhost)


@pytest.fixture
async def channel(empty):
    async with await aio_pika.connect(empty) as connection, connection.channel() as opened:
        yield opened


async def test_a_broker_with_the_shipped_definitions_lacks_consumers_only(diagnose, broker, vhost, passwords):
    secret = passwords.services["sign_gateway"]
    url = broker.url_of(vhost, "sign_gateway", secret)
    found = await diagnose("broker", AMQP_URL=url, secrets=(secret,))
    assert found.exit_code == 0
    assert found.outcome("login") == found.outcome("exchanges") == found.outcome("version") == "ok"
    assert "sign_gateway" in found.detail("login")
    for name in (SIGN_COMMANDS.name, VERIFICATION_COMMANDS.name):
        assert found.outcome(name) == "warning"
        assert found.detail(name).startswith("0 consumers")
    for name in (SIGN_COMMANDS.dead, VERIFICATION_COMMANDS.dead):
        assert (found.outcome(name), found.detail(name)) == ("ok", "empty")


async def keep(_):
    """Takes a message and does nothing with it."""


async def test_a_consumer_and_a_dead_letter_are_seen(diagnose, broker, vhost, passwords, amqp_url):
    url = broker.url_of(vhost, "sign_gateway", passwords.services["sign_gateway"])
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        queue, dead = [await channel.get_queue(name) for name in (SIGN_COMMANDS.name, SIGN_COMMANDS.dead)]
        await queue.consume(keep)
        await channel.default_exchange.publish(aio_pika.Message(b"unusable"), SIGN_COMMANDS.dead)
        found = await diagnose("broker", AMQP_URL=url)
        await dead.purge()
    assert (found.outcome(SIGN_COMMANDS.name), found.outcome(SIGN_COMMANDS.dead)) == ("ok", "warning")
    assert found.detail(SIGN_COMMANDS.dead) == "1 dead letter"


async def test_what_is_not_there_is_named(diagnose, empty):
    found = await diagnose("broker", AMQP_URL=empty)
    assert found.exit_code == 1
    assert [found.outcome(name) for name in ("exchanges", *QUEUES)] == ["failed"] * 5
    assert COMMANDS in found.detail("exchanges")


async def test_nothing_is_made_by_looking(diagnose, empty):
    await diagnose("broker", AMQP_URL=empty)
    assert (await diagnose("broker", AMQP_URL=empty)).outcome("exchanges") == "failed"


async def test_what_is_there_in_another_form_is_told_with_the_brokers_own_words(diagnose, empty, channel):
    for name in (COMMANDS, EVENTS):
        await channel.declare_exchange(name, aio_pika.ExchangeType.TOPIC, durable=True)
    await channel.declare_exchange(DEAD, aio_pika.ExchangeType.FANOUT, durable=True)
    await channel.declare_queue(SIGN_COMMANDS.name, durable=True)
    await channel.declare_queue(SIGN_COMMANDS.dead, durable=True, arguments={"x-queue-type": "quorum"})
    found = await diagnose("broker", AMQP_URL=empty)
    assert "inequivalent arg 'type'" in found.detail("exchanges")
    assert DEAD in found.detail("exchanges")
    for name in (SIGN_COMMANDS.name, SIGN_COMMANDS.dead):
        assert found.outcome(name) == "failed"
        assert "inequivalent arg" in found.detail(name)


async def test_a_wrong_password_is_told_from_a_virtual_host_that_is_not_there(diagnose, broker, vhost, passwords):
    wrong = await diagnose("broker", AMQP_URL=broker.url_of(vhost, "sign_gateway", "s3cret"), secrets=("s3cret",))
    assert "refuses the user sign_gateway" in wrong.detail("login")
    known = broker.url_of("nowhere", "sign_gateway", passwords.services["sign_gateway"])
    nowhere = await diagnose("broker", AMQP_URL=known)
    assert "virtual host nowhere" in nowhere.detail("login")
    assert wrong.exit_code == nowhere.exit_code == 1


async def test_nobody_there_is_said_so(diagnose):
    found = await diagnose("broker", AMQP_URL="amqp://u:s3cret@127.0.0.1:9/", secrets=("s3cret",))
    assert "127.0.0.1:9 cannot be reached" in found.detail("login")


async def test_a_server_of_another_authority_is_a_failed_handshake(diagnose, amqp_url, server, stranger):
    async with Front(amqp_url, server_context(server)).running() as front:
        good = await diagnose("broker", AMQP_URL=amqps(front, amqp_url), AMQP_CA_BUNDLE=server.ca)
        bad = await diagnose("broker", AMQP_URL=amqps(front, amqp_url), AMQP_CA_BUNDLE=stranger.ca)
    assert (good.outcome("encryption"), good.outcome("login")) == ("ok", "ok")
    assert (bad.outcome("login"), bad.exit_code) == ("failed", 1)
    assert "TLS handshake failed" in bad.detail("login")


async def test_settings_that_a_service_would_refuse_are_told_without_their_value(diagnose):
    found = await diagnose("broker", AMQP_URL="amqp://u:s3cret@far/", REQUIRE_TLS="true", secrets=("s3cret",))
    assert found.detail("settings") == "AMQP_URL: must be amqps://, not amqp:// (REQUIRE_TLS is set)"
    assert (await diagnose("broker")).detail("settings") == "AMQP_URL: is required; set AMQP_URL or AMQP_URL_FILE"
