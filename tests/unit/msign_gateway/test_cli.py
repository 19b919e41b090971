"""What holds for the whole command line?"""

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from msign_gateway.cli import app

ROOT = Path(__file__).parents[3]


def commands(group, path=()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))


BASE = """
import sys

EXTRA = {"aiohttp", "asyncpg", "cryptography", "lxml", "orjson", "pydantic_settings", "structlog"}

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in EXTRA:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, NotInstalled())
from typer.testing import CliRunner
from msign_gateway.cli import app

assert CliRunner().invoke(app, ["schemas"]).exit_code == 0
signed = CliRunner().invoke(app, ["sign", "none.pdf", "--amqp-url", "amqp://x@127.0.0.1:1/", "--return-url", "https://x/"])
assert signed.stderr == "sign: none.pdf: No such file or directory\\n", signed.stderr
"""
ALL = dict(commands(get_command(app)))


def test_the_version_is_the_distributions():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"msign-gateway {project['version']}\n")


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_explains_itself_and_each_of_its_options(path):
    result = CliRunner().invoke(app, [*path, "--help"])
    assert result.exit_code == 0
    command = ALL[path]
    assert command.help
    assert [option.name for option in command.params if option.param_type_name == "option" and not option.help] == []


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("msign-gateway jo", "jobs"),
        ("msign-gateway jobs list --state awa", "awaiting_signer"),
        ("msign-gateway serve sign", "sign_gateway"),
    ],
)
def test_a_shell_can_complete_commands_and_choices(line, offered):
    environment = {
        "_MSIGN_GATEWAY_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split()) - 1),
    }
    result = CliRunner().invoke(app, [], env=environment, prog_name="msign-gateway")
    assert offered in result.stdout.split()


@pytest.mark.parametrize(("command", "variable"), [("jobs", "DATABASE_URL"), ("systems", "SYSTEMS_FILE")])
def test_a_command_that_needs_the_services_says_what_to_install(monkeypatch, command, variable):
    monkeypatch.setattr("msign_gateway.commands.extra.find_spec", lambda _: None)
    result = CliRunner().invoke(app, [command, "list"], env={variable: "nowhere"})
    assert (result.exit_code, result.stderr) == (
        1,
        f"{command}: needs the extra: pip install 'msign-gateway[services]'\n",
    )


def test_the_base_installation_is_enough_to_sign_and_for_the_schemas(tmp_path):
    """Runs where nothing of the extra can be imported, as if it were not there."""
    script = tmp_path / "base.py"
    script.write_text(BASE)
    subprocess.run([sys.executable, script], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)
