"""The registry of systems."""

import hashlib
import hmac
import json
import os

import pytest

from shared.errors import Malformed
from shared.systems import Systems, origin_of


def write(path, *names, origin="https://app.example"):
    entries = [
        {"name": name, "return_origins": [origin], "token_sha256": hashlib.sha256(name.encode()).hexdigest()}
        for name in names
    ]
    path.write_text(json.dumps({"systems": entries}))
    return path


def test_a_system_is_found_by_name_and_by_token(tmp_path):
    systems = Systems(write(tmp_path / "s.json", "one", "two"))
    assert systems.get("two") is systems.with_token("two")
    assert systems.get("three") is None
    assert systems.with_token("") is None


def test_a_token_is_compared_with_every_system_in_constant_time(tmp_path, monkeypatch):
    compared = []

    def compare(known, given):
        compared.append(known)
        return hmac.compare_digest(known, given)

    monkeypatch.setattr("shared.systems.compare_digest", compare)
    systems = Systems(write(tmp_path / "s.json", "one", "two", "three"))
    for token in ("one", "three", "nobody's"):
        compared.clear()
        found = systems.with_token(token)
        assert (found.name if found else None) == (token if token != "nobody's" else None)
        assert len(compared) == 3, "it stops at the first that fits"


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://app.example/back", True),
        ("https://APP.example:443/back?x=1", True),
        ("http://app.example/back", False),
        ("https://app.example:8443/", False),
        ("https://app.example.evil.test/", False),
        ("https://app.example@evil.test/", False),
        ("https://user:pass@app.example/", False),
        ("//app.example/", False),
        ("javascript:alert(1)", False),
        ("https://app.example:port/", False),
        ("", False),
    ],
)
def test_users_return_only_to_registered_origins(tmp_path, url, allowed):
    system = Systems(write(tmp_path / "s.json", "one")).get("one")
    assert system is not None
    assert system.may_return_to(url) is allowed


def test_a_changed_file_takes_effect(tmp_path):
    path = write(tmp_path / "s.json", "one")
    systems = Systems(path)
    write(path, "one", "two")
    assert systems.get("two") is not None


def test_a_broken_file_is_refused_and_what_was_read_stays(tmp_path):
    path = write(tmp_path / "s.json", "one")
    systems = Systems(path)
    path.write_text("{")
    os.utime(path, (0, 0))
    assert systems.get("one") is not None


def test_a_limit_that_no_message_could_carry_is_refused_with_the_name_of_its_field(tmp_path):
    path = write(tmp_path / "s.json", "one")
    registered = json.loads(path.read_text())
    registered["systems"][0]["limits"] = {"content_bytes": 256 * 1024 * 1024 + 1}
    path.write_text(json.dumps(registered))
    with pytest.raises(Malformed, match="systems/0/limits/content_bytes"):
        Systems(path)


def test_a_time_without_an_offset_is_no_end_of_a_token(tmp_path):
    path = write(tmp_path / "s.json", "one")
    registered = json.loads(path.read_text())
    registered["systems"][0]["former_token"] = {"sha256": "0" * 64, "until": "2026-11-24T12:00:00"}
    path.write_text(json.dumps(registered))
    with pytest.raises(Malformed, match="systems/0/former_token/until"):
        Systems(path)


@pytest.mark.parametrize(
    "text", ["{", "{}", '{"systems": [{"name": "Bad Name", "token_sha256": "x"}]}', '{"systems": [], "more": 1}']
)
def test_a_broken_file_stops_the_start_with_its_name(tmp_path, text):
    path = tmp_path / "s.json"
    path.write_text(text)
    with pytest.raises(Malformed, match=r"s\.json"):
        Systems(path)


def test_an_origin_keeps_a_port_that_is_not_the_default():
    assert origin_of("http://127.0.0.1:8080/x") == "http://127.0.0.1:8080"
    assert origin_of("https://[::1]:443/") == "https://[::1]"
