"""The operators' commands, run on a database of one test's own."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
from typer import Typer
from typer.testing import CliRunner

from shared.persistence.pool import open_pool

Run = Callable[..., Any]


@pytest.fixture
def run_command(msign_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("MSIGN_DATABASE_URL", msign_database_url)

    def run(app: Typer, *arguments: Any) -> Any:
        return CliRunner().invoke(app, [str(one) for one in arguments])

    return run


@pytest.fixture
async def pool(msign_database_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with open_pool(msign_database_url) as opened:
        yield opened
