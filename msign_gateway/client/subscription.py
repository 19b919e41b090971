"""How does a system hear every event, even what happens while it is away? From a durable queue of its own."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue
from aio_pika.exceptions import AMQPChannelError
from pamqp.common import FieldTable

from msign_gateway.client.errors import LOST
from msign_gateway.client.line import Line, pause_s
from msign_gateway.client.reading import Seen, read
from shared.errors import Malformed
from shared.messaging.envelope import Event
from shared.messaging.topology import EVENTS

AHEAD = 50
"""How many events the broker sends before the first one is acknowledged."""
_MS = 1000

log = logging.getLogger(__name__)


class Subscription:
    """A durable queue of `system`, bound to all its events.

    With `expires_s` it is one process' own and goes away unused after that time. It is a classic queue then: a quorum
    queue that was made a moment before its node is killed may not come back, and would refuse what is published.
    """

    def __init__(self, line: Line, system: str, queue: str, *, expires_s: int | None = None) -> None:
        self._line = line
        self._system = system
        self._queue = queue
        own: FieldTable = {"x-queue-type": "classic", "x-expires": (expires_s or 0) * _MS}
        self._arguments: FieldTable = {"x-queue-type": "quorum"} if expires_s is None else own

    async def declare(self) -> None:
        """Make the queue, if it is not there: from now on it keeps what happens. Raises aio-pika's errors."""
        async with await self._line.channel() as channel:
            await self._declared(channel)

    async def delete(self) -> None:
        """Delete the queue with what is in it. Raises aio-pika's errors."""
        async with await self._line.channel() as channel:
            await channel.queue_delete(self._queue)

    async def events(self) -> AsyncIterator[tuple[Event, int]]:
        """Yield the events, each with the size of its body in bytes, for ever, over any break of the connection.

        An event is acknowledged when the next one is asked for: one whose work was not done comes again. Each comes
        once to whoever does not leave. What is no event is logged and taken away. Raises aio-pika's
        `AMQPChannelError` when the broker does not give the queue to this system.
        """
        seen = Seen()
        had = False
        tries = 0
        while True:
            try:
                async with await self._line.channel() as channel:
                    await channel.set_qos(prefetch_count=AHEAD)
                    await _close_when_cancelled(channel)
                    queue = await self._declared(channel)
                    had, tries = True, 0
                    async with queue.iterator() as messages:
                        async for message in messages:
                            event = _event(message)
                            if event is not None and event not in seen:
                                yield event, len(message.body)
                                seen.add(event)
                            await message.ack()
            except LOST as error:
                if not had and isinstance(error, AMQPChannelError):
                    raise
                log.warning("the events of queue %s stopped: %s", self._queue, type(error).__name__)
            await asyncio.sleep(pause_s(tries))
            tries += 1

    async def _declared(self, channel: AbstractChannel) -> AbstractQueue:
        found = await channel.declare_queue(self._queue, durable=True, arguments=self._arguments)
        await found.bind(await channel.get_exchange(EVENTS, ensure=False), f"*.*.{self._system}")
        return found


async def _close_when_cancelled(channel: AbstractChannel) -> None:
    """Let the channel end with its consumer, which the broker cancels when the queue goes away: nothing else tells."""
    closing: set[asyncio.Task[None]] = set()

    def close(_: object) -> None:  # in a task: the broker's answer is read by whoever calls this
        closing.add(asyncio.ensure_future(_closed(channel)))

    underlay = await channel.get_underlay_channel()
    underlay.on_consumer_cancel_callbacks.add(close)


async def _closed(channel: AbstractChannel) -> None:
    with suppress(*LOST):
        await channel.close()


def _event(message: AbstractIncomingMessage) -> Event | None:
    try:
        return read(message.body)
    except Malformed as error:
        log.warning("message %s: %s", message.message_id, error)
        return None
