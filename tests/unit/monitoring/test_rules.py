"""Do the rules say what operators need, about metrics that there are, and does each alert fire when it should?"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.telemetry.metrics import SECONDS_TO_A_DAY
from tests.unit.monitoring.measured import FOREIGN, OURS, SCRAPED
from tests.unit.monitoring.reading import (
    PROMETHEUS,
    RULE_FILES,
    TEST_FILES,
    alerts,
    anchors,
    entries,
    expressions,
    names_in,
    needs_promtool,
    patterns_in,
    recorded,
    rules,
    selectors_in,
)

KNOWN = FOREIGN | OURS.keys() | recorded()
ALERTS = sorted(alerts())
JOBS = {
    job["job_name"]
    for job in yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
}


def tried() -> list[dict[str, Any]]:
    """Every look of a test at an alert."""
    return [
        check
        for file in TEST_FILES
        for test in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]
        for check in test["alert_rule_test"]
    ]


@needs_promtool
@pytest.mark.parametrize("file", RULE_FILES, ids=lambda file: file.stem)
def test_prometheus_accepts_the_rules(file: Path):
    promtool("check", "rules", file)


@needs_promtool
@pytest.mark.parametrize("file", TEST_FILES, ids=lambda file: file.stem)
def test_every_alert_fires_when_it_should_and_not_before(file: Path):
    promtool("test", "rules", file)


@needs_promtool
def test_prometheus_accepts_the_configuration():
    promtool("check", "config", PROMETHEUS / "prometheus.yml")


def promtool(*arguments: object) -> None:
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_is_tried_both_ways(alert: str):
    checks = [check for check in tried() if check["alertname"] == alert]
    assert any(check["exp_alerts"] for check in checks), f"no test sees {alert} fire"
    # What has no waiting time can still be silent for other reasons, which other tests of the same file try.
    assert any(not check["exp_alerts"] for check in checks), f"no test sees {alert} stay silent"


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_says_how_bad_it_is_and_what_to_do(alert: str):
    rule = alerts()[alert]
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    address, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert address == "docs/operations/runbook.md"
    assert anchor == alert.lower()
    assert anchor in anchors()


def test_the_runbook_has_an_entry_for_each_alert_and_for_nothing_else():
    assert sorted(entries()) == ALERTS


@pytest.mark.parametrize("alert", ALERTS)
def test_an_entry_says_what_it_means_what_users_notice_where_to_look_and_what_to_do(alert: str):
    for part in ("Means", "Users notice", "Look first", "Cure"):
        assert f"- **{part}:** " in entries()[alert]


@pytest.mark.parametrize(("where", "expression"), list(expressions()), ids=lambda text: text[:40])
def test_every_metric_that_is_named_is_there(where: str, expression: str):
    assert names_in(expression) <= KNOWN, where
    for pattern in patterns_in(expression):
        assert any(re.fullmatch(pattern, name) for name in KNOWN), f"{where}: {pattern}"


@pytest.mark.parametrize(("where", "expression"), list(expressions()), ids=lambda text: text[:40])
def test_every_metric_of_ours_is_chosen_by_labels_that_it_has(where: str, expression: str):
    for selector in selectors_in(expression):
        if selector.metric in OURS:
            assert selector.labels.keys() <= OURS[selector.metric] | SCRAPED, f"{where}: {selector}"


@pytest.mark.parametrize(("where", "expression"), list(expressions()), ids=lambda text: text[:40])
def test_every_job_that_is_named_is_scraped(where: str, expression: str):
    named = {job for selector in selectors_in(expression) for job in selector.labels.get("job", "").split("|") if job}
    assert named <= JOBS, where


def test_a_histogram_is_asked_for_bounds_that_it_has():
    bounds = {"10.0", "5.0", "60.0"}
    asked = {
        selector.labels["le"] for rule in rules() for selector in selectors_in(rule["expr"]) if "le" in selector.labels
    }
    assert asked == bounds
    assert bounds <= {str(float(bound)) for bound in SECONDS_TO_A_DAY}


def test_names_are_found_in_an_expression():
    expression = (
        'sum by (job) (rate(a_total{x="b_total"}[5m])) / on (job) c:d unless e_seconds > 0 and histogram_quantile(1, f)'
    )
    assert names_in(expression) == {"a_total", "c:d", "e_seconds", "f"}


def test_what_is_not_told_beside_what_are_alerts_that_there_are():
    example = yaml.safe_load((PROMETHEUS / "alertmanager.example.yml").read_text(encoding="utf-8"))
    matchers = " ".join(
        matcher
        for rule in example["inhibit_rules"]
        for matcher in rule["source_matchers"] + rule["target_matchers"]
        if matcher.startswith("alertname")
    )
    named = {name for names in re.findall(r'"([^"]+)"', matchers) for name in names.split("|")}
    assert named
    assert named <= set(ALERTS)
