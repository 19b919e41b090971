"""An MSign that takes and gives documents at next to no cost: `python -m benchmarks.documents.stub PORT ANSWERS`.

It reads requests into one buffer, again and again, and keeps only their end, which says which document it is; its
answers are files that the kernel sends. Nothing is checked.
"""

import asyncio
import itertools
import json
import re
import sys
from contextlib import suppress
from pathlib import Path

from benchmarks.signing.stub import ENVELOPE, LENGTH, REQUEST_ID

TITLE = "document {number}"
"""How commands call a document: ShortContentDescription comes after the contents."""
_TITLE = re.compile(rb"ShortContentDescription>document (\d+)</")
_END_BYTES = 4096
_BUFFER = memoryview(bytearray(1024 * 1024))
"""Of all connections: what came is dealt with before anything else is read."""
_HEAD = "HTTP/1.1 {status}\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: {length}\r\n\r\n"


class Answers:
    """The answers by RequestID, whose last eight digits say which document it is for."""

    def __init__(self, files: list[Path]) -> None:
        self._files = files
        self._numbers = itertools.count(1)

    def to(self, end: bytes) -> Path | bytes:
        """Return the file or the bytes that answer a request which ends so; nothing for what is no request."""
        if asked := REQUEST_ID.search(end):
            return self._files[int(asked[1][-8:], 16)]
        if named := _TITLE.search(end):
            request_id = f"{next(self._numbers):024x}{int(named[1]):08x}"
            return ENVELOPE.format(name="PostSignRequest", result=request_id).encode()
        return b""


class Connection(asyncio.BufferedProtocol):
    """One kept-alive HTTP/1.1 connection; requests need a Content-Length and come one after the other."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._transport: asyncio.Transport | None = None
        self._head = b""
        self._left = 0
        self._end = b""
        self._sending: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember whom to answer."""
        self._transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget whom to answer."""
        self._transport = None

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where to read to."""
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """Take a piece of a request; answer once it is whole."""
        if self._left:
            return self._body(_BUFFER[:nbytes])
        self._head, separator, body = (self._head + bytes(_BUFFER[:nbytes])).partition(b"\r\n\r\n")
        if separator:
            length = LENGTH.search(self._head)
            self._head, self._left = b"", int(length[1]) if length else 0
            self._body(memoryview(body))
        return None

    def _body(self, piece: memoryview) -> None:
        self._left -= len(piece)
        self._end = (self._end + bytes(piece[-_END_BYTES:]))[-_END_BYTES:]
        if self._left <= 0:
            answer, self._left, self._end = self._answers.to(self._end), 0, b""
            self._answer(answer)

    def _answer(self, answer: Path | bytes) -> None:
        if self._transport is None:
            return
        if isinstance(answer, bytes):
            status = "200 OK" if answer else "400 Bad Request"
            self._transport.write(_HEAD.format(status=status, length=len(answer)).encode() + answer)
        else:
            self._transport.write(_HEAD.format(status="200 OK", length=answer.stat().st_size).encode())
            self._sending = asyncio.create_task(_send(self._transport, answer))


async def _send(transport: asyncio.Transport, path: Path) -> None:
    with path.open("rb") as file, suppress(ConnectionError):
        await asyncio.get_running_loop().sendfile(transport, file)


async def serve(port: int, list_of_answers: Path) -> None:
    """Serve until killed."""
    answers = Answers([Path(one) for one in json.loads(list_of_answers.read_text(encoding="utf-8"))])
    server = await asyncio.get_running_loop().create_server(lambda: Connection(answers), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
