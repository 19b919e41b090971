"""Do log lines keep to themselves what code works with?"""

import subprocess
import sys

import pytest

FAILING = """
import structlog
from shared.telemetry.logging import configure_logging

def enter(pin):
    secret = {"PIN": pin[::-1]}
    raise RuntimeError("the database is away")

configure_logging("test", fmt="%s")
try:
    enter("1928")
except RuntimeError:
    structlog.get_logger().exception("page_failed")
"""


@pytest.mark.parametrize("fmt", ["json", "console"])
def test_a_traceback_shows_no_variables(fmt):
    done = subprocess.run([sys.executable, "-c", FAILING % fmt], capture_output=True, text=True, check=True)
    assert "the database is away" in done.stderr
    assert "page_failed" in done.stderr
    assert "8291" not in done.stderr
