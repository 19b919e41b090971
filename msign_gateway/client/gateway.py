"""How does a system hold its end of the line? One object: publish a command, wait for its events, fetch signatures."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from pydantic import TypeAdapter, ValidationError

from msign_gateway.client.contents import ContentStore, signature_of
from msign_gateway.client.errors import LOST, ConnectionLost, Ended, NotAnswered, Rejected
from msign_gateway.client.line import GOODBYE_S, Line
from msign_gateway.client.mailbox import Mailbox
from msign_gateway.client.publishing import Publisher
from msign_gateway.client.reading import parsed
from msign_gateway.client.standing import JobView
from msign_gateway.client.subscription import Subscription
from shared.addresses import Address, url_of
from shared.errors import Bug, Malformed
from shared.messaging.commands import SIGN_REQUEST, VERIFICATION_REQUEST, SignRequestData, VerificationRequestData
from shared.messaging.envelope import SYSTEM_NAME, Event
from shared.messaging.events import (
    ACCEPTED,
    READY,
    SIGN_REJECTED,
    VERIFICATION_REJECTED,
    VERIFIED,
    AcceptedData,
    CompletedData,
    ReadyData,
    RejectedData,
    ResultData,
    VerdictData,
)

PUBLISH_S = 60.0
AWAY_S = 30 * 60
"""How long the broker keeps the events of a client whose connection is away."""
Data = TypeVar("Data", AcceptedData, ReadyData, CompletedData)
_VERDICTS = TypeAdapter(tuple[VerdictData, ...])


class GatewayClient:
    """A system's connection to the gateway; made by `connect`. It mends itself, and loses no event meanwhile."""

    def __init__(self, system: str, line: Line, mailbox: Mailbox, store: ContentStore | None) -> None:
        self.system = system
        self._line = line
        self._publisher = Publisher(line, system)
        self._mailbox = mailbox
        self._store = store

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, amqp_url: Address, *, system: str | None = None, store: ContentStore | None = None
    ) -> "AsyncIterator[GatewayClient]":
        """Yield a client that is connected as `system` (by default the URL's user) and already hears its events.

        The queue of its events ends with the client, or half an hour after its connection did: `subscribe` is for a
        system that must hear what happens while it does not run. `store` is for contents too large for a message.
        Raises `Malformed` for a name that no system can have, and aio-pika's errors when it cannot connect at first.
        """
        system = unquote(urlsplit(url_of(amqp_url)).username or "") if system is None else system
        if not re.fullmatch(SYSTEM_NAME, system):
            raise Malformed(f"system {system!r}: the name must match {SYSTEM_NAME}", field="system")
        async with Line(amqp_url, name=f"{system} client") as line:
            own = Subscription(line, system, f"{system}.client.{uuid.uuid4().hex}", expires_s=AWAY_S)
            await own.declare()
            mailbox = Mailbox()
            listening = asyncio.create_task(_listen(own, mailbox))
            try:
                yield cls(system, line, mailbox, store)
            finally:
                await mailbox.close(ConnectionLost("the client has ended"))
                listening.cancel()
                answered, _ = await asyncio.wait({listening}, timeout=GOODBYE_S)
                if answered and line.is_up:
                    with suppress(*LOST):
                        async with asyncio.timeout(GOODBYE_S):
                            await own.delete()

    async def sign(
        self,
        data: SignRequestData | Mapping[str, Any],
        *,
        command_id: str | None = None,
        timeout_s: float = PUBLISH_S,
    ) -> str:
        """Publish `msign.sign.request.v1`; returns the command's id, once the broker has it on disk.

        `data` may be a mapping of the wire's names (bytes become base64); the gateway, not the client, judges it.
        Over a break of the connection the command goes out again under the same id, which is safe. Raises
        `Unroutable` at once, another `NotTaken` after `timeout_s` seconds.
        """
        return await self._publish(SIGN_REQUEST, f"sign.request.{self.system}", data, command_id, timeout_s)

    async def verify(
        self,
        data: VerificationRequestData | Mapping[str, Any],
        *,
        command_id: str | None = None,
        timeout_s: float = PUBLISH_S,
    ) -> str:
        """Publish `msign.verification.request.v1`; like `sign`."""
        key = f"verification.request.{self.system}"
        return await self._publish(VERIFICATION_REQUEST, key, data, command_id, timeout_s)

    async def accepted(self, command_id: str, *, timeout_s: float | None = None) -> AcceptedData:
        """Return the way to the Sign Page; raises `Rejected`, `Ended`, and like `next_event`."""
        data = await self._answer(command_id, {ACCEPTED, SIGN_REJECTED, READY}, timeout_s)
        if isinstance(data, ReadyData):
            raise Ended(data)
        return _expected(data, AcceptedData)

    async def ready(self, command_id: str, *, timeout_s: float | None = None) -> ReadyData:
        """Return the outcome of a sign job, whatever its `status`; raises `Rejected`, and like `next_event`."""
        return _expected(await self._answer(command_id, {READY, SIGN_REJECTED}, timeout_s), ReadyData)

    async def completed(self, command_id: str, *, timeout_s: float | None = None) -> CompletedData:
        """Return the verdicts of a verification; a list too large for its event is fetched from the store.

        Raises `Rejected`, and like `next_event`; with a list to fetch like `fetch`.
        """
        answer = await self._answer(command_id, {VERIFIED, VERIFICATION_REJECTED}, timeout_s)
        data = _expected(answer, CompletedData)
        if data.results_ref is None:
            return data
        try:
            results = _VERDICTS.validate_json(await self.fetch(data.results_ref))
        except ValidationError:
            raise Malformed(f"{data.results_ref} holds no verdicts", field="results_ref") from None
        return data.model_copy(update={"results": results, "results_ref": None})

    async def next_event(
        self, command_id: str, *, types: Collection[str] | None = None, timeout_s: float | None = None
    ) -> Event:
        """Return the command's event of the lowest `sequence`, of one of `types` (None: of any).

        Each event is handed out once, however often it arrives. Raises `NotAnswered`, a `TimeoutError`, after
        `timeout_s` seconds (None: waits for ever), and `ConnectionLost` when the client ends meanwhile.
        """
        try:
            async with asyncio.timeout(timeout_s):
                return await self._mailbox.take(command_id, types)
        except TimeoutError:
            wanted = " or ".join(sorted(types)) if types else "event"
            raise NotAnswered(f"no {wanted} of command {command_id} within {timeout_s} s") from None

    async def events(self) -> AsyncIterator[Event]:
        """Yield every event that nobody took by `next_event`, for ever. Raises `ConnectionLost`."""
        while True:
            yield await self._mailbox.take_any()

    async def keep(self, name: str) -> None:
        """Make the durable queue `<system>.<name>`, if it is not there: from now on it keeps what happens.

        Raises aio-pika's `AMQPChannelError` when the broker does not give it to this system.
        """
        await self._subscription(name).declare()

    async def subscribe(self, name: str) -> AsyncIterator[Event]:
        """Yield every event of the system from its durable queue `<system>.<name>`, made where it is not there.

        An event is acknowledged when the next one is asked for: what was not done when a process ends comes again,
        so let the work be safe to do twice, or remember the events' ids. Several processes share the queue's events.
        """
        async for event, _ in self._subscription(name).events():
            yield event

    async def upload(self, content: bytes) -> str:
        """Store a content that is too large for a message; returns the `content_ref` that names it in a command."""
        return await asyncio.to_thread(self._stored.put, content)

    async def fetch(self, ref: str) -> bytes:
        """Return a stored content. Raises `Malformed` where it is not there, `Transient`."""
        return await asyncio.to_thread(self._stored.get, ref)

    async def job(
        self, *, command_id: str | None = None, job_id: str | None = None, wait_s: float = 0
    ) -> JobView | None:
        """Return where a job stands, also if its events were lost; like `ContentStore.job`."""
        return await asyncio.to_thread(self._stored.job, command_id=command_id, job_id=job_id, wait_s=wait_s)

    async def signature(self, result: ResultData) -> bytes:
        """Return the signature of a result, inline or by reference, and surely the one that the event speaks of.

        Raises `Malformed` where there is none, `Transient` when it cannot be fetched.
        """
        return await asyncio.to_thread(signature_of, result, self._store)

    def _subscription(self, name: str) -> Subscription:
        return Subscription(self._line, self.system, f"{self.system}.{name}")

    @property
    def _stored(self) -> ContentStore:
        if self._store is None:
            raise Malformed("give `store` to `connect`: the gateway's HTTP address and the system's token")
        return self._store

    async def _publish(self, kind: str, routing_key: str, data: Any, command_id: str | None, timeout_s: float) -> str:
        command_id = command_id or str(uuid.uuid4())
        await self._publisher.publish(kind, routing_key, data, command_id, timeout_s=timeout_s)
        return command_id

    async def _answer(
        self, command_id: str, types: Collection[str], timeout_s: float | None
    ) -> AcceptedData | ReadyData | CompletedData:
        data = parsed(await self.next_event(command_id, types=types, timeout_s=timeout_s))
        if isinstance(data, RejectedData):
            raise Rejected(data)
        return data


async def _listen(own: Subscription, mailbox: Mailbox) -> None:
    try:
        async for event, size in own.events():
            await mailbox.put(event, size)
    except LOST as error:
        await mailbox.close(ConnectionLost(f"the broker gives no events: {error!r}"))


def _expected(data: object, kind: type[Data]) -> Data:
    if not isinstance(data, kind):
        raise Bug(f"an event of another kind than was asked for: {type(data).__name__}")
    return data
