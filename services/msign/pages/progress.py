"""How far has the signing come? What the page's script asks while the form's answer is awaited."""

from aiohttp import web

from services.msign.pages.parts import Parts
from services.msign.pages.steps import Steps


class Progress:
    """The handler."""

    def __init__(self, parts: Parts, steps: Steps) -> None:
        self._parts = parts
        self._steps = steps

    async def show(self, request: web.Request) -> web.Response:
        """Return the request's status, how many documents are signed, and how many there are."""
        step = await self._steps.any(request)
        signed, total = await self._parts.requests.progress(step.request_id)
        return web.json_response({"state": step.asked.status, "signed": signed, "total": total})
