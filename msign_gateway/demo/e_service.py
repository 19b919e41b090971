"""What does an e-Service of the system look like? A page with Sign buttons, and the page where users come back.

The smallest thing that an institution would write: publish, wait for the link, redirect; afterwards read the event.
"""

import asyncio
import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, select_autoescape

from msign_gateway.client import GatewayClient
from msign_gateway.demo.documents import records, two_page_pdf
from msign_gateway.demo.orders import Orders
from msign_gateway.demo.people import Person
from shared.messaging import events as wire

LONGEST_WAIT_S = 15
READY_WAIT_S = 5
TEMPLATES = Path(__file__).parent / "templates"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


@dataclass
class EService:
    """The sample e-Service; `client` is there once it is `connected`, and `orders` then has to listen to it."""

    url: str
    people: tuple[Person, ...] = ()
    client: GatewayClient | None = None
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    orders: Orders = field(default_factory=Orders)

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
        order = self.orders.begin()
        await self.client.sign(self._job(pdf=form.get("what") == "pdf"), command_id=order.command_id)
        event = await self.orders.event(order, {wire.ACCEPTED, wire.SIGN_REJECTED}, LONGEST_WAIT_S)
        if event is None:
            raise web.HTTPServiceUnavailable(text="no answer yet: is MSign running?")
        if event.type == wire.SIGN_REJECTED:
            return _page("rejected.html", errors=event.data["errors"], status=422)
        raise web.HTTPSeeOther(event.data["sign_url"])

    async def _back(self, request: web.Request) -> web.Response:
        """The query is only a hint: what counts is the event."""
        job_id, status = request.query.get("job_id", ""), request.query.get("status", "")
        order = self.orders.of_job(job_id)
        event = await self.orders.event(order, {wire.READY}, READY_WAIT_S) if order else None
        return _page("back.html", outcome=event.data["status"] if event else status, event=event, job_id=job_id)

    async def _file(self, request: web.Request) -> web.Response:
        order = self.orders.of_job(request.match_info["job_id"])
        event = order.events.get(wire.READY) if order else None
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
