"""How does a request end on the Sign Page, and lead back to the e-Service?"""

from aiohttp import web

from services.msign.pages.deciding import decide
from services.msign.pages.parts import Parts
from services.msign.pages.render import Renderer
from services.msign.pages.steps import BUSY, Steps, to_page
from services.msign.pages.texts import failed
from shared.contract.models import SignStatus


class Ending:
    """The handlers of cancelling, and of the page at the end."""

    def __init__(self, parts: Parts, renderer: Renderer, steps: Steps) -> None:
        self._parts = parts
        self._renderer = renderer
        self._steps = steps

    async def cancel(self, request: web.Request) -> web.Response:
        """Decline for good (TC_FUNCT_02), unless it is being signed in another tab."""
        step = await self._steps.sent(request)
        async with self._parts.claims.hold(step.request_id) as held:
            if not held:
                return await self._steps.say(step, BUSY, "choose")
            first = await decide(self._parts, step.request_id, SignStatus.FAILURE, "declined")
        return await self._steps.say(step, None, "done" if first else "choose")

    async def done(self, request: web.Request) -> web.Response:
        """Say what came of it, and lead back: at once after a success, after a failure once it has been read."""
        step = await self._steps.any(request)
        if step.asked.status is SignStatus.PENDING:
            return to_page(step.request_id, "choose")
        if step.asked.status is SignStatus.SUCCESS:
            return self._renderer.signed(step.language, step.back)
        return self._renderer.notice(step.language, failed(step.asked.reason), back=step.back)
