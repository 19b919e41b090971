"""Settings: one readable line per problem, exit code 2."""

import subprocess
import sys

import pytest

from shared.settings import ServiceSettings, load_settings


class Example(ServiceSettings):
    password: str


@pytest.fixture
def environment(monkeypatch):
    for name in ("OPS_PORT", "PASSWORD", "PASSWORD_FILE", "LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_every_missing_or_wrong_setting_gets_a_line_and_no_value_is_shown(environment, capsys):
    environment.setenv("OPS_PORT", "70000")
    environment.setenv("LOG_LEVEL", "loud-secret")
    with pytest.raises(SystemExit) as stop:
        load_settings(Example)
    lines = capsys.readouterr().err.splitlines()
    assert stop.value.code == 2
    assert [line.split(":")[0] for line in lines] == ["setting OPS_PORT", "setting LOG_LEVEL", "setting PASSWORD"]
    assert "loud-secret" not in "".join(lines)
    assert lines[2] == "setting PASSWORD: is required; set PASSWORD or PASSWORD_FILE"


def test_a_secret_is_read_from_the_file_that_is_named(environment, tmp_path):
    (tmp_path / "secret").write_text("s3cret\n")
    environment.setenv("OPS_PORT", "9000")
    environment.setenv("PASSWORD_FILE", str(tmp_path / "secret"))
    assert load_settings(Example).password == "s3cret"


def test_a_secret_file_that_is_not_there_is_named(environment, tmp_path, capsys):
    environment.setenv("OPS_PORT", "9000")
    environment.setenv("PASSWORD_FILE", str(tmp_path / "nothing"))
    with pytest.raises(SystemExit):
        load_settings(Example)
    assert "nothing: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize("service", ["sign_gateway", "callback_web", "verifier", "msign"])
def test_a_service_without_settings_stops_with_code_2_and_no_stack_trace(service):
    done = subprocess.run([sys.executable, "-m", f"services.{service}"], env={}, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"setting OPS_PORT: is required" in done.stderr
