"""What did we want to reach, and did we? One line for each bar, from the rows of a run."""

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


def bars(rows: Sequence[Row]) -> list[Bar]:
    """Return the bars that these rows say something about."""
    candidates = [
        _least("sign pipeline: jobs/s over the best peer's", 3, _best_peer(rows, "signing")),
        _least("sign pipeline: jobs/s over those of the operations alone", 0.6, _against(rows, "signing", Role.FLOOR)),
        _most("return to `ready` at half load, beyond MSign's answer: p99, ms", 50, _seen(rows, "returning", "p99_")),
        _most(
            "peak memory, documents by reference: sizes", 0.5, _seen(rows, "documents", "_in_documents", "reference")
        ),
        _most("peak memory, inline documents: sizes", 4, _seen(rows, "documents", "_in_documents", "inline")),
        _least("documents by reference: MB/s over the peer's", 3, _best_peer(rows, "documents", "reference")),
        _most("longest stall of an event loop by its own doing, ms", 50, _seen(rows, "documents", "own_stall_ms")),
        _least("XAdES-T: signatures/s of a core over signxml's", 3, _best_peer(rows, "verifying", "XAdES", "signxml")),
        _least("PDF: signatures/s of a core over pyHanko's", 2, _best_peer(rows, "verifying", "PDF", "pyHanko")),
        _least("jobs/s behind finished jobs over an empty database's", 0.9, _against(rows, "history", Role.BASE)),
        _least("jobs/s of 2 replicas over one's", 1.7, _against(rows, "replicas", Role.BASE, "2 replicas")),
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


def _best_peer(rows: Sequence[Row], bench: str, setting: str = "", peer: str = "") -> Found:
    """Yield for each setting our ratio to its best peer (the smallest)."""
    smallest: dict[str, float] = {}
    for one in ratios(rows):
        if one.bench == bench and one.role is Role.PEER and setting in one.setting and peer in one.against:
            smallest[one.setting] = min(one.value, smallest.get(one.setting, one.value))
    for where, value in smallest.items():
        yield value, where
