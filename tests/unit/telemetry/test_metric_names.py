"""Do names, labels and help keep to Prometheus' conventions, and is the page of them current?"""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import Counter, Gauge, Histogram

from services.msign import metrics as provider
from shared.telemetry import metrics as gateway
from shared.telemetry import process

ROOT = Path(__file__).parents[3]
PREFIXES = {gateway: "msign_gateway_", provider: "msign_provider_", process: "msign_service_"}
ALL = [
    pytest.param(value, prefix, id=name)
    for module, prefix in PREFIXES.items()
    for name, value in vars(module).items()
    if isinstance(value, Counter | Gauge | Histogram)
]
UNBOUNDED = re.compile("(^|_)(id|msisdn|idnp|url|path|name|message|user|token)($|_)")
SHOWN = "from prometheus_client import generate_latest; print(generate_latest().decode())"


@pytest.mark.parametrize(("metric", "prefix"), ALL)
def test_a_name_says_its_unit_and_a_label_is_bounded(metric, prefix):
    (described,) = metric.describe()
    assert described.name.startswith(prefix)
    assert described.documentation.endswith(".")
    assert [label for label in metric._labelnames if UNBOUNDED.search(label)] == []
    if isinstance(metric, Histogram) and described.name != "msign_gateway_verification_call_contents":
        assert described.name.endswith("_seconds")


def test_the_page_of_all_metrics_is_current():
    made = runpy.run_path(str(ROOT / "setup" / "metrics_page.py"))["page"]()
    assert (ROOT / "docs" / "operations" / "metrics.md").read_text(encoding="utf-8") == made


@pytest.mark.parametrize(
    ("service", "own", "foreign"),
    [
        ("sign_gateway", "msign_gateway_commands_total", "msign_provider_"),
        ("verifier", "msign_gateway_verdicts_total", "msign_gateway_outbox_events"),
        ("callback_web", "msign_gateway_returns_total", "msign_gateway_outbox_events"),
        ("msign", "msign_provider_verdicts_total", "msign_gateway_"),
    ],
)
def test_a_service_shows_nothing_that_it_does_not_measure(service, own, foreign):
    code = f"import services.{service}.bootstrap; {SHOWN}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert own in done.stdout
    assert foreign not in done.stdout
    assert "msign_service_event_loop_lag_seconds" in done.stdout
