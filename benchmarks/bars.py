"""What did we want to reach, and did we? One line for each bar, from the rows of a run.

Where documents are concerned, the peer that does the same work counts: it looks at what comes back. Replicas are judged
where the machine has something left to give them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.cases import Role, Row
from benchmarks.ratios import ratios


@dataclass(frozen=True, slots=True)
class Bar:
    """One aim: `wanted` at least, or at most; `measured` is the worst of all settings that it is about, `where`."""

    name: str
    wanted: float
    at_most: bool
    measured: float
    where: str

    @property
    def reached(self) -> bool:
        """Whether the worst setting is good enough."""
        return self.measured <= self.wanted if self.at_most else self.measured >= self.wanted


CHECKING = "pyHanko"
"""The end of the names of peers that look at what comes back."""
FULL = 0.9
"""Cores that are busier than that are full: more processes only share them."""


def bars(rows: Sequence[Row], cores: int) -> list[Bar]:
    """Return the bars that these rows, of a machine with so many cores, say something about."""
    candidates = [
        _least("sign pipeline: jobs/s over the best peer's", 3, _best_peer(rows, "signing")),
        _least("sign pipeline: jobs/s over those of the operations alone", 0.6, _against(rows, "signing", Role.FLOOR)),
        _most("return to `ready` at half load, beyond MSign's answer: p99, ms", 50, _seen(rows, "returning", "p99_")),
        _most(
            "peak memory, documents by reference: sizes", 0.5, _seen(rows, "documents", "_in_documents", "reference")
        ),
        _most("peak memory, inline documents: sizes", 4, _seen(rows, "documents", "_in_documents", "inline")),
        _least("documents by reference: MB/s over the peer's that checks as well", 3, _documents(rows)),
        _most("longest stall of an event loop by its own doing, ms", 50, _seen(rows, "documents", "own_stall_ms")),
        _least("XAdES-T: signatures/s of a core over signxml's", 3, _best_peer(rows, "verifying", "XAdES", "signxml")),
        _least("PDF: signatures/s of a core over pyHanko's", 2, _best_peer(rows, "verifying", "PDF", "pyHanko")),
        _least("jobs/s behind the longest history over an empty database's", 0.9, _behind(rows)),
        _least("jobs/s of 2 replicas over one's", 1.7, _replicas(rows, cores)),
    ]
    return [bar for bar in candidates if bar is not None]


Found = Iterable[tuple[float, str]]


def _least(name: str, wanted: float, found: Found) -> Bar | None:
    worst = min(found, default=None)
    return Bar(name, wanted, False, *worst) if worst else None


def _most(name: str, wanted: float, found: Found) -> Bar | None:
    worst = max(found, default=None)
    return Bar(name, wanted, True, *worst) if worst else None


def _seen(rows: Sequence[Row], bench: str, measure: str, setting: str = "") -> Found:
    """Yield each of our measures whose name has `measure` in it."""
    for row in rows:
        if row.bench == bench and row.role is Role.OURS and setting in row.setting:
            for name, value in row.medians.items():
                if measure in name:
                    yield value, f"{row.setting}: {name.replace('_', ' ')}"


def _against(rows: Sequence[Row], bench: str, role: Role, ours: str = "") -> Found:
    for one in ratios(rows):
        if one.bench == bench and one.role is role and ours in one.ours:
            yield one.value, f"{one.setting}, {one.ours}"


def _behind(rows: Sequence[Row]) -> Found:
    """Return what the longest history made of the rate; shorter ones are there to show how it grows."""
    found = [one for one in ratios(rows) if one.bench == "history" and one.role is Role.BASE]
    longest = max((int(one.ours.split()[0].replace(",", "")) for one in found), default=0)
    return [(one.value, one.ours) for one in found if one.ours.startswith(f"{longest:,} ")]


def _best_peer(rows: Sequence[Row], bench: str, setting: str = "", peer: str = "") -> Found:
    """Yield for each setting our ratio to its best peer (the smallest)."""
    smallest: dict[str, float] = {}
    for one in ratios(rows):
        if one.bench == bench and one.role is Role.PEER and setting in one.setting and peer in one.against:
            smallest[one.setting] = min(one.value, smallest.get(one.setting, one.value))
    for where, value in smallest.items():
        yield value, where


def _documents(rows: Sequence[Row]) -> Found:
    """Yield our ratio to the peer that checks, and say beside it which it is to the one that does not."""
    found = [one for one in ratios(rows) if one.bench == "documents" and one.role is Role.PEER]
    bare = {one.setting: one.value for one in found if not one.against.endswith(CHECKING)}
    for one in found:
        if one.against.endswith(CHECKING) and "reference" in one.setting:
            beside = f" ({bare[one.setting]:.2f} times the one that checks nothing)" if one.setting in bare else ""
            yield one.value, f"{one.setting}{beside}"


def _replicas(rows: Sequence[Row], cores: int) -> Found:
    """Return what two replicas brought where cores are not full, and say beside it what they did where cores are.

    Where cores are full everywhere, that is all there is to judge.
    """
    busy = {
        (row.setting, row.contender): row.medians["cores_busy"]
        for row in rows
        if row.bench == "replicas" and "cores_busy" in row.medians
    }
    free, full = [], []
    for one in ratios(rows):
        if one.bench == "replicas" and one.role is Role.BASE and one.ours == "2 replicas":
            used = busy.get((one.setting, one.ours), 0.0)
            if used < FULL * cores:
                free.append((one.value, f"{one.setting}; cores busy: {used:.2f} of {cores}"))
            else:
                full.append((one.value, f"{one.setting}; cores are full: {used:.2f} of {cores}"))
    beside = "".join(f"; not judged: {value:.2f}, {where}" for value, where in full)
    return [(value, f"{where}{beside}") for value, where in free] or full
