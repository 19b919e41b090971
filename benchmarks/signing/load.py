"""How do commands go in and events come out, as a system sees it?

Closed: so many commands are under way at any time; tells the highest rate. Open: commands come at a rate, whatever
becomes of them; tells how long each takes, from when it was meant to be sent (nothing is omitted that had to wait).
"""

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import aio_pika
import orjson
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractExchange, AbstractIncomingMessage

from benchmarks.signing.materials import Material
from benchmarks.signing.stub import CORRELATION_ID
from shared.messaging.commands import SIGN_REQUEST
from shared.messaging.envelope import CONTENT_TYPE, source_of
from shared.messaging.topology import COMMANDS, EVENTS

SYSTEM = "declaratii"
RETURN_URL = "http://127.0.0.1:9/back"
ACCEPTED = f"sign_request.accepted.{SYSTEM}"
READY = f"sign_response.ready.{SYSTEM}"
LONGEST_S = 60.0


class Load:
    """One system at the broker: publishes commands, and hears of `accepted` and `ready` by their commands' ids."""

    def __init__(self, commands: AbstractExchange, materials: Sequence[Material]) -> None:
        self._commands = commands
        self._data = [_data(one) for one in materials]
        self._awaited: dict[str, asyncio.Future[bytes]] = {}
        self._sent = 0
        self.heard = 0
        """How many awaited events came so far."""
        self.told = 0
        """How many events of all came so far."""
        self.told_at = (0.0, 0.0)
        """When the first and the latest of them came (monotonic seconds)."""

    async def hear(self, message: AbstractIncomingMessage) -> None:
        """Take an event."""
        self.told += 1
        now = time.monotonic()
        self.told_at = (self.told_at[0] or now, now)
        key = f"{message.routing_key}/{message.correlation_id}"
        if (awaited := self._awaited.pop(key, None)) is not None and not awaited.done():
            self.heard += 1
            awaited.set_result(message.body)

    def event(self, routing_key: str, command_id: str) -> asyncio.Future[bytes]:
        """Return the event's body when it comes; ask before it can come."""
        return self._awaited.setdefault(f"{routing_key}/{command_id}", asyncio.get_running_loop().create_future())

    async def sign(self, data: Mapping[str, object] | None = None) -> tuple[str, bytes]:
        """Send a command (`data`, or the next one) and wait until it is accepted; returns its id and the event."""
        command_id = str(uuid.uuid4())
        accepted = self.event(ACCEPTED, command_id)
        await self.send(command_id, data)
        return command_id, await accepted

    async def send(self, command_id: str, data: Mapping[str, object] | None = None) -> None:
        """Send a command and wait for the broker's confirm only."""
        await self._commands.publish(self.command(command_id, data), f"sign.request.{SYSTEM}", mandatory=True)

    def command(self, command_id: str, data: Mapping[str, object] | None = None) -> Message:
        """Return the message of a command (`data`, or the next one)."""
        body = {
            "specversion": "1.0",
            "id": command_id,
            "source": source_of(SYSTEM),
            "type": SIGN_REQUEST,
            "data": data or self._data[self._sent % len(self._data)],
        }
        self._sent += 1
        return Message(
            orjson.dumps(body),
            content_type=CONTENT_TYPE,
            delivery_mode=DeliveryMode.PERSISTENT,
            message_id=command_id,
            user_id=SYSTEM,
            type=SIGN_REQUEST,
        )


def _data(material: Material) -> dict[str, object]:
    return {
        "content_type": "Hash",
        "short_description": "Declarație",
        "contents": [{"content": material.digest, "correlation_id": CORRELATION_ID}],
        "return_url": RETURN_URL,
    }


@asynccontextmanager
async def open_load(amqp_url: str, materials: Sequence[Material]) -> AsyncIterator[Load]:
    """Yield a system's load; its events come by a quorum queue of its own, without acknowledgements."""
    async with await aio_pika.connect(amqp_url) as connection, await aio_pika.connect(amqp_url) as listening:
        channel = await connection.channel(publisher_confirms=True)
        load = Load(await channel.get_exchange(COMMANDS, ensure=False), materials)
        hearing = await listening.channel()
        queue = await hearing.declare_queue(f"{SYSTEM}.bench", durable=True, arguments={"x-queue-type": "quorum"})
        for routing_key in (ACCEPTED, READY):
            await queue.bind(EVENTS, routing_key)
        await queue.consume(load.hear, no_ack=True)
        yield load


@asynccontextmanager
async def closed(work: Callable[[], Awaitable[object]], at_once: int) -> AsyncIterator[None]:
    """Keep `work` going `at_once` times in the background for as long as the block lasts; raises what it raises."""

    async def again() -> None:
        while True:
            await work()

    tasks = [asyncio.create_task(again()) for _ in range(at_once)]
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def open_loop(work: Callable[[], Awaitable[object]], moments: Sequence[float]) -> list[float]:
    """Begin `work` at each of the moments (seconds from now); returns how long each took in milliseconds."""
    begun = time.monotonic()

    async def timed(moment: float) -> float:
        await asyncio.sleep(max(0.0, begun + moment - time.monotonic()))
        await work()
        return (time.monotonic() - begun - moment) * 1000

    async with asyncio.timeout(max(moments, default=0) + LONGEST_S):
        return list(await asyncio.gather(*map(timed, moments)))


def arrivals(rate_per_s: float, for_s: float, dice: random.Random) -> list[float]:
    """Return the moments (seconds) of a Poisson process."""
    moments: list[float] = []
    moment = dice.expovariate(rate_per_s)
    while moment < for_s:
        moments.append(moment)
        moment += dice.expovariate(rate_per_s)
    return moments
