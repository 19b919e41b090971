"""The same peer by way of FastStream, without its log lines: `python -m benchmarks.signing.by_faststream`."""

import asyncio
import os

from faststream import AckPolicy, FastStream
from faststream.rabbit import Channel, ExchangeType, RabbitBroker, RabbitExchange, RabbitMessage, RabbitQueue

from benchmarks.signing.natural import ACCEPTED, EVENTS, open_sign_jobs
from shared.messaging.topology import SIGN_COMMANDS


async def run() -> None:
    """Consume until killed."""
    broker = RabbitBroker(
        os.environ["AMQP_URL"], default_channel=Channel(prefetch_count=int(os.environ["PREFETCH"])), logger=None
    )
    events = RabbitExchange(EVENTS, type=ExchangeType.TOPIC, declare=False)
    commands = RabbitQueue(SIGN_COMMANDS.name, declare=False)
    async with open_sign_jobs(os.environ["DATABASE_URL"], os.environ["MSIGN_API_URL"]) as jobs:

        @broker.subscriber(commands, ack_policy=AckPolicy.NACK_ON_ERROR)
        async def on_message(message: RabbitMessage) -> None:
            event = await jobs.post(message.body)
            await broker.publish(
                event.body,
                exchange=events,
                routing_key=ACCEPTED,
                mandatory=False,
                persist=True,
                message_id=event.event_id,
                correlation_id=event.command_id,
                content_type="application/cloudevents+json",
            )

        await FastStream(broker, logger=None).run()


if __name__ == "__main__":
    asyncio.run(run())
