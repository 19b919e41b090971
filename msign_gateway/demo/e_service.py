"""What does an e-Service of the system look like? A page with Sign buttons, and the page where users come back.

The smallest thing that an institution would write: publish, wait for the link, redirect; afterwards read the event.
"""

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, select_autoescape

from msign_gateway.client import GatewayClient
from msign_gateway.demo.documents import records, two_page_pdf
from msign_gateway.demo.people import Person
from shared.messaging import events as wire
from shared.messaging.envelope import Event

TEMPLATES = Path(__file__).parent / "templates"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


@dataclass
class EService:
    """The sample e-Service; `client` is there once the stage is set."""

    url: str
    people: tuple[Person, ...] = ()
    client: GatewayClient | None = None
    _commands: dict[str, str] = field(default_factory=dict)
    _ready: dict[str, Event] = field(default_factory=dict)

    @property
    def return_url(self) -> str:
        """Where users come back to."""
        return f"{self.url}/back"

    def app(self) -> web.Application:
        """Return the web application."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/", self._home),
                web.post("/sign", self._sign),
                web.get("/back", self._back),
                web.get("/files/{job_id}", self._file),
                web.static("/assets", TEMPLATES / "assets"),
            ]
        )
        return app

    async def _home(self, _: web.Request) -> web.Response:
        return _page("home.html", people=self.people)

    async def _sign(self, request: web.Request) -> web.Response:
        if self.client is None:
            raise web.HTTPServiceUnavailable(text="the demo is still starting")
        form = await request.post()
        command = await self.client.sign(self._job(pdf=form.get("what") == "pdf"))
        try:
            event = await self.client.next_event(command, timeout_s=15)
        except TimeoutError:
            raise web.HTTPServiceUnavailable(text="no answer yet: is MSign running?") from None
        if event.type != wire.ACCEPTED:
            return _page("rejected.html", errors=event.data["errors"], status=422)
        self._commands[event.subject] = command
        raise web.HTTPSeeOther(event.data["sign_url"])

    async def _back(self, request: web.Request) -> web.Response:
        job_id, status = request.query.get("job_id", ""), request.query.get("status", "")
        event = await self._ready_event(job_id)
        return _page("back.html", outcome=event.data["status"] if event else status, event=event, job_id=job_id)

    async def _ready_event(self, job_id: str) -> Event | None:
        """The query is only a hint: what counts is the event."""
        command = self._commands.get(job_id)
        if job_id not in self._ready and command is not None and self.client is not None:
            try:
                self._ready[job_id] = await self.client.next_event(command, types={wire.READY}, timeout_s=5)
            except TimeoutError:
                return None
        return self._ready.get(job_id)

    async def _file(self, request: web.Request) -> web.Response:
        event = self._ready.get(request.match_info["job_id"])
        if event is None or not event.data["results"]:
            raise web.HTTPNotFound(text="there is no such signed file")
        body = base64.b64decode(event.data["results"][0]["signature"])
        pdf = body.startswith(b"%PDF-")
        name, kind = ("report.signed.pdf", "application/pdf") if pdf else ("record.xades.xml", "application/xml")
        headers = HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
        return web.Response(body=body, content_type=kind, headers=headers)

    def _job(self, *, pdf: bool) -> dict[str, Any]:
        common = {"return_url": self.return_url, "language": "ro"}
        if pdf:
            content = base64.b64encode(two_page_pdf(datetime.now(UTC))).decode()
            return common | {
                "content_type": "Pdf",
                "short_description": "Raport anual",
                "contents": [{"content": content, "correlation_id": "report", "name": "report.pdf"}],
            }
        return common | {
            "content_type": "Hash",
            "short_description": "Declarații fiscale",
            "contents": [
                {
                    "content": base64.b64encode(record.digest).decode(),
                    "correlation_id": str(number),
                    "name": record.name,
                }
                for number, record in enumerate(records(), start=1)
            ],
        }


_ENVIRONMENT = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(default=True))


def _page(template: str, *, status: int = 200, **values: object) -> web.Response:
    text = _ENVIRONMENT.get_template(template).render(**values)
    return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)
