"""For how long did an event loop answer to nobody?

A task in the loop sleeps for a few milliseconds, again and again, and notes by how much it woke up too late. On a busy
machine it may be late because the whole process had to wait for a processor: so it notes as well how much of the delay
the process spent computing (whichever of its threads), which is what is its own doing. The notes are in a file that
the benchmark reads meanwhile.
"""

import asyncio
import mmap
import struct
import time
from pathlib import Path

EVERY_S = 0.005
_TWO = struct.Struct("dd")


class Stalls:
    """The longest stalls of one process since they were last forgotten; `path` is a file of this module's making."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_TWO.size))
        with path.open("r+b") as file:
            self._notes = mmap.mmap(file.fileno(), _TWO.size)

    def note(self, late_ms: float, own_ms: float) -> None:
        """Keep what is longer than everything before."""
        longest, own = self.longest_ms
        _TWO.pack_into(self._notes, 0, max(longest, late_ms), max(own, own_ms))

    def forget(self) -> None:
        """Begin anew."""
        _TWO.pack_into(self._notes, 0, 0.0, 0.0)

    @property
    def longest_ms(self) -> tuple[float, float]:
        """The longest delay, and the longest that was the process' own doing, in milliseconds."""
        late, own = _TWO.unpack_from(self._notes)
        return late, own


async def look(stalls: Stalls) -> None:
    """Note how late this loop is, until cancelled."""
    while True:
        begun, computed = time.monotonic(), time.process_time()
        await asyncio.sleep(EVERY_S)
        late_s = time.monotonic() - begun - EVERY_S
        stalls.note(late_s * 1000, min(late_s, time.process_time() - computed) * 1000)
