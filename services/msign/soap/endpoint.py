"""How does `/MSign.svc` answer?

POST calls an operation, GET tells the WSDL; both need a registered client certificate.
"""

import asyncio
import io
import time

import structlog
from aiohttp import web
from lxml import etree
from opentelemetry.trace import Span

from services.msign.consumers import Consumer, Consumers
from services.msign.handlers import MSign
from services.msign.metrics import API_CALL_SECONDS, API_CALLS
from services.msign.soap.answer import send, write_answer
from services.msign.soap.arguments import Arguments, read_arguments
from services.msign.soap.body import hold_back, receive
from services.msign.soap.caller import authenticate
from services.msign.soap.envelope import SoapFault, find_call
from services.msign.soap.faults import write_fault
from services.msign.soap.operations import handle
from services.msign.soap.schema import check_body
from services.msign.soap.tracing import called, server_span
from shared.contract.faults import MSignFault
from shared.contract.message import Message
from shared.contract.wsdl import described_at, document
from shared.shares import Full, Shares

PATH = "/MSign.svc"
MAX_BODY_BYTES = web.AppKey("MAX_BODY_BYTES", int)
ROOM = web.AppKey("ROOM", Shares)
LEAST_BYTES = 64 * 1024
"""What the smallest message costs."""
LINE = 256
WAIT_S = 20.0
RETRY_AFTER_S = 1

log = structlog.get_logger(__name__)


class Endpoint:
    """The SOAP endpoint over the operations; with `everybody`, any caller counts as that system."""

    def __init__(
        self, msign: MSign, consumers: Consumers, *, url: str | None = None, everybody: Consumer | None = None
    ) -> None:
        self._msign = msign
        self._consumers = consumers
        self._url = url
        self._everybody = everybody

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Answer one SOAP message."""
        with server_span(request) as span:
            return await self._answer(request, span)

    async def _answer(self, request: web.Request, span: Span) -> web.StreamResponse:
        started = time.perf_counter()
        name, outcome = "none", "ok"
        try:
            consumer = await self._caller(request)
            async with request.app[ROOM].taken(consumer.name, largest(request)):
                name, arguments = await _read(request)
                result = await handle(self._msign, consumer, name, arguments)
                del arguments
            parts = await asyncio.to_thread(write_answer, name, result)
            return await send(request, parts)
        except ConnectionError:
            outcome = "hung_up"
            log.info("caller_hung_up", operation=name)
            return web.Response()  # nobody is there to read it
        except Exception as error:
            outcome, response = _fault(error)
            if not request.content.is_eof():
                response.force_close()
            return response
        finally:
            API_CALLS.labels(name, outcome).inc()
            API_CALL_SECONDS.labels(name).observe(time.perf_counter() - started)
            called(span, name, outcome)

    async def get(self, request: web.Request) -> web.Response:
        """Answer `?wsdl` and `?singleWsdl`."""
        try:
            await self._caller(request)
        except Exception as error:
            return _fault(error)[1]
        if not {"wsdl", "singlewsdl"} & {name.lower() for name in request.query}:
            return web.Response(text=f"MSign's SOAP endpoint. Its description: {PATH}?singleWsdl\n")
        return _xml(described_at(self._url or f"{request.scheme}://{request.host}{PATH}"))

    async def _caller(self, request: web.Request) -> Consumer:
        return self._everybody or await authenticate(request, self._consumers)


def create_api_app(endpoint: Endpoint, *, max_body_bytes: int) -> web.Application:
    """The application of the API port. `max_body_bytes` counts after decompression.

    Bodies of four times that size are in memory at once, and those of one system fill half of it at most.
    """
    document()
    app = web.Application()
    app[MAX_BODY_BYTES] = max_body_bytes
    app[ROOM] = Shares(4 * max_body_bytes, each=2 * max_body_bytes, line=LINE, wait_s=WAIT_S)
    app.add_routes([web.post(PATH, endpoint.post, expect_handler=hold_back), web.get(PATH, endpoint.get)])
    return app


def largest(request: web.Request) -> int:
    """Return how many bytes a message may take in memory."""
    told = None if "Content-Encoding" in request.headers else request.content_length
    return request.app[MAX_BODY_BYTES] if told is None else max(told, LEAST_BYTES)


async def _read(request: web.Request) -> tuple[str, Arguments]:
    message = await receive(request, max_bytes=request.app[MAX_BODY_BYTES])
    return await asyncio.to_thread(_understand, message, request.headers.get("SOAPAction"))


def _understand(message: Message[io.BytesIO], action: str | None) -> tuple[str, Arguments]:
    call = find_call(message.root, action)
    check_body(call, message.unreadable)
    name = etree.QName(call).localname
    return name, read_arguments(name, call, message.values)


def _fault(error: Exception) -> tuple[str, web.Response]:
    if isinstance(error, Full):
        return _busy(error)
    code, body = write_fault(error)
    if isinstance(error, MSignFault | SoapFault):
        log.info("fault_answered", code=code)
    else:
        log.error("call_failed", exc_info=error)
    return code, _xml(body, status=500)


def _busy(error: Full) -> tuple[str, web.Response]:
    log.warning("call_held_off", reason=str(error))
    _, body = write_fault(SoapFault("Server", f"There are too many messages under way: {error}"))
    response = _xml(body, status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return "Busy", response


def _xml(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="text/xml", charset="utf-8")
