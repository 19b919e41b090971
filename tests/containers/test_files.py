"""What the files of the image and of the composition promise, as far as it shows without an engine."""

import json
import re
import runpy
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from services.callback_web.settings import Settings as CallbackWebSettings
from services.msign.settings import MSignSettings
from services.sign_gateway.settings import Settings as SignGatewaySettings
from services.verifier.settings import Settings as VerifierSettings
from shared.settings import ServiceSettings
from shared.systems import Systems
from tests.containers.compose import FILE, in_order, read

COMPOSE, DOCKER, PROMETHEUS = FILE.parent, FILE.parent.parent / "docker", FILE.parent.parent / "prometheus"
DOCKERFILE = (DOCKER / "Dockerfile").read_text()
SERVICES = read({})
OURS = SERVICES["prepare"]["image"]
SETTINGS: dict[str, type[ServiceSettings]] = {
    "sign-gateway": SignGatewaySettings,
    "callback-web": CallbackWebSettings,
    "verifier": VerifierSettings,
    "msign": MSignSettings,
}
READERS = {
    "secrets-rabbitmq": {"rabbitmq"},
    "secrets-postgres": {"postgres"},
    "secrets-msign": {"msign", "register"},
    "secrets-sign-gateway": {"sign-gateway"},
    "secrets-callback-web": {"callback-web"},
    "secrets-verifier": {"verifier"},
    "secrets-operator": {"operator", "migrate"},
    "secrets-system": {"e-service"},
}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_write_nothing_of_its_own_and_gain_no_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("cap_add", []) == (["CHOWN", "DAC_OVERRIDE"] if name == "prepare" else [])
    if service["image"] != OURS:
        assert not service["user"].startswith("0")


def test_every_image_is_pinned_to_a_version() -> None:
    (base,) = re.findall(r"^ARG BASE_IMAGE=(\S+)$", DOCKERFILE, re.MULTILINE)
    for image in {base, *(service["image"] for service in SERVICES.values())}:
        assert re.search(r":v?\d+\.\d+", image), image


def test_the_image_runs_as_a_user_without_rights_and_asks_for_its_health() -> None:
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    assert "HEALTHCHECK" in DOCKERFILE
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    assert "apt-get" not in final
    assert "pip" not in final


def test_secrets_are_files_and_each_is_mounted_for_its_readers_alone() -> None:
    text = FILE.read_text()
    assert not re.search(r"://[^/\s\"]*:[^/\s\"]*@", text)
    assert not re.search(r"^\s+\w*(PASSWORD|SECRET|TOKEN)\w*(?<!_FILE):", text, re.MULTILINE)
    mounted: dict[str, set[str]] = {}
    for name, service in SERVICES.items():
        for volume in service.get("volumes", ()):
            mounted.setdefault(volume.split(":")[0], set()).add(name)
            assert not volume.startswith("secrets-") or name == "prepare" or volume.endswith(":ro")
    assert {name: mounted[name] - {"prepare"} for name in READERS} == READERS


@pytest.mark.parametrize("name", SETTINGS)
def test_a_service_is_told_all_that_it_requires_and_nothing_that_it_does_not_know(name: str) -> None:
    fields = SETTINGS[name].model_fields
    of_image = {variable.lower() for variable in re.findall(r"([A-Z_]+)=(?:0\.0\.0\.0|\d+)", DOCKERFILE)}
    own = {
        variable.removesuffix("_FILE").lower()
        for variable in SERVICES[name]["environment"]
        if variable != "SYSTEMS_FILE"
    }
    own |= {"systems_file"} if "SYSTEMS_FILE" in SERVICES[name]["environment"] else set()
    required = {field for field, info in fields.items() if info.is_required()}
    assert required <= own | of_image
    unknown = own - {*fields}
    assert unknown <= {field for other in SETTINGS.values() for field in other.model_fields}


def test_the_example_of_settings_tells_every_variable_with_what_holds_without_it() -> None:
    used = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", FILE.read_text()))
    lines = (COMPOSE / ".env.example").read_text().splitlines()
    assert dict(line.split("=", 1) for line in lines if line and not line.startswith("#")) == used


def test_nothing_is_published_but_where_a_setting_says() -> None:
    published = [
        port for service in yaml.safe_load(FILE.read_text())["services"].values() for port in service.get("ports", ())
    ]
    assert len(published) == len(set(published)) > 0
    assert all(port.startswith("${BIND:-127.0.0.1}:") for port in published)


def test_whoever_needs_the_tables_or_the_broker_waits_for_them() -> None:
    order = in_order(SERVICES)
    for name in ("sign-gateway", "callback-web", "verifier"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert order.index("prepare") < order.index("rabbitmq") < order.index(name)


def test_prometheus_reads_the_jobs_that_rules_and_dashboards_name() -> None:
    def jobs(path: Path) -> set[str]:
        return {job["job_name"] for job in yaml.safe_load(path.read_text())["scrape_configs"]}

    assert jobs(COMPOSE / "prometheus.yml") == jobs(PROMETHEUS / "prometheus.yml") - {"postgres"}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first start makes, with the file modes as they are, whoever runs the tests."""
    root = tmp_path_factory.mktemp("secrets")
    for reader in (
        "rabbitmq",
        "postgres",
        "msign",
        "sign_gateway",
        "callback_web",
        "verifier",
        "operator",
        "system",
        "registry",
    ):
        (root / reader).mkdir()
    (root / "msign" / "left").write_text("of a first start that was cut short")
    assert _prepare(root) is True
    return root


def _prepare(root: Path) -> Any:
    script = runpy.run_path(str(COMPOSE / "prepare.py"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.chown", lambda *_: None)
        return script["prepare"](root, "http://localhost:8003")


def test_the_first_start_makes_every_secret_and_a_second_one_changes_nothing(prepared: Path) -> None:
    before = {path: path.read_bytes() for path in prepared.rglob("*") if path.is_file()}
    assert prepared / "msign" / "left" not in before
    for reader in ("sign_gateway", "callback_web", "verifier", "operator"):
        assert {"amqp_url", "database_url", "link_secret", "client.pem", "client.key", "msign-ca.pem"} == {
            path.name for path in (prepared / reader).iterdir()
        }
    assert _prepare(prepared) is False
    assert {path: path.read_bytes() for path in prepared.rglob("*") if path.is_file()} == before


def test_only_the_reader_may_read_a_secret(prepared: Path) -> None:
    for path in prepared.glob("*/**/*"):
        if path.parent.name != "registry":
            assert path.stat().st_mode & 0o077 == 0, path


def test_the_sample_system_is_registered_with_its_token(prepared: Path) -> None:
    token = (prepared / "system" / "token").read_text()
    system = Systems(prepared / "registry" / "systems.json").with_token(token)
    assert system is not None
    assert system.name == "declaratii"
    assert system.may_return_to("http://localhost:8003/back")
    users = {user["name"] for user in json.loads((prepared / "rabbitmq" / "definitions.json").read_text())["users"]}
    assert users == {"declaratii", "sign_gateway", "callback_web", "verifier", "operator"}


class _Answer(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def ops_port() -> Iterator[int]:
    """An ops port that answers with `_Answer.status`."""
    with HTTPServer(("127.0.0.1", 0), _Answer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False)])
def test_a_container_is_healthy_when_its_service_is_ready(
    ops_port: int, status: int, ready: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Answer, "status", status)
    assert runpy.run_path(str(DOCKER / "health.py"))["is_ready"](ops_port) is ready


def test_a_container_whose_service_does_not_answer_is_not_healthy() -> None:
    with HTTPServer(("127.0.0.1", 0), _Answer) as server:
        free = server.server_port
    assert runpy.run_path(str(DOCKER / "health.py"))["is_ready"](free) is False


def test_the_list_of_parts_names_debian_packages_by_their_purl() -> None:
    script = runpy.run_path(str(DOCKER / "sbom.py"))
    whole = script["with_system"]({"components": [{"name": "lxml"}]}, ["libssl3t64\t3.5.4-1~deb13u1\tamd64\topenssl"])
    assert [part["name"] for part in whole["components"]] == ["lxml", "libssl3t64"]
    purl = "pkg:deb/debian/libssl3t64@3.5.4-1~deb13u1?arch=amd64&upstream=openssl"
    assert whole["components"][1]["purl"] == purl
