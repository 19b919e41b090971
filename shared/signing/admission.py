"""What becomes of a command: a job, a rejection, a repetition, or the dead queue?

A batch is dealt with in steps, each for all its deliveries: whose they are, which of them are known, what they say,
what speaks against it. Then everything that is new is written at once.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

import asyncpg
from pydantic import ValidationError

from shared.messaging import problems
from shared.messaging.envelope import Command
from shared.messaging.events import ErrorData, RejectedData
from shared.messaging.intake import DUPLICATE, Delivery, Done, Unusable, Verdict
from shared.messaging.problems import Code, Problem
from shared.persistence import contents, events, intake, jobs, notices
from shared.persistence.contents import Stored
from shared.persistence.events import Draft
from shared.persistence.intake import Claim, CommandKey, ContentKey, Known, NewJob
from shared.persistence.job import Job, JobContent
from shared.persistence.jobs import Move
from shared.signing.attribution import Attributed, attribute
from shared.signing.quota import Quota
from shared.signing.states import Cause, Kind
from shared.systems import System, Systems

LARGE_BYTES = 256 * 1024
"""A batch of more bytes is read in a thread, so that the event loop goes on."""

Heads = Mapping[str, tuple[int, bytes]]
"""By reference: the size in bytes and the first KiB of contents that a system has stored."""
Problems = tuple[Problem, ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A good command: what its job keeps (`command` as JSON), and the bytes that it brought by their references."""

    command: str
    contents: tuple[JobContent, ...]
    bodies: Mapping[str, bytes]
    expires_at: datetime


class Reading(Protocol):
    """A command whose shape is right."""

    @property
    def refs(self) -> Sequence[str]:
        """The stored contents that it refers to."""

    def prepare(self, system: System, heads: Heads, now: datetime) -> Prepared | Problems:
        """Return what its job keeps, or everything that is wrong with it; pure."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What distinguishes the two kinds of command; `read` looks at the shape of a command's data and is pure."""

    kind: Kind
    service: str
    command_type: str
    rejected_type: str
    read: Callable[[dict[str, Any]], Reading | Problems]


class Beginner(Protocol):
    """Who works on jobs as soon as they have begun."""

    def places(self, count: int) -> AbstractAsyncContextManager[Claim | None]:
        """Keep places for so many jobs that begin within the block; yields how to claim them, None without places."""

    def begin(self, begun: Iterable[tuple[Job, list[Stored] | None]]) -> None:
        """Work on jobs that were claimed so, each with its contents if they are at hand and small."""


Judged = Prepared | Problems


class Admission:
    """Takes in batches of commands of one kind; everything that a batch writes is committed at once.

    Jobs for which the `beginner` has places are claimed as they begin, and given to it.
    """

    def __init__(self, pool: asyncpg.Pool, systems: Systems, intent: Intent, beginner: Beginner | None = None) -> None:
        self._pool = pool
        self._systems = systems
        self._intent = intent
        self._beginner = beginner
        self._quota = Quota()

    async def handle(self, deliveries: Sequence[Delivery]) -> Sequence[Verdict]:
        """Return what became of each delivery; everything that it says is committed by then."""
        large = sum(len(delivery.body) for delivery in deliveries) > LARGE_BYTES
        found = await _aside(large, lambda: [attribute(delivery) for delivery in deliveries])
        systems = self._registered(item.system for item in found if isinstance(item, Attributed))
        asked = [item for item in found if isinstance(item, Attributed) and item.system in systems]
        verdicts = iter(await self._take_in(asked, systems, large=large) if asked else ())
        return [_unusable(item, systems) or next(verdicts) for item in found]

    def _registered(self, names: Iterable[str]) -> dict[str, System]:
        return {name: system for name in sorted(set(names)) if (system := self._systems.get(name)) is not None}

    async def _take_in(
        self, asked: Sequence[Attributed], systems: Mapping[str, System], *, large: bool
    ) -> list[Verdict]:
        now, known = await intake.recall(self._pool, list({item.key: None for item in asked}))
        fresh = _fresh(asked, known)
        judged = await self._judge(fresh, systems, now, large=large)
        await self._write(_repeated(asked, known), fresh, judged, now)
        return [_verdict(item, known, fresh, judged) for item in asked]

    async def _judge(
        self,
        fresh: Mapping[CommandKey, Attributed],
        systems: Mapping[str, System],
        now: datetime,
        *,
        large: bool,
    ) -> dict[CommandKey, Judged]:
        for name in {item.system: None for item in fresh.values()}:
            await self._quota.count(self._pool, systems[name], now)
        exceeded = {key: self._quota.take(systems[item.system]) for key, item in fresh.items()}
        readings = await _aside(
            large, lambda: {key: (no,) if (no := exceeded[key]) else self._read(item) for key, item in fresh.items()}
        )
        heads = await _heads(self._pool, readings)

        def judged(key: CommandKey, reading: Reading | Problems) -> Judged:
            if isinstance(reading, tuple):
                return reading
            return reading.prepare(systems[key[0]], heads.get(key[0], {}), now)

        return await _aside(large, lambda: {key: judged(key, reading) for key, reading in readings.items()})

    def _read(self, item: Attributed) -> Reading | Problems:
        try:
            command = Command.model_validate(item.body)
        except ValidationError as error:
            return problems.from_validation(error)
        if command.type != self._intent.command_type:
            return (Problem("/type", Code.NOT_ALLOWED, f"must be {self._intent.command_type}"),)
        item.body.clear()  # what it brought is decoded now, and once is enough in memory
        return self._intent.read(command.data)

    async def _write(
        self,
        repeated: Sequence[UUID],
        fresh: Mapping[CommandKey, Attributed],
        judged: Mapping[CommandKey, Judged],
        now: datetime,
    ) -> None:
        bodies = _bodies(judged)
        for key in [key for key, body in bodies.items() if len(body) > LARGE_BYTES]:
            async with self._pool.acquire() as connection:  # before their jobs: unused ones are forgotten after a time
                await contents.put_large(connection, *key, bodies.pop(key))
        new = [_new_job(item, judged[key], now) for key, item in fresh.items()]
        if all(isinstance(found, Prepared) for found in judged.values()):
            await self._begin_and_claim(new, bodies, now)
        else:
            async with notices.transaction(self._pool) as connection:
                begun = await self._begin(connection, new, bodies, now)
                await jobs.move_all(connection, [move for job in begun for move in self._refused(job, judged)])
        if repeated:
            await events.publish_latest_again(self._pool, repeated)

    def _refused(self, job: Job, judged: Mapping[CommandKey, Judged]) -> Iterator[Move]:
        if isinstance(found := judged[job.system, job.command_id], tuple):
            draft = rejection(job, found, source=self._intent.service, event_type=self._intent.rejected_type)
            yield Move(job=job, cause=Cause.REFUSED, drafts=[draft])

    async def _begin_and_claim(self, new: Sequence[NewJob], bodies: Mapping[ContentKey, bytes], now: datetime) -> None:
        if self._beginner is None or not new:
            await self._begin(self._pool, new, bodies, now)
            return
        async with self._beginner.places(len(new)) as claim:
            begun = await self._begin(self._pool, new, bodies, now, claim)
            if claim:
                self._beginner.begin([(job, _at_hand(one, bodies)) for job, one in zip(begun, new, strict=True)])

    async def _begin(
        self,
        connection: Any,
        new: Sequence[NewJob],
        bodies: Mapping[ContentKey, bytes],
        now: datetime,
        claim: Claim | None = None,
    ) -> list[Job]:
        """Begin every job in one statement, which needs no transaction around it if nothing else is to be written."""
        if not new:
            return []
        begun = await intake.begin(connection, self._intent.kind, new, bodies, now, claim)
        notices.tell(notices.JOBS, notices.BEGUN if claim else self._intent.kind)
        return begun


def rejection(job: Job, found: Sequence[Problem], *, source: str, event_type: str) -> Draft:
    """Return the event that ends a job whose command cannot be carried out."""
    data = RejectedData(
        job_id=str(job.job_id),
        command_id=job.command_id,
        errors=tuple(ErrorData(**problem.as_dict()) for problem in found),
    )
    return Draft(source, event_type, data)


def _unusable(item: Attributed | Unusable, systems: Mapping[str, System]) -> Unusable | None:
    if isinstance(item, Unusable):
        return item
    return None if item.system in systems else Unusable("unknown_system", "the system is not registered")


def _fresh(asked: Iterable[Attributed], known: Mapping[CommandKey, Known]) -> dict[CommandKey, Attributed]:
    """The commands that nobody knows yet; of several under one id the first counts."""
    fresh: dict[CommandKey, Attributed] = {}
    for item in asked:
        if item.key not in known:
            fresh.setdefault(item.key, item)
    return fresh


def _repeated(asked: Iterable[Attributed], known: Mapping[CommandKey, Known]) -> list[UUID]:
    """The jobs of which the latest event is wanted again; what this batch itself begins is told anyway."""
    before = (known[item.key] for item in asked if item.key in known and known[item.key].digest == item.digest)
    return list({found.job_id: None for found in before})


def _verdict(
    item: Attributed,
    known: Mapping[CommandKey, Known],
    fresh: Mapping[CommandKey, Attributed],
    judged: Mapping[CommandKey, Judged],
) -> Verdict:
    before: Known | Attributed = known.get(item.key) or fresh[item.key]
    if before is item:
        return Done("admitted" if isinstance(judged[item.key], Prepared) else "rejected")
    if before.digest != item.digest:
        return Unusable("id_reused", "the id was used before with other data")
    return Done(DUPLICATE)


async def _heads(connection: Any, readings: Mapping[CommandKey, Reading | Problems]) -> dict[str, Heads]:
    wanted: dict[str, set[str]] = {}
    for (system, _), reading in readings.items():
        if not isinstance(reading, tuple) and reading.refs:
            wanted.setdefault(system, set()).update(reading.refs)
    return {system: await contents.refer(connection, system, wanted[system]) for system in sorted(wanted)}


def _bodies(judged: Mapping[CommandKey, Judged]) -> dict[ContentKey, bytes]:
    return {
        (system, ref): body
        for (system, _), found in judged.items()
        if isinstance(found, Prepared)
        for ref, body in found.bodies.items()
    }


def _at_hand(job: NewJob, bodies: Mapping[ContentKey, bytes]) -> list[Stored] | None:
    """A job's contents as the database would give them; None if some must be looked up."""
    found = [(item, bodies.get((job.system, item.ref))) for item in job.contents]
    if any(body is None or len(body) > contents.SMALL_BYTES for _, body in found):
        return None
    return [Stored(item, len(body), body) for item, body in found if body is not None]


def _new_job(item: Attributed, found: Judged, now: datetime) -> NewJob:
    kept = found if isinstance(found, Prepared) else Prepared("{}", (), {}, now)
    return NewJob(
        job_id=events.uuid7(),
        system=item.system,
        command_id=item.command_id,
        digest=item.digest,
        command=kept.command,
        traceparent=item.traceparent,
        expires_at=kept.expires_at,
        contents=kept.contents,
    )


async def _aside(large: bool, work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work) if large else work()
