"""How are a job's signatures spread over calls of VerifySignatures? Pure decisions."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shared.persistence.job import JobContent

Batch = tuple[JobContent, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """How much one call may carry: signatures, and bytes of them (a single larger one goes alone)."""

    count: int
    size: int

    def after(self, failures: int) -> "Measure":
        """Return a quarter for each failure before, down to single signatures: a bad one ends up alone."""
        return Measure(max(1, self.count >> 2 * min(failures, 16)), self.size)


def plan(items: Iterable[tuple[JobContent, int]], measure: Measure) -> Iterator[Batch]:
    """Split contents, each with its size in bytes, into batches; their order stays."""
    batch: list[JobContent] = []
    size = 0
    for item, item_size in items:
        if batch and (len(batch) == measure.count or size + item_size > measure.size):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(item)
        size += item_size
    if batch:
        yield tuple(batch)


def halves(batch: Sequence[JobContent]) -> tuple[Batch, Batch]:
    """Return the two halves of a batch of at least two, to find the one that MSign refuses."""
    middle = len(batch) // 2
    return tuple(batch[:middle]), tuple(batch[middle:])
