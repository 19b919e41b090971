"""What do the files of deploy/prometheus and deploy/grafana say? Read for the tests beside this module."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARDS = ROOT / "deploy" / "grafana" / "dashboards"
RUNBOOK = ROOT / "docs" / "operations" / "runbook.md"

RULE_FILES = sorted((PROMETHEUS / "rules").glob("*.yml"))
TEST_FILES = sorted((PROMETHEUS / "tests").glob("*.yml"))
DASHBOARD_FILES = sorted(DASHBOARDS.glob("*.json"))

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed; setup/test-tools.sh installs it"
)

# What Grafana puts in the place of its variables.
VARIABLES = {"$__rate_interval": "5m", "$__range": "1h", "$system": "declaratii"}

_COMMENTS_AND_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')
_NAMED_BY_PATTERN = re.compile(r'__name__=~"([^"]+)"')
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}")
_MATCHERS = re.compile(r"\{[^}]*\}")
_RANGE = re.compile(r"\[[^\]]*\]")
_NAME = re.compile(r"[a-zA-Z_:][\w:]*(?!\s*\()(?![\w:])")
_WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan"}


def rules() -> Iterator[dict[str, Any]]:
    for file in RULE_FILES:
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            yield from group["rules"]


def alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def recorded() -> set[str]:
    return {rule["record"] for rule in rules() if "record" in rule}


def dashboards() -> dict[str, dict[str, Any]]:
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in DASHBOARD_FILES}


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every panel that shows something, with its dashboard's name and its own."""
    for name, dashboard in dashboards().items():
        for panel in dashboard["panels"]:
            if panel["type"] != "row":
                yield f"{name}: {panel['title']}", panel


def expressions() -> Iterator[tuple[str, str]]:
    """Every PromQL expression, with where it stands."""
    for rule in rules():
        yield rule.get("alert") or rule["record"], rule["expr"]
    for where, panel in panels():
        for target in panel["targets"]:
            expression = target["expr"]
            for variable, value in VARIABLES.items():
                expression = expression.replace(variable, value)
            yield where, expression


def names_in(expression: str) -> set[str]:
    """The metrics that an expression names."""
    bare = _COMMENTS_AND_STRINGS.sub('""', expression)
    for pattern in (_GROUPING, _MATCHERS, _RANGE):
        bare = pattern.sub(" ", bare)
    return {name for name in _NAME.findall(bare) if name.lower() not in _WORDS}


def patterns_in(expression: str) -> list[str]:
    """The regular expressions by which an expression names metrics."""
    return _NAMED_BY_PATTERN.findall(expression)


@dataclass(frozen=True)
class Selector:
    """A metric with the labels that it is chosen by."""

    metric: str
    labels: dict[str, str]


def selectors_in(expression: str) -> Iterator[Selector]:
    for metric, matchers in _SELECTOR.findall(expression):
        labels = re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"', matchers)
        yield Selector(metric, dict(labels))


def anchors() -> set[str]:
    """The runbook's headings, as links name them."""
    headings = re.findall(r"^#+ (.*)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def entries() -> dict[str, str]:
    """The runbook's entries by their headings."""
    parts = re.split(r"^#{2,3} ", RUNBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    texts = {heading: text for heading, _, text in (part.partition("\n") for part in parts)}
    return {heading: text for heading, text in texts.items() if "**Means:**" in text}
