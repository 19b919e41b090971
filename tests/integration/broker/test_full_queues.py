"""A subscriber that takes nothing: whose events wait, and whom do they hold up?"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import aio_pika
import asyncpg
import pytest
from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel, AbstractQueue

from msign_gateway.infrastructure import Broker
from msign_gateway.infrastructure.definitions import Passwords
from shared.messaging import broker as brokers
from shared.messaging import outcomes
from shared.messaging.relay import Relay
from shared.messaging.topology import EVENTS
from shared.persistence.notices import Notices
from shared.signing.admission import Admission
from tests.gateway import delivery, eventually, sign_data

EVENTS_OF_EACH = 8
PATIENCE_S = 60
ROOM = 3


@pytest.fixture
async def channel(amqp_url: str) -> AsyncIterator[AbstractChannel]:
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as opened:
        yield opened


@pytest.fixture
async def relay(amqp_url: str, pool: asyncpg.Pool, database_url: str) -> AsyncIterator[None]:
    async with brokers.open_broker(amqp_url, name="tests") as connection:
        notices = Notices(database_url)
        running = [asyncio.create_task(work) for work in (notices.run(), Relay(connection, pool, notices).run())]
        yield
        for task in running:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*running)


async def queue_of(channel: AbstractChannel, system: str, **arguments: str | int) -> AbstractQueue:
    """A system's queue of its events, as narrow as it says."""
    events = await channel.declare_exchange(EVENTS, ExchangeType.TOPIC, durable=True)
    queue = await channel.declare_queue(
        exclusive=True, arguments={name.replace("_", "-"): value for name, value in arguments.items()}
    )
    await queue.bind(events, f"*.*.{system}")
    return queue


async def depth(channel: AbstractChannel, queue: AbstractQueue) -> int:
    found = await channel.declare_queue(queue.name, passive=True)
    return found.declaration_result.message_count or 0


async def reject_some(admission: Admission) -> None:
    """As many rejected commands, each with its event, of either system."""
    for system in ("declaratii", "registru"):
        bad = sign_data(msisdn="no", return_url=f"https://{system}.example/")
        await admission.handle([delivery(bad, system=system) for _ in range(EVENTS_OF_EACH)])


def waiting(pool: asyncpg.Pool, system: str, number: int):
    question = "SELECT count(*) = $2 FROM events WHERE due_at IS NOT NULL AND routing_key LIKE '%.' || $1"
    return lambda: pool.fetchval(question, system, number)


async def test_a_full_queue_that_drops_its_oldest_holds_nobody_up(channel, pool, admission, relay):
    full = await queue_of(channel, "declaratii", x_max_length=ROOM, x_overflow="drop-head")
    other = await queue_of(channel, "registru")
    await reject_some(admission)
    await eventually(waiting(pool, "declaratii", 0))
    await eventually(waiting(pool, "registru", 0))
    assert await depth(channel, full) == ROOM
    assert await depth(channel, other) == EVENTS_OF_EACH


async def test_events_that_a_full_queue_refuses_wait_alone_and_go_out_once_there_is_room(
    channel, pool, admission, relay, monkeypatch
):
    monkeypatch.setattr(outcomes, "LONGEST_DELAY_S", 0.3)
    full = await queue_of(channel, "declaratii", x_max_length=ROOM, x_overflow="reject-publish")
    other = await queue_of(channel, "registru")
    await reject_some(admission)
    await eventually(waiting(pool, "registru", 0))
    assert await depth(channel, other) == EVENTS_OF_EACH
    await eventually(lambda: pool.fetchval("SELECT max(attempts) >= 3 FROM events"))
    left = EVENTS_OF_EACH - await depth(channel, full)
    assert await waiting(pool, "declaratii", left)()
    assert 0 < left < EVENTS_OF_EACH
    async with full.iterator(no_ack=True) as taken:
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(EVENTS_OF_EACH):
                await anext(taken)
    await eventually(waiting(pool, "declaratii", 0))


async def test_the_shipped_definitions_let_subscribers_queues_drop_their_oldest(
    broker: Broker, vhost: str, passwords: Passwords, channel: AbstractChannel
) -> None:
    queue = await queue_of(channel, "declaratii")

    async def bounded() -> bool:
        found = await broker.call("GET", f"queues/{vhost}/{queue.name}")  # its numbers come with a delay
        policy = found.get("effective_policy_definition") or {}
        return policy.get("overflow") == "drop-head" and policy.get("max-length-bytes", 0) > 0

    await eventually(bounded)
