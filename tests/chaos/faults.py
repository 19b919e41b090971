"""What breaks during a run? Each fault ends by itself; the system must not lose or double anything meanwhile."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from tests.chaos.clocks import HOUR, RIGHT
from tests.chaos.system import System

Fault = Callable[[System, random.Random], Awaitable[None]]


def _any(system: System, chance: random.Random) -> Any:
    return chance.choice(system.replicas)


def _proxy(system: System, chance: random.Random) -> Any:
    return chance.choice([*system.proxies.values()])


async def kill(system: System, chance: random.Random) -> None:
    """SIGKILL of any process."""
    system.kill(_any(system, chance))


async def terminate(system: System, chance: random.Random) -> None:
    """SIGTERM of any process under load."""
    await system.terminate(_any(system, chance))


async def reset(system: System, chance: random.Random) -> None:
    """Every connection to one of the servers is reset."""
    _proxy(system, chance).reset()


async def refuse(system: System, chance: random.Random) -> None:
    """One of the servers is away for a while."""
    async with _proxy(system, chance).refused():
        await asyncio.sleep(chance.uniform(0.5, 3))


async def stall(system: System, chance: random.Random) -> None:
    """Connections stand and carry nothing, then go on."""
    async with _proxy(system, chance).stalled():
        await asyncio.sleep(chance.uniform(1, 4))


async def half_open(system: System, chance: random.Random) -> None:
    """Connections carry nothing, and what was under way is lost."""
    async with _proxy(system, chance).half_open():
        await asyncio.sleep(chance.uniform(1, 4))


async def slow(system: System, chance: random.Random) -> None:
    """Every piece to and from one of the servers takes longer."""
    async with _proxy(system, chance).slowed(0.05):
        await asyncio.sleep(chance.uniform(1, 3))


async def restart_broker(system: System, chance: random.Random) -> None:
    """The broker's node is killed and comes back."""
    await system.infrastructure.broker.restart()


async def restart_database(system: System, chance: random.Random) -> None:
    """The database server is killed and recovers."""
    await system.infrastructure.database.restart()


async def move_database(system: System, chance: random.Random) -> None:
    """The database is somewhere else from now on: the file that the services follow says where."""
    system.move_database()


async def alarm(system: System, chance: random.Random) -> None:
    """The broker is short of memory or disk, and blocks whoever publishes."""
    async with system.infrastructure.broker.alarm(chance.choice(("memory", "disk"))):
        await asyncio.sleep(chance.uniform(0, 2))


async def step_clock(system: System, chance: random.Random) -> None:
    """The clock of a process jumps: an hour ahead or back, or to where it should be."""
    system.clock_of(_any(system, chance)).step(chance.choice((HOUR, -HOUR, RIGHT)))


FAULTS: dict[str, tuple[Fault, int]] = {
    "a process is killed": (kill, 30),
    "a process is asked to end": (terminate, 15),
    "connections are reset": (reset, 15),
    "a server is away": (refuse, 10),
    "connections stall": (stall, 8),
    "connections are half-open": (half_open, 8),
    "connections are slow": (slow, 6),
    "the broker is restarted": (restart_broker, 4),
    "the database is restarted": (restart_database, 4),
    "the database moves to another address": (move_database, 5),
    "the broker blocks publishers": (alarm, 4),
    "a clock jumps by an hour": (step_clock, 8),
}


def available(system: System) -> dict[str, tuple[Fault, int]]:
    """The faults that can be caused here: given servers are not ours to restart, and clocks may not be ours to set."""
    found = dict(FAULTS)
    if not system.infrastructure.broker.can_restart:
        del found["the broker is restarted"], found["the broker blocks publishers"]
    if not system.clocks:
        del found["a clock jumps by an hour"]
    if not system.infrastructure.database.can_restart:
        del found["the database is restarted"]
    return found
