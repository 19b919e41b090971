from __future__ import annotations

import re

from tests.deploy.manifests import ROOT, Overlay, Resource
from tests.deploy.network import selects

POSTGRES_EXPORTER = re.compile(r"\bpg_(?:up|stat_\w+|database_\w+|settings_\w+)")

CLOUDNATIVEPG = (
    {"__name__": "cnpg_collector_up"},
    {"__name__": "cnpg_backends_total"},
    {"__name__": "cnpg_backends_max_tx_duration_seconds"},
    {"__name__": "cnpg_pg_database_size_bytes"},
    *(
        {"__name__": f"cnpg_pg_stat_database_{one}"}
        for one in ("xact_commit", "xact_rollback", "blks_read", "blks_hit")
    ),
    {"__name__": "cnpg_pg_settings_setting", "name": "max_connections"},
)
"""What CloudNativePG 1.25 tells by default, as far as it is used."""


def endpoints(production: Overlay) -> list[tuple[Resource, Resource]]:
    return [
        (monitor, endpoint)
        for monitor in production.all("PodMonitor")
        for endpoint in monitor["spec"]["podMetricsEndpoints"]
    ]


def test_every_monitor_scrapes_a_port_of_its_pods(production: Overlay):
    pods = [*production.pods, *production.made]
    for monitor, endpoint in endpoints(production):
        scraped = [pod for pod in pods if selects(monitor["spec"]["selector"], pod.labels)]
        assert scraped
        assert all(endpoint["port"] in pod.ports for pod in scraped)


def test_the_jobs_have_the_names_that_rules_use(production: Overlay):
    jobs: set[str] = set()
    for monitor, endpoint in endpoints(production):
        if label := monitor["spec"].get("jobLabel"):
            jobs |= {pod.labels[label] for pod in production.pods if selects(monitor["spec"]["selector"], pod.labels)}
        jobs |= {rule["replacement"] for rule in endpoint.get("relabelings", []) if rule["targetLabel"] == "job"}
    assert jobs == {"sign_gateway", "verifier", "callback_web", "rabbitmq", "rabbitmq-detailed", "postgres"}


def relabelled(labels: dict[str, str], rules: list[Resource]) -> dict[str, str]:
    """Return labels after the rules, as Prometheus applies them: a regex has to match all of the joined values."""
    for rule in rules:
        joined = ";".join(labels.get(name, "") for name in rule["sourceLabels"])
        if found := re.fullmatch(rule["regex"], joined):
            labels = labels | {rule["targetLabel"]: found.expand(rule["replacement"].replace("$1", r"\1"))}
    return labels


def test_rules_and_dashboards_find_the_database_under_its_operators_names(production: Overlay):
    (rules,) = (
        endpoint["metricRelabelings"] for _, endpoint in endpoints(production) if "metricRelabelings" in endpoint
    )
    told = {relabelled(labels, rules)["__name__"] for labels in CLOUDNATIVEPG}
    files = [*ROOT.glob("deploy/prometheus/rules/*.yml"), *ROOT.glob("deploy/grafana/dashboards/*.json")]
    used = {name for path in files for name in POSTGRES_EXPORTER.findall(path.read_text(encoding="utf-8"))}
    assert used
    assert used <= told
