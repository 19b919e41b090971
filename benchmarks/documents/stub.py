"""An MSign that takes and gives documents at next to no cost: `python -m benchmarks.documents.stub PORT ANSWERS`.

It reads requests piece by piece and keeps only their end, which says which document it is; its answers are files that
the kernel sends. Nothing is checked.
"""

import asyncio
import itertools
import json
import re
import sys
from contextlib import closing, suppress
from pathlib import Path

from benchmarks.signing.stub import ENVELOPE, LENGTH, REQUEST_ID

TITLE = "document {number}"
"""How commands call a document: ShortContentDescription comes after the contents."""
_TITLE = re.compile(rb"ShortContentDescription>document (\d+)</")
_PIECE_BYTES = 256 * 1024
_END_BYTES = 4096
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


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: Answers) -> None:
    """Answer one connection's requests, one after the other, until it is closed."""
    with suppress(asyncio.IncompleteReadError, ConnectionError), closing(writer):
        while True:
            length = LENGTH.search(await reader.readuntil(b"\r\n\r\n"))
            await _answer(writer, answers.to(await _end_of(reader, int(length[1]) if length else 0)))


async def _end_of(reader: asyncio.StreamReader, size: int) -> bytes:
    """Read a body and return its last bytes."""
    end = b""
    while size:
        piece = await reader.read(min(size, _PIECE_BYTES))
        if not piece:
            raise asyncio.IncompleteReadError(end, size)
        size -= len(piece)
        end = (end + piece)[-_END_BYTES:]
    return end


async def _answer(writer: asyncio.StreamWriter, answer: Path | bytes) -> None:
    if isinstance(answer, bytes):
        writer.write(
            _HEAD.format(status="200 OK" if answer else "400 Bad Request", length=len(answer)).encode() + answer
        )
        return await writer.drain()
    writer.write(_HEAD.format(status="200 OK", length=answer.stat().st_size).encode())
    await writer.drain()
    with answer.open("rb") as file:
        await asyncio.get_running_loop().sendfile(writer.transport, file)
    return None


async def serve(port: int, list_of_answers: Path) -> None:
    """Serve until killed."""
    answers = Answers([Path(one) for one in json.loads(list_of_answers.read_text(encoding="utf-8"))])
    server = await asyncio.start_server(
        lambda reader, writer: converse(reader, writer, answers), "127.0.0.1", port, limit=2 * _PIECE_BYTES
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
