#!/usr/bin/env python3
"""Which metrics are there? Prints docs/operations/metrics.md, from the modules that define them.

`.venv/bin/python setup/metrics_page.py > docs/operations/metrics.md`; a test compares the page with the code.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from prometheus_client import Counter, Gauge, Histogram

from services.msign import metrics as provider
from shared.telemetry import metrics as gateway
from shared.telemetry import process

HEAD = """\
# Metrics

<!-- Made by setup/metrics_page.py from the code. Do not edit. -->

Every service tells its metrics at `/metrics` on its ops port, in Prometheus' text format. [Telemetry](telemetry.md)
says how they are meant. `process_*` and `python_*` of the Prometheus client are there as well.
Histograms have the samples `_bucket`, `_sum` and `_count`.
"""
SECTIONS = (
    ("The gateway: sign_gateway, callback_web, verifier", gateway),
    ("The provider: msign", provider),
    ("All four services", process),
)


def page() -> str:
    """Return the whole page."""
    return HEAD + "".join(f"\n## {title}\n\n{_table(module)}" for title, module in SECTIONS)


def _table(module: ModuleType) -> str:
    rows = ["| name | type | labels | what |", "|---|---|---|---|", *map(_row, _metrics(module))]
    return "\n".join(rows) + "\n"


def _metrics(module: ModuleType) -> Iterator[Any]:
    return (value for value in vars(module).values() if isinstance(value, Counter | Gauge | Histogram))


def _row(metric: Any) -> str:
    (described,) = metric.describe()
    name = f"{described.name}_total" if described.type == "counter" else described.name
    labels = ", ".join(f"`{label}`" for label in metric._labelnames)
    return f"| `{name}` | {described.type} | {labels} | {described.documentation}{_buckets(metric)} |"


def _buckets(metric: Any) -> str:
    if not isinstance(metric, Histogram):
        return ""
    bounds = metric._upper_bounds[:-1]
    return f" Buckets: {', '.join(f'{bound:g}' for bound in bounds)}."


if __name__ == "__main__":
    sys.stdout.write(page())
