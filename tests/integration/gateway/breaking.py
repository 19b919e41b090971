"""An MSign that breaks the connection at a point of one's choice: TLS and HTTP by hand, the contract's own answers."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from services.msign.soap.answer import write_answer

RECEIVED_AHEAD = 16 * 1024
"""How much the kernel may take for us that we have not read."""

Point = Callable[["Talk"], Awaitable[None]]


@dataclass
class Talk:
    """One connection: what came, and ways to answer it or not to."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    request_id: str

    async def head(self) -> int:
        """Read the request's headers; returns the length of its body."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        return int(head.split(b"content-length:")[1].split(b"\r\n")[0])

    async def whole(self) -> None:
        """Read the request to its end."""
        await self.reader.readexactly(await self.head())

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End at once, without TLS's or TCP's good-bye."""
        self.writer.transport.abort()

    @staticmethod
    async def hang() -> None:
        """Keep the connection and say nothing more."""
        await asyncio.Event().wait()

    def answer(self) -> tuple[bytes, bytes]:
        """The good answer: headers and body."""
        body = b"".join(part for part in write_answer("PostSignRequest", self.request_id) if isinstance(part, bytes))
        return http(200, "text/xml; charset=utf-8", len(body)), body


def http(status: int, content_type: str, length: int) -> bytes:
    lines = (f"HTTP/1.1 {status} -", f"Content-Type: {content_type}", f"Content-Length: {length}", "Connection: close")
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


@dataclass
class BreakingMSign:
    """Deals with each connection as the next of `points` says, and well once there are none."""

    points: list[Point] = field(default_factory=list)
    port: int = 0

    @asynccontextmanager
    async def running(self, context: ssl.SSLContext | None) -> AsyncIterator["BreakingMSign"]:
        """Listen until the block ends, with TLS if there is a context."""
        talks: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            talks.add(task)
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._talk(reader, writer)
            writer.transport.abort()

        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_AHEAD)
        listening.bind(("127.0.0.1", 0))
        server = await asyncio.start_server(serve, sock=listening, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in talks:
                task.cancel()
            await asyncio.gather(*talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        point = self.points.pop(0) if self.points else well
        await point(Talk(reader, writer, "request-1"))


async def well(talk: Talk) -> None:
    """Answer as MSign does."""
    await talk.whole()
    head, body = talk.answer()
    await talk.say(head + body)
    await talk.reader.read()
