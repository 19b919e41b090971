"""Who uses the system during a run? Systems that publish jobs and listen, and users who sign or do not.

What each job should come to follows from what its user does; `Ledger` notes what it really came to.
"""

import asyncio
import base64
import contextlib
import random
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import aiohttp
import orjson
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import AMQPError
from lxml import html

from tests.chaos.system import E_SERVICE, SYSTEMS, System

ACCEPTED = "msign.sign_request.accepted.v1"
FINAL = {
    "msign.sign_request.rejected.v1",
    "msign.sign_response.ready.v1",
    "msign.verification.rejected.v1",
    "msign.verification.completed.v1",
}
NEVER_SIGNED_AFTER = timedelta(seconds=20)
TRIES = 6


class Act(StrEnum):
    """What is done with a job."""

    SIGN = "signs and comes back"
    SIGN_TWICE = "signs and comes back twice at once"
    SIGN_AND_LEAVE = "signs and never comes back"
    CANCEL = "cancels"
    NEVER = "never signs"
    BAD = "was never a good command"
    VERIFY = "is a verification"


WEIGHTS = {
    Act.SIGN: 40,
    Act.SIGN_TWICE: 15,
    Act.SIGN_AND_LEAVE: 15,
    Act.CANCEL: 10,
    Act.NEVER: 5,
    Act.BAD: 5,
    Act.VERIFY: 10,
}
EXPECTED = {
    Act.SIGN: {"Success"},
    Act.SIGN_TWICE: {"Success"},
    Act.SIGN_AND_LEAVE: {"Success"},
    Act.CANCEL: {"Failure"},
    Act.NEVER: {"Expired", "rejected"},
    Act.BAD: {"rejected"},
    Act.VERIFY: {"completed"},
}
"""What each may come to; a deadline that has passed before the command could be taken in is a rejection."""


@dataclass(frozen=True, slots=True)
class Order:
    """One command."""

    command_id: str
    system: str
    act: Act
    repeated: bool
    contents: int


@dataclass(slots=True)
class Ledger:
    """What was ordered, and the final events of each command by their ids."""

    orders: dict[str, Order] = field(default_factory=dict)
    finals: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    accepted: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    redelivered: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, event: dict[str, Any]) -> None:
        """Note an event; the same id again is a redelivery."""
        command_id, data = event["data"]["command_id"], event["data"]
        if event["type"] == ACCEPTED:
            self.accepted[command_id].add(event["id"])
        if event["type"] in FINAL:
            self.redelivered += event["id"] in self.finals[command_id]
            self.finals[command_id][event["id"]] = data.get("status") or event["type"].split(".")[-2]
            self.changed.set()

    @property
    def open(self) -> list[Order]:
        """Orders without a final event."""
        return [order for order in self.orders.values() if not self.finals.get(order.command_id)]

    @property
    def duplicated(self) -> list[Order]:
        """Orders with more than one final event, or accepted under more than one id."""
        twice = {one for ids in (self.finals, self.accepted) for one, found in ids.items() if len(found) > 1}
        return [order for order in self.orders.values() if order.command_id in twice]

    @property
    def unexpected(self) -> list[tuple[Order, str]]:
        """Orders that came to something else than their users did."""
        return [
            (order, outcome)
            for order in self.orders.values()
            for outcome in self.finals.get(order.command_id, {}).values()
            if outcome not in EXPECTED[order.act]
        ]

    async def settled(self, patience_s: float) -> bool:
        """Wait until every order has its final event; False if none came for `patience_s`, however many are left.

        How fast a busy machine gets through them says nothing about what is promised.
        """
        with contextlib.suppress(TimeoutError):
            while self.open:
                self.changed.clear()
                async with asyncio.timeout(patience_s):
                    await self.changed.wait()
        return not self.open


def orders(count: int, chance: random.Random) -> list[Order]:
    """Made-up orders: of two systems, some published twice, with one to three contents."""
    return [
        Order(
            command_id=f"command-{number}-{secrets.token_hex(4)}",
            system=chance.choice(SYSTEMS),
            act=chance.choices([*WEIGHTS], [*WEIGHTS.values()])[0],
            repeated=chance.random() < 0.1,
            contents=chance.randint(1, 3),
        )
        for number in range(count)
    ]


class Crowd:
    """Publishes orders, hears events, and lets users act."""

    def __init__(self, system: System, ledger: Ledger, chance: random.Random) -> None:
        self._system = system
        self._ledger = ledger
        self._chance = chance
        self._users: set[asyncio.Task[None]] = set()
        self._publishers: dict[str, Callable[[Order], Any]] = {}

    @asynccontextmanager
    async def present(self) -> AsyncIterator[None]:
        """Listen and act until the block ends."""
        async with AsyncExitStack() as stack:
            self._http = await stack.enter_async_context(
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10), cookie_jar=aiohttp.DummyCookieJar())
            )
            self._connections = {}
            for name in SYSTEMS:
                connection = await aio_pika.connect_robust(self._system.amqp_url(name), reconnect_interval=0.5)
                self._connections[name] = await stack.enter_async_context(connection)
            bound = {name: asyncio.Event() for name in SYSTEMS}
            listening = [asyncio.create_task(self._listen(name, bound[name])) for name in SYSTEMS]
            try:
                await asyncio.gather(*(one.wait() for one in bound.values()))
                yield
            finally:
                for ear in listening:
                    ear.cancel()
                await asyncio.gather(*listening, return_exceptions=True)
                for user in self._users:
                    user.cancel()
                await asyncio.gather(*self._users, return_exceptions=True)

    async def _listen(self, name: str, bound: asyncio.Event) -> None:
        """Consume a system's events; a channel that breaks is opened anew, on a new connection."""
        while True:
            with contextlib.suppress(AMQPError, OSError, RuntimeError):
                async with (
                    await aio_pika.connect(self._system.amqp_url(name), timeout=5) as connection,
                    connection.channel() as channel,
                ):
                    await channel.set_qos(prefetch_count=200)
                    queue = await channel.declare_queue(
                        f"{name}.chaos", durable=True, arguments={"x-queue-type": "quorum"}
                    )
                    await queue.bind("msign.events", f"*.*.{name}")
                    await queue.consume(self._heard)
                    bound.set()
                    await asyncio.wait([(await channel.get_underlay_channel()).closing])
            await asyncio.sleep(0.5)

    async def publish(self, order: Order) -> None:
        """Publish an order until the broker confirms it, as a careful system does: again and again under one id."""
        self._ledger.orders[order.command_id] = order
        for _ in range(2 if order.repeated else 1):
            body = orjson.dumps(command_of(order))
            while True:
                try:
                    async with asyncio.timeout(5):
                        await self._publish(order, body)
                    break
                except (AMQPError, OSError, TimeoutError, RuntimeError, asyncio.CancelledError) as error:
                    if isinstance(error, asyncio.CancelledError) and asyncio.current_task().cancelling():  # type: ignore[union-attr]
                        raise
                    await asyncio.sleep(0.3)

    async def _publish(self, order: Order, body: bytes) -> None:
        kind = "verification" if order.act is Act.VERIFY else "sign"
        async with self._connections[order.system].channel(publisher_confirms=True) as channel:
            exchange = await channel.get_exchange("msign.commands", ensure=False)
            message = Message(body, delivery_mode=DeliveryMode.PERSISTENT, user_id=order.system)
            await exchange.publish(message, f"{kind}.request.{order.system}", mandatory=True)

    async def _heard(self, message: AbstractIncomingMessage) -> None:
        async with message.process():
            event = orjson.loads(message.body)
            new = event["type"] == ACCEPTED and event["data"]["command_id"] not in self._ledger.accepted
            self._ledger.hear(event)
            if new:
                task = asyncio.create_task(self._act(event["data"]))
                self._users.add(task)
                task.add_done_callback(self._users.discard)

    async def _act(self, accepted: dict[str, Any]) -> None:
        act = self._ledger.orders[accepted["command_id"]].act
        if act is Act.NEVER:
            return
        await asyncio.sleep(self._chance.random())
        request_id = accepted["request_id"]
        if act is Act.CANCEL:
            await self._decide(request_id, "cancel")
            await self._return(accepted)
            return
        await self._decide(request_id, "sign")
        if act is not Act.SIGN_AND_LEAVE:
            await asyncio.gather(*(self._return(accepted) for _ in range(2 if act is Act.SIGN_TWICE else 1)))

    async def _decide(self, request_id: str, what: str) -> None:
        """What the user does on the Sign Page, which may be slow under load; a user who is set on it tries again."""
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self._http.post(f"{self._system.msign_url}/control/{request_id}/{what}") as response:
                    assert response.status == 200, await response.text()
                    return
            await asyncio.sleep(0.5)

    async def _return(self, accepted: dict[str, Any]) -> None:
        """Open the link and post the way back, trying a few times as people do; then the poller must do it."""
        for _ in range(TRIES):
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                form = await self._form(accepted["sign_url"])
                if form is None:
                    return
                async with self._http.post(
                    f"{self._base()}/return",
                    data={"RequestID": accepted["request_id"], "RelayState": form["RelayState"]},
                    allow_redirects=False,
                ) as response:
                    if response.status == 303:
                        assert response.headers["Location"].startswith(E_SERVICE)
                        return
            await asyncio.sleep(0.5)

    async def _form(self, sign_url: str) -> dict[str, str] | None:
        """The fields of the page that leads to the Sign Page; None when the job is finished already."""
        parts = urlsplit(sign_url)
        async with self._http.get(f"{self._base()}{parts.path}?{parts.query}") as response:
            if response.status == 410:
                return None
            response.raise_for_status()
            page = html.fromstring(await response.text())
        return {str(field.get("name")): str(field.get("value")) for field in page.iterfind(".//form//input[@name]")}

    def _base(self) -> str:
        return f"http://127.0.0.1:{self._chance.choice(self._system.of('callback_web')).http_port}"


def command_of(order: Order) -> dict[str, Any]:
    """The CloudEvent of an order; always the same one."""
    kind = "verification" if order.act is Act.VERIFY else "sign"
    return {
        "specversion": "1.0",
        "id": order.command_id,
        "source": f"/systems/{order.system}",
        "type": f"msign.{kind}.request.v1",
        "data": _verification(order) if order.act is Act.VERIFY else _sign(order),
    }


def _sign(order: Order) -> dict[str, Any]:
    contents = [{"content": _digest(order, number), "correlation_id": str(number)} for number in range(order.contents)]
    wrong = {"msisdn": "no number"} if order.act is Act.BAD else {}
    # Its deadline lies in its id's hands, so that a repeated command says the same.
    soon = {"deadline": _deadline(order.command_id)} if order.act is Act.NEVER else {}
    return {
        "content_type": "Hash",
        "short_description": order.command_id,
        "contents": contents,
        "return_url": f"{E_SERVICE}/back",
        **wrong,
        **soon,
    }


_DEADLINES: dict[str, str] = {}


def _deadline(command_id: str) -> str:
    return _DEADLINES.setdefault(command_id, (datetime.now(UTC) + NEVER_SIGNED_AFTER).isoformat())


def _verification(order: Order) -> dict[str, Any]:
    signature = base64.b64encode(b"<Signature/>").decode()
    contents = [{"signature": signature, "content": _digest(order, number)} for number in range(order.contents * 4)]
    return {"content_type": "Hash", "contents": contents}


def _digest(order: Order, number: int) -> str:
    return base64.b64encode(f"{order.command_id:>30.30}{number:02}".encode()).decode()
