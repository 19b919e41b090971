"""How do events get from the outbox to the broker?

A batch is claimed, published with all its confirms under way at once, and only what the broker confirmed is marked.
What it refused waits alone, longer each time. Whoever dies in between leaves a lease that runs out: the event goes
out again under the same id. An event that nobody bound is confirmed as well, and done. While the broker takes
nothing, because it is away or blocks publishers, nothing is claimed.
"""

import asyncio
from datetime import timedelta

import aio_pika
import asyncpg
import structlog
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractExchange, AbstractRobustConnection
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError
from aiormq.abc import DeliveredMessage

from shared.messaging import broker
from shared.messaging.envelope import CONTENT_TYPE
from shared.messaging.topology import EVENTS, declare_exchanges
from shared.persistence import events, notices
from shared.persistence.events import Waiting
from shared.persistence.pool import DATABASE_ERRORS
from shared.telemetry import metrics
from shared.telemetry.messages import publishing
from shared.telemetry.tracing import TRACEPARENT, failed, traceparent_of

BATCH = 100
LEASE = timedelta(seconds=30)
CONFIRM_TIMEOUT_S = 15.0
LOOK_EVERY_S = 2.0
BLOCKED_LOOK_EVERY_S = 0.5
LONGEST_DELAY_S = 60.0

log = structlog.get_logger(__name__)


def delay_after(attempts: int) -> timedelta:
    """Return how long an event waits after its broker refused it `attempts` times: 1 s, 2 s, 4 s … 60 s."""
    return timedelta(seconds=min(2.0 ** (attempts - 1), LONGEST_DELAY_S))


class Relay:
    """Publishes what is due; several may run at once, in one process or in many."""

    def __init__(self, connection: AbstractRobustConnection, pool: asyncpg.Pool, hints: notices.Notices) -> None:
        self._connection = connection
        self._pool = pool
        self._hint = hints.hint(notices.EVENTS)

    async def run(self) -> None:
        """Publish until cancelled; a broken broker or database is waited for."""
        while True:
            try:
                await self._run()
            except (AMQPError, ChannelInvalidStateError, *DATABASE_ERRORS) as error:
                log.warning("relay_interrupted", error=type(error).__name__)
                await asyncio.sleep(1)

    async def _run(self) -> None:
        async with broker.open_channel(self._connection, on_return_raises=False) as (channel, carrier):
            await declare_exchanges(channel)
            exchange = await channel.get_exchange(EVENTS, ensure=False)
            while not carrier.is_closed:
                await self._until_taken()
                if await self.publish_due(exchange) < BATCH:
                    await self._hint.wait(at_most_s=LOOK_EVERY_S)

    async def _until_taken(self) -> None:
        """Wait until the broker takes messages, and say so if it does not."""
        if await broker.takes_messages(self._connection):
            return
        reason = "blocked" if await broker.blocks(self._connection) else "away"
        log.warning("relay_waits_for_broker", reason=reason)
        while not await broker.takes_messages(self._connection):  # noqa: ASYNC110 - aiormq tells nobody
            await asyncio.sleep(BLOCKED_LOOK_EVERY_S)
        log.info("relay_goes_on")

    async def publish_due(self, exchange: AbstractExchange) -> int:
        """Publish one batch; returns how many events were due."""
        due = await events.claim_due(self._pool, limit=BATCH, lease=LEASE)
        outcomes = await asyncio.gather(*(self._publish(exchange, event) for event in due))
        confirmed = [event.event_id for event, done in zip(due, outcomes, strict=True) if done]
        if confirmed:
            await events.mark_published(self._pool, confirmed)
        for event, done in zip(due, outcomes, strict=True):
            if done:
                metrics.EVENTS_PUBLISHED.labels(event.type).inc()
            else:
                metrics.EVENTS_REFUSED.labels(event.type).inc()
                await events.defer(self._pool, event.event_id, delay_after(event.attempts))
        return len(due)

    async def _publish(self, exchange: AbstractExchange, event: Waiting) -> bool:
        with publishing(event, EVENTS) as span:
            done = await self._confirmed(exchange, event, traceparent_of(span))
            if not done:
                failed(span, "not_confirmed")
            return done

    async def _confirmed(self, exchange: AbstractExchange, event: Waiting, traceparent: str | None) -> bool:
        try:
            answer = await exchange.publish(
                message_of(event, traceparent), event.routing_key, mandatory=True, timeout=CONFIRM_TIMEOUT_S
            )
        except (AMQPError, ChannelInvalidStateError, TimeoutError, ConnectionError, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and not self._connection.connected.is_set():
                return False
            if isinstance(error, asyncio.CancelledError):
                raise
            log.warning("event_not_confirmed", event_id=str(event.event_id), error=type(error).__name__)
            return False
        if isinstance(answer, DeliveredMessage):  # returned: no queue is bound for it, and it is done all the same
            metrics.EVENTS_UNROUTED.labels(event.type).inc()
        return True


def message_of(event: Waiting, traceparent: str | None) -> aio_pika.Message:
    """Return the AMQP message of an event, which continues the trace of `traceparent`."""
    return Message(
        event.body,
        content_type=CONTENT_TYPE,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=str(event.event_id),
        correlation_id=event.correlation_id,
        type=event.type,
        headers={TRACEPARENT: traceparent} if traceparent else {},
    )
