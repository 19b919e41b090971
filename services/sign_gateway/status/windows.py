"""Over which times does the status page look back, and into which steps are they cut?"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """A time up to now, in whole steps; the last one is under way."""

    name: str
    title: str
    span: timedelta
    step: timedelta

    def steps(self, now: datetime) -> tuple[datetime, ...]:
        """Return when each step begins, oldest first."""
        last = floor(now, self.step)
        count = self.span // self.step
        return tuple(last - self.step * back for back in range(count - 1, -1, -1))


HOUR = Window("hour", "Last hour", timedelta(hours=1), timedelta(minutes=5))
DAY = Window("day", "Last 24 hours", timedelta(hours=24), timedelta(minutes=30))
WEEK = Window("week", "Last 7 days", timedelta(days=7), timedelta(hours=3))
WINDOWS = {window.name: window for window in (HOUR, DAY, WEEK)}


def floor(moment: datetime, step: timedelta) -> datetime:
    """Return when the step began that `moment` lies in; steps are counted from 1970 in UTC."""
    return moment - (moment - EPOCH) % step
