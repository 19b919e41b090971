"""What happens at each step of the Sign Page?

Only `finish` decides a request; every other step can be repeated, in any number of tabs, without breaking anything.
"""

from dataclasses import dataclass

import structlog
from aiohttp import web

from services.msign.instruments.guesses import ASKER
from services.msign.instruments.instrument import OpenKey, Refused, SigningInstrument
from services.msign.instruments.mobile import Mobile
from services.msign.pages.entry import read_entry
from services.msign.pages.forms import Form, read_form, read_texts
from services.msign.pages.parts import Parts
from services.msign.pages.phone import PhonePages, add_phone_routes
from services.msign.pages.render import Renderer
from services.msign.pages.state import PageState, browser_of, new_browser, set_browser
from services.msign.pages.texts import EXPIRED, STALE_FORM, UNKNOWN, Complaint, bad_entry, complaint, failed
from services.msign.pages.view import back_of, view_of
from services.msign.pages.wishes import wished
from services.msign.signing.batch import Outcome, sign_batch
from services.msign.signing.expected import is_expected
from services.msign.summary import RequestSummary
from shared.contract.models import Instrument, Language, SignStatus
from shared.errors import Malformed, Transient

REQUEST_ID = r"{request_id:[0-9a-fA-F]{32}}"

log = structlog.get_logger(__name__)


class StopHere(Exception):
    """The step cannot go on; the answer says why."""

    def __init__(self, response: web.Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one browser in a request that is still pending."""

    asked: RequestSummary
    state: PageState
    browser: str


class SignPage:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._renderer = Renderer()
        self._phones = PhonePages(parts, parts.mobile) if parts.mobile else None
        phone = {Instrument.MOBILE: parts.mobile} if parts.mobile else {}
        self._offered: dict[Instrument, SigningInstrument | Mobile] = {**phone, **parts.instruments}

    @property
    def phones(self) -> PhonePages | None:
        """The pages for signing on a phone, if that is offered."""
        return self._phones

    async def home(self, request: web.Request) -> web.Response:
        """Say what this instance is."""
        return self._renderer.page("home.html", wished(request))

    async def enter(self, request: web.Request) -> web.Response:
        """Take the e-Service's form (contract section 2), or a query with the same parameters."""
        language = wished(request)
        parameters = [
            *request.query.items(),
            *(await read_texts(request)).items(),
        ]
        given = next((value for name, value in parameters if name.lower() == "lang"), "").lower()
        language = Language(given) if given in set(Language) else language
        asked = await self._asked(request, language)
        try:
            entry = read_entry(parameters, asked.return_origins)
        except Malformed as error:
            return self._renderer.notice(language, bad_entry(error.code), status=400)
        browser = browser_of(request) or new_browser()
        state = PageState(request_id=asked.request_id, entry=entry, language=language)
        response = await self._first_page(Step(asked, state, browser))
        set_browser(response, browser, secure=request.secure)
        return response

    async def _first_page(self, step: Step) -> web.Response:
        if step.asked.status is not SignStatus.PENDING:
            back = back_of(step.state.request_id, step.state.entry)
            return self._renderer.ended(step.state.language, step.asked.status, back)
        wanted = step.state.entry.instrument
        if wanted is None:
            return self._choose(step)
        expected = step.asked.expected_signer
        if wanted is Instrument.MOBILE and self._phones and expected and step.state.entry.msisdn:
            return await self._call(step, {"MSISDN": step.state.entry.msisdn, "IDNP": expected.id})
        instrument = self._offered.get(wanted)
        return (
            await self._form(step, instrument)
            if instrument
            else self._choose(step, complaint("instrument_unavailable"))
        )

    async def _form(self, step: Step, instrument: SigningInstrument | Mobile) -> web.Response:
        return await self._pin(step, instrument, values={"MSISDN": step.state.entry.msisdn or ""})

    async def _call(self, step: Step, form: dict[str, str]) -> web.Response:
        """Call the phone and lead to the page that waits for it."""
        if self._phones is None or self._parts.mobile is None:
            return self._choose(step, complaint("instrument_unavailable"))
        msisdn, idnp = form.get("MSISDN", "").strip(), form.get("IDNP", "").strip()
        if (expected := step.asked.expected_signer) and expected.id != idnp:
            return await self._pin(step, self._parts.mobile, complaint("signer_mismatch"), values=form)
        try:
            return await self._phones.call(step.state, step.browser, msisdn=msisdn, idnp=idnp)
        except Refused as error:
            refusal = complaint(error.why, error.tries_left)
            return await self._pin(step, self._parts.mobile, refusal, values=form)

    async def choose(self, request: web.Request) -> web.Response:
        """Show the instruments again."""
        return self._choose(await self._step(request))

    async def speak(self, request: web.Request) -> web.Response:
        """Go on in another language, with the instrument whose form was shown."""
        step = await self._step(request)
        texts = await read_texts(request)
        lang = texts.get("lang", "")
        language = Language(lang) if lang in set(Language) else step.state.language
        entry = step.state.entry
        state = PageState(request_id=step.state.request_id, entry=entry, language=language)
        spoken = Step(step.asked, state, step.browser)
        chosen = self._chosen(texts.get("Instrument", ""))
        return await self._form(spoken, chosen) if chosen else self._choose(spoken)

    async def instrument(self, request: web.Request) -> web.Response:
        """Take the chosen instrument and ask for what it needs."""
        step = await self._step(request)
        chosen = self._chosen((await read_texts(request)).get("Instrument", ""))
        return await self._form(step, chosen) if chosen else self._choose(step, complaint("instrument_unavailable"))

    async def sign(self, request: web.Request) -> web.Response:
        """Take the PIN, sign everything, and lead back."""
        step = await self._step(request)
        form, texts = await read_form(request), await read_texts(request)
        chosen = self._chosen(texts.get("Instrument", ""))
        if chosen is None:
            return self._choose(step, complaint("instrument_unavailable"))
        if isinstance(chosen, Mobile):
            return await self._call(step, texts)
        return await self._sign_with(request, step, chosen, form)

    async def _sign_with(self, request: web.Request, step: Step, chosen: SigningInstrument, form: Form) -> web.Response:
        """Open the key with what was entered and sign, while no other tab does."""
        texts = await read_texts(request)
        async with self._parts.claims.hold(step.state.request_id) as held:
            if not held:
                return await self._pin(step, chosen, complaint("busy"), status=409)
            step = await self._step(request)
            try:
                async with chosen.open(form | {ASKER: step.state.request_id}) as opened:
                    expected = step.asked.expected_signer
                    if not await is_expected(expected, opened.key.certificate, self._parts.mandates):
                        return await self._pin(step, chosen, complaint("signer_mismatch"), values=texts)
                    return await self._sign(step, chosen, opened)
            except Refused as error:
                refusal = complaint(error.why, error.tries_left)
                return await self._pin(step, chosen, refusal, values=texts)
            except Transient as error:
                log.warning("token_failed", instrument=chosen.name, error=str(error))
                return await self._pin(step, chosen, complaint("token_unavailable"), status=503)

    async def _sign(self, step: Step, chosen: SigningInstrument, opened: OpenKey) -> web.Response:
        request_id = step.state.request_id
        requests, timestamper = self._parts.requests, self._parts.timestamper
        try:
            outcome = await sign_batch(step.asked, opened, timestamper, requests)
        except Transient as error:
            log.warning("signing_postponed", request_id=request_id, error=type(error).__name__)
            return await self._pin(step, chosen, complaint("no_timestamp"), status=503)
        if outcome.status is SignStatus.PENDING:
            return await self._pin(await self._renewed(step), chosen)
        return await self._finish(step, outcome)

    async def _finish(self, step: Step, outcome: Outcome) -> web.Response:
        request_id = step.state.request_id
        finished = await self._parts.requests.finish(request_id, outcome.status, reason=outcome.reason)
        log.info("sign_request_finished", request_id=request_id, status=outcome.status, first=finished)
        if not finished:
            return await self._overtaken(step)
        back = back_of(request_id, step.state.entry)
        if outcome.status is SignStatus.SUCCESS:
            return self._renderer.signed(step.state.language, back)
        return self._renderer.notice(step.state.language, failed(outcome.reason), back=back)

    async def cancel(self, request: web.Request) -> web.Response:
        """Decline for good: say that it failed and why, then lead back (TC_FUNCT_02)."""
        step = await self._step(request)
        request_id = step.state.request_id
        async with self._parts.claims.hold(request_id) as held:
            if not held:
                return self._choose(step, complaint("busy"))
            finished = await self._parts.requests.finish(request_id, SignStatus.FAILURE, reason="declined")
        if not finished:
            return await self._overtaken(step)
        log.info("sign_request_finished", request_id=request_id, status=SignStatus.FAILURE, first=True)
        back = back_of(request_id, step.state.entry)
        return self._renderer.notice(step.state.language, failed("declined"), back=back)

    async def lost(self, request: web.Request) -> web.Response:
        """A step's address opened by hand or reloaded without its form."""
        return self._renderer.notice(wished(request), STALE_FORM, status=400)

    async def _overtaken(self, step: Step) -> web.Response:
        asked = await self._parts.requests.summary(step.state.request_id)
        status = asked.status if asked else SignStatus.EXPIRED
        back = back_of(step.state.request_id, step.state.entry)
        return self._renderer.ended(step.state.language, status, back)

    async def _step(self, request: web.Request) -> Step:
        """Return the step that a form of ours asks for, or stop with a page that helps."""
        request_id = request.match_info["request_id"].lower()
        browser = browser_of(request)
        try:
            sealed = (await read_texts(request)).get("state", "")
            state = self._parts.seal.unseal(sealed, browser, request_id)
        except Malformed as error:
            raise StopHere(self._renderer.notice(wished(request), STALE_FORM, status=403)) from error
        asked = await self._asked(request, state.language)
        if asked.status is not SignStatus.PENDING:
            raise StopHere(self._renderer.ended(state.language, asked.status, back_of(request_id, state.entry)))
        return Step(asked, state, browser)

    async def _asked(self, request: web.Request, language: Language) -> RequestSummary:
        asked = await self._parts.requests.summary(request.match_info["request_id"].lower())
        if asked is None:
            raise StopHere(self._renderer.notice(language, UNKNOWN, status=404))
        if asked.status is SignStatus.EXPIRED:
            raise StopHere(self._renderer.notice(language, EXPIRED, status=410))
        return asked

    def _chosen(self, name: str) -> SigningInstrument | Mobile | None:
        return self._offered.get(Instrument(name)) if name in set(Instrument) else None

    def _choose(self, step: Step, error: Complaint | None = None) -> web.Response:
        return self._renderer.page(
            "choose.html", step.state.language, view=view_of(step.asked, step.state.entry),
            state=self._parts.seal.seal(step.state, step.browser), instruments=[*self._offered],
            complaint=error,
        )  # fmt: skip

    async def _renewed(self, step: Step) -> Step:
        """Return the step as it stands now; raises `StopHere` when the request was decided meanwhile."""
        asked = await self._parts.requests.summary(step.state.request_id)
        if asked is None or asked.status is not SignStatus.PENDING:
            raise StopHere(await self._overtaken(step))
        return Step(asked, step.state, step.browser)

    async def _pin(
        self,
        step: Step,
        instrument: SigningInstrument | Mobile,
        error: Complaint | None = None,
        *,
        values: dict[str, str] | None = None,
        status: int = 200,
    ) -> web.Response:
        signed, total = await self._parts.requests.progress(step.state.request_id)
        people = [person for person in self._parts.people if person["instrument"] == instrument.name]
        return self._renderer.page(
            "pin.html", step.state.language, status=status, view=view_of(step.asked, step.state.entry),
            state=self._parts.seal.seal(step.state, step.browser), instrument=instrument, complaint=error,
            values=values or {}, people=people, signed=signed, total=total,
        )  # fmt: skip


def add_routes(app: web.Application, page: SignPage) -> None:
    """Add the routes of the Sign Page to an application."""
    base = f"/{REQUEST_ID}"
    steps = {"choose": page.choose, "language": page.speak, "instrument": page.instrument}
    steps |= {"sign": page.sign, "cancel": page.cancel}
    app.add_routes([web.get("/", page.home), web.get(base, page.enter), web.post(base, page.enter)])
    if page.phones:
        add_phone_routes(app, page.phones, REQUEST_ID)
    for name, handler in steps.items():
        app.add_routes([web.post(f"{base}/{name}", handler), web.get(f"{base}/{name}", page.lost)])
