"""The broker's definitions and Prometheus' rules are written once: elsewhere."""

from __future__ import annotations

import base64
import json
import runpy
from typing import Any

import pytest
import yaml

from msign_gateway.infrastructure.definitions import Passwords, definitions, password_hash
from tests.deploy.conftest import Secrets
from tests.deploy.external_secrets import PASSWORD
from tests.deploy.manifests import K8S, ROOT, Overlay

SYSTEMS = ("declaratii", "registru")


def test_what_is_generated_is_current():
    generate = runpy.run_path(str(K8S / "generate.py"))
    for path, text in generate["generated"]():
        assert path.read_text(encoding="utf-8") == text, f"run deploy/k8s/generate.py: {path} is out of date"


def test_every_rule_of_prometheus_reaches_the_cluster(production: Overlay):
    rules = [
        rule for group in production.one("PrometheusRule", "msign-gateway")["spec"]["groups"] for rule in group["rules"]
    ]
    files = (ROOT / "deploy" / "prometheus" / "rules").glob("*.yml")
    assert rules
    assert len(rules) == sum(
        len(group["rules"]) for path in files for group in yaml.safe_load(path.read_text())["groups"]
    )


def test_every_dashboard_reaches_the_cluster(production: Overlay):
    dashboards = [
        one for one in production.all("ConfigMap") if "grafana_dashboard" in one["metadata"].get("labels", {})
    ]
    files = {path.name for path in (ROOT / "deploy" / "grafana" / "dashboards").glob("*.json")}
    assert {name for one in dashboards for name in one["data"]} == files, (
        "list it in grafana/dashboards/kustomization.yaml"
    )


def without_passwords(whole: dict[str, Any]) -> dict[str, list[str]]:
    """Return definitions in an order of their own, with the users' names and tags only."""
    users = [{"name": user["name"], "tags": user["tags"]} for user in whole["users"]]
    return {
        name: sorted(json.dumps(one, sort_keys=True) for one in items)
        for name, items in (whole | {"users": users}).items()
    }


def loaded(overlay: Overlay, files: dict[str, bytes], *maps: str) -> dict[str, Any]:
    """Return what a node of the broker loads from its files, one after the other."""
    for name in maps:
        files = files | {key: value.encode() for key, value in overlay.one("ConfigMap", name)["data"].items()}
    assert sorted(files) == ["00-users.json", "10-topology.json", "20-systems.json"]
    whole: dict[str, Any] = {}
    for name in sorted(files):
        for section, items in json.loads(files[name]).items():
            whole.setdefault(section, []).extend(items)
    return whole


def test_on_a_desk_the_broker_is_set_up_as_everywhere(development: Overlay, development_secrets: Secrets):
    found = loaded(development, development_secrets["broker-users"], "broker-topology")
    assert without_passwords(found) == without_passwords(definitions("msign", Passwords.fresh(SYSTEMS)))


def test_in_production_the_broker_is_set_up_as_everywhere_but_for_a_user_who_may_do_nothing(
    production: Overlay, production_secrets: Secrets
):
    found = loaded(production, production_secrets["broker-users"], "broker-topology", "broker-systems")
    assert all(user["password"] == PASSWORD for user in found["users"])
    scaler = next(one for one in found["permissions"] if one["user"] == "scaler")
    assert {scaler[right] for right in ("configure", "write", "read")} == {"^$"}
    found["permissions"].remove(scaler)
    found["users"] = [user for user in found["users"] if user["name"] != "scaler"]
    assert without_passwords(found) == without_passwords(definitions("msign", Passwords.fresh(SYSTEMS)))


@pytest.mark.parametrize("service", ["sign_gateway", "verifier", "callback_web"])
def test_on_a_desk_each_service_knows_the_password_that_the_broker_knows(development_secrets: Secrets, service: str):
    url = development_secrets[f"broker-{service.replace('_', '-')}"]["url"].decode()
    password = url.removeprefix(f"amqp://{service}:").partition("@")[0]
    users = json.loads(development_secrets["broker-users"]["00-users.json"])["users"]
    known = next(user["password_hash"] for user in users if user["name"] == service)
    assert password_hash(password, salt=base64.b64decode(known)[:4]) == known
