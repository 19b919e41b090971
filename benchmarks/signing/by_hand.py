"""The peer that one writes by hand: aio-pika, zeep's AsyncClient, asyncpg. `python -m benchmarks.signing.by_hand`.

Each delivery is a task, as many at once as are prefetched.
"""

import asyncio
import os

import aio_pika
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractIncomingMessage

from benchmarks.signing.natural import ACCEPTED, EVENTS, open_sign_jobs
from shared.messaging.topology import SIGN_COMMANDS


async def run() -> None:
    """Consume until killed."""
    async with (
        open_sign_jobs(os.environ["DATABASE_URL"], os.environ["MSIGN_API_URL"]) as jobs,
        await aio_pika.connect_robust(os.environ["AMQP_URL"]) as connection,
    ):
        channel = await connection.channel()  # with publisher confirms, as it comes
        await channel.set_qos(prefetch_count=int(os.environ["PREFETCH"]))
        exchange = await channel.get_exchange(EVENTS, ensure=False)

        async def on_message(message: AbstractIncomingMessage) -> None:
            async with message.process(requeue=True):
                event = await jobs.post(message.body)
                reply = Message(
                    event.body,
                    content_type="application/cloudevents+json",
                    delivery_mode=DeliveryMode.PERSISTENT,
                    message_id=event.event_id,
                    correlation_id=event.command_id,
                )
                await exchange.publish(reply, ACCEPTED, mandatory=False)

        queue = await channel.get_queue(SIGN_COMMANDS.name, ensure=False)
        await queue.consume(on_message)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(run())
