from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from msign_gateway.demo.orders import KEPT, Orders
from shared.messaging.envelope import Event


class Client:
    def __init__(self, *events: Event) -> None:
        self._events = events

    async def events(self) -> AsyncIterator[Event]:
        for event in self._events:
            yield event


def event(command_id: str, kind: str = "ready", job: str = "job-1") -> Event:
    data = {"command_id": command_id, "job_id": job}
    return Event(id="e", source="/s", type=kind, subject=job, time=datetime.now(UTC), sequence=1, data=data)


async def heard(orders: Orders, *events: Event) -> None:
    client: Any = Client(*events)
    await orders.listen(client)


async def test_an_order_gets_its_own_event_however_late_one_asks():
    orders = Orders()
    first, second = orders.begin(), orders.begin()
    await heard(orders, event(second.command_id, job="job-2"), event(first.command_id))
    found = await orders.event(first, {"ready"}, timeout_s=60)
    assert found is not None
    assert found.subject == "job-1"
    assert orders.of_job("job-2") is second


async def test_whoever_waits_is_woken_by_the_event():
    orders = Orders()
    order = orders.begin()
    waiting = asyncio.create_task(orders.event(order, {"ready"}, timeout_s=60))
    await heard(orders, event(order.command_id, "accepted"), event(order.command_id))
    found = await waiting
    assert found is not None
    assert found.type == "ready"


async def test_an_event_that_does_not_come_is_none():
    orders = Orders()
    assert await orders.event(orders.begin(), {"ready"}, timeout_s=0) is None


async def test_events_of_others_and_old_orders_are_not_kept():
    orders = Orders()
    oldest = orders.begin()
    for _ in range(KEPT):
        orders.begin()
    await heard(orders, event("somebody else's", job="job-3"), event(oldest.command_id))
    assert orders.of_job("job-3") is None
    assert orders.of_job("job-1") is None
