"""The gateway's settings: what must be encrypted, and secrets that are rotated under a running service."""

import subprocess
import sys
from pathlib import Path

import pytest

from services.callback_web.settings import Settings
from shared.settings import load_settings

ENCRYPTED = {
    "AMQP_URL": "amqps://u:s3cret@broker/",
    "DATABASE_URL": "postgresql://u:s3cret@database/gateway?sslmode=verify-full",
    "MSIGN_API_URL": "https://msign.example/MSign.svc",
    "MSIGN_FRONTEND_URL": "https://msign.example",
    "PUBLIC_URL": "https://sign.example",
}
IN_THE_CLEAR = {
    "AMQP_URL": "amqp://u:s3cret@broker/",
    "DATABASE_URL": "postgresql://u:s3cret@database/gateway?sslmode=require",
    "MSIGN_API_URL": "http://msign.example/MSign.svc",
    "MSIGN_FRONTEND_URL": "http://msign.example",
    "PUBLIC_URL": "http://sign.example",
}


@pytest.fixture
def pem(tmp_path: Path) -> str:
    path = tmp_path / "some.pem"
    path.write_text("-")
    return str(path)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, pem: str) -> pytest.MonkeyPatch:
    """Settings with everything encrypted."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)
    ours = {"OPS_PORT": "9000", "HTTP_PORT": "9001", "LINK_SECRET": "k" * 32}
    files = dict.fromkeys(("MSIGN_CLIENT_CERT", "MSIGN_CLIENT_KEY", "MSIGN_CA_BUNDLE"), pem)
    for name, value in (ENCRYPTED | ours | files).items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def problems(capsys: pytest.CaptureFixture[str]) -> list[str]:
    with pytest.raises(SystemExit) as stop:
        load_settings(Settings)
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert "s3cret" not in said
    return said.splitlines()


def test_required_tls_refuses_each_address_in_the_clear_with_a_line_of_its_own(environment, capsys):
    environment.setenv("REQUIRE_TLS", "true")
    for name, url in IN_THE_CLEAR.items():
        environment.setenv(name, url)
    lines = problems(capsys)
    assert sorted(line.split(":")[0].removeprefix("setting ") for line in lines) == sorted(IN_THE_CLEAR)
    assert all("(REQUIRE_TLS is set)" in line for line in lines)


@pytest.mark.parametrize("service", ["sign_gateway", "callback_web", "verifier"])
def test_a_service_that_requires_tls_does_not_start_without_it(service):
    done = subprocess.run(
        [sys.executable, "-m", f"services.{service}"],
        env=IN_THE_CLEAR | {"REQUIRE_TLS": "true", "OPS_PORT": "9000"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    refused = [line for line in done.stderr.splitlines() if "(REQUIRE_TLS is set)" in line]
    assert {"AMQP_URL", "DATABASE_URL", "MSIGN_API_URL"} <= {line.split()[1].rstrip(":") for line in refused}
    assert "Traceback" not in done.stderr
    assert "s3cret" not in done.stderr


def test_the_database_may_stand_on_several_hosts(environment):
    url = "postgresql://u:s3cret@one:5432,two:5433/gateway?sslmode=verify-full"
    environment.setenv("DATABASE_URL", url)
    assert load_settings(Settings).database_address()() == url


def test_required_tls_accepts_what_is_encrypted(environment):
    environment.setenv("REQUIRE_TLS", "true")
    assert load_settings(Settings).require_tls


def test_addresses_in_the_clear_are_for_whoever_does_not_require_tls(environment):
    for name, url in IN_THE_CLEAR.items():
        environment.setenv(name, url)
    assert not load_settings(Settings).require_tls


@pytest.mark.parametrize("name", ["AMQP", "DATABASE"])
def test_an_authority_that_would_not_be_asked_is_refused(environment, capsys, pem, name):
    environment.setenv(f"{name}_CA_BUNDLE", pem)
    environment.setenv(f"{name}_URL", IN_THE_CLEAR[f"{name}_URL"])
    (line,) = problems(capsys)
    assert line.startswith(f"setting {name}_URL: must")
    assert line.endswith(f"({name}_CA_BUNDLE is set)")


@pytest.mark.parametrize("name", ["AMQP", "DATABASE"])
@pytest.mark.parametrize(("one", "other"), [("CERT", "KEY"), ("KEY", "CERT")])
def test_a_client_certificate_goes_with_its_key(environment, capsys, pem, name, one, other):
    environment.setenv(f"{name}_CLIENT_{one}", pem)
    (line,) = problems(capsys)
    assert f"{name}_CLIENT_KEY: goes with {name}_CLIENT_CERT" in line
    environment.setenv(f"{name}_CLIENT_{other}", pem)
    load_settings(Settings)


def test_the_files_of_a_server_go_to_it_with_its_url(environment, pem):
    environment.setenv("AMQP_CA_BUNDLE", pem)
    environment.setenv("DATABASE_CA_BUNDLE", pem)
    for name in ("AMQP_CLIENT_CERT", "AMQP_CLIENT_KEY", "DATABASE_CLIENT_CERT", "DATABASE_CLIENT_KEY"):
        environment.setenv(name, pem)
    settings = load_settings(Settings)
    amqp, database = settings.amqp_address()(), settings.database_address()()
    assert all(f"{name}=" in amqp for name in ("cafile", "certfile", "keyfile"))
    assert all(f"{name}=" in database for name in ("sslmode=verify-full&sslrootcert", "sslcert", "sslkey"))


def from_file(environment: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name.lower()
    path.write_text(text + "\n")
    environment.delenv(name)
    environment.setenv(f"{name}_FILE", str(path))
    return path


def test_a_url_from_a_file_is_the_files_at_each_connection(environment, tmp_path):
    path = from_file(environment, tmp_path, "AMQP_URL", "amqps://u:before@broker/")
    address = load_settings(Settings).amqp_address()
    assert address() == "amqps://u:before@broker/"
    path.write_text("amqps://u:afterwards@broker/\n")
    assert address() == "amqps://u:afterwards@broker/"


def test_a_rotated_url_may_not_be_weaker_than_what_the_start_accepts(environment, tmp_path):
    environment.setenv("REQUIRE_TLS", "true")
    path = from_file(environment, tmp_path, "DATABASE_URL", ENCRYPTED["DATABASE_URL"])
    address = load_settings(Settings).database_address()
    path.write_text(IN_THE_CLEAR["DATABASE_URL"])
    assert address() == ENCRYPTED["DATABASE_URL"]


def test_the_environment_goes_before_the_file_and_does_not_change(environment, tmp_path):
    path = tmp_path / "url"
    path.write_text("amqps://u:p@elsewhere/")
    environment.setenv("AMQP_URL_FILE", str(path))
    address = load_settings(Settings).amqp_address()
    path.write_text("amqps://u:p@somewhere-else/")
    assert address() == ENCRYPTED["AMQP_URL"]


def test_a_rotated_link_secret_is_checked_like_the_first(environment, tmp_path):
    old, new = "o" * 32, "n" * 40
    path = from_file(environment, tmp_path, "LINK_SECRET", old)
    secret = load_settings(Settings).follow("link_secret")
    path.write_text("short")
    assert secret() == old
    path.write_text(f"{new} {old}")
    assert secret() == f"{new} {old}"
