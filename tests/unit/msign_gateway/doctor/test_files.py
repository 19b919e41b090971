"""What the doctor says of SYSTEMS_FILE and LINK_SECRET."""

import json
import secrets

import pytest

from msign_gateway.doctor import files
from msign_gateway.doctor.findings import Finding

GOOD = secrets.token_urlsafe(32)


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """Writes a registry of these systems; LINK_SECRET is a good one."""
    path = tmp_path / "systems.json"
    monkeypatch.setenv("SYSTEMS_FILE", str(path))
    monkeypatch.setenv("LINK_SECRET", GOOD)

    def write(*systems):
        registered = [{"token_sha256": "0" * 64} | system for system in systems]
        path.write_text(json.dumps({"systems": registered}))
        path.chmod(0o600)
        return path

    return write


async def look() -> dict[str, Finding]:
    found = await files.examine()
    assert GOOD not in str(found)
    return {finding.check: finding for finding in found}


async def test_a_good_registry_and_a_good_secret_are_well(registry):
    registry({"name": "declaratii", "return_origins": ["https://declaratii.example", "http://127.0.0.1:8000"]})
    found = await look()
    assert {finding.outcome for finding in found.values()} == {"ok"}
    assert "1 system: declaratii" in found["SYSTEMS_FILE"].detail
    assert "1 key" in found["LINK_SECRET"].detail


async def test_a_system_that_cannot_sign_and_one_over_plain_http_are_told(registry):
    registry({"name": "arhiva"}, {"name": "declaratii", "return_origins": ["http://declaratii.example"]})
    found = await look()
    assert "nothing signed" in found["arhiva"].detail
    assert (found["declaratii"].outcome, "http://declaratii.example" in found["declaratii"].detail) == ("warning", True)


async def test_a_file_that_others_can_write_is_a_warning(registry):
    registry({"name": "declaratii"}).chmod(0o666)
    assert [one.outcome for one in await files.examine() if one.check == "SYSTEMS_FILE"] == ["ok", "warning"]


async def test_an_empty_registry_is_a_warning(registry):
    registry()
    assert (await look())["SYSTEMS_FILE"].outcome == "warning"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "Invalid JSON"),
        ('{"systems": [{"name": "x"}]}', "systems/0/token_sha256"),
        (json.dumps({"systems": [{"name": name, "token_sha256": "0" * 64} for name in ("a", "a-b")]}), "would not be"),
    ],
)
async def test_a_registry_that_cannot_be_used_is_a_failure_that_names_the_place(registry, text, said):
    registry().write_text(text)
    finding = (await look())["SYSTEMS_FILE"]
    assert finding.outcome == "failed"
    assert said in finding.detail


async def test_settings_that_are_missing_are_named(registry, monkeypatch):
    monkeypatch.delenv("SYSTEMS_FILE")
    monkeypatch.setenv("LINK_SECRET", "short")
    details = {finding.detail.partition(":")[0] for finding in await files.examine()}
    assert details == {"SYSTEMS_FILE", "LINK_SECRET"}
    assert "short" not in str([one.detail for one in await files.examine()]).replace("shorter", "")


@pytest.mark.parametrize(
    ("secret", "outcome"),
    [
        (GOOD, "ok"),
        (f"{GOOD} {secrets.token_urlsafe(32)}", "ok"),
        ("k" * 64, "warning"),
        (f"{GOOD} {'ab' * 20}", "warning"),
        (" ".join(secrets.token_urlsafe(32) for _ in range(3)), "warning"),
    ],
    ids=["good", "a good one after another", "guessable", "guessable after a good one", "too many"],
)
def test_keys_that_could_be_guessed_or_are_too_many_are_a_warning(secret, outcome):
    finding = files.link_secret(secret)
    assert finding.outcome == outcome
    assert all(key not in finding.detail for key in secret.split())


async def test_a_link_secret_from_a_file_can_be_changed_without_a_restart(registry, monkeypatch, tmp_path):
    registry({"name": "declaratii"})
    monkeypatch.delenv("LINK_SECRET")
    (tmp_path / "secret").write_text(GOOD)
    monkeypatch.setenv("LINK_SECRET_FILE", str(tmp_path / "secret"))
    assert (await look())["LINK_SECRET"].detail == "1 key, from a file"
