"""What became of what the sample e-Service published? Its events, kept by order; everything else is let go."""

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field

from msign_gateway.client import GatewayClient
from shared.messaging.envelope import Event

KEPT = 500


@dataclass
class Order:
    """One command of the e-Service, and the events that answered it, by type."""

    command_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    events: dict[str, Event] = field(default_factory=dict)


class Orders:
    """The latest `KEPT` orders."""

    def __init__(self) -> None:
        self._orders: OrderedDict[str, Order] = OrderedDict()
        self._changed = asyncio.Condition()

    def begin(self) -> Order:
        """Return a new order; publish its command under its `command_id`, so that no event comes too early."""
        order = Order()
        self._orders[order.command_id] = order
        while len(self._orders) > KEPT:
            self._orders.popitem(last=False)
        return order

    async def listen(self, client: GatewayClient) -> None:
        """Keep the events of known orders until the connection ends. Raises `ConnectionLost`."""
        async for event in client.events():
            order = self._orders.get(str(event.data.get("command_id")))
            if order is not None:
                async with self._changed:
                    order.events[event.type] = event
                    self._changed.notify_all()

    async def event(self, order: Order, types: Collection[str], timeout_s: float) -> Event | None:
        """Return the order's event of one of `types`, or None if it does not come in time."""

        def found() -> Event | None:
            return next((event for kind, event in order.events.items() if kind in types), None)

        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(found)
        except TimeoutError:
            return None
        return found()

    def of_job(self, job_id: str) -> Order | None:
        """Return the order that began a job."""
        orders = self._orders.values()
        return next((one for one in orders if any(event.subject == job_id for event in one.events.values())), None)
