"""What happens between the Sign Page and a phone?

The page calls a number and follows what becomes of the call; the phone, here a page of its own that stands in for one,
shows what is to be signed and takes the PIN. Knowing a call's id is what lets a form of the phone's page through.
"""

import hashlib

import structlog
from aiohttp import web

from services.msign.instruments.instrument import Refused
from services.msign.instruments.mobile import Mobile, NotWaiting, Transaction, TransactionState
from services.msign.locale.words import Text
from services.msign.pages.forms import read_texts
from services.msign.pages.parts import Parts
from services.msign.pages.render import Renderer
from services.msign.pages.state import PageState, browser_of
from services.msign.pages.texts import PHONE_NEWS, STALE_FORM, UNKNOWN, Complaint, call_text, complaint, failed
from services.msign.pages.view import back_of, view_of
from services.msign.pages.wishes import wished
from services.msign.signing.batch import Outcome, sign_batch
from services.msign.signing.expected import is_expected
from shared.contract.models import SignStatus
from shared.errors import Malformed, Transient

MSISDN = r"{msisdn:[0-9]{8,15}}"
PROGRESS = frozenset({TransactionState.WAITING, TransactionState.SIGNING})

log = structlog.get_logger(__name__)


Said = Complaint | Text
"""What the phone's page answers to a form: bad or good news."""


class PhonePages:
    """The page that waits for a phone, and the phone's own page."""

    def __init__(self, parts: Parts, mobile: Mobile) -> None:
        self._parts = parts
        self._mobile = mobile
        self._renderer = Renderer()

    async def call(self, state: PageState, browser: str, *, msisdn: str, idnp: str) -> web.Response:
        """Call the phone and return the way to the page that waits; raises `Refused`."""
        asked = await self._parts.requests.summary(state.request_id)
        if asked is None:
            raise web.HTTPNotFound
        await self._mobile.begin(
            request_id=state.request_id,
            msisdn=msisdn,
            idnp=idnp,
            description=asked.short_content_description,
            consumer=asked.consumer,
            page_state=self._parts.seal.seal(state, browser),
            browser=owner_of(browser),
        )
        return web.Response(status=303, headers={"Location": f"/{state.request_id}/phone"})

    async def wait(self, request: web.Request) -> web.Response:
        """Show how far the call has come; once the outcome is known, the way back."""
        transaction, state = await self._followed(request)
        if transaction is None or state is None:
            return self._renderer.notice(wished(request), STALE_FORM, status=403)
        asked = await self._parts.requests.summary(transaction.request_id)
        if asked is None:
            return self._renderer.notice(state.language, UNKNOWN, status=404)
        back = back_of(state.request_id, state.entry)
        if asked.status is SignStatus.SUCCESS:
            return self._renderer.signed(state.language, back)
        if asked.status is SignStatus.FAILURE:
            return self._renderer.notice(state.language, failed(asked.reason), back=back)
        if asked.status is SignStatus.EXPIRED:
            return self._renderer.ended(state.language, asked.status, back)
        signed, total = await self._parts.requests.progress(state.request_id)
        return self._renderer.page(
            "waiting.html", state.language, view=view_of(asked, state.entry), transaction=transaction,
            state=transaction.page_state, waiting=transaction.state in PROGRESS, signed=signed, total=total,
            told=call_text(transaction.state, transaction.reason),
        )  # fmt: skip

    async def progress(self, request: web.Request) -> web.Response:
        """Tell the page's script what to compare: any change is a reason to load the page again."""
        transaction, state = await self._followed(request)
        if transaction is None or state is None:
            raise web.HTTPForbidden
        signed, _ = await self._parts.requests.progress(transaction.request_id)
        return web.json_response({"state": f"{transaction.state} {signed}"})

    async def _followed(self, request: web.Request) -> tuple[Transaction | None, PageState | None]:
        request_id, browser = request.match_info["request_id"].lower(), browser_of(request)
        transaction = await self._mobile.of(request_id, owner_of(browser)) if browser else None
        if transaction is None:
            return None, None
        try:
            return transaction, self._parts.seal.unseal(transaction.page_state, browser, request_id)
        except Malformed:
            return transaction, None

    async def phone(self, request: web.Request) -> web.Response:
        """Show the phone: what rings, or that nothing does."""
        return await self._phone(request)

    async def ringing(self, request: web.Request) -> web.Response:
        """Tell the phone's script what to compare."""
        return web.json_response({"state": await self._calls(request)})

    async def sign(self, request: web.Request) -> web.Response:
        """Take the PIN on the phone and sign everything that the call is about."""
        form = await read_texts(request)
        transaction = await self._mobile.get(form.get("transaction", ""))
        if transaction is None or transaction.msisdn != request.match_info["msisdn"]:
            return await self._phone(request, complaint("too_late"))
        async with self._parts.claims.hold(transaction.request_id) as held:
            said = await self._sign(transaction, form.get("PIN", "")) if held else complaint("busy")
        return await self._phone(request, said)

    async def _sign(self, transaction: Transaction, pin: str) -> Said:
        asked = await self._parts.requests.summary(transaction.request_id)
        if asked is None or asked.status is not SignStatus.PENDING:
            await self._mobile.end(transaction.id, TransactionState.FAILED, "failed")
            return complaint("too_late")
        try:
            async with self._mobile.open(transaction.id, pin) as opened:
                expected = asked.expected_signer
                if not await is_expected(expected, opened.key.certificate, self._parts.mandates):
                    await self._mobile.end(transaction.id, TransactionState.FAILED, "signer_mismatch")
                    return complaint("signer_mismatch")
                requests, timestamper = self._parts.requests, self._parts.timestamper
                outcome = await sign_batch(asked, opened, timestamper, requests)
                return await self._finish(transaction, outcome)
        except Refused as error:
            return complaint(error.why, error.tries_left)
        except NotWaiting:
            return complaint("too_late")
        except Transient as error:
            log.warning("signing_postponed", request_id=transaction.request_id, error=type(error).__name__)
            return complaint("no_timestamp")

    async def _finish(self, transaction: Transaction, outcome: Outcome) -> Said:
        finished = await self._parts.requests.finish(transaction.request_id, outcome.status, reason=outcome.reason)
        log.info("sign_request_finished", request_id=transaction.request_id, status=outcome.status, first=finished)
        good = finished and outcome.status is SignStatus.SUCCESS
        await self._mobile.end(transaction.id, TransactionState.SIGNED if good else TransactionState.FAILED)
        return PHONE_NEWS["signed"] if good else complaint("signing_failed")

    async def refuse(self, request: web.Request) -> web.Response:
        """Decline on the phone: the request has failed (TC_FUNCT_02)."""
        transaction = await self._mobile.get((await read_texts(request)).get("transaction", ""))
        if transaction is None or transaction.msisdn != request.match_info["msisdn"]:
            return await self._phone(request, complaint("too_late"))
        async with self._parts.claims.hold(transaction.request_id) as held:
            if not held:
                return await self._phone(request, complaint("busy"))
            if not await self._mobile.end(transaction.id, TransactionState.REFUSED):
                return await self._phone(request, complaint("too_late"))
            failed = SignStatus.FAILURE
            first = await self._parts.requests.finish(transaction.request_id, failed, reason="declined")
            log.info("sign_request_finished", request_id=transaction.request_id, status=failed, first=first)
        return await self._phone(request, PHONE_NEWS["declined"])

    async def _phone(self, request: web.Request, said: Said | None = None) -> web.Response:
        msisdn, language = request.match_info["msisdn"], wished(request)
        calls = await self._mobile.ringing(msisdn)
        return self._renderer.page(
            "phone.html", language, msisdn=msisdn, call=calls[0] if calls else None,
            complaint=said if isinstance(said, Complaint) else None, news=said if isinstance(said, Text) else None,
            following=await self._calls(request),
        )  # fmt: skip

    async def _calls(self, request: web.Request) -> str:
        return " ".join(call.id for call in await self._mobile.ringing(request.match_info["msisdn"]))


def owner_of(browser: str) -> str:
    """Return how a browser is known in the database: not by its cookie itself."""
    return hashlib.sha256(browser.encode()).hexdigest()


def add_phone_routes(app: web.Application, pages: PhonePages, request_id: str) -> None:
    """Add the routes to an application; `request_id` is the pattern of a RequestID in a path."""
    app.add_routes(
        [
            web.get(f"/{request_id}/phone", pages.wait),
            web.get(f"/{request_id}/phone/state", pages.progress),
            web.get(f"/phone/{MSISDN}", pages.phone),
            web.get(f"/phone/{MSISDN}/state", pages.ringing),
            web.post(f"/phone/{MSISDN}/sign", pages.sign),
            web.post(f"/phone/{MSISDN}/refuse", pages.refuse),
        ]
    )
