"""How do events get from the outbox to the broker?

Up to `WINDOW` of them are on their way at once: as soon as half of these places are free, what is due is claimed and
published, and what the broker confirmed is marked. What its own process commits is handed over without that look
(`handed`). What the broker refused waits alone, longer each time. Whoever dies in between leaves a lease that runs out:
the event goes out again under the same id. An event that nobody bound is confirmed as well, and done. While the broker
takes nothing, because it is away or blocks publishers, nothing is claimed.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg
import structlog
from aio_pika import DeliveryMode
from aio_pika.abc import AbstractRobustConnection
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError
from aiormq.abc import DeliveredMessage
from opentelemetry.trace import Span
from pamqp.commands import Basic

from shared.messaging import broker
from shared.messaging.envelope import CONTENT_TYPE
from shared.messaging.handed import Handed
from shared.messaging.outcomes import Outcomes
from shared.messaging.publishing import Answer, Outgoing, Publisher
from shared.messaging.topology import EVENTS, declare_exchanges
from shared.persistence import events, notices
from shared.persistence.events import Waiting
from shared.persistence.pool import DATABASE_ERRORS
from shared.telemetry import metrics
from shared.telemetry.messages import saying, sending
from shared.telemetry.tracing import TRACEPARENT, failed, traceparent_of

WINDOW = 200
MOST_BYTES = 8 * 1024 * 1024
"""How many bytes of events are on their way at once; one that is larger goes alone."""
LEASE = timedelta(seconds=30)
CONFIRM_TIMEOUT_S = 15.0
LOOK_EVERY_S = 2.0
LOOK_AT_ALL_EVERY_S = 10.0
BLOCKED_LOOK_EVERY_S = 0.5
SHORT_BYTES = 255
"""The longest string that an AMQP property can be."""
REST_S = 1.0
"""How long what is on its way is waited for when the relay ends: else it goes out again when the lease has run out."""

log = structlog.get_logger(__name__)


class Since:
    """Since when must events have become due that are looked for? At all now and then, else only at the latest.

    While there is more than fits, it goes on from where the last look ended: the way there is not walked again.
    """

    def __init__(self) -> None:
        self._at_all = 0.0
        self._next: datetime | None = None

    def next(self) -> datetime | None:
        """Return it for the next look; None: a moment ago."""
        if (now := time.monotonic()) >= self._at_all:
            self._at_all = now + LOOK_AT_ALL_EVERY_S
            return events.EVER
        return self._next

    def go_on_from(self, due: datetime | None) -> None:
        """Note that what became due since then is left; None: nothing was left."""
        self._next = due


class Relay:
    """Publishes what is due; several may run at once, in one process or in many."""

    def __init__(self, connection: AbstractRobustConnection, pool: asyncpg.Pool, hints: notices.Notices) -> None:
        self._connection = connection
        self._pool = pool
        self._hint = hints.hint(notices.EVENTS)
        self._since = Since()
        self._outcomes = Outcomes(pool, places=WINDOW, most_bytes=MOST_BYTES)
        self.handed = Handed(self._outcomes, LEASE)
        """Takes events over that this process commits."""
        self._turn = asyncio.Lock()  # a channel counts what is published: two must not begin before either has written

    async def run(self) -> None:
        """Publish until cancelled; a broken broker or database is waited for."""
        publishing, writing = asyncio.create_task(self._publish_for_ever()), asyncio.create_task(self._outcomes.run())
        try:
            (ended, *_), _ = await asyncio.wait({publishing, writing}, return_when=asyncio.FIRST_COMPLETED)
            ended.result()
        finally:
            for task in (publishing, writing):  # in this order: what comes of the last events is written down
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _publish_for_ever(self) -> None:
        while True:
            try:
                await self._publish_on_a_channel()
            except* (AMQPError, ChannelInvalidStateError, *DATABASE_ERRORS) as errors:
                log.warning("relay_interrupted", error=type(errors.exceptions[0]).__name__)
                await asyncio.sleep(1)

    async def _publish_on_a_channel(self) -> None:
        async with broker.open_channel(self._connection, on_return_raises=False) as (channel, carrier):
            await declare_exchanges(channel)
            publisher, self._since = Publisher(carrier, EVENTS), Since()
            try:
                async with asyncio.TaskGroup() as group:
                    handed = group.create_task(self._publish_handed(publisher))
                    while not carrier.is_closed:
                        await self._until_taken()
                        if not await self._publish_due(publisher):
                            await self._hint.wait(at_most_s=LOOK_EVERY_S)
                    handed.cancel()
            finally:
                await self._outcomes.rest(at_most_s=REST_S)

    async def _until_taken(self) -> None:
        """Wait until the broker takes messages, and say so if it does not."""
        if await broker.takes_messages(self._connection):
            self.handed.go_on()
            return
        self.handed.pause()
        reason = "blocked" if await broker.blocks(self._connection) else "away"
        log.warning("relay_waits_for_broker", reason=reason)
        while not await broker.takes_messages(self._connection):  # noqa: ASYNC110 - aiormq tells nobody
            await asyncio.sleep(BLOCKED_LOOK_EVERY_S)
        self.handed.go_on()
        log.info("relay_goes_on")

    async def _publish_handed(self, publisher: Publisher) -> None:
        """Publish what this process hands over, until cancelled."""
        with self.handed.taking():
            while True:
                await self.handed.wait()
                async with self._turn:
                    if not await broker.takes_messages(self._connection):
                        self.handed.pause()
                    elif some := self.handed.pop():
                        await self._publish(publisher, some)

    async def _publish_due(self, publisher: Publisher) -> bool:
        """Publish what is due and has a place; tells whether more may be due."""
        places, most_bytes = await self._outcomes.room()
        due = await events.claim_due(
            self._pool, limit=places, most_bytes=most_bytes, lease=LEASE, since=self._since.next()
        )
        more = len(due) == places or sum(len(event.body) for event in due) >= most_bytes
        self._since.go_on_from(due[0].due_to if more else None)
        if due:
            async with self._turn:
                self._outcomes.begin(due)
                await self._publish(publisher, due)
        return more

    async def _publish(self, publisher: Publisher, due: Sequence[Waiting]) -> None:
        await publisher.publish([self._outgoing(event) for event in due], within_s=CONFIRM_TIMEOUT_S)

    def _outgoing(self, event: Waiting) -> Outgoing:
        span = sending(event, EVENTS)
        properties = properties_of(event, traceparent_of(span))
        return Outgoing(event.routing_key, properties, event.body, lambda answer: self._answered(event, span, answer))

    def _answered(self, event: Waiting, span: Span, answer: Answer) -> None:
        if (error := _error_of(answer)) is None:
            if isinstance(
                answer.result(), DeliveredMessage
            ):  # returned: nobody bound a queue, and it is done all the same
                metrics.EVENTS_UNROUTED.labels(event.type).inc()
            metrics.EVENTS_PUBLISHED.labels(event.type).inc()
            self._outcomes.confirmed(event)
        else:
            metrics.EVENTS_REFUSED.labels(event.type).inc()
            failed(span, "not_confirmed")
            with saying(event, span):
                log.warning("event_not_confirmed", event_id=str(event.event_id), error=error)
            self._outcomes.refused(event)
        span.end()


def _error_of(answer: Answer) -> str | None:
    if answer.cancelled():
        return TimeoutError.__name__
    error = answer.exception()
    return None if error is None else type(error).__name__


def properties_of(event: Waiting, traceparent: str | None) -> Basic.Properties:
    """Return the AMQP properties of an event, which continues the trace of `traceparent`.

    An id of a command may be longer in bytes than AMQP has room for: then only the event's data tell it.
    """
    return Basic.Properties(
        content_type=CONTENT_TYPE,
        delivery_mode=DeliveryMode.PERSISTENT,
        priority=0,
        message_id=str(event.event_id),
        correlation_id=event.correlation_id if len(event.correlation_id.encode()) <= SHORT_BYTES else None,
        message_type=event.type,
        headers={TRACEPARENT: traceparent} if traceparent else {},
    )
