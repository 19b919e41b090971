from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from msign_gateway.demo.endpoints import endpoints, write_endpoints
from msign_gateway.demo.environment import Servers, settings_of
from msign_gateway.demo.errors import DemoError
from msign_gateway.demo.scene import SERVICES, Scene
from msign_gateway.demo.stage import claimed_directory

URLS = {name: f"amqp://{name}:pass@127.0.0.1:1/v" for name in (*SERVICES, "declaratii", "registru")}
SERVERS = Servers(
    "amqp://a:b@127.0.0.1:1/v",
    "postgresql://a:b@127.0.0.1:2/g",
    URLS,
    "postgresql://g",
    "postgresql://m",
    management_url="http://127.0.0.1:3",
)
PROMISED = {
    "AMQP_MANAGEMENT_URL",
    "AMQP_URL",
    "DATABASE_URL",
    "DECLARATII_AMQP_URL",
    "REGISTRU_AMQP_URL",
    "DECLARATII_TOKEN",
    "REGISTRU_TOKEN",
    "MSIGN_API_URL",
    "MSIGN_FRONTEND_URL",
    "MSIGN_CA_BUNDLE",
    "MSIGN_CLIENT_CERT",
    "MSIGN_CLIENT_KEY",
    "MSIGN_CLIENT2_CERT",
    "MSIGN_CLIENT2_KEY",
    "MSIGN_CLIENT3_CERT",
    "MSIGN_CLIENT3_KEY",
    "PUBLIC_URL",
    "LINK_SECRET",
    "SIGN_GATEWAY_URL",
    "TRUST_DIR",
    "SIGN_GATEWAY_OPS_URL",
    "SIGN_GATEWAY_PID",
    "CALLBACK_WEB_OPS_URL",
    "CALLBACK_WEB_PID",
    "VERIFIER_OPS_URL",
    "VERIFIER_PID",
    "MSIGN_OPS_URL",
    "MSIGN_PID",
}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    folder = tmp_path / "a folder with 'quotes' and $money"
    folder.mkdir()
    return Scene(folder / ".demo", folder / "output")


def test_a_shell_reads_the_same_values_from_the_file(scene: Scene):
    scene.directory.mkdir()
    wanted = endpoints(scene, SERVERS, dict.fromkeys(SERVICES, 7))
    write_endpoints(scene, wanted)
    script = 'set -eu; . "$1"; shift; for name; do eval "printf \'%s\\n\' \\"\\$$name\\""; done'
    output = subprocess.check_output(["sh", "-c", script, "sh", str(scene.endpoints), *wanted], text=True)
    assert output.splitlines() == list(wanted.values())


def test_everything_that_is_promised_is_told(scene: Scene):
    assert endpoints(scene, SERVERS, dict.fromkeys(SERVICES, 7)).keys() >= PROMISED


def test_prometheus_is_told_only_where_there_is_one(scene: Scene):
    pids = dict.fromkeys(SERVICES, 7)
    assert endpoints(scene, SERVERS, pids, "http://127.0.0.1:9")["PROMETHEUS_URL"] == "http://127.0.0.1:9"
    assert "PROMETHEUS_URL" not in endpoints(scene, SERVERS, pids)


def test_a_stale_file_is_gone_as_soon_as_a_run_begins(scene: Scene):
    scene.directory.mkdir()
    scene.endpoints.write_text("AMQP_URL=old\n", encoding="utf-8")
    with claimed_directory(scene):
        assert not scene.endpoints.exists()


def test_two_runs_cannot_share_a_folder(scene: Scene):
    with claimed_directory(scene), pytest.raises(DemoError, match="another demo runs"), claimed_directory(scene):
        pytest.fail("the second one got in")


def test_a_service_gets_its_own_broker_user_and_no_other_secrets(scene: Scene):
    given = settings_of("verifier", scene, SERVERS)
    assert given["AMQP_URL"] == URLS["verifier"]
    assert "MSIGN_DATABASE_URL" not in given
    assert not {name for name in given if "TOKEN" in name}


def test_the_provider_alone_is_told_of_the_tokens_and_only_if_there_is_a_module_for_them(scene: Scene):
    assert not {"PKCS11_MODULE", "SOFTHSM2_CONF"} & settings_of("msign", scene, SERVERS).keys()
    servers = replace(SERVERS, pkcs11_module=Path("/usr/lib/softhsm/libsofthsm2.so"))
    given = settings_of("msign", scene, servers)
    assert given["PKCS11_MODULE"] == "/usr/lib/softhsm/libsofthsm2.so"
    assert given["SOFTHSM2_CONF"] == str(scene.pki / "softhsm2.conf")
    assert not {"PKCS11_MODULE", "SOFTHSM2_CONF"} & settings_of("verifier", scene, servers).keys()
