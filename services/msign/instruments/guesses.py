"""Is somebody trying one PIN after the other, over many tokens, from the page of one request?"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

from services.msign.instruments.instrument import Field, OpenKey, Refusal, Refused, SigningInstrument
from shared.contract.models import Instrument as InstrumentName

ASKER = "RequestID"
"""Under this name the page adds its request to the entered values."""
WRONG = frozenset({Refusal.UNKNOWN_TOKEN, Refusal.WRONG_PIN, Refusal.LOCKED, Refusal.KEY_FILE_UNREADABLE})

MAX_WRONG = 10
WINDOW = timedelta(minutes=10)


class Guesses:
    """Wrong entries per request in the provider's database: beyond `MAX_WRONG` within `WINDOW`, one has to wait."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def wait(self, request_id: str) -> timedelta | None:
        """Return how long the request's page takes no further entry, None when it takes one now."""
        wait: timedelta | None = await self._pool.fetchval(_WAIT, request_id, WINDOW, MAX_WRONG - 1)
        return wait

    async def add(self, request_id: str) -> None:
        """Count a wrong entry."""
        await self._pool.execute("INSERT INTO wrong_entries (request_id) VALUES ($1)", request_id)

    async def forget_ended(self) -> None:
        """Remove what is too old to count."""
        await self._pool.execute("DELETE FROM wrong_entries WHERE made_at < now() - $1::interval", WINDOW)


class Limited:
    """An instrument that takes only so many wrong entries from one request's page, whichever tokens they are for."""

    def __init__(self, instrument: SigningInstrument, guesses: Guesses) -> None:
        self._instrument = instrument
        self._guesses = guesses

    @property
    def name(self) -> InstrumentName:
        """Its name in the browser form (contract section 2)."""
        return self._instrument.name

    @property
    def fields(self) -> tuple[Field, ...]:
        """What its page asks for, in order."""
        return self._instrument.fields

    @property
    def pin_per_document(self) -> bool:
        """Whether its tokens ask for the PIN before each signature."""
        return self._instrument.pin_per_document

    @asynccontextmanager
    async def open(self, form: Mapping[str, str | bytes]) -> AsyncIterator[OpenKey]:
        """Yield the key as the instrument does; raises `Refused`, also for too many wrong entries before this one."""
        request_id = str(form[ASKER])
        if wait := await self._guesses.wait(request_id):
            raise Refused(Refusal.TOO_MANY_TRIES, wait=wait)
        async with AsyncExitStack() as session:
            try:
                opened = await session.enter_async_context(self._instrument.open(form))
            except Refused as error:
                if error.why in WRONG:
                    await self._guesses.add(request_id)
                raise
            yield opened


_WAIT = """
SELECT made_at + $2::interval - now() FROM wrong_entries
WHERE request_id = $1 AND made_at > now() - $2::interval ORDER BY made_at DESC OFFSET $3 LIMIT 1
"""
