"""Do spans get out, and does a collector that is away or hangs never hold up the work?"""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.telemetry import tracing
from tests.collector import open_collector

ROOT = Path(__file__).parents[3]
WORKING = """
import sys
from shared.telemetry import tracing
from shared.telemetry.tracing import exporting, span

tracing.FLUSH_S = float(sys.argv[2])
with exporting("tests", sys.argv[1] or None):
    for number in range(3000):  # more than fit into the queue
        with span(f"work {number}"):
            pass
    print("worked", flush=True)
print("ended", "opentelemetry.sdk" in sys.modules, flush=True)
"""


def work(endpoint: str, *, flush_s: float = tracing.FLUSH_S, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", WORKING, endpoint, str(flush_s)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)} | environment,
    )
    return done.stdout


async def test_spans_get_out_with_the_services_name_and_the_last_ones_at_the_end():
    with open_collector() as (collector, url):
        assert work(url + "/", flush_s=60, OTEL_BSP_MAX_QUEUE_SIZE="4000") == "worked\nended True\n"
        assert {one.service for one in collector.spans} == {"tests"}
        assert {one.name for one in collector.spans} == {f"work {number}" for number in range(3000)}


def test_a_collector_that_never_answers_costs_spans_and_not_the_work():
    with open_collector() as (collector, url):
        collector.held.clear()
        assert work(url) == "worked\nended True\n"
        assert collector.spans == []
        assert collector.asked


@pytest.mark.parametrize("status", [400, 503])
def test_a_collector_that_refuses_does_neither(status):
    with open_collector() as (collector, url):
        collector.status = status
        assert work(url) == "worked\nended True\n"
        assert collector.asked


def test_a_collector_that_is_away_does_neither():
    with open_collector() as (_, url):
        pass
    assert work(url) == "worked\nended True\n"


def test_where_none_is_set_up_the_sdk_is_not_even_loaded():
    assert work("") == "worked\nended False\n"
