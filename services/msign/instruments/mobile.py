"""How does somebody sign on the phone?

Not a `SigningInstrument`: the page starts a transaction and follows it, the phone answers it, perhaps on another
replica. They meet in the database. A transaction that nobody answers in time decides nothing.
"""

import json
import secrets
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from services.msign.instruments.instrument import IDNP, Field, OpenKey, Refusal, Refused
from services.msign.instruments.numbers import PHONE_PATTERN, WRITTEN_LENGTH, phone_number
from services.msign.instruments.pins import PinnedTokens, counted_as
from services.msign.instruments.tries import StoredTries
from shared.contract.models import Instrument
from shared.errors import MSignGatewayError

TIMEOUT = timedelta(seconds=120)
SIGNING_TIME = timedelta(minutes=5)
"""After this long without an end, whoever signed has crashed."""
MAX_CALLS = 5
CALLS_WINDOW = timedelta(minutes=10)
"""A number is called at most `MAX_CALLS` times in this window, so that nobody can flood a phone."""


class TransactionState(StrEnum):
    """How far a transaction has come; `TIMED_OUT` is read from the clock, not stored."""

    WAITING = "waiting"
    SIGNING = "signing"
    SIGNED = "signed"
    FAILED = "failed"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"


class NotWaiting(MSignGatewayError):
    """The transaction does not wait for a PIN (any more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One call to a phone; `code` is on the page and on the phone, so that the owner knows they belong together.

    `browser` is a hash of the cookie of the browser whose page waits.
    """

    id: str
    request_id: str
    msisdn: str
    code: str
    description: str
    consumer: str
    state: TransactionState
    reason: str | None
    expires_at: datetime
    browser: str


class Mobile:
    """The phones of `subscribers` (number → IDNP), whose SIMs are the tokens `mobile-<number>` of `sims`."""

    name = Instrument.MOBILE
    pin_per_document = False
    fields = (
        Field("MSISDN", pattern=PHONE_PATTERN, max_length=WRITTEN_LENGTH, read=phone_number),
        IDNP,
    )

    def __init__(
        self,
        pool: Any,
        sims: PinnedTokens,
        tries: StoredTries,
        subscribers: Mapping[str, str],
        *,
        timeout: timedelta = TIMEOUT,
    ) -> None:
        self._pool = pool
        self._sims = sims
        self._tries = tries
        self._subscribers = subscribers
        self._timeout = timeout

    async def begin(
        self,
        *,
        request_id: str,
        msisdn: str,
        idnp: str,
        description: str,
        consumer: str,
        browser: str,
    ) -> Transaction:
        """Call the phone, or return the call that still waits for the same request, number and browser.

        Raises `Refused` for a number and an IDNP that do not belong together (whichever is wrong), a locked SIM, and a
        number that was called too often.
        """
        if not idnp or self._subscribers.get(msisdn) != idnp:
            raise Refused(Refusal.UNKNOWN_SUBSCRIBER)
        if await self._tries.locked(counted_as(sim_of(msisdn))):
            raise Refused(Refusal.LOCKED)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_ONE_AT_A_TIME, msisdn)
            row = await connection.fetchrow(_ACTIVE, request_id, msisdn, browser)
            if row is None:
                if wait := await connection.fetchval(_WAIT, msisdn, CALLS_WINDOW, MAX_CALLS - 1):
                    raise Refused(Refusal.TOO_MANY_CALLS, wait=wait)
                code = f"{secrets.randbelow(10_000):04d}"
                row = await connection.fetchrow(
                    _BEGIN, uuid.uuid4(), request_id, msisdn, code, description, consumer, browser, self._timeout
                )  # fmt: skip
        return _transaction(row)

    async def of(self, request_id: str, browser: str) -> Transaction | None:
        """Return the newest transaction of a request in one browser: what the page that waits follows."""
        row = await self._pool.fetchrow(_OF, request_id, browser)
        return None if row is None else _transaction(row)

    async def ringing(self, msisdn: str) -> tuple[Transaction, ...]:
        """Return what a phone shows: the transactions that wait for its PIN, oldest first.

        One whose request was decided elsewhere, or has expired, does not ring any more.
        """
        return tuple(_transaction(row) for row in await self._pool.fetch(_RINGING, msisdn))

    async def get(self, transaction_id: str) -> Transaction | None:
        """Return a transaction, or None when there is no such one."""
        try:
            known = uuid.UUID(transaction_id)
        except ValueError:
            return None
        row = await self._pool.fetchrow(_GET, known)
        return None if row is None else _transaction(row)

    @asynccontextmanager
    async def open(self, transaction_id: str, pin: str) -> AsyncIterator[OpenKey]:
        """Yield the SIM's key for a transaction that waits; who signs calls `end` inside the block.

        A block that is left without an end (an error, no timestamp) lets the phone ring again. Raises `NotWaiting` and
        `Refused`; what a new PIN entry cannot repair ends the transaction.
        """
        transaction = await self.get(transaction_id)
        if transaction is None or transaction.state is not TransactionState.WAITING:
            raise NotWaiting(transaction_id)
        try:
            async with self._sims.open(sim_of(transaction.msisdn), pin) as opened:
                if await self._pool.fetchval(_SIGNING, uuid.UUID(transaction.id), SIGNING_TIME) is None:
                    raise NotWaiting(transaction_id)
                try:
                    yield opened
                finally:
                    await self._pool.execute(_RING_AGAIN, uuid.UUID(transaction.id), self._timeout)
        except Refused as error:
            if error.why not in {Refusal.WRONG_PIN, Refusal.STATUS_UNKNOWN}:
                await self.end(transaction.id, TransactionState.FAILED, error.why.value)
            raise

    async def end(self, transaction_id: str, state: TransactionState, reason: str | None = None) -> bool:
        """End a transaction that still waits or is being signed; False when it has ended or timed out before."""
        ended = await self._pool.fetchval(_END, uuid.UUID(transaction_id), state.value, reason)
        return ended is not None


def sim_of(msisdn: str) -> str:
    """Return the label of a phone's token."""
    return f"{Instrument.MOBILE.value}-{msisdn}"


def subscribers_of(pki_dir: Path) -> dict[str, str]:
    """Return whose phone is whose, number → IDNP, from `subscribers.json`; nobody has one where there is no file."""
    file = pki_dir / "subscribers.json"
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def _transaction(row: Mapping[str, Any]) -> Transaction:
    fields = dict(row)
    return Transaction(**fields | {"id": str(fields["id"]), "state": TransactionState(fields["state"])})


_COLUMNS = """
id, request_id, msisdn, code, description, consumer, reason, expires_at, browser,
CASE WHEN state IN ('waiting', 'signing') AND expires_at <= now() THEN 'timed_out' ELSE state END AS state
"""
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('phone ' || $1, 0))"
_ACTIVE = f"""
SELECT {_COLUMNS} FROM phone_transactions
WHERE request_id = $1 AND msisdn = $2 AND browser = $3 AND state IN ('waiting', 'signing') AND expires_at > now()
"""  # noqa: S608 - no input in it
_WAIT = """
SELECT created_at + $2::interval - now() FROM phone_transactions
WHERE msisdn = $1 AND created_at > now() - $2::interval ORDER BY created_at DESC OFFSET $3 LIMIT 1
"""
_BEGIN = f"""
INSERT INTO phone_transactions
    (id, request_id, msisdn, code, description, consumer, browser, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp(), clock_timestamp() + $8::interval)
RETURNING {_COLUMNS}
"""  # noqa: S608 - no input in it
_OF = f"""
SELECT {_COLUMNS} FROM phone_transactions WHERE request_id = $1 AND browser = $2 ORDER BY created_at DESC LIMIT 1
"""  # noqa: S608 - no input in it
_RINGING = f"""
SELECT {_COLUMNS} FROM phone_transactions
WHERE msisdn = $1 AND state = 'waiting' AND expires_at > now() AND EXISTS (
    SELECT FROM sign_requests AS asked
    WHERE asked.request_id = phone_transactions.request_id AND status = 'Pending' AND asked.expires_at > now()
)
ORDER BY created_at
"""  # noqa: S608 - no input in it
_GET = f"SELECT {_COLUMNS} FROM phone_transactions WHERE id = $1"  # noqa: S608 - no input in it
_SIGNING = """
UPDATE phone_transactions SET state = 'signing', expires_at = now() + $2::interval
WHERE id = $1 AND state = 'waiting' AND expires_at > now() RETURNING id
"""
_RING_AGAIN = """
UPDATE phone_transactions SET state = 'waiting', expires_at = now() + $2::interval WHERE id = $1 AND state = 'signing'
"""
_END = """
UPDATE phone_transactions SET state = $2, reason = $3
WHERE id = $1 AND state IN ('waiting', 'signing') AND expires_at > now() RETURNING id
"""
