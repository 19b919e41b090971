"""How is an HTTP application served on one port for as long as a block lasts, and how does it come to rest?"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware


class Served:
    """A port that is served; it knows how many requests are under way."""

    def __init__(self) -> None:
        self._site: web.TCPSite | None = None
        self._under_way = 0
        self._resting = asyncio.Event()
        self._resting.set()

    async def listen(self, site: web.TCPSite) -> None:
        """Take connections."""
        await site.start()
        self._site = site

    async def drain(self) -> None:
        """Take no more connections, and return once no request is under way."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        await self._resting.wait()

    @property
    def count(self) -> Middleware:
        """The middleware that counts; a connection ends with its request while the port drains."""

        @web.middleware
        async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._under_way += 1
            self._resting.clear()
            try:
                response = await handler(request)
                if self._site is None:
                    response.force_close()
                return response
            finally:
                self._under_way -= 1
                if not self._under_way:
                    self._resting.set()

        return counted


@asynccontextmanager
async def serve_http(
    app: web.Application, *, host: str, port: int, ssl_context: ssl.SSLContext | None = None, drain_s: float = 5
) -> AsyncIterator[Served]:
    """Serve `app` until the block ends; requests that are under way then get `drain_s` seconds to finish.

    Whoever wants them to finish while the rest of the service still runs drains the port before.
    """
    served = Served()
    app.middlewares.insert(0, served.count)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=drain_s)
    await runner.setup()
    try:
        await served.listen(web.TCPSite(runner, host, port, ssl_context=ssl_context))
        yield served
    finally:
        await runner.cleanup()
