"""What happens when somebody enters a PIN, or uploads a key, on the Sign Page?"""

from aiohttp import web

from services.msign.instruments.guesses import ASKER
from services.msign.instruments.instrument import Refused, SigningInstrument
from services.msign.instruments.mobile import Mobile
from services.msign.pages.calling import Calling
from services.msign.pages.deciding import NotExpected, decide, remark_of, sign_all
from services.msign.pages.forms import Form, read_form
from services.msign.pages.parts import Parts
from services.msign.pages.screens import Screens, kept_values
from services.msign.pages.steps import BUSY, Step, Steps, to_page
from services.msign.pages.visits import Remark
from shared.contract.models import SignStatus
from shared.errors import Transient


class Signing:
    """The handlers of an instrument's form; `calling` takes over for the phone."""

    def __init__(self, parts: Parts, steps: Steps, screens: Screens, calling: Calling) -> None:
        self._parts = parts
        self._steps = steps
        self._screens = screens
        self._calling = calling

    async def show(self, request: web.Request) -> web.Response:
        """Show the form of the instrument that the query names."""
        step = await self._steps.open(request)
        chosen = self._screens.instrument(request.query.get("Instrument"))
        return await self._screens.form(step, chosen) if chosen else to_page(step.request_id, "choose")

    async def take(self, request: web.Request) -> web.Response:
        """Take the PIN, sign everything, and lead to what became of it."""
        form = await read_form(request)
        name = str(form.get("Instrument", ""))
        step = await self._steps.sent(request, "sign", Instrument=name)
        chosen = self._screens.instrument(name)
        if chosen is None:
            return await self._steps.say(step, Remark(key="instrument_unavailable"), "choose")
        if isinstance(chosen, Mobile):
            return await self._calling.call(step, chosen, form)
        async with self._parts.claims.hold(step.request_id) as held:
            if not held:
                return await self._again(step, chosen, BUSY)
            return await self._sign(step, chosen, form)

    async def _sign(self, step: Step, chosen: SigningInstrument, form: Form) -> web.Response:
        """Sign, now that no other tab does."""
        asked = await self._parts.requests.summary(step.request_id)
        if asked is None or asked.status is not SignStatus.PENDING:
            return to_page(step.request_id, "choose")
        entered = kept_values(chosen, form)
        if chosen.pin_per_document and await self._signed(step) != step.signed:
            return await self._again(step, chosen, Remark(entered=entered))  # its PIN was for the document before
        try:
            async with chosen.open(form | {ASKER: step.request_id}) as opened:
                outcome = await sign_all(self._parts, asked, opened)
        except (Refused, NotExpected, Transient) as error:
            return await self._again(step, chosen, remark_of(error, entered))
        if outcome.status is SignStatus.PENDING:
            return await self._again(step, chosen, Remark(entered=entered))
        first = await decide(self._parts, step.request_id, outcome.status, outcome.reason, instrument=chosen.name.value)
        return await self._steps.say(step, None, "done" if first else "choose")

    async def _again(self, step: Step, chosen: SigningInstrument, remark: Remark) -> web.Response:
        return await self._steps.say(step, remark, "sign", Instrument=chosen.name)

    async def _signed(self, step: Step) -> int:
        signed, _ = await self._parts.requests.progress(step.request_id)
        return signed
