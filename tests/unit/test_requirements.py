"""What is installed is pinned to the byte, and covers what pyproject.toml asks for: no network needed to see that."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
FILES = ("requirements/services.txt", "requirements/development.txt", "deploy/docker/tools.txt")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BASE = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["services"]]
ASKED = {FILES[0]: BASE, FILES[1]: [*BASE, *PROJECT["dependency-groups"]["dev"]]}


def entries(file: str) -> list[str]:
    """The logical lines of a file, without comments."""
    text = re.sub(r"\s*\\\n\s*", " ", (ROOT / file).read_text(encoding="utf-8"))
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def pins(file: str) -> list[Requirement]:
    return [Requirement(line.partition(" --hash=")[0]) for line in entries(file)]


@pytest.mark.parametrize("file", FILES)
def test_every_line_is_one_version_with_its_hashes(file):
    assert entries(file)
    for line in entries(file):
        assert re.fullmatch(r"[a-z0-9.-]+(\[[a-z,-]+\])?==[^ ]+( ;.*?)?( --hash=sha256:[0-9a-f]{64})+", line), line


@pytest.mark.parametrize("file", FILES)
def test_no_file_says_where_packages_come_from(file):
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links|--trusted-host| @ ", text) == []


@pytest.mark.parametrize("file", FILES)
def test_no_package_is_pinned_twice_for_one_machine(file):
    pinned = [(canonicalize_name(pin.name), str(pin.marker)) for pin in pins(file)]
    assert sorted(set(pinned)) == sorted(pinned)
    plain = {name for name, marker in pinned if marker == "None"}
    assert [name for name, marker in pinned if marker != "None" and name in plain] == []


@pytest.mark.parametrize("file", ASKED)
def test_everything_that_the_project_asks_for_is_pinned_as_it_asks(file):
    pinned = {canonicalize_name(pin.name): pin for pin in pins(file)}
    for asked in map(Requirement, ASKED[file]):
        pin = pinned[canonicalize_name(asked.name)]
        (version,) = pin.specifier
        assert asked.specifier.contains(version.version), f"{asked} is pinned to {version.version}"


def test_the_services_run_with_the_versions_that_are_tested():
    deployed, tested = [{(canonicalize_name(pin.name), str(pin.specifier)) for pin in pins(file)} for file in FILES[:2]]
    assert deployed - tested == set()
