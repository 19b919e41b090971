"""What does this process know of its neighbours: the broker's queues, MSign, the certificates?"""

import asyncio
import time
from dataclasses import dataclass

from aio_pika.abc import AbstractRobustConnection
from aio_pika.exceptions import AMQPError, ChannelNotFoundEntity

from shared.messaging import broker
from shared.messaging.topology import COMMAND_QUEUES
from shared.telemetry import metrics

WITHIN_S = 2.0
SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class QueueState:
    """A service's queue of commands: what waits, how many replicas read it, and how many dead letters lie beside it."""

    service: str
    waiting: int
    replicas: int
    dead: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate's whole days before its end; None if the file cannot be read."""

    name: str
    days_left: int | None


async def queues(connection: AbstractRobustConnection) -> tuple[QueueState, ...] | None:
    """Ask the broker for the queues of the services that ever ran; None when it does not answer.

    While it blocks publishers it answers nothing on their connections: then it is not asked.
    """
    if not await broker.answers(connection) or await broker.blocks(connection):
        return None
    asking = asyncio.create_task(_queues(connection))
    await asyncio.wait({asking}, timeout=WITHIN_S)  # without waiting for its end when it is too late
    if not asking.done():
        asking.cancel()
        return None
    return asking.result()


async def _queues(connection: AbstractRobustConnection) -> tuple[QueueState, ...] | None:
    try:
        found = [await _queue(connection, queue.service, queue.name, queue.dead) for queue in COMMAND_QUEUES]
    except (AMQPError, OSError, TimeoutError):
        return None
    return tuple(state for state in found if state is not None)


async def _queue(connection: AbstractRobustConnection, service: str, name: str, dead: str) -> QueueState | None:
    async with connection.channel() as channel:
        try:
            commands = (await channel.declare_queue(name, passive=True)).declaration_result
            letters = (await channel.declare_queue(dead, passive=True)).declaration_result
        except ChannelNotFoundEntity:
            return None
    return QueueState(service, commands.message_count or 0, commands.consumer_count or 0, letters.message_count or 0)


def certificates() -> tuple[Certificate, ...]:
    """Return this process' certificates, the one that ends first at the top."""
    ends = {
        sample.labels["certificate"]: sample.value
        for metric in metrics.CERTIFICATE_NOT_AFTER.collect()
        for sample in metric.samples
    }
    now = time.time()
    return tuple(
        Certificate(name, int((end - now) // SECONDS_A_DAY) if end else None)
        for name, end in sorted(ends.items(), key=lambda item: item[1])
    )
