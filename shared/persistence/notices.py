"""How does whoever waits for work or for a change learn of it at once, instead of at the next look?

What is told in a transaction is heard once that is committed: directly by who waits in the same process, and through
`NOTIFY` by the others. `NOTIFY` is no part of the transaction: commits of transactions that notify wait for each other
(PostgreSQL holds one lock for all of them, disk included), and many notices go out by one statement here.

It takes one direct connection (not through a transaction pooler). Notices are hints: whoever waits for one also looks
without it after a while, so that a lost connection or process costs time but never work.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from itertools import groupby, islice
from typing import Any
from weakref import WeakSet

import asyncpg
import structlog

from shared.addresses import Address
from shared.persistence.connecting import connect
from shared.persistence.pool import DATABASE_ERRORS

JOBS = "msign_jobs"
"""A job can be claimed; the payload is its kind, or `BEGUN` where it is claimed already."""
BEGUN = "begun"
EVENTS = "msign_events"
"""An event waits for publication; told within the process only, where a relay runs as well."""
CHANGES = "msign_changes"
"""A job changed; the payload is its id."""

RECONNECT_S = 1.0
CHECK_EVERY_S = 15.0
CHECK_WITHIN_S = 5.0
PAUSE_S = 0.01
"""What is told within this time of the last statement goes out with the next one."""
MOST_IN_ONE = 200
"""How many payloads, joined by commas, are one NOTIFY: 8000 bytes are the most that it takes."""

Notice = tuple[str, str]

log = structlog.get_logger(__name__)


class _Block:
    """What is told in a transaction; tasks that begin in its block and outlive it tell at once."""

    def __init__(self) -> None:
        self.told: dict[Notice, None] = {}
        self.over = False


_uncommitted: ContextVar[_Block | None] = ContextVar("uncommitted", default=None)
_here: "WeakSet[Notices]" = WeakSet()


@asynccontextmanager
async def transaction(pool: asyncpg.Pool) -> AsyncIterator[Any]:
    """Yield a connection in a transaction; what is told in the block is heard once it is committed."""
    block = _Block()
    before = _uncommitted.set(block)
    try:
        async with pool.acquire() as connection, connection.transaction():
            yield connection
    finally:
        _uncommitted.reset(before)
        block.over = True
    for channel, payload in block.told:
        tell(channel, payload)


def tell(channel: str, payload: str = "") -> None:
    """Let everybody hear who waits for this: when the present `transaction` is committed, outside of one at once."""
    if (block := _uncommitted.get()) is not None and not block.over:
        block.told[channel, payload] = None
        return
    for notices in _here:
        notices.tell(channel, payload)


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
        self._untold: dict[Notice, None] = {}
        self._something = asyncio.Event()
        self._connected = False
        _here.add(self)

    def hint(self, channel: str, payload: str | None = None) -> Hint:
        """Return what hears every notice from now on (`payload` None: any)."""
        notice = asyncio.Event()
        self._waiting[channel, payload].add(notice)
        return Hint(notice)

    @contextmanager
    def listening(self, channel: str, payload: str | None = None) -> Iterator[Hint]:
        """Yield what hears every notice until the block ends: whoever then looks, and waits, sleeps over none."""
        notice, key = asyncio.Event(), (channel, payload)
        self._waiting[key].add(notice)
        try:
            yield Hint(notice)
        finally:
            self._waiting[key].discard(notice)
            if not self._waiting[key]:
                del self._waiting[key]

    def tell(self, channel: str, payload: str) -> None:
        """Let those here hear at once, and others soon; without a connection they look by themselves."""
        self._hear(channel, payload)
        if self._connected and channel != EVENTS:
            self._untold[channel, payload] = None
            self._something.set()

    def _hear(self, channel: str, payload: str) -> None:
        for key in ((channel, None), (channel, payload)):
            for notice in self._waiting.get(key, ()):
                notice.set()

    def _heard(self, connection: Any, pid: int, channel: str, payload: object) -> None:
        if pid != connection.get_server_pid():  # else it was us, and we have heard
            for one in str(payload).split(","):
                self._hear(channel, one)

    async def run(self) -> None:
        """Listen, and tell others, until cancelled; reconnects for ever."""
        while True:
            try:
                await self._listen()
            except (TimeoutError, *DATABASE_ERRORS) as error:
                log.warning("notices_interrupted", error=type(error).__name__)
            await asyncio.sleep(RECONNECT_S)

    async def _listen(self) -> None:
        connection = await connect(self._address, within_s=CHECK_WITHIN_S)
        try:
            connection.add_termination_listener(lambda _: self._something.set())
            for channel in (JOBS, CHANGES):
                await connection.add_listener(channel, self._heard)
            self._connected = True
            await self._talk(connection)
        finally:
            self._connected = False
            self._untold.clear()
            connection.terminate()

    async def _talk(self, connection: Any) -> None:
        """Tell what there is to tell, until the connection is closed or its server cannot be written to any more."""
        now = asyncio.get_running_loop().time
        checked = now()
        while not connection.is_closed():
            try:
                async with asyncio.timeout_at(checked + CHECK_EVERY_S):
                    await self._something.wait()
            except TimeoutError:
                if await connection.fetchval("SHOW transaction_read_only", timeout=CHECK_WITHIN_S) == "on":
                    raise asyncpg.ReadOnlySQLTransactionError("nobody notifies here any more") from None
                checked = now()
                continue
            self._something.clear()
            untold, self._untold = self._untold, {}
            if untold:
                await connection.execute(_NOTIFY, *together(untold), timeout=CHECK_WITHIN_S)
                await asyncio.sleep(PAUSE_S)


_NOTIFY = "SELECT pg_notify(channel, payload) FROM unnest($1::text[], $2::text[]) told (channel, payload)"


def together(notices: Iterable[Notice]) -> tuple[list[str], list[str]]:
    """Return the channels and the payloads of as few NOTIFYs as these notices can be told by."""
    channels, payloads = [], []
    for channel, some in groupby(sorted(notices), key=lambda notice: notice[0]):
        while batch := [payload for _, payload in islice(some, MOST_IN_ONE)]:
            channels.append(channel)
            payloads.append(",".join(batch))
    return channels, payloads
