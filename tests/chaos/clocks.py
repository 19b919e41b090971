"""How does one process get a clock that is wrong? libfaketime, told by a file that may change while it runs.

Only the clock of the day is wrong; the one that measures durations goes on, as on a machine whose time is set.
"""

from datetime import timedelta
from pathlib import Path

RIGHT = timedelta(0)
HOUR = timedelta(hours=1)


def library() -> Path | None:
    """Return libfaketime's library for programs with threads, None where it is not installed."""
    return next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)


class Clock:
    """A process' clock of the day."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def step(self, by: timedelta) -> None:
        """Let it be wrong by that much from now on (the process sees it within a second)."""
        self._file.write_text(f"{by.total_seconds():+.0f}\n")

    @property
    def environment(self) -> dict[str, str]:
        """What the process is started with."""
        if not self._file.exists():
            self.step(RIGHT)
        found = library()
        return {} if found is None else {
            "LD_PRELOAD": str(found),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }  # fmt: skip
