"""How much processor time did whom cost? Read from /proc, for a process with all that it started.

Processor time hardly changes with what else runs on the machine, unlike everything that is timed by the clock.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Process:
    """A process, its parent, its name, and the time that it and its ended children took (milliseconds)."""

    pid: int
    parent: int
    name: str
    cpu_ms: float


def read_stat(text: str) -> Process:
    """Return what a line of /proc/PID/stat says (proc(5)); the name may hold spaces and brackets."""
    pid, _, rest = text.partition(" (")
    name, _, rest = rest.rpartition(") ")
    fields = rest.split()
    ticks = sum(int(fields[place]) for place in range(11, 15))  # utime, stime, cutime, cstime
    return Process(int(pid), int(fields[1]), name, ticks * _TICK_MS)


def processes() -> list[Process]:
    """Return all processes of this moment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            found.append(read_stat(path.read_text(encoding="utf-8", errors="replace")))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def below(root: int, among: Iterable[Process]) -> list[int]:
    """Return the process ids of everything that a process started, and of what that started."""
    children: dict[int, list[int]] = {}
    for process in among:
        children.setdefault(process.parent, []).append(process.pid)
    found: list[int] = []
    waiting = [root]
    while waiting:
        started = children.get(waiting.pop(), [])
        found += started
        waiting += started
    return found


def tree_ms(root: int, among: Sequence[Process]) -> float:
    """Return what a process and everything below it took so far."""
    tree = {root, *below(root, among)}
    return sum(process.cpu_ms for process in among if process.pid in tree)


def named_below(root: int, names: Mapping[str, str], among: Iterable[Process]) -> dict[str, int]:
    """Return the processes directly below `root` by what `names` calls them (program name → our name)."""
    return {names[one.name]: one.pid for one in among if one.parent == root and one.name in names}


def busy_s() -> float:
    """Return for how many seconds all processors of the machine together have worked, for whomever (proc(5), stat)."""
    first, *_ = Path("/proc/stat").read_text(encoding="utf-8").splitlines()
    user, nice, system, _, _, irq, softirq, *_ = map(int, first.split()[1:])
    return (user + nice + system + irq + softirq) * _TICK_MS / 1000


class Meter:
    """What the processes called so took since this was made; our own time stands under `own`."""

    def __init__(self, pids: Mapping[str, int], *, own: str) -> None:
        self._pids = pids
        self._own = own
        self._before = self._read()

    def _read(self) -> dict[str, float]:
        now = processes()
        taken = {name: tree_ms(pid, now) for name, pid in self._pids.items()}
        user, system, *_ = os.times()
        return taken | {self._own: (user + system) * 1000}

    def taken_ms(self) -> dict[str, float]:
        """Return milliseconds by name."""
        return {name: taken - self._before[name] for name, taken in self._read().items()}
