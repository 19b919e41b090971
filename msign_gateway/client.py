"""How does an internal system ask for signatures and learn the outcome?

Commands go out with publisher confirms; events arrive in a queue that lives as long as the client. Needs the base
installation only. The messages are described in the architecture, "Messages".
"""

import asyncio
import base64
import json
import re
import uuid
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aio_pika
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractExchange, AbstractIncomingMessage
from aio_pika.exceptions import AMQPError, DeliveryError, PublishError
from pamqp.common import FieldTable
from pydantic import BaseModel, ValidationError

from msign_gateway.mailbox import Mailbox
from shared.errors import Malformed, Transient
from shared.messaging.commands import SIGN_REQUEST, VERIFICATION_REQUEST, SignRequestData, VerificationRequestData
from shared.messaging.envelope import CONTENT_TYPE, Event, source_of
from shared.messaging.topology import COMMANDS, EVENTS

SYSTEM_NAME = r"[a-z][a-z0-9-]{0,31}"
HEARTBEAT_S = 30
CONFIRM_S = 30.0


class NotTaken(Transient):
    """The broker did not take the command: no queue for it (is the gateway set up?), no room, or no connection.

    Publishing again under the same command id is safe: the gateway knows a repetition.
    """


class ConnectionLost(Transient):
    """The connection to the broker ended; events that came meanwhile are not in this client's queue."""


class GatewayClient:
    """A system's connection to the gateway; made by `connect`. Events wait in memory until they are asked for."""

    def __init__(self, system: str, commands: AbstractExchange, mailbox: Mailbox) -> None:
        self.system = system
        self._commands = commands
        self._mailbox = mailbox

    @classmethod
    @asynccontextmanager
    async def connect(cls, amqp_url: str, *, system: str) -> "AsyncIterator[GatewayClient]":
        """Yield a client that is connected as `system`, the broker user of `amqp_url`, and already hears its events.

        Its queue of events ends with the connection. A system that must not miss events while it is away binds a
        durable queue of its own, `<system>.…`, to `*.*.<system>`.
        Raises `Malformed` for a name that no system can have, and aio-pika's errors when it cannot connect.
        """
        if not re.fullmatch(SYSTEM_NAME, system):
            raise Malformed(f"system {system!r}: the name must match {SYSTEM_NAME}", field="system")
        name: FieldTable = {"connection_name": f"{system} client"}
        connection = await aio_pika.connect(amqp_url, heartbeat=HEARTBEAT_S, client_properties=name)
        async with connection:
            mailbox = Mailbox()
            # Two channels: the broker closes a channel over a refused command, which must not end the events.
            listening = await connection.channel()
            listening.close_callbacks.add(_closing(mailbox))
            queue = await listening.declare_queue(f"{system}.client.{uuid.uuid4().hex}", exclusive=True)
            await queue.bind(await listening.get_exchange(EVENTS, ensure=False), f"*.*.{system}")
            await queue.consume(_keeping(mailbox), no_ack=True)
            publishing = await connection.channel(publisher_confirms=True, on_return_raises=True)
            yield cls(system, await publishing.get_exchange(COMMANDS, ensure=False), mailbox)

    async def sign(self, data: SignRequestData | Mapping[str, Any], *, command_id: str | None = None) -> str:
        """Publish `msign.sign.request.v1`; returns the command's id, once the broker has it on disk.

        `data` may be a mapping of the wire's names (bytes become base64); the gateway, not the client, judges it.
        Raises `NotTaken`.
        """
        return await self._publish(SIGN_REQUEST, f"sign.request.{self.system}", data, command_id)

    async def verify(self, data: VerificationRequestData | Mapping[str, Any], *, command_id: str | None = None) -> str:
        """Publish `msign.verification.request.v1`; like `sign`."""
        return await self._publish(VERIFICATION_REQUEST, f"verification.request.{self.system}", data, command_id)

    async def next_event(
        self, command_id: str, *, types: Collection[str] | None = None, timeout_s: float | None = None
    ) -> Event:
        """Return the command's next event, of one of `types` (None: of any); each event is handed out once.

        The same event (the same `id`) may arrive more than once. Raises `TimeoutError` after `timeout_s` seconds
        (None: waits for ever), and `ConnectionLost`.
        """
        try:
            async with asyncio.timeout(timeout_s):
                return await self._mailbox.take(command_id, types)
        except TimeoutError:
            wanted = " or ".join(sorted(types)) if types else "event"
            raise TimeoutError(f"no {wanted} of command {command_id} within {timeout_s} s") from None

    async def events(self) -> AsyncIterator[Event]:
        """Yield every event that nobody took by `next_event`, for ever. Raises `ConnectionLost`."""
        while True:
            yield await self._mailbox.take_any()

    async def _publish(
        self, kind: str, routing_key: str, data: BaseModel | Mapping[str, Any], command_id: str | None
    ) -> str:
        command_id = command_id or str(uuid.uuid4())
        message = Message(
            envelope(kind, self.system, data, command_id),
            content_type=CONTENT_TYPE,
            delivery_mode=DeliveryMode.PERSISTENT,
            message_id=command_id,
            type=kind,
            user_id=self.system,
        )
        try:
            await self._commands.publish(message, routing_key, mandatory=True, timeout=CONFIRM_S)
        except PublishError as error:
            raise NotTaken(f"command {command_id}: no queue takes {routing_key}") from error
        except DeliveryError as error:
            raise NotTaken(f"command {command_id}: the broker refused it (nack)") from error
        except (AMQPError, OSError, TimeoutError, RuntimeError) as error:
            raise NotTaken(f"command {command_id}: {error!r}") from error
        return command_id


def envelope(kind: str, system: str, data: BaseModel | Mapping[str, Any], command_id: str) -> bytes:
    """Return a command as it stands on the wire: CloudEvents 1.0, structured JSON."""
    content = data.model_dump(exclude_none=True) if isinstance(data, BaseModel) else dict(data)
    command = {
        "specversion": "1.0",
        "id": command_id,
        "source": source_of(system),
        "type": kind,
        "time": datetime.now(UTC),
        "datacontenttype": "application/json",
        "data": content,
    }
    return json.dumps(command, default=_plain, ensure_ascii=False).encode()


def _plain(value: object) -> str:
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case datetime():
            return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a command")


def _keeping(mailbox: Mailbox) -> Any:
    async def keep(message: AbstractIncomingMessage) -> None:
        try:
            event = Event.model_validate_json(message.body)
        except ValidationError as error:
            await mailbox.close(Malformed(f"an event that is none: {error.error_count()} problems", field="event"))
        else:
            await mailbox.put(event)

    return keep


def _closing(mailbox: Mailbox) -> Any:
    async def close(_channel: object, reason: BaseException | None) -> None:
        await mailbox.close(ConnectionLost(f"the broker's channel closed: {reason!r}"))

    return close
