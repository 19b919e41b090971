"""Every way that a system has at the broker to pass for another, or to see what is another's: tried for real.

What the broker lets through, the three-way check stops: `user_id`, routing key and `source` must name one system.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import aio_pika
import pytest
from aio_pika import ExchangeType, Message
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue
from aio_pika.exceptions import AMQPError
from pamqp.common import FieldTable

from services.sign_gateway.handlers import SignPolicy, sign_intent
from shared.messaging import broker as brokers
from shared.messaging.dead import DETAIL, DIED_AT, HISTORY, REASON, ROUTING_KEY, USER, DeadQueue
from shared.messaging.intake import Intake
from shared.messaging.topology import COMMANDS, DEAD, EVENTS, SIGN_COMMANDS, VERIFICATION_COMMANDS, declare_commands
from shared.signing.admission import Admission
from tests.gateway import delivery, eventually, sign_data

OURS, THEIRS = "sign.request.declaratii", "sign.request.registru"


@pytest.fixture
async def admin(amqp_url) -> AsyncIterator[AbstractChannel]:
    """The administrator's channel; the queues are there and empty."""
    async with await aio_pika.connect(amqp_url) as connection, connection.channel() as channel:
        for queue in (SIGN_COMMANDS, VERIFICATION_COMMANDS):
            await declare_commands(channel, queue)
        for name in (SIGN_COMMANDS.name, SIGN_COMMANDS.dead):
            await (await channel.get_queue(name)).purge()
        yield channel


@pytest.fixture
async def declaratii(admin, system_amqp_urls) -> AsyncIterator[AbstractChannel]:
    """The attacker's channel: a registered system with its own password."""
    async with await aio_pika.connect(system_amqp_urls["declaratii"]) as connection, connection.channel() as channel:
        yield channel


@pytest.fixture
def taken_in(amqp_url, admin, pool, systems):
    """Lets the real intake and admission deal with `count` commands; returns why those that died are dead."""

    async def deal(*, jobs: int, dead: int) -> list[str]:
        admission = Admission(pool, systems, sign_intent(SignPolicy(timedelta(hours=1), 1 << 22)))
        letters = await admin.get_queue(SIGN_COMMANDS.dead)
        async with brokers.open_broker(amqp_url, name="intake") as connection:
            task = asyncio.create_task(Intake(connection, SIGN_COMMANDS, admission.handle).run())

            async def done() -> bool:
                found = await admin.declare_queue(SIGN_COMMANDS.dead, passive=True)
                count = await pool.fetchval("SELECT count(*) FROM jobs")
                return (count, found.declaration_result.message_count) == (jobs, dead)

            try:
                await eventually(done)
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        reasons = []
        for _ in range(dead):
            message = await letters.get(no_ack=True)
            reasons.append(str(message.headers[REASON]))
        return reasons

    return deal


async def refused(attempt: Any) -> str:
    """The broker's words to what it refuses."""
    with pytest.raises(AMQPError) as error:
        await attempt
    return str(error.value)


def letter(source: str = "registru", **properties: Any) -> Message:
    """A command in another system's name, with the attacker's own `user_id` unless told otherwise."""
    body = delivery(sign_data(return_url="https://registru.example/x"), source=f"/systems/{source}").body
    return Message(body, **{"user_id": "declaratii"} | properties)


# What the broker itself refuses


@pytest.mark.parametrize("key", [THEIRS, "sign.request", "#", "verification.request.registru"])
async def test_publishing_under_anothers_routing_key(declaratii, key):
    exchange = await declaratii.get_exchange(COMMANDS, ensure=False)
    assert "ACCESS_REFUSED" in await refused(exchange.publish(letter(), key))


async def test_publishing_with_anothers_user_id(declaratii):
    exchange = await declaratii.get_exchange(COMMANDS, ensure=False)
    assert "PRECONDITION_FAILED" in await refused(exchange.publish(letter(user_id="registru"), OURS))


@pytest.mark.parametrize(("exchange", "key"), [(EVENTS, THEIRS), (DEAD, THEIRS), ("", SIGN_COMMANDS.name)])
async def test_publishing_events_dead_letters_or_straight_into_a_services_queue(declaratii, exchange, key):
    where = await declaratii.get_exchange(exchange, ensure=False) if exchange else declaratii.default_exchange
    assert "ACCESS_REFUSED" in await refused(where.publish(letter(), key))


async def test_a_queue_that_dead_letters_into_the_dead_queues_of_the_services(declaratii):
    arguments = {"x-dead-letter-exchange": DEAD, "x-dead-letter-routing-key": SIGN_COMMANDS.name}
    assert "ACCESS_REFUSED" in await refused(declaratii.declare_queue("declaratii.trap", arguments=arguments))


async def ignore(_: AbstractIncomingMessage) -> None:
    """Takes a message and does nothing with it."""


ATTEMPTS: dict[str, Callable[[AbstractChannel, AbstractQueue], Awaitable[Any]]] = {
    "declare": lambda channel, queue: channel.declare_queue(queue.name),
    "read": lambda _, queue: queue.get(no_ack=True),
    "consume": lambda _, queue: queue.consume(ignore),
    "empty": lambda _, queue: queue.purge(),
    "delete": lambda _, queue: queue.delete(if_unused=False, if_empty=False),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize("name", [SIGN_COMMANDS.name, SIGN_COMMANDS.dead, "registru.inbox"])
async def test_touching_a_queue_that_is_not_its_own(admin, declaratii, name, attempt):
    if name == "registru.inbox":
        await admin.declare_queue(name, auto_delete=True)
    queue = await declaratii.get_queue(name, ensure=False)
    assert "ACCESS_REFUSED" in await refused(ATTEMPTS[attempt](declaratii, queue))


@pytest.mark.parametrize("key", ["#", "*.*.registru", "sign_response.ready.#"])
async def test_seeing_anothers_events_through_an_exchange_of_its_own(declaratii, key):
    own = await declaratii.declare_exchange("declaratii.mirror", ExchangeType.FANOUT, auto_delete=True)
    assert "ACCESS_REFUSED" in await refused(own.bind(EVENTS, key))


@pytest.mark.parametrize("key", ["#", THEIRS, OURS])
async def test_seeing_anothers_commands(declaratii, key):
    own = await declaratii.declare_exchange("declaratii.spy", ExchangeType.FANOUT, auto_delete=True)
    assert "ACCESS_REFUSED" in await refused(own.bind(COMMANDS, key))


# What the broker lets through, and the three-way check stops


async def trap(channel: AbstractChannel, message: Message, key: str) -> None:
    """Have the broker itself put a message under a routing key that its sender may not use: dead-letter injection."""
    arguments: FieldTable = {"x-dead-letter-exchange": COMMANDS, "x-dead-letter-routing-key": key, "x-message-ttl": 0}
    queue = await channel.declare_queue("declaratii.trap", arguments=arguments)
    door = await channel.declare_exchange("declaratii.door", ExchangeType.FANOUT)
    await queue.bind(door)
    await door.publish(message, "")
    await queue.delete(if_unused=False, if_empty=False)
    await door.delete()


async def test_dead_letter_injection_under_anothers_routing_key(declaratii, taken_in):
    await trap(declaratii, letter(), THEIRS)
    assert await taken_in(jobs=0, dead=1) == ["impersonation"]


async def test_dead_letter_injection_without_a_user_id(declaratii, taken_in):
    await trap(declaratii, letter(user_id=None), THEIRS)
    assert await taken_in(jobs=0, dead=1) == ["no_user_id"]


async def test_anothers_source_under_its_own_routing_key(declaratii, taken_in):
    exchange = await declaratii.get_exchange(COMMANDS, ensure=False)
    await exchange.publish(letter(), OURS)
    assert await taken_in(jobs=0, dead=1) == ["impersonation"]


async def test_its_own_source_under_anothers_routing_key(declaratii, taken_in):
    await trap(declaratii, letter(source="declaratii"), THEIRS)
    assert await taken_in(jobs=0, dead=1) == ["impersonation"]


async def test_an_exchange_of_its_own_bound_to_the_commands(declaratii, taken_in):
    own = await declaratii.declare_exchange("declaratii.detour", ExchangeType.TOPIC, auto_delete=True)
    commands = await declaratii.get_exchange(COMMANDS, ensure=False)
    await commands.bind(own, "#")
    await own.publish(letter(), THEIRS)
    assert await taken_in(jobs=0, dead=1) == ["impersonation"]


async def test_the_commands_as_alternate_exchange_of_its_own(declaratii, taken_in):
    arguments = {"alternate-exchange": COMMANDS}
    own = await declaratii.declare_exchange("declaratii.alternate", ExchangeType.TOPIC, arguments=arguments)
    await own.publish(letter(), THEIRS, mandatory=False)
    await own.delete()
    assert await taken_in(jobs=0, dead=1) == ["impersonation"]


async def test_further_routing_keys_in_the_headers_of_its_own_command(declaratii, taken_in, pool):
    """Sender-selected distribution: `CC` and `BCC` route, too. What comes of it is one job, of its own."""
    exchange = await declaratii.get_exchange(COMMANDS, ensure=False)
    body = delivery(sign_data()).body
    with contextlib.suppress(AMQPError):
        await exchange.publish(Message(body, user_id="declaratii", headers={"CC": [THEIRS], "BCC": [THEIRS]}), OURS)
        assert await taken_in(jobs=1, dead=0) == []
        assert await pool.fetchval("SELECT system FROM jobs") == "declaratii"


# An operator's replay puts senders' names on letters: only those that the broker vouched for


FORGED = {
    REASON: "bug", DETAIL: "KeyError", USER: "registru", ROUTING_KEY: THEIRS, DIED_AT: "2026-11-24T10:00:00+00:00",
    HISTORY: ["2026-11-24T10:00:00+00:00 bug", "2000000000017 at home"],
}  # fmt: skip


async def test_headers_that_pass_for_ours_in_a_letter_that_the_broker_let_die(declaratii, amqp_url, admin):
    """The sender lets its own command expire in the command queue, so that the broker dead-letters it unread."""
    exchange = await declaratii.get_exchange(COMMANDS, ensure=False)
    await exchange.publish(letter(headers=FORGED, expiration=0.001), OURS)
    async with brokers.open_broker(amqp_url, name="operator") as connection:
        dead = DeadQueue(connection, SIGN_COMMANDS)
        await eventually(dead.letters)
        (found,) = await dead.letters()
        assert (found.user, found.routing_key, found.reason) == ("declaratii", OURS, "expired")
        assert found.died_at is None
        assert "2000000000017" not in str(found)
        await dead.discard({found.id})


async def test_headers_that_pass_for_ours_in_a_letter_that_a_service_declares_dead(declaratii, taken_in, amqp_url):
    exchange = await declaratii.get_exchange(COMMANDS, ensure=False)
    await exchange.publish(letter(headers=FORGED | {"x-death": [{"reason": "expired"}]}), OURS)
    assert await taken_in(jobs=0, dead=1) == ["impersonation"]
