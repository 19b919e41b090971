"""Where on a chart does a value lie, and which values are written beside its axis? Pure arithmetic."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MILLISECOND, MINUTE, HOUR, DAY = 0.001, 60.0, 3600.0, 86400.0
ROUND_S = (
    *(digit * MILLISECOND * power for power in (1, 10, 100) for digit in (1, 3)),
    *(1.0, 3.0, 10.0, 30.0),
    *(MINUTE, 3 * MINUTE, 10 * MINUTE, 30 * MINUTE),
    *(HOUR, 3 * HOUR, 8 * HOUR),
    *(DAY, 3 * DAY, 7 * DAY),
)
"""Durations that people find round, each some three times the one before."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A value beside an axis."""

    value: float
    text: str


@dataclass(frozen=True, slots=True)
class Linear:
    """Counts, from 0 at the bottom."""

    ticks: tuple[Tick, ...]

    def share(self, value: float) -> float:
        """Return how far up a value lies, 0 to 1."""
        return value / self.ticks[-1].value


@dataclass(frozen=True, slots=True)
class Logarithmic:
    """Durations from `low` to `high` seconds: the same factor is the same height everywhere."""

    low: float
    high: float
    ticks: tuple[Tick, ...]

    def share(self, value: float) -> float:
        """Return how far up a value lies, 0 to 1; what is out of the range lies on its edge."""
        within = min(max(value, self.low), self.high)
        return math.log(within / self.low) / math.log(self.high / self.low)


def counts(values: Iterable[float], *, most_ticks: int = 4) -> Linear:
    """Return the scale of whole numbers up to the greatest value: steps of 1, 2 or 5 times a power of ten."""
    top = max(1.0, *values, 1.0)
    magnitude = 10 ** math.floor(math.log10(top / most_ticks)) if top > most_ticks else 1
    step = next(magnitude * one for one in (1, 2, 5, 10) if top <= magnitude * one * most_ticks)
    return Linear(tuple(Tick(step * n, short(step * n)) for n in range(math.ceil(top / step) + 1)))


def durations(values: Iterable[float], *, most_ticks: int = 5) -> Logarithmic:
    """Return the scale from a round duration below all values to one above them."""
    known = tuple(values) or (1.0,)
    low = max(bisect_right(ROUND_S, min(known)) - 1, 0)
    high = min(max(bisect_left(ROUND_S, max(known)), low + 1), len(ROUND_S) - 1)
    low = min(low, high - 1)
    shown = ROUND_S[low : high + 1]
    ticks = tuple(Tick(shown[at], duration(shown[at])) for at in every(shown, most=most_ticks))
    return Logarithmic(shown[0], shown[-1], ticks)


def short(number: float) -> str:
    """Return a count as a person says it: 950, 1.2k, 3M."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number / size:.1f}".removesuffix(".0") + letter
    return f"{number:.0f}"


def duration(seconds: float) -> str:
    """Return a duration in the largest unit that leaves at least one of it: 250 ms, 1.5 s, 3 min, 2 h, 5 d."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"), (0.001, "ms")):
        if seconds >= size:
            count = seconds / size
            return f"{count:.1f}".removesuffix(".0") + f" {unit}" if count < 10 else f"{count:.0f} {unit}"
    return "0 s" if seconds == 0 else "< 1 ms"


def every(items: Sequence[object], *, most: int) -> range:
    """Return the places of at most `most` items at equal distances, the first among them."""
    return range(0, len(items), max(1, math.ceil(len(items) / most)))
