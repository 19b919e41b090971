"""Whether there is a container engine shows without waiting for one that is not there."""

import socket
from pathlib import Path

import pytest

from msign_gateway.infrastructure.containers import docker_answers


def test_a_socket_that_is_not_there_is_no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    assert docker_answers() is False


def test_a_socket_that_an_engine_left_behind_is_no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(f"{tmp_path}/docker.sock")
    assert docker_answers() is False
