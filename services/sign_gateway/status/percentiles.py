"""How long did half of the jobs take at most, and how long 95 of 100? Told from counts by size.

A size is the whole part of `PER_DOUBLING` times the binary logarithm of the seconds (so does `activity.sql`): what is
read from it is wrong by less than 10 %, for microseconds as for days.
"""

from collections.abc import Mapping

PER_DOUBLING = 4


def quantile(sizes: Mapping[int, int], share: float) -> float | None:
    """Return how many seconds `share` of the durations took at most; None if there are none."""
    wanted = share * sum(sizes.values())
    seen = 0
    for size in sorted(sizes):
        if (count := sizes[size]) and (seen := seen + count) >= wanted:
            within = 1 - (seen - wanted) / count
            return float(2 ** ((size + within) / PER_DOUBLING))
    return None
