"""Deliveries in and events out, on a real broker."""

import asyncio
import contextlib
import uuid
from datetime import UTC, datetime, timedelta

import aio_pika
import asyncpg
import orjson
import pytest
from aio_pika import DeliveryMode, Message

from services.sign_gateway.handlers import SignPolicy, sign_intent
from shared.messaging import broker
from shared.messaging import intake as intakes
from shared.messaging import relay as relays
from shared.messaging.intake import Done, Intake, Unusable
from shared.messaging.relay import Relay
from shared.messaging.topology import COMMANDS, EVENTS, SIGN_COMMANDS, CommandQueue, declare_commands
from shared.persistence.notices import Notices
from shared.signing.admission import Admission
from tests.gateway import delivery, eventually, sign_data

PATIENCE_S = 60


@pytest.fixture
async def connection(amqp_url):
    async with broker.open_broker(amqp_url, name="tests") as opened:
        yield opened


@pytest.fixture
async def channel(connection):
    async with connection.channel(publisher_confirms=True) as opened:
        yield opened


@pytest.fixture
async def commands(channel):
    """A fresh pair of queues, as every command queue is declared."""
    queue = CommandQueue(f"test_{uuid.uuid4().hex[:8]}", "sign.request.*")
    await declare_commands(channel, queue)
    yield queue
    await channel.queue_delete(queue.name)
    await channel.queue_delete(queue.dead)


@contextlib.asynccontextmanager
async def running(work):
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def publish(channel, queue, body: bytes, **properties) -> None:
    await channel.default_exchange.publish(
        Message(body, delivery_mode=DeliveryMode.PERSISTENT, **properties), queue.name
    )


async def one(queue):
    """The next message of a queue, waited for."""
    async with asyncio.timeout(PATIENCE_S), queue.iterator() as messages:
        async for message in messages:
            await message.ack()
            return message
    raise AssertionError("the queue's iterator ended")


async def test_deliveries_are_handled_in_batches_and_acknowledged(connection, channel, commands):
    seen = []
    everything = asyncio.Event()

    async def handle(deliveries):
        seen.extend(deliveries)
        if len(seen) == 120:
            everything.set()
        return [Done("admitted")] * len(deliveries)

    for number in range(120):
        await publish(channel, commands, str(number).encode())
    intake = Intake(connection, commands, handle)
    async with running(intake.run()), asyncio.timeout(PATIENCE_S):
        await everything.wait()
        await intake.stop()
    assert sorted(int(item.body) for item in seen) == list(range(120))
    await eventually(lambda: holds(channel, commands.name, 0))


async def holds(channel, name, count):
    """Whether a queue holds so many; asked below aio-pika's channel, which answers by itself the second time."""
    carrier = await channel.get_underlay_channel()
    return (await carrier.queue_declare(name, passive=True)).message_count == count


async def test_each_delivery_of_a_mixed_batch_is_settled_by_its_own_verdict(connection, channel, commands):
    seen: list[bytes] = []
    everything = asyncio.Event()

    async def handle(deliveries):
        seen.extend(item.body for item in deliveries)
        if len(seen) == 60:
            everything.set()
        await asyncio.sleep(0.05)  # so that the next batch is more than one
        return [
            Unusable("malformed", "it is bad") if item.body.startswith(b"bad") else Done("admitted")
            for item in deliveries
        ]

    sent = [b"bad %d" % number if number % 3 == 0 else b"good %d" % number for number in range(60)]
    for body in sent:
        await publish(channel, commands, body)
    intake = Intake(connection, commands, handle)
    async with running(intake.run()), asyncio.timeout(PATIENCE_S):
        await everything.wait()
        await intake.stop()
    assert sorted(seen) == sorted(sent)
    await eventually(lambda: holds(channel, commands.dead, 20))
    await eventually(lambda: holds(channel, commands.name, 0))


async def test_a_batch_takes_no_more_deliveries_once_it_has_its_bytes(connection, channel, commands, monkeypatch):
    monkeypatch.setattr("shared.messaging.intake.BATCH_BYTES", 10)
    sizes: list[int] = []
    everything = asyncio.Event()

    async def handle(deliveries):
        sizes.append(len(deliveries))
        if sum(sizes) == 9:
            everything.set()
        await asyncio.sleep(0.2)
        return [Done("admitted")] * len(deliveries)

    for _ in range(9):
        await publish(channel, commands, b"6 long")
    intake = Intake(connection, commands, handle)
    async with running(intake.run()), asyncio.timeout(PATIENCE_S):
        await everything.wait()
        await intake.stop()
    assert max(sizes) == 2


async def test_a_batch_waits_for_a_database_that_is_away_and_is_not_lost(connection, channel, commands):
    calls = []
    handled = asyncio.Event()

    async def handle(deliveries):
        calls.append(len(deliveries))
        if len(calls) == 1:
            raise asyncpg.InterfaceError("the pool is closed")
        handled.set()
        return [Done("admitted")] * len(deliveries)

    await publish(channel, commands, b"job")
    intake = Intake(connection, commands, handle)
    async with running(intake.run()), asyncio.timeout(PATIENCE_S):
        await handled.wait()
        await intake.stop()
    assert calls == [1, 1]


async def test_while_the_database_is_away_no_more_is_taken_than_at_first(connection, channel, commands, monkeypatch):
    monkeypatch.setattr(intakes, "PREFETCH", 3)
    monkeypatch.setattr(intakes, "RETRY_S", 0.2)
    calls = 0
    came: set[bytes] = set()
    held: set[bytes] = set()
    seen: list[bytes] = []
    everything = asyncio.Event()

    def incoming(message):
        came.add(message.body)
        return taken(message)

    async def handle(deliveries):
        nonlocal calls
        calls += 1
        if calls <= 6:
            raise asyncpg.InterfaceError("the pool is closed")
        if calls == 7:
            held.update(came)
        seen.extend(item.body for item in deliveries)
        if len(seen) == 30:
            everything.set()
        return [Done("admitted")] * len(deliveries)

    taken = intakes._incoming
    monkeypatch.setattr(intakes, "_incoming", incoming)
    bodies = [str(number).encode() for number in range(30)]
    for body in bodies:
        await publish(channel, commands, body)
    intake = Intake(connection, commands, handle)
    async with running(intake.run()), asyncio.timeout(PATIENCE_S):
        await everything.wait()
        assert intake.live
        await intake.stop()
    assert sorted(seen) == sorted(bodies)
    assert len(held) == 3


async def test_who_is_told_to_stop_while_the_database_is_away_takes_nothing_more(
    connection, channel, commands, monkeypatch
):
    monkeypatch.setattr(intakes, "PREFETCH", 1)
    monkeypatch.setattr(intakes, "RETRY_S", 0.5)
    seen: list[bytes] = []
    began = asyncio.Event()
    away = True

    async def handle(deliveries):
        began.set()
        if away:
            raise asyncpg.InterfaceError("the pool is closed")
        seen.extend(item.body for item in deliveries)
        return [Done("admitted")] * len(deliveries)

    for body in (b"first", b"second"):
        await publish(channel, commands, body)
    intake = Intake(connection, commands, handle)
    async with running(intake.run()), asyncio.timeout(PATIENCE_S):
        await began.wait()
        await asyncio.sleep(0.2)
        stopping = asyncio.create_task(intake.stop())
        await asyncio.sleep(0)
        away = False
        await stopping
        await asyncio.sleep(0.5)
        assert not intake.live
    assert seen == [b"first"]


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",) * 2,
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\x00", None),
        ("x" * 5000, None),
        (7, None),
        (None, None),
    ],
)
async def test_only_a_traceparent_that_is_one_is_taken_in(connection, channel, commands, sent, taken):
    seen = []
    handled = asyncio.Event()

    async def handle(deliveries):
        seen.extend(deliveries)
        handled.set()
        return [Done("admitted")] * len(deliveries)

    await publish(channel, commands, b"job", headers={} if sent is None else {"traceparent": sent})
    async with running(Intake(connection, commands, handle).run()), asyncio.timeout(PATIENCE_S):
        await handled.wait()
    assert seen[0].traceparent == taken


async def test_one_delivery_that_meets_a_bug_is_dead_alone_with_its_reason(connection, channel, commands):
    good: list[bytes] = []
    done = asyncio.Event()

    async def handle(deliveries):
        if any(item.body == b"poison" for item in deliveries):
            raise RuntimeError("a bug")
        good.extend(item.body for item in deliveries)
        if len(good) == 2:
            done.set()
        return [Done("admitted")] * len(deliveries)

    for body in (b"first", b"poison", b"second"):
        await publish(channel, commands, body)
    dead = await channel.get_queue(commands.dead)
    async with running(Intake(connection, commands, handle).run()), asyncio.timeout(PATIENCE_S):
        message = await one(dead)
        await done.wait()
    assert message.body == b"poison"
    assert message.headers["x-msign-reason"] == "bug"
    assert sorted(good) == [b"first", b"second"]


async def test_a_race_with_another_replica_beside_a_bug_makes_no_dead_letter(connection, channel, commands):
    seen: set[bytes] = set()
    raced: list[bytes] = []
    done = asyncio.Event()

    async def handle(deliveries):
        if any(item.body == b"poison" for item in deliveries):
            raise RuntimeError("a bug")
        if deliveries[0].body == b"second" and not raced:
            raced.append(b"second")
            raise asyncpg.UniqueViolationError("somebody else began it")
        seen.update(item.body for item in deliveries)
        if len(seen) == 2:
            done.set()
        return [Done("admitted")] * len(deliveries)

    for body in (b"first", b"poison", b"second"):
        await publish(channel, commands, body)
    dead = await channel.get_queue(commands.dead)
    async with running(Intake(connection, commands, handle).run()), asyncio.timeout(PATIENCE_S):
        assert (await one(dead)).body == b"poison"
        await done.wait()
    assert (seen, raced) == ({b"first", b"second"}, [b"second"])
    assert await dead.get(fail=False) is None


async def test_a_consumer_whose_queue_was_deleted_comes_back(connection, channel, commands):
    handled = asyncio.Event()

    async def handle(deliveries):
        handled.set()
        return [Done("admitted")] * len(deliveries)

    intake = Intake(connection, commands, handle)
    async with running(intake.run()), asyncio.timeout(PATIENCE_S):
        await eventually(intake.answers)
        await channel.queue_delete(commands.name)
        while not handled.is_set():
            with contextlib.suppress(aio_pika.exceptions.AMQPError):
                await publish(channel, commands, b"again")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await handled.wait()


@pytest.fixture
async def relay(connection, pool, database_url):
    notices = Notices(database_url)
    async with running(notices.run()), running(Relay(connection, pool, notices).run()):
        yield


async def test_a_rejection_reaches_the_systems_queue_once_and_again_when_the_command_is_repeated(
    channel, pool, admission, relay
):
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind(await channel.declare_exchange(EVENTS, "topic", durable=True), "*.*.declaratii")
    command = delivery(sign_data(msisdn="no"))
    await admission.handle([command])
    first = await one(queue)
    await admission.handle([command])
    second = await one(queue)
    event = orjson.loads(first.body)
    assert first.message_id == second.message_id == event["id"]
    assert first.body == second.body
    assert first.content_type == "application/cloudevents+json"
    assert (first.type, first.routing_key) == (event["type"], "sign_request.rejected.declaratii")
    assert first.correlation_id == event["data"]["command_id"]
    assert first.delivery_mode == DeliveryMode.PERSISTENT


async def test_an_event_that_nobody_bound_is_done(pool, admission, relay):
    await admission.handle([delivery(sign_data(msisdn="no"))])
    await eventually(lambda: pool.fetchval("SELECT published_at IS NOT NULL AND due_at IS NULL FROM events"))


async def test_more_events_than_are_on_their_way_at_once_arrive_in_order_and_once(channel, pool, admission, relay):
    number = 3 * relays.WINDOW
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind(EVENTS, "*.*.declaratii")
    await admission.handle([delivery(sign_data(msisdn="no"), id=f"command-{n}") for n in range(number)])
    await eventually(lambda: pool.fetchval("SELECT count(published_at) = $1 FROM events", number))
    seen = [orjson.loads((await queue.get(no_ack=True)).body)["id"] for _ in range(number)]
    assert await queue.get(no_ack=True, fail=False) is None
    assert seen == sorted(seen)
    assert await pool.fetchval("SELECT count(*) FROM events WHERE due_at IS NOT NULL OR attempts > 1") == 0


async def test_only_what_the_broker_vouches_for_is_taken_in(connection, channel, pool, systems, system_amqp_urls):
    admission = Admission(pool, systems, sign_intent(SignPolicy(timedelta(hours=1), 4 * 1024 * 1024)))
    await declare_commands(channel, SIGN_COMMANDS)
    dead = await channel.get_queue(SIGN_COMMANDS.dead)
    said = delivery(sign_data(), time=datetime.now(UTC).isoformat())
    async with await aio_pika.connect(system_amqp_urls["declaratii"]) as own:
        theirs = await own.channel()
        exchange = await theirs.get_exchange(COMMANDS, ensure=False)
        await exchange.publish(Message(said.body), said.routing_key)
        await exchange.publish(Message(said.body, user_id="declaratii"), said.routing_key)
    async with running(Intake(connection, SIGN_COMMANDS, admission.handle).run()):
        message = await one(dead)
        await eventually(lambda: pool.fetchval("SELECT count(*) = 1 FROM jobs"))
    assert message.headers["x-msign-reason"] == "no_user_id"
    assert await pool.fetchval("SELECT count(*) FROM jobs") == 1
