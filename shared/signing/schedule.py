"""How long is waited until something is tried again? Pure decisions; `chance` is a number in [0, 1)."""

from datetime import timedelta

RETRY_DELAYS_S = (1.0, 5.0, 30.0, 300.0)
FIRST_POLL_S = 10.0
LONGEST_POLL_S = 300.0


def retry_delay(failures: int, chance: float) -> timedelta:
    """Return the wait after the `failures`-th failure in a row: 1 s, 5 s, 30 s, then 5 min, each ± 20 %."""
    base = RETRY_DELAYS_S[min(failures, len(RETRY_DELAYS_S)) - 1]
    return timedelta(seconds=base * (0.8 + 0.4 * chance))


def lost_delay(failures: int, chance: float) -> timedelta:
    """Return the wait after a claim was lost that failed before: none at first, for a process may die by itself.

    But it may be this very job that its processes die of: then the others are not to die with each of them at once.
    """
    return retry_delay(failures, chance) if failures else timedelta(0)


def poll_delay(polls: int, chance: float) -> timedelta:
    """Return the wait until a SignResponse is asked for again: 10 s, 20 s, 40 s … 5 min, each ± 20 %."""
    base = min(FIRST_POLL_S * 2.0 ** min(polls, 16), LONGEST_POLL_S)
    return timedelta(seconds=base * (0.8 + 0.4 * chance))
