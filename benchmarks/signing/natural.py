"""What does a good engineer write who needs the same job done, with zeep and asyncpg as they come?

The same durable work as ours: the job is committed before the call, the RequestID after it, and the event is
published persistently and confirmed before the command is acknowledged. A command that comes twice makes one job.
"""

import base64
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import zeep
import zeep.proxy
from zeep.transports import AsyncTransport

from shared.contract.wsdl import WSDL

BINDING = "{https://msign.gov.md}BasicHttpBinding_IMSign"
ACCEPTED = "sign_request.accepted.declaratii"
EVENTS = "msign.events"
SCHEMA = """
CREATE TABLE sign_jobs (
    job_id uuid PRIMARY KEY, system text NOT NULL, command_id text NOT NULL, state text NOT NULL,
    command jsonb NOT NULL, request_id text, created_at timestamptz NOT NULL DEFAULT now(), posted_at timestamptz,
    UNIQUE (system, command_id))
"""


@dataclass(frozen=True, slots=True)
class Event:
    """An event that is ready to be published."""

    event_id: str
    command_id: str
    body: bytes


class SignJobs:
    """Commands in, events out."""

    def __init__(self, pool: asyncpg.Pool, msign: Any) -> None:
        self._pool = pool
        self._msign = msign

    async def post(self, body: bytes) -> Event:
        """Do all that a command asks for, but the publishing of its event."""
        command = json.loads(body)
        job_id = await self._begin(command)
        request_id = await self._msign.PostSignRequest(request=sign_request(command["data"]))
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "UPDATE sign_jobs SET state = 'awaiting_signer', request_id = $2, posted_at = now() WHERE job_id = $1",
                job_id,
                request_id,
            )
        return accepted(command["id"], str(job_id), request_id)

    async def _begin(self, command: dict[str, Any]) -> uuid.UUID:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO sign_jobs (job_id, system, command_id, state, command) "
                "VALUES ($1, $2, $3, 'posting', $4) ON CONFLICT DO NOTHING",
                uuid.uuid4(),
                command["source"],
                command["id"],
                json.dumps(command["data"]),
            )
            found = await connection.fetchval(
                "SELECT job_id FROM sign_jobs WHERE system = $1 AND command_id = $2", command["source"], command["id"]
            )
            return uuid.UUID(str(found))


def sign_request(data: dict[str, Any]) -> dict[str, Any]:
    """Return the SignRequest that zeep serialises."""
    contents = [
        {"Content": base64.b64decode(one["content"]), "CorrelationID": one["correlation_id"]}
        for one in data["contents"]
    ]
    return {
        "ContentType": data["content_type"],
        "Contents": {"SignContent": contents},
        "ShortContentDescription": data["short_description"],
    }


def accepted(command_id: str, job_id: str, request_id: str) -> Event:
    """Return the event that says where the user may sign."""
    now, event_id = datetime.now(UTC), str(uuid.uuid4())
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": "/services/sign_gateway",
        "type": "msign.sign_request.accepted.v1",
        "subject": job_id,
        "time": now.isoformat(),
        "data": {
            "job_id": job_id,
            "command_id": command_id,
            "request_id": request_id,
            "sign_url": f"https://msign.example/{request_id}",
            "expires_at": (now + timedelta(days=1)).isoformat(),
        },
    }
    return Event(event_id, command_id, json.dumps(event).encode())


@asynccontextmanager
async def open_sign_jobs(database_url: str, msign_url: str) -> AsyncIterator[SignJobs]:
    """Yield the work, with a pool of as many connections as ours has."""
    async with (
        asyncpg.create_pool(database_url, min_size=1, max_size=10) as pool,
        open_msign(msign_url) as msign,
    ):
        await pool.execute(SCHEMA)
        yield SignJobs(pool, msign)


@asynccontextmanager
async def open_msign(url: str, *, huge: bool = False) -> AsyncIterator[Any]:
    """Yield zeep's asynchronous client of MSign's operations; more than 10 MB in one element needs `huge`."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=60, trust_env=False, limits=limits) as http:
        with httpx.Client(trust_env=False) as reader:
            transport = AsyncTransport(client=http, wsdl_client=reader)  # type: ignore[no-untyped-call]
            settings = zeep.Settings(xml_huge_tree=huge)
            client = zeep.AsyncClient(str(WSDL), transport=transport, settings=settings)  # type: ignore[no-untyped-call]
        binding = client.wsdl.bindings[BINDING]
        yield zeep.proxy.AsyncServiceProxy(client, binding, address=url)  # type: ignore[no-untyped-call]
