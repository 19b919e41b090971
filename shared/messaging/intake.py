"""How do deliveries come in? In batches: handled together, committed together, then acknowledged at once.

Nothing else happens in a delivery. When the database is away, the consumer is cancelled, the batch is held and tried
again, and the queue keeps the rest. When the broker cancels the consumer (its queue was deleted, or lost its leader),
everything is declared and consumed anew. What cannot be used goes to the dead exchange with its reason, confirmed
before the original is acknowledged.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import structlog
from aio_pika import DeliveryMode, IncomingMessage, Message
from aio_pika.abc import AbstractExchange, AbstractRobustConnection
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError
from aiormq.abc import AbstractChannel as UnderlayChannel
from aiormq.abc import DeliveredMessage
from opentelemetry.trace import Span

from shared.messaging import broker
from shared.messaging.dead import died
from shared.messaging.receipts import Receipts
from shared.messaging.topology import DEAD, CommandQueue, declare_commands
from shared.persistence.pool import is_away
from shared.telemetry import metrics
from shared.telemetry.messages import settling, taken
from shared.telemetry.tracing import failed, traceparent_of

PREFETCH = 100
"""Two batches: one comes while the other is written. All may be as large as they can be, and wait in memory."""
BATCH = 50
BATCH_BYTES = 8 * 1024 * 1024
"""A batch that has so many bytes takes no more deliveries: it is one statement later."""
RETRY_S = 1.0
DUPLICATE = "duplicate"
OUTCOMES = ("admitted", "rejected", DUPLICATE)
REASONS = ("no_user_id", "impersonation", "malformed", "unknown_system", "id_reused", "bug")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a delivery says: the body, and what the broker vouches for."""

    body: bytes
    routing_key: str
    user_id: str | None
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A delivery as it came from the broker; `tag` is its number on its channel."""

    tag: int
    body: bytes
    routing_key: str
    user_id: str | None
    message_id: str | None
    headers: Mapping[str, Any]
    whole: DeliveredMessage


@dataclass(frozen=True, slots=True)
class Done:
    """The delivery is dealt with; `outcome` is for the metrics."""

    outcome: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """The delivery belongs into the dead queue; `reason` is one word, `detail` a sentence without its contents."""

    reason: str
    detail: str


Verdict = Done | Unusable
Handler = Callable[[Sequence[Delivery]], Awaitable[Sequence[Verdict]]]


class Intake:
    """Consumes one command queue; `handle` gets a batch and returns a verdict for each delivery of it."""

    def __init__(self, connection: AbstractRobustConnection, queue: CommandQueue, handle: Handler) -> None:
        self._connection = connection
        self._queue = queue
        self._handle = handle
        self._consumer: tuple[UnderlayChannel, str] | None = None
        self._stopping = False
        self._deliveries: asyncio.Queue[Incoming | None] = asyncio.Queue()
        self._idle = asyncio.Event()
        self._idle.set()
        metrics.begin(metrics.COMMANDS, [queue.name], OUTCOMES)
        metrics.begin(metrics.INBOX_DUPLICATES, [queue.name])
        metrics.begin(metrics.DEAD_LETTERS, [queue.name], REASONS)
        metrics.CONSUMERS.labels(queue.name).set_function(lambda: self.live)

    @property
    def live(self) -> bool:
        """Whether the broker delivers to us."""
        return self._consumer is not None and self._connection.connected.is_set()

    async def answers(self) -> bool:
        """Tell whether the broker delivers to us (a readiness check)."""
        return self.live

    async def run(self) -> None:
        """Consume until cancelled; a broken channel is opened anew."""
        while True:
            try:
                await self._run()
            except (AMQPError, ConnectionError, ChannelInvalidStateError) as error:
                log.warning("intake_interrupted", queue=self._queue.name, error=type(error).__name__)
            self._consumer = None
            self._idle.set()  # what was under way will be delivered again
            await asyncio.sleep(RETRY_S)

    async def stop(self) -> None:
        """Take no more deliveries, and return once those that came in are dealt with."""
        self._stopping = True
        await self._cancel()
        if not self._deliveries.empty():
            self._idle.clear()
        await self._idle.wait()

    async def _run(self) -> None:
        async with broker.open_channel(self._connection) as (channel, carrier):
            await channel.set_qos(prefetch_count=PREFETCH)
            await declare_commands(channel, self._queue)
            dead = await channel.get_exchange(DEAD, ensure=False)
            self._deliveries = asyncio.Queue()
            carrier.on_consumer_cancel_callbacks.add(self._cancelled_by_broker)
            await self._work(carrier, dead)

    async def _take_more(self, carrier: UnderlayChannel) -> None:
        """Consume, unless we do or are stopping.

        Whoever consumes anew gets `PREFETCH` deliveries more: so first there is nothing left of the last ones.
        """
        if self._consumer is None and not self._stopping:
            await self._consume(carrier)
            if self._stopping:
                await self._cancel()

    async def _consume(self, carrier: UnderlayChannel) -> None:
        deliveries = self._deliveries

        async def receive(message: DeliveredMessage) -> None:
            deliveries.put_nowait(_incoming(message))

        answer = await carrier.basic_consume(self._queue.name, receive)
        self._consumer = (carrier, str(answer.consumer_tag))

    def _cancelled_by_broker(self, _: object) -> None:
        log.warning("consumer_cancelled_by_broker", queue=self._queue.name)
        self._consumer = None
        self._deliveries.put_nowait(None)

    async def _cancel(self) -> None:
        if self._consumer is not None:
            carrier, tag = self._consumer
            self._consumer = None
            if not carrier.is_closed:
                await carrier.basic_cancel(tag)

    async def _work(self, carrier: UnderlayChannel, dead: AbstractExchange) -> None:
        receipts = Receipts(carrier)
        while True:
            if self._deliveries.empty():
                await self._take_more(carrier)
                self._idle.set()
            await self._deal_with(await self._batch(carrier), carrier, receipts, dead)

    async def _batch(self, carrier: UnderlayChannel) -> list[Incoming]:
        """Wait for deliveries; nobody but who deals with them holds them, so that they go when that is done."""
        batch = [await self._next(carrier)]
        self._idle.clear()
        size = len(batch[0].body)
        while len(batch) < BATCH and size < BATCH_BYTES and not self._deliveries.empty():
            batch.append(self._wanted(self._deliveries.get_nowait()))
            size += len(batch[-1].body)
        return batch

    async def _deal_with(
        self,
        batch: list[Incoming],
        carrier: UnderlayChannel,
        receipts: Receipts,
        dead: AbstractExchange,
    ) -> None:
        spans = [taken(message, self._queue.name) for message in batch]
        try:
            verdicts = await self._verdicts(list(map(_delivery, batch, spans)), carrier)
            await self._settle(list(zip(batch, spans, verdicts, strict=True)), receipts, dead)
        finally:
            for span in spans:
                span.end()

    async def _next(self, carrier: UnderlayChannel) -> Incoming:
        while True:
            try:
                async with asyncio.timeout(RETRY_S):
                    return self._wanted(await self._deliveries.get())
            except TimeoutError:
                if carrier.is_closed:
                    raise ChannelInvalidStateError("the channel was closed") from None

    def _wanted(self, delivery: Incoming | None) -> Incoming:
        if delivery is None:
            raise ChannelInvalidStateError("the broker has cancelled the consumer")
        return delivery

    async def _verdicts(self, deliveries: Sequence[Delivery], carrier: UnderlayChannel) -> Sequence[Verdict]:
        while True:
            try:
                return await self._handle(deliveries)
            except asyncpg.UniqueViolationError:
                log.info("intake_raced")  # another replica took the same command in: look again
            except Exception as error:
                if not is_away(error):
                    log.exception("intake_bug", deliveries=len(deliveries))
                    return await self._one_by_one(deliveries)
                log.warning("intake_waits_for_database", error=type(error).__name__)
                await self._pause(carrier)

    async def _pause(self, carrier: UnderlayChannel) -> None:
        """Take nothing more until what came in is dealt with, and wait a moment."""
        await self._cancel()
        await asyncio.sleep(RETRY_S)
        if carrier.is_closed:
            raise ChannelInvalidStateError("the channel was closed")

    async def _one_by_one(self, deliveries: Sequence[Delivery]) -> Sequence[Verdict]:
        """A batch met a bug: find out whose fault it is, so that the others do not suffer."""
        verdicts: list[Verdict] = []
        for delivery in deliveries:
            try:
                verdicts += await self._handle([delivery])
            except Exception as error:
                if is_away(error) or isinstance(error, asyncpg.UniqueViolationError):
                    raise ChannelInvalidStateError("the database went away, or another replica was first") from None
                log.exception("delivery_bug")
                verdicts.append(Unusable("bug", type(error).__name__))
        return verdicts

    async def _settle(
        self,
        dealt_with: Sequence[tuple[Incoming, Span, Verdict]],
        receipts: Receipts,
        dead: AbstractExchange,
    ) -> None:
        """Acknowledge a batch: what is done first, so that it does not come again if a dead letter finds no room."""
        done = [(message, verdict) for message, _, verdict in dealt_with if isinstance(verdict, Done)]
        for _, one in done:
            self._count(one)
        await receipts.give([message.tag for message, _ in done])
        for message, span, verdict in dealt_with:
            if isinstance(verdict, Unusable):
                failed(span, verdict.reason)
                with settling(span, message):
                    await self._bury(message, verdict, dead)
                await receipts.give([message.tag])

    async def _bury(self, message: Incoming, verdict: Unusable, dead: AbstractExchange) -> None:
        await dead.publish(_dead_letter(IncomingMessage(message.whole), verdict), self._queue.name)
        metrics.DEAD_LETTERS.labels(self._queue.name, verdict.reason).inc()
        log.warning("delivery_dead", queue=self._queue.name, reason=verdict.reason, detail=verdict.detail)

    def _count(self, verdict: Done) -> None:
        metrics.COMMANDS.labels(self._queue.name, verdict.outcome).inc()
        if verdict.outcome == DUPLICATE:
            metrics.INBOX_DUPLICATES.labels(self._queue.name).inc()


def _incoming(message: DeliveredMessage) -> Incoming:
    says = message.header.properties
    return Incoming(
        tag=message.delivery_tag or 0,
        body=message.body,
        routing_key=message.routing_key or "",
        user_id=says.user_id,
        message_id=says.message_id,
        headers=says.headers or {},
        whole=message,
    )


def _delivery(message: Incoming, span: Span) -> Delivery:
    return Delivery(message.body, message.routing_key, message.user_id, traceparent_of(span))


def _dead_letter(message: IncomingMessage, verdict: Unusable) -> Message:
    return Message(
        message.body,
        content_type=message.content_type,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=message.message_id,
        type=message.type,
        headers=died(message, verdict.reason, verdict.detail, datetime.now(UTC)),
    )
