"""How does an answer go out while parts of it are still in the database?

The envelope is written with a ticket in the place of each such value, and cut at the tickets; what they stand for is
fetched and turned into base64 piece by piece, when its turn comes.
"""

import binascii
import re
import secrets
from typing import Any

import structlog
from aiohttp import web
from lxml import etree

from services.msign.responses import StoredBytes, StoredResponse
from shared import pace
from shared.contract import wsdl
from shared.contract.codec import to_value
from shared.contract.models import SignResponse, SignResult

Parts = tuple[bytes | StoredBytes, ...]

_NONCE_BYTES = 18
_INDEX_BYTES = 6

log = structlog.get_logger(__name__)


def write_answer(name: str, result: Any) -> Parts:
    """The answer's envelope in parts: bytes that are ready, and values that are to follow as base64."""
    if not isinstance(result, StoredResponse):
        return (_envelope(name, result if isinstance(result, str) else to_value(result)),)
    tickets = _Tickets()
    results = tuple(
        SignResult(
            correlation_id=one.correlation_id, certificate=one.certificate, signature=tickets.instead_of(one.signature)
        )
        for one in result.results
    )
    response = SignResponse(status=result.status, message=result.message, results=results)
    return tickets.cut(_envelope(name, to_value(response)))


async def send(request: web.Request, parts: Parts) -> web.StreamResponse:
    """Answer with the parts. An answer that cannot be completed is cut off, so that nobody takes it for a whole one.

    Raises `ConnectionError` when the caller has hung up.
    """
    response = web.StreamResponse(headers={"Content-Type": "text/xml; charset=utf-8"})
    response.content_length = sum(map(_length, parts))
    try:
        await response.prepare(request)
        for part in parts:
            if isinstance(part, bytes):
                await pace.send(response, part)
            else:
                await _write_base64(response, part)
        await response.write_eof()
    except ConnectionError:
        raise
    except Exception as error:
        log.warning("answer_cut_off", error=type(error).__name__)
        if request.transport is not None:
            request.transport.abort()
    return response


async def _write_base64(response: web.StreamResponse, stored: StoredBytes) -> None:
    rest = b""
    async for piece in stored.pieces():
        data = rest + piece
        whole = len(data) // 3 * 3
        await pace.send(response, binascii.b2a_base64(data[:whole], newline=False))
        rest = data[whole:]
    await pace.send(response, binascii.b2a_base64(rest, newline=False))


def _length(part: bytes | StoredBytes) -> int:
    return len(part) if isinstance(part, bytes) else (part.size + 2) // 3 * 4


def _envelope(name: str, value: Any) -> bytes:
    envelope = wsdl.operation(name).output.serialize(**{f"{name}Result": value}).content
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


class _Tickets:
    """What stands for values that follow; nobody can guess a ticket, so no other value of the answer looks like one."""

    def __init__(self) -> None:
        self._nonce = secrets.token_bytes(_NONCE_BYTES)
        self._values: list[StoredBytes] = []

    def instead_of(self, value: bytes | StoredBytes | None) -> bytes | None:
        if not isinstance(value, StoredBytes):
            return value
        self._values.append(value)
        return self._nonce + (len(self._values) - 1).to_bytes(_INDEX_BYTES, "big")

    def cut(self, envelope: bytes) -> Parts:
        ticket = re.escape(binascii.b2a_base64(self._nonce, newline=False)) + rb"([A-Za-z0-9+/]{8})"
        parts: list[bytes | StoredBytes] = []
        for number, part in enumerate(re.split(ticket, envelope)):
            is_text = number % 2 == 0
            parts.append(part if is_text else self._values[int.from_bytes(binascii.a2b_base64(part), "big")])
        return tuple(parts)
