"""Do `systems add`, `list` and `rotate-token` leave a registry that the services read as it is meant?"""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from msign_gateway import registration
from msign_gateway.cli import app
from shared.systems import Limits, Registry, Systems


@pytest.fixture
def file(tmp_path):
    return tmp_path / "systems.json"


@pytest.fixture
def run(file):
    def invoke(*arguments):
        return CliRunner().invoke(app, ["systems", *arguments], env={"SYSTEMS_FILE": str(file), "COLUMNS": "80"})

    return invoke


def test_a_new_systems_token_opens_and_is_not_in_the_file(run, file):
    result = run("add", "declaratii", "--origin", "https://declaratii.example:443", "--origin", "http://127.0.0.1:8000")
    token = result.stdout.strip()
    found = Systems(file).with_token(token)
    assert found is not None
    assert (result.exit_code, found.name) == (0, "declaratii")
    assert found.return_origins == ("https://declaratii.example", "http://127.0.0.1:8000")
    assert found.limits == Limits()
    assert token not in file.read_text()


def test_limits_are_kept_and_the_others_are_the_usual_ones(run, file):
    run("add", "declaratii", "--jobs-per-minute", "5", "--content-bytes", "1000")
    found = Systems(file).get("declaratii")
    assert found is not None
    assert found.limits == Limits(jobs_per_minute=5, content_bytes=1000)


def test_without_an_origin_it_is_told_what_that_means(run):
    assert "--origin" in run("add", "declaratii").stderr


@pytest.fixture
def whose(file):
    """Whose the tokens are, None for one that is refused."""

    def ask(*tokens):
        systems = Systems(file)
        return [(found := systems.with_token(token)) and found.name for token in tokens]

    return ask


def test_a_rotated_token_stays_good_beside_the_new_one_for_a_day(run, file, whose):
    old, other = run("add", "declaratii").stdout.strip(), run("add", "registru").stdout.strip()
    before = datetime.now(UTC)
    result = run("rotate-token", "declaratii")
    assert whose(old, result.stdout.strip(), other) == ["declaratii", "declaratii", "registru"]
    former = Registry.read(file).systems[0].former_token
    assert former is not None
    assert timedelta(hours=24) <= former.until - before < timedelta(hours=24, minutes=1)
    assert f"{former.until:%Y-%m-%d %H:%M}" in result.stderr
    assert f"{former.until:%Y-%m-%d %H:%M}" in run("list").stdout
    assert not {old, result.stdout.strip()} & set(file.read_text().split('"'))


def test_a_token_that_leaked_is_refused_at_once(run, whose):
    old = run("add", "declaratii").stdout.strip()
    new = json.loads(run("rotate-token", "declaratii", "--drop-old", "--json").stdout)["token"]
    assert whose(old, new) == [None, "declaratii"]


def test_the_old_token_is_refused_as_soon_as_it_is_dropped(run, whose):
    old = run("add", "declaratii").stdout.strip()
    new = run("rotate-token", "declaratii").stdout.strip()
    assert run("drop-old-token", "declaratii").exit_code == 0
    assert whose(old, new) == [None, "declaratii"]


def test_the_old_token_is_refused_when_its_time_is_up(run, whose):
    old = run("add", "declaratii").stdout.strip()
    new = run("rotate-token", "declaratii", "--keep-old-hours", "0").stdout.strip()
    assert whose(old, new) == [None, "declaratii"]


def test_the_newest_two_tokens_count(run, whose):
    first = run("add", "declaratii").stdout.strip()
    second, third = (run("rotate-token", "declaratii").stdout.strip() for _ in "ab")
    assert whose(first, second, third) == [None, "declaratii", "declaratii"]


def test_the_list_shows_origins_and_limits_but_nothing_of_tokens(run):
    run("add", "declaratii", "--origin", "https://declaratii.example", "--jobs-per-minute", "5")
    shown = run("list").stdout
    assert "https://declaratii.example" in shown
    (listed,) = json.loads(run("list", "--json").stdout)
    assert (listed["name"], listed["limits"]["jobs_per_minute"]) == ("declaratii", 5)
    assert not {"token_sha256", "former_token"} & listed.keys()
    assert listed["old_token_until"] is None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "Declaratii"), "the name must match"),
        (("add", "a b"), "the name must match"),
        (("add", "operator"), "the name is reserved"),
        (("add", "registru"), "registered already"),
        (("add", "registru-2"), "may use every queue named registru-"),
        (("add", "declaratii", "--content-bytes", str(2**40)), "--content-bytes: Input should be less than or equal"),
        (("drop-old-token", "nobody"), "is not registered"),
        (("add", "declaratii", "--origin", "ftp://x"), "must be an http or https address"),
        (("add", "declaratii", "--origin", "https://user:password@x"), "without credentials"),
        (("rotate-token", "nobody"), "is not registered"),
    ],
)
def test_what_is_refused_is_a_sentence_and_changes_nothing(run, file, arguments, sentence):
    run("add", "registru")
    before = file.read_bytes()
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("systems: ")
    assert sentence in result.stderr
    assert file.read_bytes() == before


@pytest.mark.parametrize("arguments", [("list",), ("rotate-token", "declaratii")])
def test_a_file_that_is_not_there_is_a_sentence(run, file, arguments):
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (1, f"systems: {file}: No such file or directory\n")


@pytest.mark.parametrize("arguments", [("list",), ("add", "declaratii"), ("rotate-token", "declaratii")])
def test_a_broken_file_is_left_as_it_is(run, file, arguments):
    file.write_text('{"systems": [{"name": "x"}]}')
    result = run(*arguments)
    assert result.exit_code == 1
    assert "systems/0/token_sha256" in result.stderr
    assert file.read_text() == '{"systems": [{"name": "x"}]}'


def test_a_directory_that_is_not_there_is_a_sentence(tmp_path):
    result = CliRunner().invoke(app, ["systems", "add", "x", "--systems-file", str(tmp_path / "none" / "systems.json")])
    assert result.exit_code == 1
    assert result.stderr.startswith("systems: ")


def test_a_new_file_is_its_owners_alone_and_a_changed_one_keeps_who_may_read_it(run, file):
    run("add", "declaratii")
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    run("rotate-token", "declaratii")
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(run, file):
    real = file.with_name("real.json")
    file.symlink_to(real)
    run("add", "declaratii")
    assert file.is_symlink()
    assert "declaratii" in real.read_text()


def test_when_writing_fails_the_old_file_stays_and_nothing_else(run, file, monkeypatch):
    run("add", "declaratii")
    before = file.read_bytes()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    result = run("rotate-token", "declaratii")
    assert (result.exit_code, result.stderr) == (1, f"systems: {file}: No space left on device\n")
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert file.read_bytes() == before


def test_changes_at_the_same_time_lose_nothing(file):
    names = [f"system{number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: registration.add(file, name, (), Limits()), names))
    assert sorted(system.name for system in Registry.read(file).systems) == sorted(names)
