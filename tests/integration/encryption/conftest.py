"""Who shows which certificate."""

from pathlib import Path

import pytest

from tests.integration.encryption.fronts import Files, make_files


@pytest.fixture
def server(tmp_path: Path) -> Files:
    return make_files(tmp_path, "server")


@pytest.fixture
def client(tmp_path: Path) -> Files:
    return make_files(tmp_path, "client")


@pytest.fixture
def stranger(tmp_path: Path) -> Files:
    return make_files(tmp_path, "stranger", authority="theirs")
