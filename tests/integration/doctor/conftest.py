"""`msign-gateway doctor` as an operator runs it, on real servers that something is wrong with."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from msign_gateway.cli import app
from services.callback_web.settings import Settings as CallbackSettings
from services.sign_gateway.settings import Settings as SignSettings
from tests.integration.encryption.fronts import Files, make_files

Diagnose = Callable[..., Any]
NAMES = {name.upper() for kind in (SignSettings, CallbackSettings) for name in kind.model_fields}


class Diagnosis(defaultdict[str, list[dict[str, str]]]):
    """The findings by what was looked at, and how the command ended."""

    exit_code = 0

    def outcome(self, check: str) -> str:
        """What the only finding of a check says."""
        (finding,) = self[check]
        return finding["outcome"]

    def detail(self, check: str) -> str:
        (finding,) = self[check]
        return finding["detail"]


@pytest.fixture
def diagnose(monkeypatch: pytest.MonkeyPatch) -> Diagnose:
    """Looks at an area with these settings; nothing that is said holds one of the secrets."""
    for name in NAMES | {"AMQP_MANAGEMENT_URL"}:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)

    async def run(area: str, *, secrets: tuple[str, ...] = (), **settings: object) -> Diagnosis:
        environment = {name: str(value) for name, value in settings.items()}
        for arguments in (["--json"], []):
            result = await asyncio.to_thread(
                CliRunner().invoke, app, ["doctor", "--only", area, *arguments], env=environment | {"COLUMNS": "500"}
            )
            assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
            for secret in secrets:
                assert secret not in result.output
            if arguments:
                told = json.loads(result.stdout.splitlines()[-1])  # before it, what a test's server logs
        found = Diagnosis(list)
        found.exit_code = result.exit_code
        for finding in told["findings"]:
            assert finding["area"] == area
            assert finding["advice"] or finding["outcome"] in {"ok", "failed"}
            assert f"{finding['outcome']} " in result.stdout or finding["outcome"] == "skipped"
            assert finding["check"] in result.stdout
            found[finding["check"]].append(finding)
        return found

    return run


@pytest.fixture
def server(tmp_path: Path) -> Files:
    return make_files(tmp_path, "server")


@pytest.fixture
def stranger(tmp_path: Path) -> Files:
    return make_files(tmp_path, "stranger", authority="theirs")
