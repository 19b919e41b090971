"""What does one write for documents, with zeep as it comes? `python -m benchmarks.documents.natural`.

Everything in one process: an HTTP server that takes documents and returning browsers, and a consumer of commands.
Documents are read whole, kept in Postgres as `bytea`, and given to zeep as bytes; jobs, RequestIDs and signed
documents are committed before anything is told. A signed copy goes back as its document came, inline or by reference.
Signatures are stored and passed on without a look at them; with one in `benchmarks.documents.checked`.
"""

import asyncio
import base64
import hashlib
import json
import os
import uuid
from collections.abc import Callable
from typing import Any

import aio_pika
import asyncpg
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractExchange, AbstractIncomingMessage
from aiohttp import web

from benchmarks.signing.natural import ACCEPTED, EVENTS, accepted, open_msign, sign_request
from shared.messaging.topology import SIGN_COMMANDS

READY = "sign_response.ready.declaratii"
Covers = Callable[[bytes], bool]
"""Says of a signed document whether its signature is good."""
SCHEMA = """
CREATE TABLE contents (ref text PRIMARY KEY, body bytea NOT NULL);
ALTER TABLE contents ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE TABLE sign_jobs (
    job_id uuid PRIMARY KEY, command_id text NOT NULL UNIQUE, state text NOT NULL, content_ref text NOT NULL,
    inline boolean NOT NULL, correlation_id text NOT NULL, result_ref text, request_id text UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now())
"""


class Documents:
    """Documents in, signed documents out."""

    def __init__(self, pool: asyncpg.Pool, msign: Any, events: AbstractExchange, covers: Covers | None) -> None:
        self._pool = pool
        self._msign = msign
        self._events = events
        self._covers = covers

    async def put(self, request: web.Request) -> web.Response:
        """Keep a document."""
        return web.json_response({"ref": await self._store(await request.read())}, status=201)

    async def on_message(self, message: AbstractIncomingMessage) -> None:
        """Post a command's document."""
        async with message.process(requeue=True):
            command = json.loads(message.body)
            data, job_id = command["data"], uuid.uuid4()
            (item,) = data["contents"]
            ref = item.get("content_ref") or await self._store(base64.b64decode(item["content"]))
            await self._pool.execute(
                "INSERT INTO sign_jobs (job_id, command_id, state, content_ref, inline, correlation_id) "
                "VALUES ($1, $2, 'posting', $3, $4, $5) ON CONFLICT DO NOTHING",
                job_id,
                command["id"],
                ref,
                "content" in item,
                item["correlation_id"],
            )
            body = await self._pool.fetchval("SELECT body FROM contents WHERE ref = $1", ref)
            request = sign_request(data | {"contents": [item | {"content": base64.b64encode(body)}]})
            request_id = await self._msign.PostSignRequest(request=request)
            await self._pool.execute(
                "UPDATE sign_jobs SET state = 'awaiting_signer', request_id = $2 WHERE job_id = $1", job_id, request_id
            )
            event = accepted(command["id"], str(job_id), request_id)
            await self._tell(ACCEPTED, event.body, event.event_id, event.command_id)

    async def returned(self, request: web.Request) -> web.Response:
        """Fetch the signed document when the browser comes back, keep it and tell of it."""
        request_id = str((await request.post())["RequestID"])
        answer = await self._msign.GetSignResponse(requestID=request_id, language="ro")
        (signed,) = answer["Results"]["SignResult"]
        signature = signed["Signature"]
        good = self._covers is None or await asyncio.to_thread(self._covers, signature)
        async with self._pool.acquire() as connection, connection.transaction():
            ref = await self._store(signature, connection)
            job = await connection.fetchrow(
                "UPDATE sign_jobs SET state = 'completed', result_ref = $2 WHERE request_id = $1 RETURNING *",
                request_id,
                ref,
            )
        assert job is not None  # noqa: S101 - MSign gave the RequestID to us
        result = {
            "correlation_id": job["correlation_id"],
            "certificate": base64.b64encode(signed["Certificate"]).decode(),
            "sha256": ref.partition(":")[2],
        }
        if job["inline"]:
            result["signature"] = base64.b64encode(signature).decode()
        else:
            result["signature_ref"] = ref
        status = answer["Status"] if good else "Failure"
        event_id, data = str(uuid.uuid4()), {"status": status, "request_id": request_id, "results": [result]}
        body = {"specversion": "1.0", "id": event_id, "type": "msign.sign_response.ready.v1", "data": data}
        await self._tell(READY, json.dumps(body).encode(), event_id, job["command_id"])
        return web.Response(status=303, headers={"Location": "/"})

    async def _store(self, body: bytes, connection: Any = None) -> str:
        ref = f"sha256:{hashlib.sha256(body).hexdigest()}"
        insert = "INSERT INTO contents (ref, body) VALUES ($1, $2) ON CONFLICT DO NOTHING"
        await (connection or self._pool).execute(insert, ref, body)
        return ref

    async def _tell(self, routing_key: str, body: bytes, event_id: str, command_id: str) -> None:
        message = Message(body, delivery_mode=DeliveryMode.PERSISTENT, message_id=event_id, correlation_id=command_id)
        await self._events.publish(message, routing_key, mandatory=False)


async def run(covers: Covers | None = None) -> None:
    """Serve and consume until killed; with `covers` each signed document is looked at."""
    async with (
        open_msign(os.environ["MSIGN_API_URL"], huge=True) as msign,
        asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=10) as pool,
        await aio_pika.connect_robust(os.environ["AMQP_URL"]) as connection,
    ):
        await pool.execute(SCHEMA)
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=int(os.environ["PREFETCH"]))
        documents = Documents(pool, msign, await channel.get_exchange(EVENTS, ensure=False), covers)
        app = web.Application(client_max_size=0)
        app.add_routes([web.put("/contents", documents.put), web.post("/return", documents.returned)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", int(os.environ["HTTP_PORT"])).start()
        queue = await channel.get_queue(SIGN_COMMANDS.name, ensure=False)
        await queue.consume(documents.on_message)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(run())
