"""What do systems ask over HTTP inside the house? Contents too large for a message, and where a job stands.

A bearer token says which system asks; it sees only its own contents and jobs. Errors are
`{"error": {"field", "message"}}`.
"""

import re
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
from aiohttp import web

from shared.messaging.commands import REF_PATTERN
from shared.persistence import contents, events, jobs
from shared.persistence.jobs import Job
from shared.persistence.notices import CHANGES, Notices
from shared.signing.links import Links
from shared.signing.states import State
from shared.systems import System, Systems

LONGEST_WAIT_S = 30.0
LOOK_EVERY_S = 2.0
LARGEST_BODY_BYTES = 64 * 1024 * 1024

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Api:
    """The handlers of the internal HTTP API."""

    def __init__(self, pool: asyncpg.Pool, notices: Notices, links: Links) -> None:
        self._pool = pool
        self._notices = notices
        self._links = links

    async def put_content(self, request: web.Request) -> web.Response:
        """`PUT /contents`: store the body; answers with its reference."""
        system: System = request["system"]
        body = await request.read()
        if not body:
            return problem(400, "body", "must not be empty")
        if len(body) > system.limits.content_bytes:
            return problem(413, "body", f"has more than {system.limits.content_bytes} bytes")
        ref = await contents.put(self._pool, system.name, body)
        return web.json_response({"ref": ref, "size": len(body)}, status=201)

    async def get_content(self, request: web.Request) -> web.Response:
        """`GET /contents/{ref}`: the bytes."""
        ref = request.match_info["ref"]
        body = None
        if re.fullmatch(REF_PATTERN, ref):
            body = await contents.get(self._pool, request["system"].name, ref)
        if body is None:
            return problem(404, "ref", "is not stored for this system")
        return web.Response(body=body, content_type="application/octet-stream")

    async def get_job(self, request: web.Request) -> web.Response:
        """`GET /jobs/{job_id}?wait_s=…`: the job, at once or when it changes."""
        try:
            job_id = UUID(request.match_info["job_id"])
        except ValueError:
            return problem(400, "job_id", "is not a UUID")
        return await self._answer(request, lambda: jobs.get(self._pool, job_id))

    async def find_job(self, request: web.Request) -> web.Response:
        """`GET /jobs?command_id=…&wait_s=…`: the job that a command began."""
        command_id = request.query.get("command_id")
        if not command_id:
            return problem(400, "command_id", "is required")
        system: System = request["system"]
        return await self._answer(request, lambda: jobs.by_command(self._pool, system.name, command_id))

    async def _answer(self, request: web.Request, find: Callable[[], Awaitable[Job | None]]) -> web.Response:
        try:
            wait_s = min(max(float(request.query.get("wait_s", "0")), 0.0), LONGEST_WAIT_S)
        except ValueError:
            return problem(400, "wait_s", "is not a number of seconds")
        job = await self._after_change(find, wait_s) if wait_s else await find()
        if job is None or job.system != request["system"].name:
            return problem(404, "job", "there is no such job of this system")
        return web.json_response(await self._view(job))

    async def _after_change(self, find: Callable[[], Awaitable[Job | None]], wait_s: float) -> Job | None:
        """Return the job as soon as it is another than at first, is final, or the time is up."""
        until = time.monotonic() + wait_s
        first = job = await find()
        while (left := until - time.monotonic()) > 0:
            if job is not None and (job.final or first is None or job.history_count != first.history_count):
                break
            await self._notices.wait(
                CHANGES, None if job is None else str(job.job_id), at_most_s=min(left, LOOK_EVERY_S)
            )
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


def problem(status: int, field: str, message: str) -> web.Response:
    """Return an error answer that names the field."""
    return web.json_response({"error": {"field": field, "message": message}}, status=status)


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
        request["system"] = system
        return await handler(request)

    @web.middleware
    async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            return problem(error.status, "request", error.reason)

    app = web.Application(middlewares=[explain, authenticate], client_max_size=LARGEST_BODY_BYTES + 1)
    app.add_routes(
        [
            web.put("/contents", api.put_content),
            web.get("/contents/{ref}", api.get_content),
            web.get("/jobs/{job_id}", api.get_job),
            web.get("/jobs", api.find_job),
        ]
    )
    return app
