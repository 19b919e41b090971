"""How do events wait until the broker has them? The outbox: written with what they tell, published later.

An event keeps its id over every retry; nothing is removed when it is published, so that it can be sent again when
its command is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from secrets import token_hex
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import orjson
import uuid_utils.compat as uuids
from pydantic import BaseModel

from shared.messaging.events import routing_key
from shared.persistence.job import Job
from shared.persistence.notices import EVENTS, tell
from shared.persistence.queries import load
from shared.pieces import Pieces

EVER = datetime(2000, 1, 1, tzinfo=UTC)

INLAY = f"@{token_hex(16)}@"
"""What nobody can guess, so that it stands nowhere but where it was put."""

_SQL = load("events.sql")


def uuid7() -> UUID:
    """Return a new UUIDv7 (RFC 9562): ids that sort by time."""
    return uuids.uuid7()


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before it has its place in the job's sequence; `source` is the service that tells it.

    `inlays` are long texts that need no escape in JSON, each in pieces: they stand where the data say `INLAY`. They may
    be made, or read, each time that somebody goes through them.
    Whoever writes the same event again, because nobody knows whether it was committed, gives it the same id.
    """

    source: str
    type: str
    data: BaseModel
    inlays: Sequence[Iterable[bytes]] = ()
    event_id: UUID = field(default_factory=uuid7)


class Written(NamedTuple):
    """An event on its way into the outbox: its body is `head`, the time of the transaction, and `tail`."""

    event_id: UUID
    job_id: UUID
    attempt: int
    sequence: int
    type: str
    routing_key: str
    head: bytes
    tail: bytes
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that is claimed for publication, with all others that became due until `due_to`."""

    event_id: UUID
    job_id: UUID
    type: str
    routing_key: str
    body: bytes | Pieces
    traceparent: str | None
    attempts: int
    correlation_id: str
    due_to: datetime


class Taker(Protocol):
    """Who publishes at once what this process commits: its relay (`shared.messaging.handed`)."""

    def expecting(self, sizes: Sequence[int]) -> AbstractContextManager[timedelta | None]:
        """Keep places free for events of these sizes (bytes) within the block; yields a lease, None without room."""

    def take(self, some: Sequence[Waiting]) -> None:
        """Take events that are committed, claimed for that lease."""


def write(job: Job, draft: Draft, *, sequence: int, traceparent: str | None) -> Written:
    """Return an event of `job` as the outbox takes it."""
    return Written(
        event_id=draft.event_id,
        job_id=job.job_id,
        attempt=job.attempt,
        sequence=sequence,
        type=draft.type,
        routing_key=routing_key(draft.type, job.system),
        head=_head(job, draft),
        tail=b"".join(_tail(draft, sequence)),
        traceparent=traceparent or job.traceparent,
    )


def write_long(job: Job, draft: Draft, *, sequence: int) -> Pieces:
    """Return the body of an event with long texts in it, as it is if it happens now; they may be read from files."""
    return Pieces((_head(job, draft), time_of(job), *_tail(draft, sequence)))


def at_time_of(job: Job, body: Pieces) -> Pieces:
    """Return such a body as it is if it happened when `job` was moved."""
    head, _, *tail = body
    return Pieces((head, time_of(job), *tail))


def _head(job: Job, draft: Draft) -> bytes:
    """What of an event's body stands before its time."""
    begun = {
        "specversion": "1.0",
        "id": str(draft.event_id),
        "source": f"/services/{draft.source}",
        "type": draft.type,
        "subject": str(job.job_id),
    }
    return orjson.dumps(begun)[:-1] + b',"time":"'


def _tail(draft: Draft, sequence: int) -> Iterator[bytes]:
    """What stands behind it, in pieces, so that long texts are copied once, into the event."""
    yield b'","sequence":%d,"datacontenttype":"application/json","data":' % sequence
    first, *others = draft.data.model_dump_json().encode().split(INLAY.encode())
    yield first
    for inlay, behind in zip(draft.inlays, others, strict=True):
        yield from inlay
        yield behind
    yield b"}"


def time_of(job: Job) -> bytes:
    """Return when a job was read or moved, as an event tells it: always as many characters."""
    return job.seen_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()


def claimed(job: Job, one: Written) -> Waiting:
    """Return an event that was claimed where it was written, which moved `job` to what it is now."""
    return Waiting(
        event_id=one.event_id,
        job_id=one.job_id,
        type=one.type,
        routing_key=one.routing_key,
        body=one.head + time_of(job) + one.tail,
        traceparent=one.traceparent,
        attempts=1,
        correlation_id=job.command_id,
        due_to=job.seen_at,
    )


async def claim_due(
    connection: Any, *, limit: int, most_bytes: int, lease: timedelta, since: datetime | None = EVER
) -> list[Waiting]:
    """Claim events that are due, oldest first; unless marked, they are due again after `lease`.

    They are `limit` events at most, and no more than reach `most_bytes`; of those that became due since then (None:
    ten seconds ago).
    """
    rows = await connection.fetch(_SQL["claim_due"], limit, most_bytes, lease, since)
    return sorted((Waiting(**row) for row in rows), key=attrgetter("event_id"))


async def mark_published(connection: Any, event_ids: Sequence[UUID]) -> None:
    """Note that the broker has confirmed these events."""
    await connection.execute(_SQL["published"], event_ids)


async def defer(connection: Any, delays: Mapping[UUID, timedelta]) -> None:
    """Let events that the broker refused wait, each so long."""
    ordered = sorted(delays.items())
    await connection.execute(_SQL["deferred"], [event_id for event_id, _ in ordered], [delay for _, delay in ordered])


async def publish_latest_again(connection: Any, job_ids: Sequence[UUID]) -> None:
    """Let the latest event of each job be published again, under the same id."""
    await connection.execute(_SQL["publish_again"], job_ids)
    tell(EVENTS)


async def latest(connection: Any, job_id: UUID) -> tuple[str, dict[str, Any]] | None:
    """Return the type and the data of a job's latest event."""
    row = await connection.fetchrow(_SQL["latest"], job_id)
    return None if row is None else (row["type"], orjson.loads(row["body"])["data"])
