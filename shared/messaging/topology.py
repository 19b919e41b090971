"""Which exchanges, queues and bindings are there? Declared the same way by every process that uses them."""

from dataclasses import dataclass
from typing import Any

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel, AbstractQueue

COMMANDS = "msign.commands"
EVENTS = "msign.events"
DEAD = "msign.dead"

DELIVERY_LIMIT = 20
LOOKS_AT_DEAD = 1_000_000  # each look of an operator counts as a delivery, and by itself RabbitMQ 4 allows 20


@dataclass(frozen=True, slots=True)
class CommandQueue:
    """A service's queue of commands, and where what it cannot use goes."""

    service: str
    binding: str

    @property
    def name(self) -> str:
        """The queue's name; also the routing key in the dead exchange."""
        return f"{self.service}.commands"

    @property
    def dead(self) -> str:
        """The name of the dead queue."""
        return f"{self.service}.dead"

    @property
    def arguments(self) -> dict[str, Any]:
        """What the queue is declared with."""
        return {
            "x-queue-type": "quorum",
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": DEAD,
            "x-dead-letter-routing-key": self.name,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        }

    @property
    def dead_arguments(self) -> dict[str, Any]:
        """What the dead queue is declared with."""
        return {"x-queue-type": "quorum", "x-delivery-limit": LOOKS_AT_DEAD}


SIGN_COMMANDS = CommandQueue("sign_gateway", "sign.request.*")
VERIFICATION_COMMANDS = CommandQueue("verifier", "verification.request.*")
COMMAND_QUEUES = (SIGN_COMMANDS, VERIFICATION_COMMANDS)


async def declare_exchanges(channel: AbstractChannel) -> None:
    """Declare the three exchanges: durable topics."""
    for name in (COMMANDS, EVENTS, DEAD):
        await channel.declare_exchange(name, ExchangeType.TOPIC, durable=True)


async def declare_commands(channel: AbstractChannel, queue: CommandQueue) -> AbstractQueue:
    """Declare a command queue with its dead queue; returns the command queue. Both are quorum queues."""
    await declare_exchanges(channel)
    dead = await channel.declare_queue(queue.dead, durable=True, arguments=queue.dead_arguments)
    await dead.bind(DEAD, queue.name)
    commands = await channel.declare_queue(queue.name, durable=True, arguments=queue.arguments)
    await commands.bind(COMMANDS, queue.binding)
    return commands
