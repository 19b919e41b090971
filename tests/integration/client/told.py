"""What the gateway would tell a system, published by a test."""

import uuid
from datetime import UTC, datetime
from typing import Any

from aio_pika import Message

from shared.messaging.envelope import Event
from shared.messaging.events import routing_key
from shared.messaging.topology import EVENTS

PATIENCE_S = 60


async def tell(admin: Any, kind: str, command_id: str, *, system: str = "declaratii", **data: Any) -> Event:
    """Publish an event of a new job to `system`, and return it."""
    job_id = str(uuid.uuid4())
    event = Event(
        id=str(uuid.uuid4()),
        source="/services/test",
        type=kind,
        subject=job_id,
        time=datetime.now(UTC),
        sequence=1,
        data={"job_id": job_id, "command_id": command_id} | data,
    )
    exchange = await admin.get_exchange(EVENTS)
    await exchange.publish(Message(event.model_dump_json().encode()), routing_key(kind, system), mandatory=False)
    return event
