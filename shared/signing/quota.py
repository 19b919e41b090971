"""May a system ask for more just now? How many of its jobs may be open, and how many may begin in a minute?"""

from datetime import datetime, timedelta
from typing import Any

from shared.messaging.problems import Code, Problem
from shared.persistence import jobs
from shared.systems import System

MINUTE = timedelta(minutes=1)


class Quota:
    """What the systems of one batch of commands still may; the database is asked once for each system.

    Replicas that take in commands at the same moment do not see each other's: a bound may be passed by a batch.
    """

    def __init__(self, connection: Any, now: datetime) -> None:
        self._connection = connection
        self._since = now - MINUTE
        self._used: dict[str, tuple[int, int]] = {}

    async def take(self, system: System) -> Problem | None:
        """Count one more job of a system, or return why there cannot be one."""
        limits = system.limits
        still_open, recent = self._used.get(system.name) or await self._count(system)
        if still_open >= limits.open_jobs:
            return Problem("", Code.TOO_MANY_OPEN, f"{limits.open_jobs} jobs of this system are open, no more may be")
        if limits.jobs_per_minute is not None and recent >= limits.jobs_per_minute:
            sentence = f"this system began {limits.jobs_per_minute} jobs within a minute, no more may be"
            return Problem("", Code.TOO_FAST, sentence)
        self._used[system.name] = (still_open + 1, recent + 1)
        return None

    async def _count(self, system: System) -> tuple[int, int]:
        still_open = await jobs.count_open(self._connection, system.name, at_most=system.limits.open_jobs)
        if system.limits.jobs_per_minute is None:
            return still_open, 0
        return still_open, await jobs.count_begun(self._connection, system.name, since=self._since)
