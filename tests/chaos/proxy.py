"""What stands between the services and a server, so that their connection can be broken in every way?"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

CHUNK = 64 * 1024


class Proxy:
    """A TCP proxy in front of `host:port`; whoever stands on its one side sees the faults, the server sees them too."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False
        self._delay_s = 0.0
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Proxy"]:
        """Listen on a free port of the loopback interface until the block ends."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.reset()

    def reset(self) -> None:
        """Reset every connection: the peers get RST, not an orderly end."""
        for writer in list(self._writers):
            with contextlib.suppress(OSError):
                connected = writer.get_extra_info("socket")
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def shut(self) -> None:
        """Break every connection and let no new one in, until `open`."""
        self._refusing = True
        self.reset()

    def open(self) -> None:
        """Let connections in."""
        self._refusing = False

    @asynccontextmanager
    async def refused(self) -> AsyncIterator[None]:
        """Break every connection and let no new one in."""
        self.shut()
        try:
            yield
        finally:
            self.open()

    @asynccontextmanager
    async def stalled(self) -> AsyncIterator[None]:
        """Let connections stand and carry nothing: nobody is told that they are dead."""
        self._flowing.clear()
        try:
            yield
        finally:
            self._flowing.set()

    @asynccontextmanager
    async def half_open(self) -> AsyncIterator[None]:
        """Stall, and break what was stalled only at the end: what was under way is lost."""
        async with self.stalled():
            yield
            self.reset()

    @asynccontextmanager
    async def slowed(self, seconds: float) -> AsyncIterator[None]:
        """Hold every piece back for a moment."""
        self._delay_s = seconds
        try:
            yield
        finally:
            self._delay_s = 0.0

    def move(self, host: str, port: int) -> None:
        """Lead new connections somewhere else, and break the old ones: a failover to a new address."""
        self._target = (host, port)
        self.reset()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if not self._refusing:
                await self._connect(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # the server is away, or the run ends: the client sees its connection end
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._target)
        self._writers.add(back)
        pumps = [asyncio.create_task(self._pump(*way)) for way in ((reader, back), (there, writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._writers.discard(back)
            back.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            await self._flowing.wait()
            if self._delay_s:
                await asyncio.sleep(self._delay_s)
            writer.write(data)
            await writer.drain()
