"""How does the Sign Page call a phone, and wait for it?"""

from collections.abc import Mapping
from datetime import UTC, datetime

from aiohttp import web

from services.msign.instruments.instrument import Refused
from services.msign.instruments.mobile import Mobile, Transaction, TransactionState
from services.msign.pages.deciding import NotExpected, remark_of
from services.msign.pages.forms import Form
from services.msign.pages.parts import Parts
from services.msign.pages.render import Renderer
from services.msign.pages.screens import Screens, kept_values
from services.msign.pages.steps import Step, Steps, to_page
from services.msign.pages.texts import call_text
from services.msign.pages.visits import owner_of
from shared.contract.models import SignStatus

GOING_ON = frozenset({TransactionState.WAITING, TransactionState.SIGNING})


class Calling:
    """The handlers of the page that waits."""

    def __init__(self, parts: Parts, renderer: Renderer, steps: Steps, screens: Screens) -> None:
        self._parts = parts
        self._renderer = renderer
        self._steps = steps
        self._screens = screens

    async def call(self, step: Step, mobile: Mobile, form: Form) -> web.Response:
        """Call the number that was entered, and lead to the page that waits; or to the form, which says why not."""
        entered = kept_values(mobile, form)
        try:
            await self._begin(step, mobile, entered)
        except (Refused, NotExpected) as error:
            return await self._steps.say(step, remark_of(error, entered), "sign", Instrument=mobile.name)
        return await self._steps.say(step, None, "phone")

    async def _begin(self, step: Step, mobile: Mobile, entered: Mapping[str, str]) -> None:
        expected = step.asked.expected_signer
        if expected and expected.id != entered["IDNP"]:
            raise NotExpected(step.request_id)
        await mobile.begin(
            request_id=step.request_id,
            msisdn=entered["MSISDN"],
            idnp=entered["IDNP"],
            description=step.asked.short_content_description,
            consumer=step.asked.consumer,
            browser=owner_of(step.visit.browser),
        )

    async def show(self, request: web.Request) -> web.Response:
        """Show how far the call has come; once the outcome is known, lead to it."""
        step = await self._steps.any(request)
        call = await self._call_of(step)
        if step.asked.status is not SignStatus.PENDING:
            return to_page(step.request_id, "done")
        if call is None:
            return to_page(step.request_id, "choose")
        signed, total = await self._parts.requests.progress(step.request_id)
        return self._renderer.page(
            "waiting.html", step.language, view=self._screens.view(step, signed), transaction=call,
            state=self._parts.seal.form(step.visit), waiting=call.state in GOING_ON, signed=signed, total=total,
            seconds=seconds_left(call), told=call_text(call.state, call.reason), phone=self._test_phone(call),
        )  # fmt: skip

    async def state(self, request: web.Request) -> web.Response:
        """Tell the page's script how far the call has come: another `state` is a reason to load the page again."""
        step = await self._steps.any(request)
        call = await self._call_of(step)
        decided = step.asked.status is not SignStatus.PENDING
        state = step.asked.status if decided or call is None else call.state
        signed, total = await self._parts.requests.progress(step.request_id)
        return web.json_response({"state": state, "signed": signed, "total": total})

    def _test_phone(self, call: Transaction) -> str | None:
        """Return the number whose phone is a page of ours: only test instances show people and their phones."""
        return next((call.msisdn for person in self._parts.people if person.get("msisdn") == call.msisdn), None)

    async def _call_of(self, step: Step) -> Transaction | None:
        """Return the newest call from this browser's page."""
        mobile = self._parts.mobile
        return await mobile.of(step.request_id, owner_of(step.visit.browser)) if mobile else None


def seconds_left(call: Transaction) -> int:
    """Return for how many seconds a phone that rings may still answer."""
    return max(0, round((call.expires_at - datetime.now(UTC)).total_seconds()))
