"""What do the broker, the database and HTTP cost alone? `python -m benchmarks.signing.floor`.

For each command the operations that nobody can do without who loses nothing: one delivery and its acknowledgement,
one committed INSERT, one HTTP call, one committed UPDATE, one persistent and confirmed message. Nothing is read,
made or checked; every body is the same bytes.
"""

import asyncio
import os

import aiohttp
import aiormq
import asyncpg
import uvloop
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

from benchmarks.signing.natural import ACCEPTED, EVENTS
from shared.messaging.topology import SIGN_COMMANDS

SCHEMA = "CREATE TABLE floor (id text PRIMARY KEY, body bytea NOT NULL, answer text)"
INSERT = "INSERT INTO floor (id, body) VALUES ($1, $2)"
UPDATE = "UPDATE floor SET answer = $2 WHERE id = $1"
PERSISTENT = 2


async def run() -> None:
    """Consume until killed."""
    envelope = os.environ["ENVELOPE"].encode()
    event = b"x" * int(os.environ["EVENT_BYTES"])
    url = os.environ["MSIGN_API_URL"]
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    connection = await aiormq.connect(os.environ["AMQP_URL"])
    channel = await connection.channel(publisher_confirms=True)
    await channel.basic_qos(prefetch_count=int(os.environ["PREFETCH"]))
    async with (
        asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10) as pool,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
    ):
        await pool.execute(SCHEMA)

        async def on_message(message: DeliveredMessage) -> None:
            name = message.header.properties.message_id
            await pool.execute(INSERT, name, message.body)
            async with http.post(url, data=envelope, headers=headers) as answer:
                await answer.read()
            await pool.execute(UPDATE, name, "answered")
            properties = Basic.Properties(delivery_mode=PERSISTENT, correlation_id=name)
            await channel.basic_publish(event, exchange=EVENTS, routing_key=ACCEPTED, properties=properties)
            await channel.basic_ack(message.delivery_tag or 0)

        await channel.basic_consume(SIGN_COMMANDS.name, on_message)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(run())
