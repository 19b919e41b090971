"""How does a browser come from the e-Service to the Sign Page?

The e-Service's form is another site's, so the browser sends no cookie along with it. What it says is kept under a
ticket, and only the page that it leads to knows the browser again: any number of requests share one cookie.
"""

from aiohttp import web

from services.msign.instruments.mobile import Mobile
from services.msign.pages.calling import Calling
from services.msign.pages.cookie import browser_of, new_browser, set_browser
from services.msign.pages.entry import read_entry
from services.msign.pages.forms import read_texts
from services.msign.pages.parts import Parts
from services.msign.pages.render import Renderer
from services.msign.pages.screens import Screens
from services.msign.pages.steps import Step, Steps, StopHere, request_id_of, to_page
from services.msign.pages.texts import bad_entry
from services.msign.pages.visits import Remark
from services.msign.pages.wishes import wished
from shared.contract.models import Language, SignStatus
from shared.errors import Malformed


class Entering:
    """The handlers of the way in."""

    def __init__(self, parts: Parts, renderer: Renderer, steps: Steps, screens: Screens, calling: Calling) -> None:
        self._parts = parts
        self._renderer = renderer
        self._steps = steps
        self._screens = screens
        self._calling = calling

    async def enter(self, request: web.Request) -> web.Response:
        """Take the e-Service's form (contract section 2), or a query with the same parameters."""
        parameters = [*request.query.items(), *(await read_texts(request)).items()]
        given = next((value for name, value in parameters if name.lower() == "lang"), "").lower()
        language = Language(given) if given in set(Language) else wished(request)
        asked = await self._steps.asked(request, language)
        try:
            entry = read_entry(parameters, asked.return_origins)
        except Malformed as error:
            raise StopHere(
                self._renderer.notice(language, bad_entry(error.code), status=400, fields=parameters)
            ) from error
        ticket = await self._parts.visits.begin(asked.request_id, entry, language)
        return to_page(asked.request_id, "arrive", ticket=ticket)

    async def arrive(self, request: web.Request) -> web.Response:
        """Know the browser by its cookie, or give it one, and lead to the first page.

        A ticket that is used or too old leads to the page of whoever has one.
        """
        request_id = request_id_of(request)
        browser = browser_of(request) or new_browser()
        if not await self._parts.visits.arrive(request_id, request.query.get("ticket", ""), browser):
            return to_page(request_id, "choose")
        visit = await self._parts.visits.find(request_id, browser)
        if visit is None:
            return to_page(request_id, "choose")
        response = await self._first_page(Step(await self._steps.asked(request, visit.language), visit))
        set_browser(response, browser, secure=self._parts.is_secure(request))
        return response

    async def _first_page(self, step: Step) -> web.Response:
        entry, expected = step.visit.entry, step.asked.expected_signer
        if step.asked.status is not SignStatus.PENDING or entry.instrument is None:
            return to_page(step.request_id, "choose")
        chosen = self._screens.instrument(entry.instrument)
        if chosen is None:
            return await self._steps.say(step, Remark(key="instrument_unavailable"), "choose")
        if isinstance(chosen, Mobile) and expected and entry.msisdn:
            return await self._calling.call(step, chosen, {"MSISDN": entry.msisdn, "IDNP": expected.id})
        return to_page(step.request_id, "sign", Instrument=entry.instrument)
