"""How do documents get to a contender at next to no cost for the load? The kernel sends the files by itself.

One `PUT` after the other on connections that are kept, as systems keep theirs; no more of HTTP/1.1 than that.
"""

import asyncio
import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from benchmarks.documents.materials import Document
from benchmarks.signing.stage import TOKEN
from benchmarks.signing.stub import LENGTH

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_PIECE_BYTES = 4096
KEPT_S = 60.0
"""How long a connection may rest; services close theirs a little later."""


class Uploads:
    """What a contender's `/contents` (`url`, plain HTTP) is given."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._head = f"PUT {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {TOKEN}\r\n"
        self._idle: list[tuple[float, socket.socket]] = []

    async def put(self, document: Document) -> str:
        """Store a document and return its reference. Raises `RuntimeError` when it is refused."""
        loop = asyncio.get_running_loop()
        connection = self._kept() or await self._connected()
        try:
            await loop.sock_sendall(connection, f"{self._head}Content-Length: {document.size}\r\n\r\n".encode())
            with document.path.open("rb") as file:
                await loop.sock_sendfile(connection, file, fallback=False)
            status, body = await _answer(connection)
        except BaseException:
            connection.close()
            raise
        self._idle.append((loop.time(), connection))
        if status != 201:
            raise RuntimeError(f"a document was answered with {status}")
        return str(json.loads(body)["ref"])

    def _kept(self) -> socket.socket | None:
        """Return a connection that the other side still keeps, too."""
        while self._idle:
            since, connection = self._idle.pop()
            if asyncio.get_running_loop().time() - since < KEPT_S:
                return connection
            connection.close()
        return None

    async def _connected(self) -> socket.socket:
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(connection, self._address)
        return connection

    def close(self) -> None:
        """Close the connections."""
        for _, connection in self._idle:
            connection.close()


@contextmanager
def open_uploads(url: str) -> Iterator[Uploads]:
    """Yield the way in; it is closed at the end."""
    uploads = Uploads(url)
    try:
        yield uploads
    finally:
        uploads.close()


async def _answer(connection: socket.socket) -> tuple[int, bytes]:
    """Return the status and the body of an answer, whose length must be given."""
    head, separator, body = b"", b"", b""
    while not separator:
        head, separator, body = (head + await _read(connection)).partition(b"\r\n\r\n")
    status, length = _STATUS.match(head), LENGTH.search(head)
    if not status or not length:
        raise RuntimeError("a document was answered with what is no whole answer of HTTP/1.1")
    while len(body) < int(length[1]):
        body += await _read(connection)
    return int(status[1]), body


async def _read(connection: socket.socket) -> bytes:
    piece = await asyncio.get_running_loop().sock_recv(connection, _PIECE_BYTES)
    if not piece:
        raise ConnectionError("the connection was closed instead of an answer")
    return piece
