"""How is an HTTP application served on one port for as long as a block lasts?"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


@asynccontextmanager
async def serve_http(
    app: web.Application, *, host: str, port: int, ssl_context: ssl.SSLContext | None = None, drain_s: float = 5
) -> AsyncIterator[None]:
    """Serve `app` until the block ends; requests under way then get `drain_s` seconds to finish."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=drain_s)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, ssl_context=ssl_context).start()
        yield
    finally:
        await runner.cleanup()
