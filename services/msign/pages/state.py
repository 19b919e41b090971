"""What does the Sign Page remember between two of its pages, and how does it know its own forms again?

Nothing is kept on the server: a hidden field carries the entry's parameters, sealed and bound to a cookie. A form made
elsewhere has no seal that fits the browser's cookie (that is the defence against cross-site request forgery).
"""

import secrets
from dataclasses import dataclass

from aiohttp import web
from itsdangerous import BadData, URLSafeTimedSerializer

from services.msign.pages.entry import Entry
from shared.contract.models import Instrument, Language
from shared.errors import Malformed

COOKIE = "msign_session"
STATE_TTL_S = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class PageState:
    """The entry of one browser into one request, and the language of its pages."""

    request_id: str
    entry: Entry
    language: Language


class Seal:
    """Seals page states with the instance's secret."""

    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeTimedSerializer(secret, salt="sign-page")

    def seal(self, state: PageState, browser: str) -> str:
        """Return the text of the hidden field for the browser with this cookie value."""
        entry = state.entry
        parts = [entry.return_url, entry.relay_state, entry.instrument, entry.msisdn, entry.language]
        return str(self._serializer.dumps([browser, state.request_id, state.language, parts]))

    def unseal(self, text: str, browser: str, request_id: str) -> PageState:
        """Return the state; raises `Malformed` when it is altered, too old, another browser's or another request's."""
        try:
            owner, sealed_id, language, parts = self._serializer.loads(text, max_age=STATE_TTL_S)
        except BadData as error:
            raise _stale() from error
        if not browser or not secrets.compare_digest(owner, browser) or sealed_id != request_id:
            raise _stale()
        return_url, relay_state, instrument, msisdn, chosen = parts
        entry = Entry(
            return_url=return_url,
            relay_state=relay_state,
            instrument=Instrument(instrument) if instrument else None,
            msisdn=msisdn,
            language=Language(chosen) if chosen else None,
        )
        return PageState(request_id=sealed_id, entry=entry, language=Language(language))


def browser_of(request: web.Request) -> str:
    """Return the browser's cookie value, "" when it has none."""
    return request.cookies.get(COOKIE, "")


def set_browser(response: web.StreamResponse, browser: str, *, secure: bool) -> None:
    """Give the browser its cookie."""
    response.set_cookie(COOKIE, browser, httponly=True, samesite="Lax", secure=secure, path="/")


def new_browser() -> str:
    """Return a fresh cookie value."""
    return secrets.token_urlsafe(24)


def _stale() -> Malformed:
    return Malformed("the form is not one of ours, or too old", field="state", code="stale_form")
