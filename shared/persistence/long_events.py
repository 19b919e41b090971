"""How does an event with long texts in it get into the outbox without being copied on the way?

As an argument of a statement it would be in memory four times until it is sent. It is streamed into its row instead, in
the transaction that moves its job; and it is in memory once, in pieces, as it is published.
"""

import asyncio
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import asyncpg

from shared.messaging.events import routing_key
from shared.persistence import jobs
from shared.persistence.copying import binary_rows
from shared.persistence.events import Draft, Taker, Waiting, at_time_of, write_long
from shared.persistence.job import Job
from shared.persistence.jobs import Move
from shared.persistence.notices import transaction
from shared.pieces import Pieces

_COLUMNS = (
    "event_id", "job_id", "sequence", "type", "routing_key", "body", "traceparent", "created_at", "due_at", "attempts",
    "waiting_since",
)  # fmt: skip


async def move(pool: asyncpg.Pool, wanted: Move, taker: Taker | None = None) -> Job | None:
    """Move one job like `jobs.move_all`, with the one event that it tells, which is handed to the `taker` likewise."""
    (draft,), sequence = wanted.drafts, wanted.job.event_count + 1
    body = await asyncio.to_thread(write_long, wanted.job, draft, sequence=sequence)
    with taker.expecting([len(body)]) if taker else nullcontext() as lease:
        async with transaction(pool) as connection:
            changed = await jobs.change(connection, [wanted])
            if moved := changed.get((wanted.job.job_id, wanted.job.attempt)):
                event = _waiting(moved, draft, at_time_of(moved, body), wanted.traceparent)
                await _insert(connection, event, sequence, lease)
    if moved and taker and lease:
        taker.take([event])
    return jobs.told(moved, wanted, handed=bool(lease))


def _waiting(job: Job, draft: Draft, body: Pieces, traceparent: str | None) -> Waiting:
    return Waiting(
        event_id=draft.event_id,
        job_id=job.job_id,
        type=draft.type,
        routing_key=routing_key(draft.type, job.system),
        body=body,
        traceparent=traceparent or job.traceparent,
        attempts=1,
        correlation_id=job.command_id,
        due_to=job.seen_at,
    )


async def _insert(connection: Any, event: Waiting, sequence: int, lease: timedelta | None) -> None:
    now = event.due_to
    row = (
        event.event_id, event.job_id, sequence, event.type, event.routing_key, event.body, event.traceparent, now,
        now + (lease or timedelta(0)), 1 if lease else 0, now,
    )  # fmt: skip
    await connection.copy_to_table("events", source=binary_rows([row]), columns=_COLUMNS, format="binary")
