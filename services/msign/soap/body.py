"""How does a message come in over HTTP?"""

import io

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from services.msign.soap.envelope import SoapFault
from shared.contract.faults import InvalidParameter
from shared.contract.message import Message, MessageReader, TooMuch
from shared.errors import Malformed
from shared.pace import Pace, TooSlow

MEDIA_TYPES = frozenset({"text/xml", "application/xml", "application/soap+xml", "application/octet-stream"})
"""What an envelope may be called; aiohttp says octet-stream where the client says nothing."""


async def hold_back(_: web.Request) -> None:
    """Do not ask yet for a body that waits to be asked for: `receive` does, once it is wanted (RFC 9110, 10.1.1)."""


async def receive(request: web.Request, *, max_bytes: int) -> Message[io.BytesIO]:
    """Read the envelope as it comes; `max_bytes` counts after decompression.

    Raises `InvalidParameter` as soon as the message is beyond a limit, `SoapFault` for what cannot be read.
    """
    if request.content_type not in MEDIA_TYPES:
        raise SoapFault("Client", "the Content-Type must be text/xml")
    if (request.content_length or 0) > max_bytes:
        raise _too_large(max_bytes)
    await _ask_for_body(request)
    try:
        return await _read(request, max_bytes)
    except InvalidParameter:
        raise
    except TooSlow:
        raise SoapFault("Client", "the HTTP body comes too slowly") from None
    except TooMuch as error:
        raise InvalidParameter(str(error)) from None
    except Malformed as error:
        raise SoapFault("Client", str(error)) from None
    except (web.RequestPayloadError, HttpProcessingError) as error:
        raise SoapFault("Client", "the HTTP body cannot be read") from error


async def _ask_for_body(request: web.Request) -> None:
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0


async def _read(request: web.Request, max_bytes: int) -> Message[io.BytesIO]:
    reader, size, pace = MessageReader(request.charset, io.BytesIO), 0, Pace(request.content)
    try:
        while piece := await pace.step(request.content.readany()):
            size += len(piece)
            if size > max_bytes:
                raise _too_large(max_bytes)
            reader.feed(piece)
        return reader.close()
    finally:
        reader.let_go()


def _too_large(max_bytes: int) -> InvalidParameter:
    return InvalidParameter(f"the message is larger than {max_bytes} bytes")
