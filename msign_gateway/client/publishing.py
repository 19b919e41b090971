"""How does a command get to the broker, surely? Confirmed, mandatory, and again under the same id when in doubt."""

import asyncio
import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import AMQPChannelError, DeliveryError, PublishError
from pydantic import BaseModel

from msign_gateway.client.errors import LOST, NotTaken, Refused, Unreachable, Unroutable
from msign_gateway.client.line import Line, pause_s
from msign_gateway.client.tracing import trace_headers
from shared.messaging.envelope import CONTENT_TYPE, source_of
from shared.messaging.topology import COMMANDS

Data = BaseModel | Mapping[str, Any]


class Publisher:
    """Publishes the commands of `system`. A channel of its own: the broker closes a channel over a refused command."""

    def __init__(self, line: Line, system: str) -> None:
        self._line = line
        self._system = system
        self._channel: AbstractChannel | None = None
        self._opening = asyncio.Lock()
        self._under_way = 0

    async def publish(self, kind: str, routing_key: str, data: Data, command_id: str, *, timeout_s: float) -> None:
        """Return once the broker has the command on disk; raises `NotTaken` after `timeout_s` seconds at most."""
        message = _message(kind, self._system, data, command_id)
        doubt: NotTaken = Unreachable(f"command {command_id}: no answer of the broker within {timeout_s:.0f} s")
        tries = 0
        try:
            async with asyncio.timeout(timeout_s):
                while (failed := await self._sent(message, routing_key)) is not None:
                    doubt = failed
                    await asyncio.sleep(pause_s(tries))
                    tries += 1
        except TimeoutError:
            raise doubt from doubt.__cause__

    async def _sent(self, message: Message, routing_key: str) -> NotTaken | None:
        """Return None once it is confirmed, else why it may help to try again; raises `Unroutable`."""
        command = f"command {message.message_id}"
        self._under_way += 1
        try:
            channel = await self._open()
            exchange = await channel.get_exchange(COMMANDS, ensure=False)
            await exchange.publish(message, routing_key, mandatory=True)
        except PublishError as error:
            raise Unroutable(f"{command}: no queue takes {routing_key}") from error
        except DeliveryError as error:
            await self._renew(channel)
            return _because(Refused(f"{command}: the broker has no room for it (nack)"), error)
        except AMQPChannelError as error:
            raise Unroutable(f"{command}: the broker does not let this system publish it: {error}") from error
        except LOST as error:
            return _because(Unreachable(f"{command}: {error!r}"), error)
        finally:
            self._under_way -= 1
        return None

    async def _renew(self, channel: AbstractChannel) -> None:
        """Leave a channel on which a full queue said no: the broker may go on saying so there when there is room."""
        if self._under_way == 1 and channel is self._channel:
            self._channel = None
            with suppress(*LOST):
                await channel.close()

    async def _open(self) -> AbstractChannel:
        async with self._opening:
            if self._channel is None or self._channel.is_closed:
                self._channel = await self._line.channel(confirms=True)
            return self._channel


def envelope(kind: str, system: str, data: Data, command_id: str) -> bytes:
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


def _because(error: NotTaken, cause: Exception) -> NotTaken:
    error.__cause__ = cause
    return error


def _message(kind: str, system: str, data: Data, command_id: str) -> Message:
    return Message(
        envelope(kind, system, data, command_id),
        content_type=CONTENT_TYPE,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=command_id,
        type=kind,
        user_id=system,
        headers=dict(trace_headers()),
    )


def _plain(value: object) -> str:
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case datetime():
            return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a command")
