"""How does a person read a PDF document before signing it?

Only in the browser that the request was opened in, by a link of the Sign Page that is good for an hour.
"""

from collections.abc import AsyncIterator

import structlog
from aiohttp import web

from services.msign.pages.names import content_disposition
from services.msign.pages.parts import Parts
from services.msign.pages.render import Renderer
from services.msign.pages.steps import Step, Steps, StopHere
from services.msign.pages.texts import BROKEN, LINK_EXPIRED, LINK_FOREIGN, NO_DOCUMENT
from shared.contract.models import ContentType
from shared.errors import Bug, Malformed
from shared.pace import send
from shared.shares import Full, Shares

CONTENT_SECURITY_POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"
"""Whatever the file holds, it runs no script and opens nothing in our name."""
READERS = 64
READERS_OF_ONE = 8
"""How many documents of one request are on their way out at once."""
WAIT_S = 10.0

log = structlog.get_logger(__name__)


class Documents:
    """The handler of one document's address."""

    def __init__(self, parts: Parts, renderer: Renderer, steps: Steps) -> None:
        self._parts = parts
        self._renderer = renderer
        self._steps = steps
        self._readers = Shares(READERS, each=READERS_OF_ONE, line=READERS, wait_s=WAIT_S)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Return a PDF file for the browser's own viewer, piece by piece: it is never in memory as a whole."""
        step = await self._steps.open(request)
        self._check_link(request, step)
        number = int(request.match_info["number"])
        try:
            async with self._readers.taken(step.request_id):
                return await self._send(request, step, number)
        except Full as error:
            log.warning("reader_held_off", request_id=step.request_id)
            raise StopHere(self._renderer.notice(step.language, BROKEN, status=503)) from error

    async def _send(self, request: web.Request, step: Step, number: int) -> web.StreamResponse:
        pieces = self._pieces(step, number - 1)
        first = await anext(pieces, None)
        if first is None:
            raise StopHere(self._renderer.notice(step.language, NO_DOCUMENT, status=404))
        document = step.asked.documents[number - 1]
        answer = web.StreamResponse(
            headers={
                "Content-Security-Policy": CONTENT_SECURITY_POLICY,
                "Content-Disposition": content_disposition(document.name, number),
            }
        )
        answer.content_type = "application/pdf"
        answer.content_length = document.size
        await answer.prepare(request)
        if request.method != "HEAD":
            await self._write(request, answer, first, pieces)
        return answer

    async def _write(
        self, request: web.Request, answer: web.StreamResponse, first: bytes, pieces: AsyncIterator[bytes]
    ) -> None:
        """Send all of a document; where that cannot be, what has begun is broken off."""
        piece: bytes | None = first
        try:
            while piece is not None:
                await send(answer, piece)
                piece = await anext(pieces, None)
        except ConnectionError:
            raise
        except Exception as error:
            log.warning("document_broken_off", error=type(error).__name__)
            if request.transport is not None:
                request.transport.abort()

    def _check_link(self, request: web.Request, step: Step) -> None:
        try:
            self._parts.seal.check_link(request.query.get("token", ""), step.visit)
        except Malformed as error:
            expired = error.code == "link_expired"
            notice, status = (LINK_EXPIRED, 410) if expired else (LINK_FOREIGN, 403)
            raise StopHere(self._renderer.notice(step.language, notice, status=status)) from error

    async def _pieces(self, step: Step, position: int) -> AsyncIterator[bytes]:
        """Yield the PDF file, or nothing where there is none."""
        is_pdf = step.asked.content_type is ContentType.PDF
        if not is_pdf or not 0 <= position < len(step.asked.documents):
            return
        sent, size = 0, step.asked.documents[position].size
        while sent < size and (piece := await self._parts.requests.piece(step.request_id, position, sent)):
            sent += len(piece)
            yield piece
        if 0 < sent < size:
            raise Bug(f"a document of {step.request_id} is gone")
