"""How does one write the way back by hand? aiohttp, zeep's AsyncClient, asyncpg, aio-pika, all as they come.

`python -m benchmarks.signing.returning_by_hand`. The same durable work as ours: the outcome is committed, and its event
persistent and confirmed before the browser goes on. The signature is handed on as it comes: it is not checked at all,
nothing keeps two tabs from collecting twice, and a crash between the commit and the publishing loses the event.
"""

import asyncio
import base64
import json
import os
import uuid
from datetime import UTC, datetime
from typing import Any

import aio_pika
import asyncpg
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractExchange
from aiohttp import web

from benchmarks.signing.natural import EVENTS, open_msign

READY = "sign_response.ready.declaratii"
RETURN_URL = "https://declaratii.example/back"
FIND = "SELECT command_id FROM sign_jobs WHERE job_id = $1 AND request_id = $2 AND state = 'awaiting_signer'"
FINISH = "UPDATE sign_jobs SET state = $2 WHERE job_id = $1"


class Returns:
    """The handler of `POST /return`."""

    def __init__(self, pool: asyncpg.Pool, msign: Any, events: AbstractExchange) -> None:
        self._pool = pool
        self._msign = msign
        self._events = events

    async def come_back(self, request: web.Request) -> web.Response:
        """Collect the outcome, tell it, and send the browser on."""
        form = await request.post()
        job_id, request_id = uuid.UUID(str(form["RelayState"])), str(form["RequestID"])
        command_id = await self._pool.fetchval(FIND, job_id, request_id)
        if command_id is None:
            raise web.HTTPBadRequest
        response = await self._msign.GetSignResponse(requestID=request_id, language="ro")
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(FINISH, job_id, response.Status)
        await self._events.publish(ready(command_id, str(job_id), request_id, response), READY, mandatory=False)
        raise web.HTTPSeeOther(f"{RETURN_URL}?job_id={job_id}&status={response.Status}")

    async def is_ready(self, _: web.Request) -> web.Response:
        """Say that it is."""
        return web.Response()


def ready(command_id: str, job_id: str, request_id: str, response: Any) -> Message:
    """Return the event that says what came of the job."""
    event_id = str(uuid.uuid4())
    results = [
        {
            "correlation_id": one.CorrelationID,
            "certificate": base64.b64encode(one.Certificate).decode(),
            "signature": base64.b64encode(one.Signature).decode(),
        }
        for one in response.Results.SignResult
    ]
    data = {"job_id": job_id, "command_id": command_id, "request_id": request_id, "results": results}
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": "/services/callback_web",
        "type": "msign.sign_response.ready.v1",
        "subject": job_id,
        "time": datetime.now(UTC).isoformat(),
        "data": data | {"status": response.Status},
    }
    return Message(
        json.dumps(event).encode(),
        content_type="application/cloudevents+json",
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=event_id,
        correlation_id=command_id,
    )


async def run() -> None:
    """Serve until killed."""
    async with (
        asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=10) as pool,
        open_msign(os.environ["MSIGN_API_URL"]) as msign,
        await aio_pika.connect_robust(os.environ["AMQP_URL"]) as connection,
    ):
        channel = await connection.channel()  # with publisher confirms, as it comes
        returns = Returns(pool, msign, await channel.get_exchange(EVENTS, ensure=False))
        app = web.Application()
        app.add_routes([web.post("/return", returns.come_back), web.get("/readyz", returns.is_ready)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", int(os.environ["HTTP_PORT"])).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(run())
