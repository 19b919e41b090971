"""May a system ask for more just now? How many of its jobs may be open, and how many may begin in a minute?"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.messaging.problems import Code, Problem
from shared.persistence import intake
from shared.systems import Limits, System

MINUTE = timedelta(minutes=1)
COUNTED_FOR_S = 1.0
AMPLE = 1000


@dataclass(slots=True)
class Used:
    """How much of its limits a system had used when that was counted (on a monotonic clock), and has since."""

    still_open: int
    recent: int
    counted_s: float

    def ample(self, limits: Limits, now_s: float) -> bool:
        """Tell whether there is so much room that an older count will do."""
        return (
            now_s - self.counted_s < COUNTED_FOR_S
            and self.still_open + AMPLE <= limits.open_jobs
            and (limits.jobs_per_minute is None or self.recent + AMPLE <= limits.jobs_per_minute)
        )


class Quota:
    """What the systems still may: the database is asked once a second while there is ample room, else for each batch.

    Replicas that take in commands at the same moment do not see each other's: a bound may be passed by a batch, or
    where there was ample room, by what the others take in within a second.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._used: dict[str, Used] = {}

    async def count(self, connection: Any, system: System, now: datetime) -> None:
        """Get to know, before a batch, how much the system has used by `now`, which is the database's time."""
        used = self._used.get(system.name)
        if used is None or not used.ample(system.limits, self._clock()):
            self._used[system.name] = await self._counted(connection, system, now)

    def take(self, system: System) -> Problem | None:
        """Count one more job of a system, or return why there cannot be one."""
        used, limits = self._used[system.name], system.limits
        if used.still_open >= limits.open_jobs:
            return Problem("", Code.TOO_MANY_OPEN, f"{limits.open_jobs} jobs of this system are open, no more may be")
        if limits.jobs_per_minute is not None and used.recent >= limits.jobs_per_minute:
            sentence = f"this system began {limits.jobs_per_minute} jobs within a minute, no more may be"
            return Problem("", Code.TOO_FAST, sentence)
        used.still_open += 1
        used.recent += 1
        return None

    async def _counted(self, connection: Any, system: System, now: datetime) -> Used:
        began_s = self._clock()
        limits = system.limits
        still_open = await intake.count_open(connection, system.name, at_most=limits.open_jobs)
        if limits.jobs_per_minute is None:
            return Used(still_open, 0, began_s)
        return Used(still_open, await intake.count_begun(connection, system.name, since=now - MINUTE), began_s)
