"""What is drawn where? The geometry of every chart, in units of its `viewBox`; the templates only write it down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from services.sign_gateway.status.scales import Linear, Logarithmic, Tick, counts, duration, durations, every
from services.sign_gateway.status.tally import OUTCOMES, Funnel

WIDTH, HEIGHT = 360.0, 200.0
LEFT, RIGHT, TOP, BOTTOM = 48.0, 352.0, 12.0, 172.0
MOST_TIMES = 6
ROW_HEIGHT, BAR_HEIGHT = 46.0, 18.0
GAP = 0.15
"""The part of a step's width that stays empty between its bars and the next."""


@dataclass(frozen=True, slots=True)
class Label:
    """A text at a place along an axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle; `name` says what it shows, and gives it its colour."""

    name: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its gaps, as an SVG path, and the points on it."""

    name: str
    path: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart with two axes, its boxes or lines, and the same in a table."""

    id: str
    title: str
    description: str
    names: tuple[str, ...]
    levels: tuple[Label, ...]
    times: tuple[Label, ...]
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the funnel: how many jobs came that far, and what became of them."""

    title: str
    jobs: int
    share: str
    y: float
    boxes: tuple[Box, ...]


def stacked(
    name: str, title: str, steps: Sequence[datetime], step: timedelta, values: Mapping[str, Sequence[int]]
) -> Chart:
    """Return bars over time, one part on the other; what is nothing in every step is left out."""
    shown = {part: some for part, some in values.items() if any(some)}
    totals = [sum(column) for column in zip(*values.values(), strict=True)]
    scale = counts(totals)
    width = (RIGHT - LEFT) / len(steps)
    boxes = []
    for place in range(len(steps)):
        below = 0
        for part, some in shown.items():
            if some[place]:
                top, bottom = _height(scale, below + some[place]), _height(scale, below)
                boxes.append(Box(part, LEFT + (place + GAP / 2) * width, top, (1 - GAP) * width, bottom - top))
                below += some[place]
    written = _written(steps, step)
    return Chart(
        name, title,
        f"{sum(totals)} in all, {max(totals)} at most in one step of {duration(step.total_seconds())}.",
        tuple(shown), _levels(scale), _times(steps, step), tuple(boxes), (),
        ("From", *(part.capitalize() for part in values)),
        tuple(
            (when, *map(str, column))
            for when, *column in zip(written, *values.values(), strict=True)
            if any(column)
        ),
    )  # fmt: skip


def lines(
    name: str,
    title: str,
    steps: Sequence[datetime],
    step: timedelta,
    values: Mapping[str, Sequence[float | None]],
    *,
    linear: bool = False,
) -> Chart:
    """Return seconds over time, one line for each of `values`; a step without a value is a gap."""
    known = [value for some in values.values() for value in some if value is not None]
    scale = counts(known) if linear else durations(known)
    width = (RIGHT - LEFT) / len(steps)
    drawn = []
    for line, some in values.items():
        places = [
            None if value is None else (LEFT + (place + 0.5) * width, _height(scale, value))
            for place, value in enumerate(some)
        ]
        drawn.append(Line(line, path(places), tuple(place for place in places if place)))
    written = _written(steps, step)
    return Chart(
        name, title,
        f"At most {duration(max(known))}." if known else "There is nothing to show.",
        tuple(values), _levels(scale), _times(steps, step), (), tuple(drawn),
        ("From", *(line.capitalize() for line in values)),
        tuple(
            (when, *("" if value is None else duration(value) for value in column))
            for when, *column in zip(written, *values.values(), strict=True)
            if any(value is not None for value in column)
        ),
    )  # fmt: skip


def columns(name: str, title: str, values: Mapping[str, int]) -> Chart:
    """Return one bar for each of `values`."""
    scale = counts(values.values())
    width = (RIGHT - LEFT) / len(values)
    boxes = tuple(
        Box("open", LEFT + (place + GAP) * width, _height(scale, value), (1 - 2 * GAP) * width,
            BOTTOM - _height(scale, value))
        for place, value in enumerate(values.values())
    )  # fmt: skip
    labels = tuple(Label(LEFT + (place + 0.5) * width, text) for place, text in enumerate(values))
    rows = tuple((text, str(value)) for text, value in values.items())
    description = f"{sum(values.values())} in all."
    return Chart(name, title, description, (), _levels(scale), labels, boxes, (), ("Age", "Jobs"), rows)


def stages(funnel: Funnel, *, browser: bool) -> tuple[Stage, ...]:
    """Return the funnel's stages from the top; without `browser`, nobody is sent to a page and comes back."""
    steps = [("Received", funnel.received)]
    if browser:
        steps += [("Posted to MSign", funnel.posted), ("Signer came back", funnel.returned)]
    found = [
        Stage(title, jobs, _percent(jobs, funnel.received), place * ROW_HEIGHT,
              (Box("jobs", 0, place * ROW_HEIGHT + 24, _width(jobs, funnel.received), BAR_HEIGHT),) if jobs else ())
        for place, (title, jobs) in enumerate(steps)
    ]  # fmt: skip
    jobs = sum(count for outcome, count in funnel.ended.items() if outcome != "open")
    y = len(steps) * ROW_HEIGHT
    return (
        *found,
        Stage("Ended; the rest is open", jobs, _percent(jobs, funnel.received), y, _outcomes(funnel, y + 24)),
    )


def path(places: Sequence[tuple[float, float] | None]) -> str:
    """Return an SVG path through the places; None lifts the pen."""
    parts = []
    for known, some in groupby(places, key=lambda place: place is not None):
        if known:
            parts.append("M" + "L".join(f"{place[0]:.1f} {place[1]:.1f}" for place in some if place))
    return "".join(parts)


def _outcomes(funnel: Funnel, y: float) -> tuple[Box, ...]:
    x, boxes = 0.0, []
    for outcome in OUTCOMES:
        if jobs := funnel.ended[outcome]:
            width = _width(jobs, funnel.received)
            boxes.append(Box(outcome, x, y, width, BAR_HEIGHT))
            x += width
    return tuple(boxes)


def _width(jobs: int, of: int) -> float:
    return WIDTH * jobs / of if of else 0.0


def _percent(jobs: int, of: int) -> str:
    return f"{100 * jobs / of:.0f} %" if of else "–"


def _height(scale: Linear | Logarithmic, value: float) -> float:
    return BOTTOM - scale.share(value) * (BOTTOM - TOP)


def _levels(scale: Linear | Logarithmic) -> tuple[Label, ...]:
    def label(tick: Tick) -> Label:
        return Label(_height(scale, tick.value), tick.text)

    return tuple(map(label, scale.ticks))


def _times(steps: Sequence[datetime], step: timedelta) -> tuple[Label, ...]:
    """Label the days where there are several, else some of the steps."""
    width = (RIGHT - LEFT) / len(steps)
    if _days(steps, step):
        places, form = [place for place, moment in enumerate(steps) if moment.hour == 0], "%d %b"
    else:
        places, form = list(every(steps, most=MOST_TIMES)), "%H:%M"
    return tuple(Label(LEFT + place * width, steps[place].strftime(form)) for place in places)


def _written(steps: Sequence[datetime], step: timedelta) -> tuple[str, ...]:
    form = "%d %b %H:%M" if _days(steps, step) else "%H:%M"
    return tuple(moment.strftime(form) for moment in steps)


def _days(steps: Sequence[datetime], step: timedelta) -> bool:
    return step * len(steps) > timedelta(days=1)
