"""What happens when a service ends while the demo runs? Interactively it is started anew, as an orchestrator would."""

import asyncio
import time
from collections.abc import Callable

from msign_gateway.demo.errors import DemoError
from msign_gateway.infrastructure.processes import Child

LOOK_EVERY_S = 0.2
SHORT_LIFE_S = 5.0
MOST_SHORT_LIVES = 3


async def until_one_ends(children: dict[str, Child]) -> None:
    """Raise `InfrastructureError` with the end of its log as soon as a service ends."""
    while True:
        for child in children.values():
            child.must_run()
        await asyncio.sleep(LOOK_EVERY_S)


async def keep_running(children: dict[str, Child], restart: Callable[[str], Child], say: Callable[[str], None]) -> None:
    """Start every service that ends anew, for ever; raises `DemoError` for one that does not stay up."""
    started = dict.fromkeys(children, time.monotonic())
    short_lives = dict.fromkeys(children, 0)
    while True:
        for name, child in list(children.items()):
            if child.exit_code is None:
                continue
            now = time.monotonic()
            short_lives[name] = short_lives[name] + 1 if now - started[name] < SHORT_LIFE_S else 0
            if short_lives[name] >= MOST_SHORT_LIVES:
                raise DemoError(f"{name} does not stay up; its last lines:\n{child.last_lines()}")
            say(f"{name} ended with exit code {child.exit_code}; starting it again")
            children[name], started[name] = restart(name), now
        await asyncio.sleep(LOOK_EVERY_S)
