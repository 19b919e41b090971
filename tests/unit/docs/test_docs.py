"""What the documents name exists, and what they show runs."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TOPS = ("msign_gateway", "services", "shared", "tests", "docs", "deploy", "setup")
NAMED = re.compile(rf"`((?:{'|'.join(TOPS)})/[\w./-]+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_that_is_named_exists(document):
    text = document.read_text(encoding="utf-8")
    missing = {name for name in NAMED.findall(text) if not (ROOT / name).exists()}
    missing |= {name for name in LINK.findall(text) if not (document.parent / name).exists()}
    assert missing == set()


def test_the_architecture_places_all_ten_steps():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    steps = re.findall(r"^\| (\d+) \|.*\| (.+) \|$", text, re.MULTILINE)
    assert [int(step) for step, _ in steps] == list(range(1, 11))
    assert [step for step, where in steps if not NAMED.search(where)] == ["1"]


def test_the_commands_of_the_readme_are_targets_of_the_makefile():
    commands = re.findall(r"\bmake ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert {"demo", "test"} <= set(commands)
    assert [name for name in commands if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


def test_the_command_that_runs_all_tests_is_the_one_that_ci_runs():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert "make test" in lines


def test_the_library_needs_a_python_that_the_readme_names():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "Python 3.11 or later" in text
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert sys.version_info >= (3, 11)
