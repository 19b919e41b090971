"""How does a person read a PDF document before signing it?

Only in the browser that the request was opened in, by a link of the Sign Page that is good for an hour.
"""

from aiohttp import web

from services.msign.pages.names import content_disposition
from services.msign.pages.parts import Parts
from services.msign.pages.render import Renderer
from services.msign.pages.steps import Step, Steps, StopHere
from services.msign.pages.texts import LINK_EXPIRED, LINK_FOREIGN, NO_DOCUMENT
from shared.contract.models import ContentType
from shared.errors import Malformed

CONTENT_SECURITY_POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"
"""Whatever the file holds, it runs no script and opens nothing in our name."""


class Documents:
    """The handler of one document's address."""

    def __init__(self, parts: Parts, renderer: Renderer, steps: Steps) -> None:
        self._parts = parts
        self._renderer = renderer
        self._steps = steps

    async def show(self, request: web.Request) -> web.Response:
        """Return a PDF file for the browser's own viewer."""
        step = await self._steps.open(request)
        self._check_link(request, step)
        number = int(request.match_info["number"])
        pdf = await self._content(step, number - 1)
        if pdf is None:
            raise StopHere(self._renderer.notice(step.language, NO_DOCUMENT, status=404))
        name = step.asked.documents[number - 1].name
        return web.Response(
            body=pdf,
            content_type="application/pdf",
            headers={
                "Content-Security-Policy": CONTENT_SECURITY_POLICY,
                "Content-Disposition": content_disposition(name, number),
            },
        )

    def _check_link(self, request: web.Request, step: Step) -> None:
        try:
            self._parts.seal.check_link(request.query.get("token", ""), step.visit)
        except Malformed as error:
            expired = error.code == "link_expired"
            notice, status = (LINK_EXPIRED, 410) if expired else (LINK_FOREIGN, 403)
            raise StopHere(self._renderer.notice(step.language, notice, status=status)) from error

    async def _content(self, step: Step, position: int) -> bytes | None:
        is_pdf = step.asked.content_type is ContentType.PDF
        if not is_pdf or not 0 <= position < len(step.asked.documents):
            return None
        return await self._parts.requests.content(step.request_id, position)
