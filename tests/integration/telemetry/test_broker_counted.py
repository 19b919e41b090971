"""Is it counted what goes in and out at the broker, and what nobody reads?"""

import asyncio
import contextlib
import re
from datetime import timedelta
from pathlib import Path

import pytest
from aio_pika import Message

from shared.messaging import outcomes
from shared.messaging.broker import open_broker
from shared.messaging.intake import DUPLICATE, REASONS, Done, Intake, Unusable
from shared.messaging.relay import Relay
from shared.messaging.topology import EVENTS, CommandQueue, declare_commands, declare_exchanges
from shared.persistence.notices import Notices
from tests.counting import shown
from tests.gateway import delivery, eventually, sign_data

ROOT = Path(__file__).parents[3]
REJECTED = "msign.sign_request.rejected.v1"
QUEUE = CommandQueue("test_counted", "sign.request.*")


@pytest.fixture
async def amqp_url(broker):
    async with broker.temporary_vhost("msign-counted") as name:  # where nobody has bound a queue
        yield broker.url_of(name)


@pytest.fixture
async def connection(amqp_url):
    async with open_broker(amqp_url, name="tests") as opened:
        yield opened


@pytest.fixture
async def channel(connection):
    async with connection.channel(publisher_confirms=True) as opened:
        await declare_exchanges(opened)
        yield opened


@pytest.fixture
async def relay(connection, pool, database_url):
    running = asyncio.create_task(Relay(connection, pool, Notices(database_url)).run())
    yield
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def relayed(pool):
    """Nothing waits any more that is due now."""
    await eventually(lambda: pool.fetchval("SELECT NOT EXISTS (SELECT FROM events WHERE due_at IS NOT NULL)"))


async def test_an_event_is_counted_as_published_and_as_unrouted_only_if_nobody_bound_a_queue(
    counted, channel, pool, admission, relay
):
    await admission.handle([delivery(sign_data(msisdn="no"))])
    await relayed(pool)
    assert counted("msign_gateway_events_published_total", type=REJECTED) == 1
    assert counted("msign_gateway_events_unrouted_total", type=REJECTED) == 1
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind(EVENTS, "*.*.declaratii")
    await admission.handle([delivery(sign_data(msisdn="no"))])
    await relayed(pool)
    assert counted("msign_gateway_events_published_total", type=REJECTED) == 2
    assert counted("msign_gateway_events_unrouted_total", type=REJECTED) == 1


async def test_an_event_that_a_full_queue_refuses_is_counted_and_waits(
    counted, channel, pool, admission, relay, monkeypatch
):
    monkeypatch.setattr(outcomes, "delay_after", lambda _: timedelta(hours=1))
    arguments = {"x-max-length": 0, "x-overflow": "reject-publish"}
    queue = await channel.declare_queue(exclusive=True, arguments=arguments)
    await queue.bind(EVENTS, "*.*.declaratii")
    await admission.handle([delivery(sign_data(msisdn="no"))])
    await eventually(lambda: pool.fetchval("SELECT due_at > now() + interval '50 minutes' FROM events"))
    assert counted("msign_gateway_events_refused_total", type=REJECTED) == 1
    assert counted("msign_gateway_events_published_total", type=REJECTED) == 0
    assert await pool.fetchval("SELECT attempts FROM events") == 1


async def test_commands_duplicates_and_dead_letters_are_counted_by_queue_and_the_consumer_is_seen(
    counted, connection, channel
):
    await declare_commands(channel, QUEUE)
    outcomes = iter([Done("admitted"), Done(DUPLICATE), Unusable("impersonation", "somebody else")])

    async def handle(deliveries):
        return [next(outcomes) for _ in deliveries]

    intake = Intake(connection, QUEUE, handle)
    consuming = {"queue": QUEUE.name}
    assert shown("msign_gateway_consumers", **consuming) == 0
    running = asyncio.create_task(intake.run())
    try:
        await eventually(intake.answers)
        assert shown("msign_gateway_consumers", **consuming) == 1
        for _ in "123":
            await channel.default_exchange.publish(Message(b"a command"), QUEUE.name)
        await eventually(lambda: done(counted))
        await intake.stop()
        assert shown("msign_gateway_consumers", **consuming) == 0
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await channel.queue_delete(QUEUE.name)
        await channel.queue_delete(QUEUE.dead)
    assert counted("msign_gateway_commands_total", **consuming, outcome="admitted") == 1
    assert counted("msign_gateway_commands_total", **consuming, outcome="duplicate") == 1
    assert counted("msign_gateway_inbox_duplicates_total", **consuming) == 1


async def done(counted):
    return counted("msign_gateway_dead_letters_total", queue=QUEUE.name, reason="impersonation") == 1


def test_every_reason_for_a_dead_letter_is_there_before_it_happens(connection):
    async def handle(_):
        return []

    Intake(connection, QUEUE, handle)
    for reason in REASONS:
        assert shown("msign_gateway_dead_letters_total", queue=QUEUE.name, reason=reason) >= 0


def test_no_dead_letter_has_a_reason_that_is_not_listed():
    code = "".join(path.read_text() for top in ("shared", "services") for path in (ROOT / top).rglob("*.py"))
    assert set(re.findall(r'Unusable\("(\w+)"', code)) == set(REASONS)
