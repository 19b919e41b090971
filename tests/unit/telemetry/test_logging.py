"""Do log lines keep to themselves what code works with, and say what they belong to?"""

import json
import os
import pty
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
TRACED = """
import logging
import threading
import structlog
from shared.telemetry.logging import configure_logging
from shared.telemetry.tracing import span

configure_logging("test")
thread = threading.Thread(target=lambda: logging.getLogger("library").error("lost"))
thread.start()
thread.join()
with span("step", parent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"):
    structlog.get_logger("gateway.posting").info("posted", job_id="j-1")
    structlog.get_logger().debug("not told")
    logging.getLogger("library").warning("slow")
structlog.get_logger().info("idle")
"""


@pytest.mark.parametrize("fmt", ["json", "console"])
def test_a_traceback_shows_no_variables(fmt):
    done = subprocess.run([sys.executable, "-c", FAILING % fmt], capture_output=True, text=True, check=True)
    assert "the database is away" in done.stderr
    assert "page_failed" in done.stderr
    assert "8291" not in done.stderr


def test_a_line_names_its_trace_whoever_wrote_it():
    done = subprocess.run([sys.executable, "-c", TRACED], capture_output=True, text=True, check=True)
    lost, posted, slow, idle = map(json.loads, done.stderr.splitlines())
    assert all(line["service"] == "test" for line in (lost, posted, slow, idle))
    for line in (posted, slow):
        assert line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
        assert line["span_id"] == "b7ad6b7169203331"
    assert (posted["event"], posted["job_id"]) == ("posted", "j-1")
    assert "trace_id" not in idle
    assert [line["logger"] for line in (lost, posted, slow)] == ["library", "gateway.posting", "library"]
    assert [line["level"] for line in (lost, posted, slow, idle)] == ["error", "info", "warning", "info"]
    assert all(line["timestamp"].endswith("Z") for line in (lost, posted, slow, idle))


def test_lines_are_json_where_nobody_looks_and_readable_on_a_terminal():
    controlling, terminal = pty.openpty()
    try:
        subprocess.run([sys.executable, "-c", TRACED], stderr=terminal, check=True)
        seen = os.read(controlling, 65536).decode()
    finally:
        os.close(controlling)
        os.close(terminal)
    assert "posted" in seen
    with pytest.raises(json.JSONDecodeError):
        json.loads(seen.splitlines()[0])
