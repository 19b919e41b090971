"""What does the Sign Page remember of a browser in a request?

Every page can be asked for by its address, so that reloading, the back button or a tab that a phone had put away never
send a form again. What the e-Service asked for, and what the last step had to say, is kept here.
"""

import dataclasses
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from services.msign.pages.entry import Entry
from shared.contract.models import Instrument, Language

TICKET_TTL = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What the last step had to say: the key of a complaint ("" for none), its number, and what was entered.

    `number` is how many tries are left or how many minutes one has to wait; `entered` never holds a secret.
    """

    key: str = ""
    number: int | None = None
    entered: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One browser, known by the value of its cookie, in one request."""

    request_id: str
    browser: str
    entry: Entry
    language: Language
    remark: Remark | None = None


class Visits(Protocol):
    """Where visits are kept."""

    async def begin(self, request_id: str, entry: Entry, language: Language) -> str:
        """Keep what a browser came with; returns the ticket that it shows when it comes again with its cookie."""

    async def arrive(self, request_id: str, ticket: str, browser: str) -> bool:
        """Make the visit that a ticket stands for the browser's own; False for a ticket that is used or too old."""

    async def find(self, request_id: str, browser: str) -> Visit | None:
        """Return a browser's visit to a request."""

    async def speak(self, visit: Visit, language: Language) -> None:
        """Go on in another language."""

    async def say(self, visit: Visit, remark: Remark | None) -> None:
        """Keep what the pages say until the next step has something to say, or nothing."""


class StoredVisits:
    """Visits in the provider's database; they go when their request does."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def begin(self, request_id: str, entry: Entry, language: Language) -> str:
        """Keep what a browser came with; returns the ticket that it shows when it comes again with its cookie."""
        ticket = secrets.token_urlsafe(24)
        await self._pool.execute(_FORGET, request_id, TICKET_TTL)
        await self._pool.execute(_BEGIN, request_id, _as_ticket(ticket), dataclasses.asdict(entry), language.value)
        return ticket

    async def arrive(self, request_id: str, ticket: str, browser: str) -> bool:
        """Make the visit that a ticket stands for the browser's own; False for a ticket that is used or too old."""
        values = (request_id, _as_ticket(ticket), owner_of(browser), TICKET_TTL)
        return await self._pool.fetchval(_ARRIVE, *values) is not None

    async def find(self, request_id: str, browser: str) -> Visit | None:
        """Return a browser's visit to a request."""
        row = await self._pool.fetchrow(_FIND, request_id, owner_of(browser)) if browser else None
        if row is None:
            return None
        return Visit(
            request_id=request_id,
            browser=browser,
            entry=_entry(row["entry"]),
            language=Language(row["language"]),
            remark=Remark(**row["remark"]) if row["remark"] else None,
        )

    async def speak(self, visit: Visit, language: Language) -> None:
        """Go on in another language."""
        await self._pool.execute(_SPEAK, visit.request_id, owner_of(visit.browser), language.value)

    async def say(self, visit: Visit, remark: Remark | None) -> None:
        """Keep what the pages say until the next step has something to say, or nothing."""
        said = dataclasses.asdict(remark) if remark else None
        await self._pool.execute(_SAY, visit.request_id, owner_of(visit.browser), said)


def owner_of(browser: str) -> str:
    """Return how a browser is known in the database: not by its cookie itself."""
    return hashlib.sha256(browser.encode()).hexdigest()


def _as_ticket(ticket: str) -> str:
    """Return what stands in a browser's place until it has shown its cookie; no cookie is ever known as that."""
    return f"ticket {owner_of(ticket)}"


def _entry(kept: Mapping[str, Any]) -> Entry:
    instrument, language = kept["instrument"], kept["language"]
    return Entry(
        return_url=kept["return_url"],
        relay_state=kept["relay_state"],
        instrument=Instrument(instrument) if instrument else None,
        msisdn=kept["msisdn"],
        language=Language(language) if language else None,
    )


_BEGIN = "INSERT INTO visits (request_id, browser, entry, language) VALUES ($1, $2, $3, $4)"
_FORGET = """
DELETE FROM visits WHERE request_id = $1 AND browser LIKE 'ticket %' AND entered_at < now() - $2::interval
"""
_ARRIVE = """
WITH ticket AS (
    DELETE FROM visits WHERE request_id = $1 AND browser = $2 AND entered_at > now() - $4::interval RETURNING *
)
INSERT INTO visits AS visit (request_id, browser, entry, language) SELECT request_id, $3, entry, language FROM ticket
ON CONFLICT (request_id, browser) DO UPDATE
SET entry = excluded.entry, language = excluded.language, remark = NULL, entered_at = now()
RETURNING visit.browser
"""
_FIND = "SELECT entry, language, remark FROM visits WHERE request_id = $1 AND browser = $2"
_SPEAK = "UPDATE visits SET language = $3 WHERE request_id = $1 AND browser = $2"
_SAY = "UPDATE visits SET remark = $3 WHERE request_id = $1 AND browser = $2"
