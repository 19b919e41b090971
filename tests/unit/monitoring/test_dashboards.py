"""Can Grafana show the dashboards, and does a person understand what they show?"""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.monitoring.reading import (
    DASHBOARDS,
    anchors,
    dashboards,
    expressions,
    needs_promtool,
    panels,
)

NAMES = sorted(dashboards())
WIDTH = 24
SOURCE = {"type": "prometheus", "uid": "${datasource}"}

PANELS = [pytest.param(panel, id=where) for where, panel in panels()]


def test_there_are_the_five_dashboards():
    assert NAMES == ["funnel", "overview", "provider", "servers", "verification"]


@pytest.mark.parametrize("name", NAMES)
def test_a_dashboard_keeps_its_address_and_lets_its_source_be_chosen(name: str):
    dashboard = dashboards()[name]
    assert dashboard["uid"] == f"msign-{name}"
    assert dashboard["title"].startswith("MSign gateway: ")
    assert dashboard["description"].endswith((".", "?"))
    variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["runbook"]["type"] == "constant"
    assert "id" not in dashboard  # Grafana's own, of one installation


def test_titles_are_told_apart():
    titles = [dashboard["title"] for dashboard in dashboards().values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", NAMES)
def test_panels_have_ids_of_their_own_and_do_not_lie_over_each_other(name: str):
    placed = dashboards()[name]["panels"]
    assert len({panel["id"] for panel in placed}) == len(placed)
    for panel in placed:
        place = panel["gridPos"]
        assert place["x"] >= 0
        assert place["x"] + place["w"] <= WIDTH
    for one, other in itertools.combinations((panel["gridPos"] for panel in placed), 2):
        assert not overlap(one, other), f"{one} and {other}"


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "w"), ("y", "h"))
    )


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_says_what_it_shows_and_in_which_unit(panel: dict[str, Any]):
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["value"] is None
    assert panel["datasource"] == SOURCE
    assert all(target["datasource"] == SOURCE for target in panel["targets"])
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    assert all(target["legendFormat"] for target in panel["targets"])


@pytest.mark.parametrize("panel", PANELS)
def test_a_panels_link_leads_to_an_entry_of_the_runbook(panel: dict[str, Any]):
    for link in panel.get("links", []):
        address, _, anchor = link["url"].partition("#")
        assert address == "${runbook}"
        assert anchor in anchors()


@needs_promtool
def test_prometheus_can_read_every_expression(tmp_path: Path):
    rules = [{"record": "tried", "expr": expression} for _, expression in expressions()]
    groups = {"groups": [{"name": f"of expression {number}", "rules": [rule]} for number, rule in enumerate(rules)]}
    file = tmp_path / "expressions.yml"
    file.write_text(yaml.safe_dump(groups), encoding="utf-8")
    done = subprocess.run(
        ["promtool", "check", "rules", "--lint=none", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_kubernetes_gets_every_dashboard():
    listed = yaml.safe_load((DASHBOARDS / "kustomization.yaml").read_text(encoding="utf-8"))["configMapGenerator"]
    assert sorted(file for entry in listed for file in entry["files"]) == [f"{name}.json" for name in NAMES]
