"""An MSign that costs next to nothing: `python -m benchmarks.signing.stub PORT MATERIALS`.

It has its answers ready and reads of a request only what it must: which digest is to be signed, or whose answer is
asked for. The path says how long each answer takes: `/20/MSign.svc` answers after 20 ms. Nothing is checked.
"""

import asyncio
import itertools
import re
import sys
from pathlib import Path
from xml.sax.saxutils import escape

import uvloop

from benchmarks.signing.materials import Material, read

_DIGEST = re.compile(rb"Content>([A-Za-z0-9+/=]+)</")
_CORRELATION = re.compile(rb"CorrelationID>([^<]*)</")
REQUEST_ID = re.compile(rb"requestID>([0-9a-f]{32})</")
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<{name}Response xmlns="https://msign.gov.md"><{name}Result>{result}</{name}Result></{name}Response>'
    "</s:Body></s:Envelope>"
)
SUCCESS = (
    "<Results><SignResult><Certificate>{certificate}</Certificate><CorrelationID>{correlation_id}</CorrelationID>"
    "<Signature>{signature}</Signature></SignResult></Results><Status>Success</Status>"
)
CORRELATION_ID = "1"
"""What every command of the benchmarks calls its one content."""


class Answers:
    """The canned answers. A RequestID's last eight digits say which material it is for."""

    def __init__(self, materials: list[Material]) -> None:
        self._places = {one.digest.encode(): place for place, one in enumerate(materials)}
        self._numbers = itertools.count(1)
        self._responses = [_http(ENVELOPE.format(name="GetSignResponse", result=_success(one))) for one in materials]

    def to(self, body: bytes) -> bytes:
        """Return the whole HTTP answer to a SOAP request."""
        if asked := REQUEST_ID.search(body):
            return self._responses[int(asked[1][-8:], 16)]
        digest = _DIGEST.search(body)
        if digest is None:
            return _http("", status="400 Bad Request")
        request_id = f"{next(self._numbers):024x}{self._places[digest[1]]:08x}"
        return _http(ENVELOPE.format(name="PostSignRequest", result=request_id))


def _success(material: Material) -> str:
    return SUCCESS.format(
        certificate=material.certificate, correlation_id=escape(CORRELATION_ID), signature=material.signature
    )


def _http(text: str, status: str = "200 OK") -> bytes:
    body = text.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Connection(asyncio.Protocol):
    """One kept-alive HTTP/1.1 connection; requests need a Content-Length and come one after the other."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._unread = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember whom to answer."""
        self._transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget whom to answer."""
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Answer once a request is whole."""
        self._unread += data
        head, separator, rest = self._unread.partition(b"\r\n\r\n")
        if not separator:
            return
        length = LENGTH.search(head)
        size = int(length[1]) if length else 0
        if len(rest) >= size:
            self._unread = rest[size:]
            answer = self._answers.to(rest[:size])
            asyncio.get_running_loop().call_later(delay_s(head), self._send, answer)

    def _send(self, answer: bytes) -> None:
        if self._transport is not None:
            self._transport.write(answer)


def delay_s(head: bytes) -> float:
    """Return how long the answer to a request with that head takes (`POST /20/MSign.svc …`: 20 ms)."""
    return int(head.split(b" ", 2)[1].split(b"/")[1]) / 1000


async def serve(port: int, materials: Path) -> None:
    """Serve until killed."""
    answers = Answers(read(materials))
    server = await asyncio.get_running_loop().create_server(lambda: Connection(answers), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
