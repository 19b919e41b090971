"""What happens when a service ends while the demo runs? Interactively it is started anew, as an orchestrator would.

To see what happens without one of them, a person can hold it: as long as the file `.demo/hold/<service>` exists, the
service is stopped.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(slots=True)
class _Life:
    """What became of a service so far: when it was started, how often it ended at once, whether somebody holds it."""

    started: float
    short_lives: int = 0
    held: bool = False

    def begin_anew(self, child: Child) -> None:
        """Note that `child` ended and is started again; raises `DemoError` if that has gone on for too long."""
        now = time.monotonic()
        short = not self.held and now - self.started < SHORT_LIFE_S
        self.short_lives = self.short_lives + 1 if short else 0
        if self.short_lives >= MOST_SHORT_LIVES:
            raise DemoError(f"{child.name} does not stay up; its last lines:\n{child.last_lines()}")
        self.started, self.held = now, False


async def keep_running(
    children: dict[str, Child], restart: Callable[[str], Child], say: Callable[[str], None], hold: Path
) -> None:
    """Start every service that ends anew, for ever; raises `DemoError` for one that does not stay up.

    A service whose name a file in `hold` has is stopped, and started again when the file is gone.
    """
    lives = {name: _Life(time.monotonic()) for name in children}
    while True:
        for name, child in list(children.items()):
            life = lives[name]
            if (hold / name).exists():
                if not life.held:
                    say(f"{name} stops, until {hold / name} is gone")
                    child.ask_to_stop()
                life.held = True
            elif child.exit_code is not None:
                life.begin_anew(child)
                say(f"{name} ended with exit code {child.exit_code}; starting it again")
                children[name] = restart(name)
        await asyncio.sleep(LOOK_EVERY_S)
