"""What lies in a dead queue, and how does an operator bring it back or throw it away?

A dead letter stays where it is until it is replayed, which the broker must have confirmed first, or discarded. Its id
is the beginning of its body's SHA-256: two letters of one id say the same. Looking takes letters and gives them back.

Our headers count only in what our services published there themselves. What the broker dead-lettered (it says so with
`x-death`) has the headers that its sender gave it: of those, only the `user_id` that the broker checked is believed.
"""

import hashlib
import re
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractRobustConnection
from aio_pika.exceptions import ChannelNotFoundEntity, DeliveryError

from shared.errors import Malformed
from shared.messaging.topology import COMMANDS, CommandQueue

REASON = "x-msign-reason"
DETAIL = "x-msign-detail"
USER = "x-msign-user"
ROUTING_KEY = "x-msign-routing-key"
DIED_AT = "x-msign-died-at"
HISTORY = "x-msign-history"
LONGEST_HISTORY = 20
ID_DIGITS = 12
BY_BROKER = "x-death"
_BROKERS_REASONS = {
    "delivery_limit": "it was delivered again and again",
    "expired": "it had a time to live, and nobody took it in before",
    "maxlen": "its queue was full",
    "rejected": "it was refused",
}
_NAME = re.compile(r"[a-z][a-z_]{0,39}")
_DEATH = re.compile(r"([0-9T:+-]{1,40}|some time) [a-z_]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A dead letter without its contents; `history` are the earlier deaths of a letter that was replayed before."""

    id: str
    queue: str
    reason: str
    detail: str
    user: str
    routing_key: str
    died_at: datetime | None
    size: int
    history: tuple[str, ...] = ()
    command_id: str | None = None
    type: str | None = None
    fields: tuple[str, ...] = ()

    @property
    def replayable(self) -> bool:
        """Whether it is known who sent it: nobody else's name is put on a letter."""
        return bool(self.user and self.routing_key)


def died(message: AbstractIncomingMessage, reason: str, detail: str, now: datetime) -> dict[str, Any]:
    """Return the headers that tell why a delivery is dead, where it came from, and of what it died before."""
    return {
        REASON: reason,
        DETAIL: detail,
        USER: message.user_id or "",
        ROUTING_KEY: message.routing_key or "",
        DIED_AT: now.isoformat(timespec="seconds"),
        HISTORY: list(_history(message.headers)),
    }


def read(message: AbstractIncomingMessage, queue: str) -> DeadLetter:
    """Return what can be told of a dead message without repeating what it says."""
    headers, told = message.headers, _envelope(message.body)
    by_broker = BY_BROKER in headers or REASON not in headers
    reason = _brokers_reason(headers) if by_broker else str(headers[REASON])
    data = told.get("data")
    return DeadLetter(
        id=letter_id(message.body),
        queue=queue,
        reason=reason,
        detail=_BROKERS_REASONS[reason] if by_broker else str(headers.get(DETAIL, "")),
        user=message.user_id or "" if by_broker else str(headers.get(USER, "")),
        routing_key=_first_routing_key(headers) if by_broker else str(headers.get(ROUTING_KEY, "")),
        died_at=None if by_broker else _moment(headers.get(DIED_AT)),
        size=len(message.body),
        history=_history(headers),
        command_id=_text(told.get("id")),
        type=_text(told.get("type")),
        fields=tuple(sorted(name for name in data if _NAME.fullmatch(name))) if isinstance(data, dict) else (),
    )


def letter_id(body: bytes) -> str:
    """Return the id of the letter with this body."""
    return hashlib.sha256(body).hexdigest()[:ID_DIGITS]


class DeadQueue:
    """One service's dead queue, over a connection that is allowed to read it."""

    def __init__(self, connection: AbstractRobustConnection, queue: CommandQueue) -> None:
        self._connection = connection
        self._queue = queue

    async def letters(self) -> list[DeadLetter]:
        """Return every letter that lies there, oldest first; they stay."""
        async with self._taken() as (_, messages):
            return [read(message, self._queue.dead) for message in messages]

    async def discard(self, ids: Collection[str]) -> list[DeadLetter]:
        """Throw letters away for good; returns those that there were."""
        async with self._taken() as (_, messages):
            chosen = [message for message in messages if letter_id(message.body) in ids]
            for message in chosen:
                await message.ack()
            return [read(message, self._queue.dead) for message in chosen]

    async def replay(self, ids: Collection[str], *, told: Callable[[DeadLetter], None]) -> None:
        """Send letters again as what they were, and call `told` with each once the broker has it.

        The broker's user must hold the tag `impersonator`. Commands are idempotent, so that a letter which is sent
        again but still here, because somebody stopped this in between, does no harm. Raises `Malformed` for a letter
        of an unknown sender, before any is sent, and when no queue takes one.
        """
        async with self._taken() as (channel, messages):
            chosen = [message for message in messages if letter_id(message.body) in ids]
            for message in chosen:
                if not (letter := read(message, self._queue.dead)).replayable:
                    raise Malformed(f"{letter.id}: nobody vouched for its sender, so it can only be discarded")
            commands = await channel.get_exchange(COMMANDS, ensure=False)
            for message in chosen:
                letter = read(message, self._queue.dead)
                try:
                    await commands.publish(_again(message, letter), letter.routing_key, mandatory=True)
                except DeliveryError as error:
                    raise Malformed(f"{letter.id}: no queue takes {letter.routing_key}") from error
                await message.ack()
                told(letter)

    @asynccontextmanager
    async def _taken(self) -> AsyncIterator[tuple[AbstractChannel, list[AbstractIncomingMessage]]]:
        """Hold every letter for a moment: what is not acknowledged goes back when the channel closes."""
        async with self._connection.channel(publisher_confirms=True) as channel:
            try:
                queue = await channel.get_queue(self._queue.dead)
            except ChannelNotFoundEntity as error:
                raise Malformed(f"there is no queue {self._queue.dead}: did {self._queue.service} ever run?") from error
            messages = []
            while (message := await queue.get(fail=False)) is not None:
                messages.append(message)
            yield channel, messages


def _again(message: AbstractIncomingMessage, letter: DeadLetter) -> Message:
    when = letter.died_at.isoformat(timespec="seconds") if letter.died_at else "some time"
    traceparent = message.headers.get("traceparent")
    headers: dict[str, Any] = {HISTORY: [*letter.history, f"{when} {letter.reason}"]}
    return Message(
        message.body,
        content_type=message.content_type,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=message.message_id,
        type=message.type,
        user_id=letter.user,
        headers=headers | ({"traceparent": traceparent} if isinstance(traceparent, str) else {}),
    )


def _history(headers: Any) -> tuple[str, ...]:
    """Return the earlier deaths; what has not the form of one was written by somebody else."""
    earlier = headers.get(HISTORY)
    told = [str(one) for one in earlier] if isinstance(earlier, list) else []
    return tuple(one for one in told if _DEATH.fullmatch(one))[-LONGEST_HISTORY:]


def _brokers_reason(headers: Any) -> str:
    deaths = headers.get(BY_BROKER)
    reason = str(deaths[0].get("reason")) if isinstance(deaths, list) and deaths else ""
    return reason if reason in _BROKERS_REASONS else "delivery_limit"


def _first_routing_key(headers: Any) -> str:
    """Return how a message that the broker itself let die was first routed (its `x-death` header tells)."""
    deaths = headers.get(BY_BROKER)
    keys = deaths[-1].get("routing-keys") if isinstance(deaths, list) and deaths else None
    return str(keys[0]) if keys else ""


def _envelope(body: bytes) -> dict[str, Any]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _text(value: object) -> str | None:
    return value[:255] if isinstance(value, str) else None


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
