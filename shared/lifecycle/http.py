"""How is an HTTP application served on one port for as long as a block lasts, and how does it come to rest?

Whoever connects and then says nothing, or says it too slowly, is not waited for, and takes no file descriptor from what
the service itself has to open.
"""

import asyncio
import logging
import resource
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware

IDLE_S = 75.0
"""How long a connection may take for a request's head, and rest between two; longer than proxies keep theirs."""
HANDSHAKE_S = 15.0
READ_AHEAD_BYTES = 32 * 1024
"""What is read of a body before anybody asked for it, up to twice as much; more costs more time, too."""
MOST_CONNECTIONS = 4096
MOST_WAITING = 1024
"""How many come at one moment before the first is let in; what is more waits a second, and tries again."""

log = structlog.get_logger(__name__)


def _without_what_was_sent(record: logging.LogRecord) -> bool:
    """Let a line say no more of a message that is no HTTP than that: it may hold a token, and strangers send many."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.INFO, "INFO"
        record.msg, record.args = "a message that is no HTTP: %s", (type(error).__name__,)
    return True


_server_log = logging.getLogger(f"{__name__}.server")
_server_log.addFilter(_without_what_was_sent)


class Served:
    """A port that is served; it knows how many requests are under way."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._under_way = 0
        self._resting = asyncio.Event()
        self._resting.set()

    def takes(self, server: asyncio.Server) -> None:
        """Know what takes the connections."""
        self._server = server

    def close(self) -> None:
        """Take no more connections."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def drain(self) -> None:
        """Take no more connections, and return once no request is under way."""
        self.close()
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
                if self._server is None:
                    response.force_close()
                return response
            finally:
                self._under_way -= 1
                if not self._under_way:
                    self._resting.set()

        return counted


class _Refused(asyncio.Protocol):
    """One connection more than there may be."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            transport.abort()


class _Door:
    """Lets in up to `most` connections at a time; one more is closed at once."""

    def __init__(self, server: web.Server, most: int) -> None:
        self._server = server
        self._most = most
        self._full = False

    def __call__(self) -> asyncio.Protocol:
        full = len(self._server.connections) >= self._most
        if full and not self._full:
            log.warning("connections_refused", most=self._most)
        self._full = full
        return _Refused() if full else self._server()


@asynccontextmanager
async def serve_http(
    app: web.Application,
    *,
    host: str,
    port: int,
    ssl_context: ssl.SSLContext | None = None,
    drain_s: float = 5,
    idle_s: float = IDLE_S,
    most_connections: int | None = None,
) -> AsyncIterator[Served]:
    """Serve `app` until the block ends; requests that are under way then get `drain_s` seconds to finish.

    Whoever wants them to finish while the rest of the service still runs drains the port before. By default so many
    connections are let in as leave half of the process' file descriptors, `MOST_CONNECTIONS` at most.
    """
    served = Served()
    app.middlewares.insert(0, served.count)
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=drain_s,
        keepalive_timeout=idle_s,
        read_bufsize=READ_AHEAD_BYTES,
        logger=_server_log,
    )
    await runner.setup()
    assert runner.server is not None  # noqa: S101 - `setup` made it
    most = most_connections or min(MOST_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
    handshake_s = HANDSHAKE_S if ssl_context else None
    try:
        served.takes(
            await asyncio.get_running_loop().create_server(
                _Door(runner.server, most),
                host,
                port,
                backlog=MOST_WAITING,
                ssl=ssl_context,
                ssl_handshake_timeout=handshake_s,
            )
        )
        yield served
    finally:
        served.close()
        await runner.cleanup()
