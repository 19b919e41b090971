"""Who sent this command, and what becomes of it: a job, a rejection, a repetition, or the dead queue?

A system is who the broker says it is: `user_id`, the routing key's system and `source` must agree (dead-lettering can
inject foreign routing keys, so all three count).
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import orjson
from pydantic import ValidationError

from shared.messaging import problems
from shared.messaging.envelope import Command, source_of
from shared.messaging.events import ErrorData, RejectedData
from shared.messaging.intake import DUPLICATE, Delivery, Done, Unusable, Verdict
from shared.messaging.problems import Code, Problem
from shared.persistence import contents, events, jobs
from shared.persistence.events import Draft
from shared.persistence.jobs import Job, JobContent
from shared.persistence.notices import transaction
from shared.signing.quota import Quota
from shared.signing.states import Cause, Kind
from shared.systems import System, Systems


@dataclass(frozen=True, slots=True)
class Attributed:
    """A command of which it is certain who sent it; what else it says may still be wrong."""

    system: str
    command_id: str
    digest: bytes
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A good command: what its job keeps, and the bytes that it brought."""

    command: dict[str, Any]
    contents: tuple[JobContent, ...]
    bodies: tuple[bytes, ...]
    expires_at: datetime


Prepare = Callable[[Any, System, dict[str, Any], datetime], Awaitable[Prepared | tuple[Problem, ...]]]


@dataclass(frozen=True, slots=True)
class Intent:
    """What distinguishes the two kinds of command."""

    kind: Kind
    service: str
    command_type: str
    rejected_type: str
    prepare: Prepare


def attribute(delivery: Delivery) -> Attributed | Unusable:
    """Find out whose command this is (architecture, "Messages"); pure."""
    system = delivery.routing_key.rpartition(".")[2]
    if not delivery.user_id:
        return Unusable("no_user_id", "the broker did not vouch for a user")
    if delivery.user_id != system:
        return Unusable("impersonation", "user_id and routing key name different systems")
    try:
        body = orjson.loads(delivery.body)
    except orjson.JSONDecodeError:
        return Unusable("malformed", "the body is not JSON")
    if not isinstance(body, dict) or not _usable_id(body.get("id")):
        return Unusable("malformed", "the body is not a CloudEvent with an id of at most 255 characters")
    if body.get("source") != source_of(system):
        return Unusable("impersonation", "source and routing key name different systems")
    said = orjson.dumps([body.get("type"), body.get("data")], option=orjson.OPT_SORT_KEYS)
    return Attributed(system, body["id"], hashlib.sha256(said).digest(), body)


def _usable_id(command_id: object) -> bool:
    return isinstance(command_id, str) and 0 < len(command_id) <= 255 and "\x00" not in command_id


class Admission:
    """Takes in a batch of commands of one kind in one transaction."""

    def __init__(self, pool: asyncpg.Pool, systems: Systems, intent: Intent) -> None:
        self._pool = pool
        self._systems = systems
        self._intent = intent

    async def handle(self, deliveries: Sequence[Delivery]) -> Sequence[Verdict]:
        """Return what became of each delivery; everything that it says is committed by then."""
        async with transaction(self._pool) as connection:
            now = await jobs.database_time(connection)
            quota = Quota(connection, now)
            return [await self._admit(connection, quota, delivery, now) for delivery in deliveries]

    async def _admit(self, connection: Any, quota: Quota, delivery: Delivery, now: datetime) -> Verdict:
        found = attribute(delivery)
        if isinstance(found, Unusable):
            return found
        system = self._systems.get(found.system)
        if system is None:
            return Unusable("unknown_system", "the system is not registered")
        if (before := await jobs.recall(connection, found.system, found.command_id)) is not None:
            return await self._repeated(connection, found, *before)
        exceeded = await quota.take(system)
        read = (exceeded,) if exceeded else await self._read(connection, system, found, now)
        await self._begin(connection, found, delivery, read, now)
        return Done("admitted" if isinstance(read, Prepared) else "rejected")

    async def _repeated(self, connection: Any, found: Attributed, digest: bytes, job_id: Any) -> Verdict:
        if digest != found.digest:
            return Unusable("id_reused", "the id was used before with other data")
        await events.publish_latest_again(connection, job_id)
        return Done(DUPLICATE)

    async def _read(
        self, connection: Any, system: System, found: Attributed, now: datetime
    ) -> Prepared | tuple[Problem, ...]:
        try:
            command = Command.model_validate(found.body)
        except ValidationError as error:
            return problems.from_validation(error)
        if command.type != self._intent.command_type:
            return (Problem("/type", Code.NOT_ALLOWED, f"must be {self._intent.command_type}"),)
        return await self._intent.prepare(connection, system, command.data, now)

    async def _begin(
        self,
        connection: Any,
        found: Attributed,
        delivery: Delivery,
        read: Prepared | tuple[Problem, ...],
        now: datetime,
    ) -> None:
        prepared = read if isinstance(read, Prepared) else Prepared({}, (), (), now)
        for body in sorted(prepared.bodies):  # in one order, so that two commands never wait for each other
            await contents.put(connection, found.system, body)
        job = await jobs.insert(
            connection,
            job_id=events.uuid7(),
            kind=self._intent.kind,
            system=found.system,
            command_id=found.command_id,
            command=prepared.command,
            traceparent=delivery.traceparent,
            now=now,
            expires_at=prepared.expires_at,
            contents=prepared.contents,
        )
        await jobs.remember(
            connection,
            system=found.system,
            command_id=found.command_id,
            digest=found.digest,
            job_id=job.job_id,
            now=now,
        )
        if not isinstance(read, Prepared):
            draft = rejection(job, read, source=self._intent.service, event_type=self._intent.rejected_type)
            await jobs.move(connection, job, Cause.REFUSED, drafts=[draft])


def rejection(job: Job, found: Sequence[Problem], *, source: str, event_type: str) -> Draft:
    """Return the event that ends a job whose command cannot be carried out."""
    data = RejectedData(
        job_id=str(job.job_id),
        command_id=job.command_id,
        errors=tuple(ErrorData(**problem.as_dict()) for problem in found),
    )
    return Draft(source, event_type, data)
