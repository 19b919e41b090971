"""When is something tried again? Pure decisions about time; `chance` is a number in [0, 1)."""

from datetime import datetime, timedelta

RETRY_DELAYS_S = (1.0, 5.0, 30.0, 300.0)
FIRST_POLL_S = 10.0
LONGEST_POLL_S = 300.0


def retry_delay(failures: int, chance: float) -> timedelta:
    """Return the wait after the `failures`-th failure in a row: 1 s, 5 s, 30 s, then 5 min, each ± 20 %."""
    base = RETRY_DELAYS_S[min(failures, len(RETRY_DELAYS_S)) - 1]
    return timedelta(seconds=base * (0.8 + 0.4 * chance))


def next_poll(polls: int, now: datetime, expires_at: datetime, chance: float) -> datetime:
    """Return when to ask for a SignResponse again: 10 s, 20 s, 40 s … 5 min, ± 20 %, and once at the deadline."""
    base = min(FIRST_POLL_S * 2.0 ** min(polls, 16), LONGEST_POLL_S)
    due = now + timedelta(seconds=base * (0.8 + 0.4 * chance))
    return expires_at if now < expires_at < due else due
