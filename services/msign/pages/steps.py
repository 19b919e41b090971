"""At which step of which request is this browser?

A page is asked for by GET and can be loaded again at any time. A form is sent by POST, does something once, and its
answer leads to the page that shows what became of it.
"""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from aiohttp import web

from services.msign.pages.cookie import browser_of
from services.msign.pages.forms import read_texts
from services.msign.pages.parts import Parts
from services.msign.pages.render import Renderer
from services.msign.pages.texts import EXPIRED, NO_COOKIE, NO_VISIT, UNKNOWN
from services.msign.pages.view import Back, back_of
from services.msign.pages.visits import Remark, Visit
from services.msign.pages.wishes import wished
from services.msign.summary import RequestSummary
from shared.contract.models import Language, SignStatus
from shared.errors import Malformed

REQUEST_ID = r"{request_id:[0-9a-fA-F]{32}}"
"""The pattern of a RequestID in a path."""


BUSY = Remark(key="busy")
"""The request is being signed in another tab."""


class StopHere(Exception):
    """The step cannot go on; the answer says why, or leads to where it goes on."""

    def __init__(self, response: web.Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class Step:
    """One browser in one request."""

    asked: RequestSummary
    visit: Visit
    signed: int = 0

    @property
    def request_id(self) -> str:
        """The request's RequestID."""
        return self.visit.request_id

    @property
    def language(self) -> Language:
        """The language of the pages."""
        return self.visit.language

    @property
    def back(self) -> Back:
        """The way back to the e-Service."""
        return back_of(self.request_id, self.visit.entry)


class Steps:
    """Finds the step of each call."""

    def __init__(self, parts: Parts, renderer: Renderer) -> None:
        self._parts = parts
        self._renderer = renderer

    async def asked(self, request: web.Request, language: Language) -> RequestSummary:
        """Return the request that the path names; raises `StopHere` when there is none or its time has passed."""
        asked = await self._parts.requests.summary(request_id_of(request))
        if asked is None:
            raise StopHere(self._renderer.notice(language, UNKNOWN, status=404))
        if asked.status is SignStatus.EXPIRED:
            raise StopHere(self._renderer.notice(language, EXPIRED, status=410))
        return asked

    async def any(self, request: web.Request) -> Step:
        """Return the step of a browser whose request may have been decided; `lang` in the query is its language now.

        Raises `StopHere` when there is no such request, or the browser did not come to it from an e-Service.
        """
        browser = browser_of(request)
        visit = await self._parts.visits.find(request_id_of(request), browser)
        lang = request.query.get("lang")
        if visit and lang in set(Language) and lang != visit.language:
            visit = replace(visit, language=Language(lang))
            await self._parts.visits.speak(visit, visit.language)
        asked = await self.asked(request, visit.language if visit else wished(request))
        if visit is None:
            notice = NO_VISIT if browser else NO_COOKIE
            raise StopHere(self._renderer.notice(wished(request), notice, status=403))
        return Step(asked, visit)

    async def open(self, request: web.Request) -> Step:
        """Return the step of a page about a request that is still pending; another one's page says how it ended."""
        step = await self.any(request)
        if step.asked.status is not SignStatus.PENDING:
            raise StopHere(self._renderer.ended(step.language, step.asked.status, step.back))
        if step.visit.remark == BUSY:
            await self._parts.visits.say(step.visit, None)  # it may be over when the page is loaded again
        return step

    async def sent(self, request: web.Request, page: str = "choose", *, decided: bool = False, **query: str) -> Step:
        """Return the step of a form that was sent, for a request that is still pending, or may be `decided`.

        Raises `StopHere` to say how a decided one ended, and, for a form that has no seal of this browser, to show
        `page` again.
        """
        step = await self.any(request)
        if step.asked.status is not SignStatus.PENDING and not decided:
            raise StopHere(to_page(step.request_id, "choose"))
        try:
            signed = self._parts.seal.open_form((await read_texts(request)).get("state", ""), step.visit)
        except Malformed as error:
            raise StopHere(await self.say(step, Remark(key=error.code), page, **query)) from error
        return Step(step.asked, step.visit, signed)

    async def say(self, step: Step, remark: Remark | None, page: str, **query: str) -> web.Response:
        """Return the way to a page that says something."""
        await self._parts.visits.say(step.visit, remark)
        return to_page(step.request_id, page, **query)


def request_id_of(request: web.Request) -> str:
    """Return the RequestID in the path."""
    return request.match_info["request_id"].lower()


def to_page(request_id: str, page: str, **query: str) -> web.Response:
    """Return the answer that leads to one of a request's pages."""
    address = f"/{request_id}/{page}" + (f"?{urlencode(query)}" if query else "")
    return web.Response(status=303, headers={"Location": address})
