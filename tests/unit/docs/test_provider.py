"""What the provider's manual says of settings and commands is what there is."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.msign.consumers.__main__ import app as consumers
from services.msign.mandates.__main__ import app as mandates
from services.msign.settings import MSignSettings
from services.msign.tokens import app as tokens

MANUAL = (Path(__file__).parents[3] / "docs" / "provider.md").read_text(encoding="utf-8")
FIELDS = {name.upper(): field for name, field in MSignSettings.model_fields.items()}


def test_every_setting_of_the_manual_exists_and_none_that_is_required_is_missing():
    rows = [line.split("|")[1] for line in MANUAL.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([A-Z0-9_]+)`", row)}
    assert named <= set(FIELDS)
    required = {name for name, field in FIELDS.items() if field.is_required()} - {"OPS_PORT"}
    assert required <= named


def test_the_settings_of_the_development_mode_are_those():
    assert {"API_DEVELOPMENT_PORT", "API_DEVELOPMENT_CONSUMER"} <= set(FIELDS)
    assert "`API_DEVELOPMENT_PORT`" in MANUAL


@pytest.mark.parametrize(("package", "app"), [("consumers", consumers), ("mandates", mandates), ("tokens", tokens)])
def test_every_operators_command_of_the_manual_exists(package, app):
    shown = set(re.findall(rf"python -m services\.msign\.{package} ([a-z]+)", MANUAL))
    assert shown
    assert [one for one in shown if CliRunner().invoke(app, [one, "--help"]).exit_code] == []
