"""How does a sign job end? Its outcome is committed with the event that tells it, and with what that refers to.

A signature that stands in the event is in memory as base64, in the event and on its way to the broker. One that the
event refers to never is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
from pybase64 import b64encode

from shared.contract.models import SignStatus
from shared.messaging.events import READY, ReadyData, ResultData
from shared.persistence import contents, jobs, long_events
from shared.persistence.events import INLAY, Draft, Taker, uuid7
from shared.persistence.grouping import Grouped
from shared.persistence.job import Job
from shared.persistence.jobs import Move
from shared.persistence.moving import until_known
from shared.persistence.notices import transaction
from shared.signatures.binding import SentFile
from shared.signing.requests import came_by_reference
from shared.signing.results import Outcome, told_by_reference
from shared.signing.room import Room
from shared.signing.states import Cause
from shared.spool import Spool

TOGETHER_BYTES = 64 * 1024
"""Up to how many bytes of signatures an end is committed together with others: fifty large ones are hundreds of MB."""
AT_ONCE_BYTES = 256 * 1024
"""How many bytes of other signatures are in events that are being committed; of what is larger, one event at once."""

_CAUSES = {
    SignStatus.SUCCESS: Cause.SIGNED,
    SignStatus.FAILURE: Cause.NOT_SIGNED,
    SignStatus.EXPIRED: Cause.DEADLINE,
}


class Ending:
    """Ends sign jobs; `source` is the service that does it. A `taker` gets its events at once.

    Signatures of more than `inline_bytes` together are referred to.
    """

    def __init__(self, pool: asyncpg.Pool, *, source: str, inline_bytes: int, taker: Taker | None = None) -> None:
        self._pool = pool
        self._source = source
        self._inline_bytes = inline_bytes
        self._taker = taker
        self._move = Grouped(partial(jobs.move_all, pool, taker=taker))
        self._room = Room(AT_ONCE_BYTES)

    async def end(self, job: Job, outcome: Outcome) -> bool:
        """Commit the outcome, however often the database goes away meanwhile; False if somebody else was first."""
        event_id = uuid7()
        return await until_known(self._pool, lambda: self._end(job, outcome, event_id), [event_id]) is not None

    async def _end(self, job: Job, outcome: Outcome, event_id: UUID) -> Job | None:
        sizes = [len(one) for one in outcome.signatures]
        referred = told_by_reference(sizes, by_reference=came_by_reference(job), inline_bytes=self._inline_bytes)
        inline = [size for size, by_reference in zip(sizes, referred, strict=True) if not by_reference]
        if any(referred):
            async with self._room.taken(sum(inline)), transaction(self._pool) as connection:
                refs = await self._store(connection, job, outcome, referred)
                (moved,) = await jobs.move_all(connection, [self._move_of(job, outcome, event_id, refs)])
        elif sum(inline) <= TOGETHER_BYTES:
            moved = await self._move(self._move_of(job, outcome, event_id))
        else:
            async with self._room.taken(sum(inline)):
                moved = await long_events.move(self._pool, self._move_of(job, outcome, event_id), self._taker)
        return moved

    async def _store(self, connection: Any, job: Job, outcome: Outcome, referred: Sequence[bool]) -> list[str | None]:
        """Store the signatures that are to be referred to; return the reference of each, None for all others."""
        begins_with = outcome.begins_with or (None,) * len(outcome.signatures)
        return [
            await _stored(connection, job, signature, base) if by_reference and len(signature) else None
            for signature, base, by_reference in zip(outcome.signatures, begins_with, referred, strict=True)
        ]

    def _move_of(self, job: Job, outcome: Outcome, event_id: UUID, refs: Sequence[str | None] = ()) -> Move:
        refs = refs or (None,) * len(outcome.signatures)
        told, inlays = [], []
        for result, signature, ref in zip(outcome.results, outcome.signatures, refs, strict=True):
            told.append(_telling(result, signature, ref))
            if told[-1].signature is not None:
                inlays.append(_Base64(signature))
        data = ready(job, replace(outcome, results=tuple(told)))
        draft = Draft(self._source, READY, data, inlays, event_id)
        return Move(job=job, cause=_CAUSES[outcome.status], drafts=[draft])


async def _stored(connection: Any, job: Job, signature: bytes | Spool, base: SentFile | None) -> str:
    if isinstance(signature, bytes):
        return await contents.put_result(connection, job.system, job.job_id, signature)
    if base is None:
        return await contents.put_result_spool(connection, job.system, job.job_id, signature)
    return await contents.put_result_continued(connection, job.system, job.job_id, base.ref, signature, base.size)


def _telling(result: ResultData, signature: bytes | Spool, ref: str | None) -> ResultData:
    """The result with its signature's reference, or a place for the signature, if there is one."""
    if not len(signature):
        return result
    return result.model_copy(update={"signature": INLAY} if ref is None else {"signature_ref": ref})


@dataclass(frozen=True, slots=True)
class _Base64:
    """A signature as pieces of one text: an answer's base64 came in whole groups, so that its pieces have no rest."""

    signature: bytes | Spool

    def __iter__(self) -> Iterator[bytes]:
        whole = self.signature
        return map(b64encode, (whole,) if isinstance(whole, bytes) else whole.parts())


def ready(job: Job, outcome: Outcome) -> ReadyData:
    """Return the data of the event that ends a sign job."""
    return ReadyData(
        job_id=str(job.job_id),
        command_id=job.command_id,
        request_id=job.request_id,
        status=outcome.status,
        reason_code=outcome.reason,
        message=outcome.message,
        relay_state=job.command["relay_state"],
        results=outcome.results,
    )
