"""How is the status told: to people as one page that needs nothing else, to programs as JSON?

`GET /status?window=hour|day|week`, `GET /status.json` likewise. Neither names a person or a document: jobs are told by
their ids only. When the database is away the last state is shown with its time, and the answer's status is 503.
"""

import base64
import hashlib
from dataclasses import dataclass, field, fields
from pathlib import Path

import asyncpg
import orjson
import structlog
from aio_pika.abc import AbstractRobustConnection
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.sign_gateway.status import drawing, scales
from services.sign_gateway.status.looking import Looking, Snapshot
from services.sign_gateway.status.samples import Samples
from services.sign_gateway.status.surroundings import Certificate, QueueState, certificates, queues
from services.sign_gateway.status.windows import DAY, WINDOWS, Window
from shared.lifecycle import Service
from shared.lifecycle.ops import run_checks
from shared.persistence.pool import DATABASE_ERRORS
from shared.signing.breaker import Breaker
from shared.telemetry.process import version_here

TEMPLATES = Path(__file__).parent / "templates"
STYLE = (TEMPLATES / "status.css").read_text(encoding="utf-8")
SCRIPT = (TEMPLATES / "status.js").read_text(encoding="utf-8")
REFRESH_S = 15

log = structlog.get_logger(__name__)


def _hash(text: str) -> str:
    """Return the source expression that lets a page use this inline text and no other (CSP 3, 6.7.3.3)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src {_hash(STYLE)}; script-src {_hash(SCRIPT)}; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Replica:
    """What this process knows of itself and its neighbours; no `queues`: the broker did not answer."""

    version: str
    checks: dict[str, bool]
    warnings: tuple[str, ...]
    breaker_open: bool
    queues: tuple[QueueState, ...] | None
    certificates: tuple[Certificate, ...]


@dataclass(slots=True)
class StatusPage:
    """The two routes; `last` is what was shown of each window, for when the database is away."""

    service: Service
    connection: AbstractRobustConnection
    breaker: Breaker
    looking: Looking
    last: dict[str, Snapshot] = field(default_factory=dict)
    templates: Environment = field(
        default_factory=lambda: Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
    )

    async def html(self, request: web.Request) -> web.Response:
        """`GET /status`: the page."""
        window = _window(request)
        snapshot, away = await self._look(window)
        body = self.templates.get_template("status.html").render(
            window=window,
            windows=WINDOWS.values(),
            replica=await self._replica(),
            away=away,
            snapshot=snapshot,
            drawn=drawing.draw(snapshot) if snapshot else None,
            duration=scales.duration,
            refresh_s=REFRESH_S,
            style=STYLE,
            script=SCRIPT,
        )
        return web.Response(text=body, status=503 if away else 200, content_type="text/html", headers=HEADERS)

    async def json(self, request: web.Request) -> web.Response:
        """`GET /status.json`: the same as data."""
        snapshot, away = await self._look(_window(request))
        told = {"replica": await self._replica(), "database_away": away, "state": snapshot and _told(snapshot)}
        body = orjson.dumps(told, option=orjson.OPT_NON_STR_KEYS)
        return web.Response(
            body=body,
            status=503 if away else 200,
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )

    async def _look(self, window: Window) -> tuple[Snapshot | None, bool]:
        try:
            self.last[window.name] = await self.looking.look(window)
        except (*DATABASE_ERRORS, TimeoutError) as error:
            log.warning("status_not_read", error=type(error).__name__)
            return self.last.get(window.name), True
        return self.last[window.name], False

    async def _replica(self) -> Replica:
        troubles = await run_checks(self.service.troubles)
        return Replica(
            version_here(),
            await run_checks(self.service.checks),
            tuple(trouble for trouble, present in troubles.items() if present),
            self.breaker.open,
            await queues(self.connection),
            certificates(),
        )


def add_status(service: Service, pool: asyncpg.Pool, connection: AbstractRobustConnection, breaker: Breaker) -> None:
    """Show the status on the service's ops port."""
    samples = Samples()
    page = StatusPage(service, connection, breaker, Looking(pool, samples))
    service.spawn(samples.run(), "samples")
    service.show("/status", page.html)
    service.show("/status.json", page.json)


def _told(snapshot: Snapshot) -> dict[str, object]:
    window = snapshot.window
    spans = {"name": window.name, "span_s": window.span.total_seconds(), "step_s": window.step.total_seconds()}
    return {field.name: getattr(snapshot, field.name) for field in fields(snapshot)} | {"window": spans}


def _window(request: web.Request) -> Window:
    return WINDOWS.get(request.query.get("window", ""), DAY)
