"""How fast is a mountain of work moved? Commands that wait at the broker, events that wait in the outbox."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable

import aiormq
import asyncpg
from pamqp.commands import Basic

from benchmarks.cases import Case, Measures
from benchmarks.cpu import processes, tree_ms
from benchmarks.memory import resident_bytes
from benchmarks.signing.contenders import SERVICE, Contender
from benchmarks.signing.leftovers import forget_open_work
from benchmarks.signing.load import SYSTEM, Load
from benchmarks.signing.stage import Set, Stage, meter, new_set, running, servers
from shared.messaging.topology import COMMANDS, SIGN_COMMANDS

LONGEST_S = 10.0
PIPELINED = 500
_AGAIN = "UPDATE events SET due_at = now(), published_at = NULL, attempts = 0 WHERE sequence = 1"


def commands(stage: Stage, contender: Contender, count: int, delay_ms: int) -> Case:
    """So many commands lie in the queue when the service starts."""

    async def run() -> Measures:
        async with new_set(stage, delay_ms=delay_ms, migrated=True) as one:
            await pile_up(one, count)
            return await _moved(stage, one, contender, count)

    return _case("backlog", f"{count:,} commands wait at the broker", contender, run)


def events(stage: Stage, contender: Contender, count: int, database_url: str) -> Case:
    """So many events lie in the outbox when the service starts, as after an hour without a broker."""

    async def run() -> Measures:
        await forget_open_work(database_url)
        connection = await asyncpg.connect(database_url)
        await connection.execute(_AGAIN)
        await connection.close()
        async with new_set(stage, delay_ms=0, migrated=False, used=database_url) as one:
            return await _moved(stage, one, contender, count)

    return _case("backlog", f"{count:,} events wait in the outbox", contender, run)


def _case(bench: str, setting: str, contender: Contender, run: Callable[[], Awaitable[Measures]]) -> Case:
    return Case(bench, setting, contender.name, contender.role, "events_per_s", run, contender.conditions)


async def pile_up(one: Set, count: int) -> None:
    """Publish so many commands, confirmed all together."""
    connection = await aiormq.connect(one.amqp_urls[SYSTEM])
    channel = await connection.channel(publisher_confirms=True)
    places = asyncio.Semaphore(PIPELINED)

    async def publish() -> None:
        async with places:
            message = one.load.command(str(uuid.uuid4()))
            await channel.basic_publish(
                message.body,
                exchange=COMMANDS,
                routing_key=f"sign.request.{SYSTEM}",
                properties=Basic.Properties(
                    content_type=message.content_type,
                    delivery_mode=2,
                    message_id=message.message_id,
                    user_id=SYSTEM,
                    message_type=message.type,
                ),
            )

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(publish())
    await connection.close()


async def _moved(stage: Stage, one: Set, contender: Contender, count: int) -> Measures:
    """Start the service and see how many events come in its first seconds; costs are those of its start as well."""
    costs = meter(servers())
    async with running(stage, one, contender.programs(stage, one)) as pids:
        await _until_told(one.load, count)
        taken = costs.taken_ms() | {SERVICE: tree_ms(pids[SERVICE], processes())}
        left, (_, most_bytes) = await _left(one), resident_bytes(pids[SERVICE])
    moved, (first, latest) = one.load.told, one.load.told_at
    if moved < 2:
        raise RuntimeError(f"{contender.name} moved nothing within {LONGEST_S} s; see its log in {stage.folder}")
    found = {"events_per_s": moved / (latest - first), "moved": float(moved), "left_at_the_broker": left}
    found["service_most_mb"] = most_bytes / 1e6
    return found | {f"{name}_cpu_ms_per_event": ms / moved for name, ms in taken.items()}


async def _until_told(load: Load, count: int) -> None:
    until = time.monotonic() + LONGEST_S
    while load.told < count and time.monotonic() < until:  # noqa: ASYNC110 - the load counts for itself
        await asyncio.sleep(0.02)


async def _left(one: Set) -> float:
    connection = await aiormq.connect(one.amqp_urls["sign_gateway"])
    channel = await connection.channel()
    found = await channel.queue_declare(SIGN_COMMANDS.name, passive=True)
    await connection.close()
    return float(found.message_count or 0)
