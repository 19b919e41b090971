"""How can the API be tried without certificates? Over plain HTTP, from this machine only, as one registered system.

Off unless it is asked for, and never without a word: in the log at the start, and in a header of every answer.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from services.msign.consumers import Consumer
from services.msign.pages.entry import is_loopback
from services.msign.soap.endpoint import Endpoint, create_api_app
from shared.lifecycle import serve_http

HOST = "127.0.0.1"
HEADER = "X-MSign-Development-Mode"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger(__name__)


@asynccontextmanager
async def serve_development_api(
    endpoint: Endpoint, consumer: Consumer, *, port: int, max_body_bytes: int
) -> AsyncIterator[None]:
    """Serve the API without TLS on a port of 127.0.0.1 until the block ends; whoever calls it is `consumer`.

    `endpoint` has to take every caller for that system.
    """
    app = create_api_app(endpoint, max_body_bytes=max_body_bytes)
    app.middlewares.append(only_to_this_machine)
    app.on_response_prepare.append(_telling(consumer))
    log.warning(
        "DEVELOPMENT_MODE",
        meaning="the API answers on plain HTTP, without certificates: whoever can reach this port is the consumer",
        url=f"http://{HOST}:{port}/MSign.svc",
        consumer=consumer.name,
    )
    async with serve_http(app, host=HOST, port=port):
        yield


@web.middleware
async def only_to_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what a browser was led here with under another name, and what a proxy brings from outside."""
    if not is_loopback(request.url.host or ""):
        raise web.HTTPForbidden(text="The development mode answers only to this machine's own names.\n")
    return await handler(request)


def _telling(consumer: Consumer) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    told = f"plain HTTP without certificates, every caller is consumer {consumer.id}"

    async def tell(request: web.Request, response: web.StreamResponse) -> None:
        response.headers[HEADER] = told

    return tell
