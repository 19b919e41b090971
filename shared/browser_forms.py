"""What did a browser fill in? Whatever its form claims to be, it is read within limits, in memory, as UTF-8.

aiohttp's own `Request.post` decodes by any codec of Python that the form names, of which some take seconds for a few
kilobytes, and writes files into the temporary directory, where an uploaded key must never be.
"""

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from shared.errors import Malformed
from shared.pace import Pace

MOST_FIELDS = 1000
PART_BYTES = 256
"""What a part costs besides its value, so that a form of countless empty parts ends too."""

_UNREADABLE = (ValueError, LookupError, RuntimeError, AssertionError, web.RequestPayloadError, HttpProcessingError)
"""What aiohttp raises for a form that is none."""

Field = tuple[str, str | bytes]


async def read_fields(request: web.Request, *, most_bytes: int) -> list[Field]:
    """Return the fields of a posted form in their order, files as bytes; none for a body that says it is no form.

    Raises `HTTPRequestEntityTooLarge`, `TooSlow`, and `Malformed` for what cannot be read.
    """
    if request.method != "POST":
        return []
    pace = Pace(request.content)
    if (request.content_length or 0) > most_bytes:
        raise _too_large(most_bytes)
    try:
        if request.content_type == "multipart/form-data":
            return [field async for field in _parts(await request.multipart(), pace, most_bytes)]
        if request.content_type == "application/x-www-form-urlencoded":
            return _pairs(await _whole(request, pace, most_bytes))
    except _UNREADABLE as error:
        raise Malformed("the form cannot be read", code="form") from error
    return []


async def _whole(request: web.Request, pace: Pace, most_bytes: int) -> bytes:
    body = bytearray()
    while chunk := await pace.step(request.content.readany()):
        body += chunk
        if len(body) > most_bytes:
            raise _too_large(most_bytes)
    return bytes(body)


def _pairs(body: bytes) -> list[Field]:
    text = body.decode(errors="replace")
    return list(parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS))


async def _parts(reader: MultipartReader, pace: Pace, most_bytes: int) -> AsyncIterator[Field]:
    left = most_bytes
    while (part := await pace.step(reader.next())) is not None:
        if not isinstance(part, BodyPartReader):
            raise Malformed("a form holds no further forms", code="form")
        value = await _value(part, pace, left, most_bytes)
        left -= len(value) + PART_BYTES
        yield part.name or "", value if part.filename is not None else value.decode(errors="replace")


async def _value(part: BodyPartReader, pace: Pace, left: int, most_bytes: int) -> bytes:
    data = bytearray()
    if left < 0:
        raise _too_large(most_bytes)
    while chunk := await pace.step(part.read_chunk()):
        data += chunk
        if len(data) > left:
            raise _too_large(most_bytes)
    return bytes(data)


def _too_large(most_bytes: int) -> web.HTTPRequestEntityTooLarge:
    return web.HTTPRequestEntityTooLarge(max_size=most_bytes, actual_size=most_bytes + 1)
