"""How does a process learn at once that there is work, instead of at its next look?

`LISTEN` on one direct connection (not through a transaction pooler). Notices are hints: whoever waits for one also
looks by itself after a while, so that a lost connection costs time but never work.
"""

import asyncio
from collections import defaultdict
from contextlib import suppress

import asyncpg
import structlog

from shared.addresses import Address, url_of
from shared.persistence.pool import DATABASE_ERRORS, WRITABLE

JOBS = "msign_jobs"
"""A job can be claimed; the payload is its kind."""
EVENTS = "msign_events"
"""An event waits for publication."""
CHANGES = "msign_changes"
"""A job changed; the payload is its id."""

RECONNECT_S = 1.0
CHECK_EVERY_S = 15.0
CHECK_WITHIN_S = 5.0

log = structlog.get_logger(__name__)


class Hint:
    """One end of a line: whoever looks again and again for the same learns of a notice that came while looking, too."""

    def __init__(self, notice: asyncio.Event) -> None:
        self._notice = notice

    async def wait(self, *, at_most_s: float) -> bool:
        """Wait for a notice since the last wait ended; returns False when the time is up."""
        try:
            async with asyncio.timeout(at_most_s):
                await self._notice.wait()
        except TimeoutError:
            return False
        self._notice.clear()
        return True


class Notices:
    """Hands notices to whoever waits for them; `run` keeps the connection, and asks now and then whether it lives."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._waiting: defaultdict[tuple[str, str | None], set[asyncio.Event]] = defaultdict(set)

    def hint(self, channel: str, payload: str | None = None) -> Hint:
        """Return what hears every notice from now on (`payload` None: any)."""
        notice = asyncio.Event()
        self._waiting[channel, payload].add(notice)
        return Hint(notice)

    async def wait(self, channel: str, payload: str | None = None, *, at_most_s: float) -> bool:
        """Wait once for a notice that comes from now on; returns False when the time is up."""
        notice, key = asyncio.Event(), (channel, payload)
        self._waiting[key].add(notice)
        try:
            return await Hint(notice).wait(at_most_s=at_most_s)
        finally:
            self._waiting[key].discard(notice)
            if not self._waiting[key]:
                del self._waiting[key]

    def _heard(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        for key in ((channel, None), (channel, str(payload))):
            for notice in self._waiting.get(key, ()):
                notice.set()

    async def run(self) -> None:
        """Listen until cancelled; reconnects for ever."""
        while True:
            try:
                await self._listen()
            except DATABASE_ERRORS as error:
                log.warning("notices_interrupted", error=type(error).__name__)
            await asyncio.sleep(RECONNECT_S)

    async def _listen(self) -> None:
        connection = await asyncpg.connect(url_of(self._address), timeout=CHECK_WITHIN_S, target_session_attrs=WRITABLE)
        closed = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: closed.set())
            for channel in (JOBS, EVENTS, CHANGES):
                await connection.add_listener(channel, self._heard)
            while not closed.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(CHECK_EVERY_S):
                        await closed.wait()
                        break
                if await connection.fetchval("SHOW transaction_read_only", timeout=CHECK_WITHIN_S) == "on":
                    raise asyncpg.ReadOnlySQLTransactionError("nobody notifies here any more")
        finally:
            connection.terminate()
