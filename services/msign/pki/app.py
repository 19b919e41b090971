"""What answers on the PKI port? OCSP, revocation lists, CA certificates and RFC 3161 timestamps, over plain HTTP.

The paths are those that the certificates themselves name.
"""

import asyncio
import base64
import binascii
from collections.abc import Callable

from aiohttp import web

from services.msign.pki.architecture import Architecture
from services.msign.pki.plan import ARCHITECTURE, TSA
from shared.pace import Pace, TooSlow

MAX_REQUEST_BYTES = 64 * 1024


def create_pki_app(architecture: Callable[[], Architecture]) -> web.Application:
    """Return the application over what `architecture` tells at each request; it may take its time, in a thread."""
    services = Services(architecture)
    app = web.Application(client_max_size=MAX_REQUEST_BYTES)
    base = f"/{ARCHITECTURE}"
    app.add_routes(
        [
            web.post(f"{base}/tsa/{TSA}", services.timestamp),
            web.post(base + "/ocsp/{label}", services.ocsp),
            web.get(base + "/ocsp/{label}/{request:.+}", services.ocsp_by_get),
            web.get(base + "/crls/{label}/latest.crl", services.crl),
            web.get(base + "/certs/{label}/ca.crt", services.authority),
        ]
    )
    return app


class Services:
    """The handlers; certomancer works in threads."""

    def __init__(self, architecture: Callable[[], Architecture]) -> None:
        self._architecture = architecture

    async def timestamp(self, request: web.Request) -> web.Response:
        """RFC 3161 section 3.4."""
        answer = await self._found(Architecture.timestamp, await body_of(request))
        return web.Response(body=answer, content_type="application/timestamp-reply")

    async def ocsp(self, request: web.Request) -> web.Response:
        """RFC 6960 appendix A, by POST."""
        return await self._ocsp(request, await body_of(request))

    async def ocsp_by_get(self, request: web.Request) -> web.Response:
        """RFC 6960 appendix A, by GET: the request as base64 in the path."""
        try:
            body = base64.b64decode(request.match_info["request"], validate=True)
        except (binascii.Error, ValueError):
            body = b""
        return await self._ocsp(request, body)

    async def _ocsp(self, request: web.Request, body: bytes) -> web.Response:
        answer = await self._found(Architecture.ocsp, request.match_info["label"], body)
        return web.Response(body=answer, content_type="application/ocsp-response")

    async def crl(self, request: web.Request) -> web.Response:
        """RFC 2585 section 3."""
        answer = await self._found(Architecture.crl, request.match_info["label"])
        return web.Response(body=answer, content_type="application/pkix-crl")

    async def authority(self, request: web.Request) -> web.Response:
        """RFC 2585 section 3."""
        answer = await self._found(Architecture.authority, request.match_info["label"])
        return web.Response(body=answer, content_type="application/pkix-cert")

    async def _found(self, work: Callable[..., bytes], *arguments: object) -> bytes:
        """Have the architecture do `work` in a thread; a label that there is not is HTTP 404."""
        try:
            return await asyncio.to_thread(lambda: work(self._architecture(), *arguments))
        except LookupError as error:
            raise web.HTTPNotFound(text="there is no such authority\n") from error


async def body_of(request: web.Request) -> bytes:
    """Return a request's body, which is small; raises `HTTPRequestTimeout` for one that does not come."""
    try:
        return await Pace(request.content).step(request.read())
    except TooSlow as error:
        raise web.HTTPRequestTimeout(text="the request does not come\n") from error
