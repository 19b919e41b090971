"""What do systems ask over HTTP inside the house? Contents too large for a message, and where a job stands.

A bearer token says which system asks; it sees only its own contents and jobs. Errors are
`{"error": {"field", "message"}}`.
"""

import math
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from aiohttp import web

from services.sign_gateway.limits import Limits
from shared.errors import Bug
from shared.messaging.commands import REF_PATTERN
from shared.pace import Pace, TooSlow, send
from shared.persistence import contents, events, jobs
from shared.persistence.job import Job
from shared.persistence.notices import CHANGES, JOBS, Notices
from shared.persistence.pool import DATABASE_ERRORS
from shared.shares import Full
from shared.signing.links import Links
from shared.signing.states import State
from shared.spool import Spool, open_spool
from shared.systems import System, Systems
from shared.telemetry.http import traced

LONGEST_WAIT_S = 30.0
LOOK_EVERY_S = 2.0
RETRY_AFTER_S = 1
IN_MEMORY_BYTES = 1024 * 1024
"""Up to which size a content that comes in needs no file, if it has its turn: one of 1 MB costs a third less so."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SYSTEM = web.RequestKey("system", System)
Find = Callable[[], Awaitable[Job | None]]

log = structlog.get_logger(__name__)


class Api:
    """The handlers of the internal HTTP API."""

    def __init__(self, pool: asyncpg.Pool, notices: Notices, links: Links, limits: Limits | None = None) -> None:
        self._pool = pool
        self._notices = notices
        self._links = links
        self._limits = limits or Limits()

    async def put_content(self, request: web.Request) -> web.Response:
        """`PUT /contents`: store the body; answers with its reference."""
        system = request[SYSTEM]
        most_bytes, told_bytes = system.limits.content_bytes, request.content_length
        coming_bytes = most_bytes if told_bytes is None else min(told_bytes, most_bytes)
        async with self._limits.upload(system.name, coming_bytes, in_memory_bytes=IN_MEMORY_BYTES) as at_once:
            return await self._store(request, system, in_memory_bytes=at_once)

    async def _store(self, request: web.Request, system: System, *, in_memory_bytes: int) -> web.Response:
        with open_spool(in_memory_bytes=in_memory_bytes) as spool:
            if not await take_in(request, spool, system.limits.content_bytes):
                return problem(413, "body", f"has more than {system.limits.content_bytes} bytes")
            if not spool.size:
                return problem(400, "body", "must not be empty")
            async with self._limits.storing(system.name), self._pool.acquire() as connection:
                ref = await contents.put_spool(connection, system.name, spool)
            return web.json_response({"ref": ref, "size": spool.size}, status=201)

    async def get_content(self, request: web.Request) -> web.StreamResponse:
        """`GET /contents/{ref}`: the bytes."""
        ref, system = request.match_info["ref"], request[SYSTEM]
        size = await contents.size_of(self._pool, system.name, ref) if re.fullmatch(REF_PATTERN, ref) else None
        if size is None:
            return problem(404, "ref", "is not stored for this system")
        answer = web.StreamResponse(headers={"X-Content-Type-Options": "nosniff"})
        answer.content_type = "application/octet-stream"
        answer.content_length = size
        async with self._limits.download(system.name, size):
            await answer.prepare(request)
            if request.method != "HEAD":
                await self._send(request, answer, contents.pieces(self._pool, system.name, ref, size))
        return answer

    async def _send(self, request: web.Request, answer: web.StreamResponse, pieces: AsyncIterator[bytes]) -> None:
        try:
            async for piece in pieces:
                await send(answer, piece)
        except (*DATABASE_ERRORS, Bug) as error:  # the answer has begun: it can only be broken off
            log.warning("content_broken_off", error=type(error).__name__)
            if request.transport is not None:
                request.transport.abort()

    async def get_job(self, request: web.Request) -> web.Response:
        """`GET /jobs/{job_id}?wait_s=…`: the job, at once or when it changes."""
        try:
            job_id = UUID(request.match_info["job_id"])
        except ValueError:
            return problem(400, "job_id", "is not a UUID")
        system = request[SYSTEM]

        async def find() -> Job | None:
            job = await jobs.get(self._pool, job_id)
            return job if job is not None and job.system == system.name else None

        return await self._answer(request, find)

    async def find_job(self, request: web.Request) -> web.Response:
        """`GET /jobs?command_id=…&wait_s=…`: the job that a command began."""
        command_id = request.query.get("command_id")
        if not command_id:
            return problem(400, "command_id", "is required")
        if "\x00" in command_id:
            return problem(404, "job", "there is no such job of this system")
        system = request[SYSTEM]
        return await self._answer(request, lambda: jobs.by_command(self._pool, system.name, command_id))

    async def _answer(self, request: web.Request, find: Find) -> web.Response:
        wait_s = seconds(request.query.get("wait_s", "0"))
        if wait_s is None:
            return problem(400, "wait_s", "is not a number of seconds")
        if wait_s:
            async with self._limits.waiting(request[SYSTEM].name):
                job = await self._after_change(find, min(wait_s, LONGEST_WAIT_S))
        else:
            job = await find()
        if job is None:
            return problem(404, "job", "there is no such job of this system")
        return web.json_response(await self._view(job))

    async def _after_change(self, find: Find, wait_s: float) -> Job | None:
        """Return the job as soon as it is another than at first, is final, or the time is up."""
        until = time.monotonic() + wait_s
        first = await find()
        if first is not None and first.final:
            return first
        channel, payload = (JOBS, None) if first is None else (CHANGES, str(first.job_id))
        with self._notices.listening(channel, payload) as hint:
            job = await find()  # again: it may have changed before we listened
            while not _changed(first, job) and (left := until - time.monotonic()) > 0:
                await hint.wait(at_most_s=min(left, LOOK_EVERY_S))
                job = await find()
        return job

    async def _view(self, job: Job) -> dict[str, Any]:
        latest = await events.latest(self._pool, job.job_id)
        view: dict[str, Any] = {
            "job_id": str(job.job_id),
            "command_id": job.command_id,
            "kind": job.kind,
            "state": job.state,
            "created_at": job.created_at.isoformat(),
            "expires_at": job.expires_at.isoformat() if job.kind == "sign" else None,
            "request_id": job.request_id,
            "sign_url": self._links.sign_url(job.job_id) if job.state is State.AWAITING_SIGNER else None,
        }
        if latest is not None and job.final:
            view |= latest[1]
        return view


def _changed(first: Job | None, job: Job | None) -> bool:
    return job is not None and (job.final or first is None or job.history_count != first.history_count)


async def take_in(request: web.Request, spool: Spool, most_bytes: int) -> bool:
    """Let the spool have the body, to its end; False, as soon as that is known, for one of more than `most_bytes`."""
    if (request.content_length or 0) > most_bytes:
        return False
    pace = Pace(request.content)
    while chunk := await pace.step(request.content.readany()):  # as it comes: cutting it to a size costs as much again
        if spool.size + len(chunk) > most_bytes:
            return False
        await spool.write(chunk)
    await spool.end()
    return True


def seconds(text: str) -> float | None:
    """Return a number of seconds of at least 0, None if the text is no such number."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def problem(status: int, field: str, message: str) -> web.Response:
    """Return an error answer that names the field."""
    return web.json_response({"error": {"field": field, "message": message}}, status=status)


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what ends a request into an answer that says what was wrong, or that it may be asked again."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        answer = problem(error.status, "request", error.reason)
        if isinstance(error, web.HTTPMethodNotAllowed):
            answer.headers["Allow"] = error.headers["Allow"]
        return answer
    except TooSlow as error:
        answer = problem(408, "body", str(error))
        answer.force_close()
        return answer
    except Full as error:
        log.warning("request_held_off", system=request[SYSTEM].name, reason=str(error))
        answer = problem(503, "request", f"finds no room now, try again later: {error}")
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
        return answer
    except DATABASE_ERRORS as error:
        log.warning("request_interrupted", error=type(error).__name__)
        return problem(503, "request", "cannot be answered now, try again later")


def create_app(api: Api, systems: Systems) -> web.Application:
    """Return the internal HTTP API; every route needs a system's token."""

    @web.middleware
    async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        system = systems.with_token(token.strip()) if scheme.lower() == "bearer" else None
        if system is None:
            answer = problem(401, "Authorization", "needs the bearer token of a registered system")
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        request[SYSTEM] = system
        return await handler(request)

    app = web.Application(middlewares=[traced, explain, authenticate])
    app.add_routes(
        [
            web.put("/contents", api.put_content),
            web.get("/contents/{ref}", api.get_content),
            web.get("/jobs/{job_id}", api.get_job),
            web.get("/jobs", api.find_job),
        ]
    )
    return app
