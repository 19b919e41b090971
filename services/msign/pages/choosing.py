"""How does a person choose the instrument, and the language of the pages?"""

from dataclasses import replace

from aiohttp import web

from services.msign.pages.forms import read_texts
from services.msign.pages.parts import Parts
from services.msign.pages.screens import Screens, kept_values
from services.msign.pages.steps import Steps, to_page
from services.msign.pages.visits import Remark
from shared.contract.models import Language

PAGES = frozenset({"choose", "sign", "phone", "done"})
"""The pages of a request that can be asked for by their address."""


class Choosing:
    """The handlers of both."""

    def __init__(self, parts: Parts, steps: Steps, screens: Screens) -> None:
        self._parts = parts
        self._steps = steps
        self._screens = screens

    async def show(self, request: web.Request) -> web.Response:
        """Show what is to be signed, and the instruments."""
        return self._screens.choose(await self._steps.open(request))

    async def again(self, request: web.Request) -> web.Response:
        """Lead to the instruments again."""
        return await self._steps.say(await self._steps.sent(request), None, "choose")

    async def take(self, request: web.Request) -> web.Response:
        """Lead to the form of the chosen instrument."""
        step = await self._steps.sent(request)
        chosen = self._screens.instrument((await read_texts(request)).get("Instrument"))
        if chosen is None:
            return await self._steps.say(step, Remark(key="instrument_unavailable"), "choose")
        return await self._steps.say(step, None, "sign", Instrument=chosen.name)

    async def speak(self, request: web.Request) -> web.Response:
        """Go on in another language, on the page whose form it was, with the numbers that were entered there."""
        step = await self._steps.sent(request, decided=True)
        texts = await read_texts(request)
        if (lang := texts.get("lang")) in set(Language):
            await self._parts.visits.speak(step.visit, Language(lang))
        page, chosen = texts.get("page", ""), self._screens.instrument(texts.get("Instrument"))
        if page == "sign" and chosen:
            entered = {name: value for name, value in kept_values(chosen, texts).items() if value}
            remark = replace(step.visit.remark or Remark(), entered=entered) if entered else step.visit.remark
            return await self._steps.say(step, remark, page, Instrument=chosen.name)
        return to_page(step.request_id, page if page in PAGES else "choose")
