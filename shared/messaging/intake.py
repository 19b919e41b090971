"""How do deliveries come in? In batches: handled together, committed together, then acknowledged.

Nothing else happens in a delivery. When the database is away, the consumer is cancelled, the batch is held and tried
again, and the queue keeps the rest. When the broker cancels the consumer (its queue was deleted, or lost its leader),
everything is declared and consumed anew. What cannot be used goes to the dead exchange with its reason, confirmed
before the original is acknowledged.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
import structlog
from aio_pika import DeliveryMode, Message
from aio_pika.abc import (
    AbstractExchange,
    AbstractIncomingMessage,
    AbstractQueue,
    AbstractRobustConnection,
)
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError
from aiormq.abc import AbstractChannel as UnderlayChannel
from opentelemetry.trace import Span

from shared.messaging import broker
from shared.messaging.dead import died
from shared.messaging.topology import DEAD, CommandQueue, declare_commands
from shared.persistence.pool import is_away
from shared.telemetry import metrics
from shared.telemetry.messages import settling, taken
from shared.telemetry.tracing import failed, traceparent_of

PREFETCH = 200
BATCH = 50
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
        self._consumer: tuple[AbstractQueue, str] | None = None
        self._deliveries: asyncio.Queue[AbstractIncomingMessage | None] = asyncio.Queue()
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
        await self._cancel()
        if not self._deliveries.empty():
            self._idle.clear()
        await self._idle.wait()

    async def _run(self) -> None:
        async with broker.open_channel(self._connection) as (channel, carrier):
            await channel.set_qos(prefetch_count=PREFETCH)
            queue = await declare_commands(channel, self._queue)
            dead = await channel.get_exchange(DEAD, ensure=False)
            self._deliveries = asyncio.Queue()
            carrier.on_consumer_cancel_callbacks.add(self._cancelled_by_broker)
            await self._consume(queue)
            await self._work(carrier, queue, dead)

    async def _consume(self, queue: AbstractQueue) -> None:
        self._consumer = (queue, await queue.consume(self._deliveries.put))

    def _cancelled_by_broker(self, _: object) -> None:
        log.warning("consumer_cancelled_by_broker", queue=self._queue.name)
        self._consumer = None
        self._deliveries.put_nowait(None)

    async def _cancel(self) -> None:
        if self._consumer is not None:
            queue, tag = self._consumer
            self._consumer = None
            await queue.cancel(tag)

    async def _work(self, carrier: UnderlayChannel, queue: AbstractQueue, dead: AbstractExchange) -> None:
        while True:
            if self._deliveries.empty():
                self._idle.set()
            batch = [await self._next(carrier)]
            self._idle.clear()
            while len(batch) < BATCH and not self._deliveries.empty():
                batch.append(self._wanted(self._deliveries.get_nowait()))
            await self._deal_with(batch, queue, dead)

    async def _deal_with(
        self, batch: list[AbstractIncomingMessage], queue: AbstractQueue, dead: AbstractExchange
    ) -> None:
        spans = [taken(message, self._queue.name) for message in batch]
        try:
            verdicts = await self._verdicts(list(map(_delivery, batch, spans)), queue)
            for message, span, verdict in zip(batch, spans, verdicts, strict=True):
                if isinstance(verdict, Unusable):
                    failed(span, verdict.reason)
                with settling(span, message):
                    await self._settle(message, verdict, dead)
        finally:
            for span in spans:
                span.end()

    async def _next(self, carrier: UnderlayChannel) -> AbstractIncomingMessage:
        while True:
            try:
                async with asyncio.timeout(RETRY_S):
                    return self._wanted(await self._deliveries.get())
            except TimeoutError:
                if carrier.is_closed:
                    raise ChannelInvalidStateError("the channel was closed") from None

    def _wanted(self, delivery: AbstractIncomingMessage | None) -> AbstractIncomingMessage:
        if delivery is None:
            raise ChannelInvalidStateError("the broker has cancelled the consumer")
        return delivery

    async def _verdicts(self, deliveries: Sequence[Delivery], queue: AbstractQueue) -> Sequence[Verdict]:
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
                await self._pause(queue)

    async def _pause(self, queue: AbstractQueue) -> None:
        """Take nothing more for a moment; who is stopping anyway does not begin again."""
        stopping = self._consumer is None
        await self._cancel()
        await asyncio.sleep(RETRY_S)
        if not stopping:
            await self._consume(queue)

    async def _one_by_one(self, deliveries: Sequence[Delivery]) -> Sequence[Verdict]:
        """A batch met a bug: find out whose fault it is, so that the others do not suffer."""
        verdicts: list[Verdict] = []
        for delivery in deliveries:
            try:
                verdicts += await self._handle([delivery])
            except Exception as error:
                if is_away(error):
                    raise ChannelInvalidStateError("the database went away") from None
                log.exception("delivery_bug")
                verdicts.append(Unusable("bug", type(error).__name__))
        return verdicts

    async def _settle(self, message: AbstractIncomingMessage, verdict: Verdict, dead: AbstractExchange) -> None:
        if isinstance(verdict, Unusable):
            await dead.publish(_dead_letter(message, verdict), self._queue.name)
            metrics.DEAD_LETTERS.labels(self._queue.name, verdict.reason).inc()
            log.warning("delivery_dead", queue=self._queue.name, reason=verdict.reason, detail=verdict.detail)
        else:
            metrics.COMMANDS.labels(self._queue.name, verdict.outcome).inc()
            if verdict.outcome == DUPLICATE:
                metrics.INBOX_DUPLICATES.labels(self._queue.name).inc()
        await message.ack()


def _delivery(message: AbstractIncomingMessage, span: Span) -> Delivery:
    return Delivery(
        body=message.body,
        routing_key=message.routing_key or "",
        user_id=message.user_id,
        traceparent=traceparent_of(span),
    )


def _dead_letter(message: AbstractIncomingMessage, verdict: Unusable) -> Message:
    return Message(
        message.body,
        content_type=message.content_type,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=message.message_id,
        type=message.type,
        headers=died(message, verdict.reason, verdict.detail, datetime.now(UTC)),
    )
