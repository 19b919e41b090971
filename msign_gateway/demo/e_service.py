"""What does an e-Service of the system look like? A page with Sign buttons, and the page where users come back.

The smallest thing that an institution would write: publish, wait for the link, redirect; afterwards read the event.
"""

import asyncio
import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, select_autoescape

from msign_gateway.client import GatewayClient
from msign_gateway.demo.mandates import MANDATES
from msign_gateway.demo.orders import Orders
from msign_gateway.demo.people import Person, owner_of
from msign_gateway.demo.wishes import INSTRUMENTS, LANGUAGES, MOST_DOCUMENTS, Wishes, command_of
from shared.messaging import events as wire

LONGEST_WAIT_S = 30
READY_WAIT_S = 15
TEMPLATES = Path(__file__).parent / "templates"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


@dataclass
class EService:
    """The sample e-Service; `client` is there once it is `connected`, and `orders` then has to listen to it.

    `frontend_url` is where the made-up people's phones are.
    """

    url: str
    frontend_url: str
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
                web.get(r"/files/{job_id}/{number:[0-9]{1,3}}", self._file),
                web.get(r"/key-files/{number:[0-9]{1,3}}", self._key_file),
                web.static("/assets", TEMPLATES / "assets"),
            ]
        )
        return app

    async def _home(self, _: web.Request) -> web.Response:
        return _page(
            "home.html",
            people=self.people,
            frontend_url=self.frontend_url,
            instruments=[name for name in INSTRUMENTS if owner_of(name, self.people)],
            languages=LANGUAGES,
            mandates={one.key: one.described(self.people) for one in MANDATES},
            most_documents=MOST_DOCUMENTS,
        )

    async def _sign(self, request: web.Request) -> web.Response:
        if self.client is None:
            raise web.HTTPServiceUnavailable(text="the demo is still starting")
        form = await request.post()
        order = self.orders.begin()
        job = command_of(Wishes.of(form), self.return_url, datetime.now(UTC))
        await self.client.sign(job, command_id=order.command_id)
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
        results = event.data["results"] if event else []
        number = int(request.match_info["number"])
        if not 1 <= number <= len(results) or not results[number - 1].get("signature"):
            raise web.HTTPNotFound(text="there is no such signed file")
        body = base64.b64decode(results[number - 1]["signature"])
        ending, kind = ("signed.pdf", "application/pdf") if body.startswith(b"%PDF-") else ("xades.xml", "text/xml")
        headers = HEADERS | {"Content-Disposition": f'attachment; filename="document-{number}.{ending}"'}
        return web.Response(body=body, content_type=kind, headers=headers)

    async def _key_file(self, request: web.Request) -> web.StreamResponse:
        """A person's key file, for the Sign Page's upload."""
        number = int(request.match_info["number"])
        path = self.people[number - 1].key_file if 1 <= number <= len(self.people) else None
        if path is None:
            raise web.HTTPNotFound(text="there is no such key file")
        headers = HEADERS | {"Content-Disposition": f'attachment; filename="{path.name}"'}
        return web.Response(body=path.read_bytes(), content_type="application/x-pkcs12", headers=headers)


_ENVIRONMENT = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(default=True))


def _page(template: str, *, status: int = 200, **values: object) -> web.Response:
    text = _ENVIRONMENT.get_template(template).render(**values)
    return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)
