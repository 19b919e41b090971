"""A service as tests run it: `python -m tests.chaos.service NAME`; times are short, KILL_AT may name a point."""

import os
import runpy
import sys
from datetime import timedelta

import services.sign_gateway.deadlines
import services.sign_gateway.posting
import services.verifier.asking
import services.verifier.verifying
import shared.messaging.relay
import shared.signing.breaker
import shared.signing.collect
import shared.signing.schedule
from tests.chaos.points import arm

LEASE = timedelta(seconds=5)
"""Longer than a call may take (MSIGN_TIMEOUT_S), as the real leases are."""


def hurry() -> None:
    """Make every wait short that is minutes in production; what is waited for stays the same."""
    services.sign_gateway.posting.LEASE = LEASE
    services.verifier.asking.LEASE = LEASE
    services.verifier.verifying.LEASE = LEASE  # type: ignore[attr-defined]
    shared.signing.collect.LEASE = LEASE
    shared.messaging.relay.LEASE = LEASE
    shared.messaging.relay.CONFIRM_TIMEOUT_S = 3.0
    services.sign_gateway.deadlines.EVERY_S = 1.0
    shared.signing.schedule.RETRY_DELAYS_S = (0.2, 0.5, 1.0, 2.0)
    shared.signing.schedule.FIRST_POLL_S = 1.0
    shared.signing.schedule.LONGEST_POLL_S = 4.0
    shared.signing.breaker.LONGEST_PAUSE_S = 2.0


if __name__ == "__main__":
    (name,) = sys.argv[1:]
    hurry()
    if point := os.environ.get("KILL_AT"):
        arm(point, name)
    runpy.run_module(f"services.{name}", run_name="__main__")
