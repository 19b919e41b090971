"""What do the operations of the way back cost alone? `python -m benchmarks.signing.returning_floor`.

For each return: one HTTP request and its answer, one SELECT, one call of MSign, one committed UPDATE, one persistent
and confirmed message. Nothing is read but what must be, nothing checked; every body is the same bytes.
"""

import asyncio
import os
import uuid

import aiohttp
import aiormq
import asyncpg
import uvloop
from aiohttp import web
from pamqp.commands import Basic

from benchmarks.signing.floor import PERSISTENT
from benchmarks.signing.natural import EVENTS
from benchmarks.signing.returning_by_hand import FIND, FINISH, READY, RETURN_URL

EVENT = b'{"data":{"status":"Success","results":"' + b"x" * 14_000 + b'"}}'
"""As large as one with a XAdES-T signature and its certificate."""
ENVELOPE = '<e xmlns="https://msign.gov.md"><requestID>%s</requestID></e>'


async def run() -> None:
    """Serve until killed."""
    url = os.environ["MSIGN_API_URL"]
    headers = {"Content-Type": "text/xml; charset=utf-8"}
    connection = await aiormq.connect(os.environ["AMQP_URL"])
    channel = await connection.channel(publisher_confirms=True)
    async with (
        asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10) as pool,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
    ):

        async def come_back(request: web.Request) -> web.Response:
            form = await request.post()
            job_id, request_id = uuid.UUID(str(form["RelayState"])), str(form["RequestID"])
            command_id = await pool.fetchval(FIND, job_id, request_id)
            async with http.post(url, data=(ENVELOPE % request_id).encode(), headers=headers) as answer:
                await answer.read()
            await pool.execute(FINISH, job_id, "Success")
            properties = Basic.Properties(delivery_mode=PERSISTENT, correlation_id=command_id)
            await channel.basic_publish(EVENT, exchange=EVENTS, routing_key=READY, properties=properties)
            return web.Response(status=303, headers={"Location": RETURN_URL})

        async def is_ready(_: web.Request) -> web.Response:
            return web.Response()

        app = web.Application()
        app.add_routes([web.post("/return", come_back), web.get("/readyz", is_ready)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", int(os.environ["HTTP_PORT"])).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(run())
