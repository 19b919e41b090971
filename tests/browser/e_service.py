"""What does the system that asks for signatures look like? A page with a button, and a page to come back to."""

import html
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from msign_gateway.infrastructure.ports import free_ports
from shared.contract.client import MSignClient
from shared.contract.faults import MSignFault
from shared.contract.models import SignRequest, SignResponse
from shared.lifecycle import serve_http
from tests.msign_process import RunningMSign


@dataclass
class EService:
    """Posts requests, sends browsers to the Sign Page, and takes them back.

    `came_back` has the forms of those who did, in order.
    """

    msign: RunningMSign
    client: MSignClient
    url: str
    came_back: list[dict[str, str]] = field(default_factory=list)
    _starts: dict[str, str] = field(default_factory=dict)
    _orders: list[SignRequest] = field(default_factory=list)

    async def ask(self, request: SignRequest, **parameters: str) -> str:
        """Post a request; returns the address of our page with the button that leads to the Sign Page."""
        request_id = await self.client.post_sign_request(request)
        self._starts[request_id] = self.form(request_id, **parameters)
        return f"{self.url}/start/{request_id}"

    def form(self, request_id: str, **parameters: str) -> str:
        """The form that leads to the Sign Page (contract section 2)."""
        fields = {"ReturnUrl": f"{self.url}/return"} | parameters
        hidden = "".join(f'<input type="hidden" name="{n}" value="{html.escape(v)}">' for n, v in fields.items())
        action = f"{self.msign.sign_page}/{request_id}"
        return f'<form method="post" accept-charset="utf-8" action="{action}">{hidden}<button>Sign</button></form>'

    def order(self, request: SignRequest) -> str:
        """Returns the address of a page whose button posts the request first, then redirects to the Sign Page."""
        self._orders.append(request)
        return f"{self.url}/orders/{len(self._orders) - 1}"

    async def outcome(self, request_id: str, language: str = "ro") -> SignResponse:
        """Return what the API says."""
        return await self.client.get_sign_response(request_id, language)

    def app(self) -> web.Application:
        """Return the web application."""
        app = web.Application()
        app.add_routes([web.get("/start/{request_id}", self._start), web.post("/return", self._back)])
        app.add_routes([web.get("/orders/{number}", self._order), web.post("/orders/{number}", self._post)])
        return app

    async def _start(self, request: web.Request) -> web.Response:
        return page("e-Service", self._starts[request.match_info["request_id"]])

    async def _order(self, _: web.Request) -> web.Response:
        return page("e-Service", '<form method="post"><button>Sign</button></form>')

    async def _post(self, request: web.Request) -> web.Response:
        try:
            request_id = await self.client.post_sign_request(self._orders[int(request.match_info["number"])])
        except MSignFault as fault:
            return page("Refused", f'<p id="fault">{fault.code}: {html.escape(fault.text)}</p>', status=422)
        raise web.HTTPSeeOther(f"{self.msign.sign_page}/{request_id}?ReturnUrl={self.url}/return")

    async def _back(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.came_back.append(form)
        response = await self.outcome(form["RequestID"], "en")
        return page("Back", f'<p id="outcome">{response.status}</p><p id="message">{response.message or ""}</p>')


def page(title: str, body: str, *, status: int = 200) -> web.Response:
    """A page of the e-Service."""
    head = f'<head><title>{title}</title><link rel="icon" href="data:,"></head>'
    text = f'<!doctype html><html lang="en">{head}<body>{body}</body></html>'
    return web.Response(text=text, content_type="text/html", status=status)


@asynccontextmanager
async def running_e_service(msign: RunningMSign) -> AsyncIterator[EService]:
    """Serve the e-Service until the block ends: on another site than MSign, as in life, for cookies' sake."""
    (port,) = free_ports(1)
    async with msign.client() as client:
        made = EService(msign, client, f"http://localhost:{port}")
        async with serve_http(made.app(), host="127.0.0.1", port=port):
            yield made
