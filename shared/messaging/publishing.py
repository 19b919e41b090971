"""How do many messages go out at once, each with a confirm of its own?

In one write: aiormq's `basic_publish` hands each message to the socket by itself and waits for it, which costs more
than everything else about it. The rest is as there: a future of the channel tells what the broker said. What is long
is written bit by bit, so that there is no copy of it.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from struct import Struct
from typing import Any
from weakref import WeakSet

from aiormq import Channel
from aiormq.abc import AbstractChannel, ChannelFrame
from aiormq.exceptions import ChannelInvalidStateError
from pamqp import frame
from pamqp.commands import Basic
from pamqp.constants import FRAME_BODY, FRAME_END_CHAR
from pamqp.header import ContentHeader

from shared.pieces import Pieces

WRITTEN_BYTES = 256 * 1024
"""How much is written at once; hundreds of ordinary events are less."""

Buffer = bytes | memoryview
BODY_FRAME = Struct(">BHI")
"""How a frame of a message's body begins: its kind, its channel, its size (AMQP 0-9-1, 2.3.5)."""

Answer = asyncio.Future[Any]
"""`Basic.Ack`, or the `DeliveredMessage` that was returned because no queue is bound for it; raises what went wrong."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way; its properties name a `message_id`, by which it is known if it is returned.

    `answered` is called with the answer once it is there, whatever happens: one that does not come is cancelled.
    """

    routing_key: str
    properties: Basic.Properties
    body: bytes | Pieces
    answered: Callable[[Answer], None]


class Publisher:
    """Publishes to one exchange, mandatory; nothing else may publish on its channel."""

    def __init__(self, carrier: AbstractChannel, exchange: str) -> None:
        assert isinstance(carrier, Channel)  # noqa: S101 - its confirmations are what we take part in
        self._carrier = carrier
        self._exchange = exchange
        self._methods: dict[str, bytes] = {}

    async def publish(self, messages: Sequence[Outgoing], *, within_s: float) -> None:
        """Write these messages, and wait until the socket has room for more; what is not answered in time is given up.

        Raises `ChannelInvalidStateError` if they could not be written: the channel is of no use any more.
        """
        answers = list(map(self._expect, messages))
        # Weakly: an answer that is there may be a whole message, and is nobody's by the time this looks.
        asyncio.get_running_loop().call_later(within_s, _give_up, WeakSet(answers))
        try:
            async with asyncio.timeout(within_s):
                await self._write(messages)
        except TimeoutError:
            raise ChannelInvalidStateError("the socket takes nothing") from None

    async def _write(self, messages: Sequence[Outgoing]) -> None:
        """Write bit by bit; the rest is left in line if nobody waits any longer: nothing may stand within a message."""
        payloads = _together(chain.from_iterable(map(self._pieces, messages)))
        begun, unwritten = False, b""
        try:
            for payload in payloads:
                if self._carrier.is_closed:
                    raise ChannelInvalidStateError("the channel is closed")
                drained, unwritten = self._carrier.create_future(), payload
                await self._carrier.write_queue.put(ChannelFrame(payload, should_close=False, drain_future=drained))
                begun, unwritten = True, b""
                await asyncio.wait({drained})
        except asyncio.CancelledError:
            if begun and (rest := b"".join((unwritten, *payloads))):
                with suppress(asyncio.QueueFull):  # the connection has been stuck for long, and will be given up
                    self._carrier.write_queue.put_nowait(ChannelFrame(rest, should_close=False))
            raise

    def _expect(self, message: Outgoing) -> Answer:
        carrier, answer, message_id = self._carrier, self._carrier.create_future(), message.properties.message_id
        assert message_id is not None  # noqa: S101
        carrier.delivery_tag += 1
        carrier.confirmations[carrier.delivery_tag] = answer
        carrier.message_id_delivery_tag[message_id] = carrier.delivery_tag
        answer.add_done_callback(lambda _: carrier.message_id_delivery_tag.pop(message_id, None))
        answer.add_done_callback(message.answered)
        return answer

    def _pieces(self, message: Outgoing) -> Iterator[Buffer]:
        """Yield what goes over the wire; the body is not copied, however many frames it takes."""
        number, most = self._carrier.number, self._carrier.max_content_size
        yield self._method(message.routing_key)
        yield frame.marshal(ContentHeader(properties=message.properties, body_size=len(message.body)), number)
        for piece in (message.body,) if isinstance(message.body, bytes) else message.body:
            view = memoryview(piece)
            for begin in range(0, len(view), most):
                part = view[begin : begin + most]
                yield BODY_FRAME.pack(FRAME_BODY, number, len(part))
                yield part
                yield FRAME_END_CHAR

    def _method(self, routing_key: str) -> bytes:
        if (method := self._methods.get(routing_key)) is None:
            publish = Basic.Publish(exchange=self._exchange, routing_key=routing_key, mandatory=True)
            method = self._methods[routing_key] = frame.marshal(publish, self._carrier.number)
        return method


def _together(pieces: Iterable[Buffer]) -> Iterator[bytes]:
    """Yield as much at once as `WRITTEN_BYTES`, or up to a frame more: others on the connection write in between."""
    waiting: list[Buffer] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= WRITTEN_BYTES and piece is FRAME_END_CHAR:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _give_up(answers: Iterable[Answer]) -> None:
    for answer in answers:
        answer.cancel()
