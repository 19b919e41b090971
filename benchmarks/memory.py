"""How much memory did a process need at most, over what it holds when idle?

The kernel keeps the highest resident size of each process and forgets it when it is told to (proc(5), clear_refs),
so that no sampling can miss a peak. Children are counted with whoever started them.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from benchmarks.cpu import below, processes

_FORGET_PEAK = "5"


def resident_bytes(pid: int) -> tuple[int, int]:
    """Return a process' resident size, now and at most; zeros when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return 0, 0
    return _field("VmRSS", status), _field("VmHWM", status)


def _field(name: str, status: str) -> int:
    found = re.search(rf"^{name}:\s*(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def forget_peak(pid: int) -> None:
    """Let a process' peak be counted from now on."""
    with suppress(FileNotFoundError, ProcessLookupError):
        Path(f"/proc/{pid}/clear_refs").write_text(_FORGET_PEAK, encoding="utf-8")


class Peaks:
    """The peaks of the processes called so, over what they hold at this moment."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        now = processes()
        self._trees = {name: [pid, *below(pid, now)] for name, pid in pids.items()}
        self._idle = {}
        for name, tree in self._trees.items():
            for pid in tree:
                forget_peak(pid)
            self._idle[name] = sum(resident_bytes(pid)[0] for pid in tree)

    def over_idle_bytes(self) -> dict[str, int]:
        """Return by name what each needed at most beyond that; what began meanwhile counts whole."""
        now = processes()
        found = {}
        for name, (root, *_) in self._trees.items():
            most = sum(resident_bytes(pid)[1] for pid in (root, *below(root, now)))
            found[name] = max(0, most - self._idle[name])
        return found
