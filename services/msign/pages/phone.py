"""What does a phone show?

The phone, here a page of its own that stands in for one, shows what is to be signed and takes the PIN. Knowing a call's
id is what lets a form of the phone's page through.
"""

import re
from urllib.parse import urlencode

from aiohttp import web

from services.msign.instruments.instrument import Refused
from services.msign.instruments.mobile import Mobile, NotWaiting, Transaction, TransactionState
from services.msign.pages.deciding import NotExpected, decide, remark_of, sign_all
from services.msign.pages.forms import read_texts
from services.msign.pages.parts import Parts
from services.msign.pages.render import Renderer
from services.msign.pages.steps import BUSY
from services.msign.pages.texts import COMPLAINTS, PHONE_NEWS, complaint
from services.msign.pages.visits import Remark
from services.msign.pages.wishes import wished
from shared.contract.models import SignStatus
from shared.errors import Transient

MSISDN = r"{msisdn:[0-9]{8,15}}"
"""The pattern of a phone number in a path."""
_NUMBER = re.compile("[0-9]{1,3}")
TOO_LATE = Remark(key="too_late")


class PhonePages:
    """The handlers of the phone's page."""

    def __init__(self, parts: Parts, mobile: Mobile, renderer: Renderer) -> None:
        self._parts = parts
        self._mobile = mobile
        self._renderer = renderer

    async def show(self, request: web.Request) -> web.Response:
        """Show what rings, or that nothing does, below what the last form's answer was."""
        msisdn, said = request.match_info["msisdn"], request.query.get("said", "")
        number = request.query.get("number", "")
        calls = await self._mobile.ringing(msisdn)
        return self._renderer.page(
            "phone.html", wished(request), msisdn=msisdn, call=calls[0] if calls else None,
            complaint=complaint(said, int(number) if _NUMBER.fullmatch(number) else 0) if said in COMPLAINTS else None,
            news=PHONE_NEWS.get(said), following=_ids(calls),
        )  # fmt: skip

    async def state(self, request: web.Request) -> web.Response:
        """Tell the phone's script what rings: anything else is a reason to load the page again."""
        return web.json_response({"state": _ids(await self._mobile.ringing(request.match_info["msisdn"]))})

    async def sign(self, request: web.Request) -> web.Response:
        """Take the PIN on the phone and sign everything that the call is about."""
        call = await self._call(request)
        if call is None:
            return _answer(request, TOO_LATE)
        pin = (await read_texts(request)).get("PIN", "")
        async with self._parts.claims.hold(call.request_id) as held:
            return _answer(request, await self._sign(call, pin) if held else BUSY)

    async def refuse(self, request: web.Request) -> web.Response:
        """Decline on the phone: the request has failed (TC_FUNCT_02)."""
        call = await self._call(request)
        if call is None:
            return _answer(request, TOO_LATE)
        async with self._parts.claims.hold(call.request_id) as held:
            return _answer(request, await self._refuse(call) if held else BUSY)

    async def _call(self, request: web.Request) -> Transaction | None:
        call = await self._mobile.get((await read_texts(request)).get("transaction", ""))
        return call if call and call.msisdn == request.match_info["msisdn"] else None

    async def _sign(self, call: Transaction, pin: str) -> Remark:
        asked = await self._parts.requests.summary(call.request_id)
        if asked is None or asked.status is not SignStatus.PENDING:
            await self._mobile.end(call.id, TransactionState.FAILED, "failed")
            return TOO_LATE
        try:
            async with self._mobile.open(call.id, pin) as opened:
                try:
                    outcome = await sign_all(self._parts, asked, opened)
                except NotExpected as error:
                    await self._mobile.end(call.id, TransactionState.FAILED, "signer_mismatch")
                    return remark_of(error)
                return await self._decide(call, outcome.status, outcome.reason)
        except NotWaiting:
            return TOO_LATE
        except (Refused, Transient) as error:
            return remark_of(error)

    async def _decide(self, call: Transaction, status: SignStatus, reason: str | None) -> Remark:
        first = await decide(self._parts, call.request_id, status, reason, instrument=self._mobile.name.value)
        good = first and status is SignStatus.SUCCESS
        await self._mobile.end(call.id, TransactionState.SIGNED if good else TransactionState.FAILED, reason)
        return Remark(key="signed") if good else Remark(key="signing_failed") if first else TOO_LATE

    async def _refuse(self, call: Transaction) -> Remark:
        if not await self._mobile.end(call.id, TransactionState.REFUSED):
            return TOO_LATE
        await decide(self._parts, call.request_id, SignStatus.FAILURE, "declined", instrument=self._mobile.name.value)
        return Remark(key="declined")


def _ids(calls: tuple[Transaction, ...]) -> str:
    return " ".join(call.id for call in calls)


def _answer(request: web.Request, remark: Remark) -> web.Response:
    """Lead to the phone's page, which says what became of the form."""
    query = {"lang": wished(request).value, "said": remark.key}
    if remark.number is not None:
        query["number"] = str(remark.number)
    return web.Response(status=303, headers={"Location": f"/phone/{request.match_info['msisdn']}?{urlencode(query)}"})
