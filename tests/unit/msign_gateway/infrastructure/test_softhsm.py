from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from msign_gateway.infrastructure import packages, softhsm
from msign_gateway.infrastructure.errors import InfrastructureError

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """A machine with root and apt-get, but without SoftHSM; what gets installed on it."""
    installed: list[tuple[str, ...]] = []

    async def install(*names: str) -> None:
        installed.append(names)

    monkeypatch.setattr(packages, "can_install", lambda: True)
    monkeypatch.setattr(packages, "install", install)
    monkeypatch.setattr(softhsm, "installed_module", lambda: MODULE if installed else None)
    return installed


@pytest.mark.parametrize(
    "place",
    [
        "usr/lib/softhsm/libsofthsm2.so",
        "usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
        "usr/lib64/pkcs11/libsofthsm2.so",
    ],
)
def test_the_module_is_found_where_distributions_put_it(tmp_path: Path, place: str):
    module = tmp_path / place
    module.parent.mkdir(parents=True)
    module.touch()
    assert softhsm.find_module(tmp_path) == module


def test_a_machine_without_it_has_none(tmp_path: Path):
    assert softhsm.find_module(tmp_path) is None


def test_without_the_command_that_makes_tokens_the_module_is_of_no_use(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(softhsm, "find_module", lambda: MODULE)
    monkeypatch.setattr(shutil, "which", {"softhsm2-util": "/usr/bin/softhsm2-util"}.get)
    assert softhsm.installed_module() == MODULE
    monkeypatch.setattr(shutil, "which", {}.get)
    assert softhsm.installed_module() is None


async def test_it_is_installed_where_that_is_possible(machine: list[tuple[str, ...]]):
    said: list[str] = []
    assert await softhsm.open_module(said.append) == MODULE
    assert machine == [("softhsm2",)]
    assert said == ["tokens: SoftHSM (installing it first)"]


async def test_nothing_is_installed_where_it_is_already(machine: list[tuple[str, ...]], monkeypatch):
    monkeypatch.setattr(softhsm, "installed_module", lambda: MODULE)
    assert await softhsm.open_module(lambda _: None) == MODULE
    assert machine == []


async def test_without_root_the_tokens_are_software_and_that_is_said(machine: list[tuple[str, ...]], monkeypatch):
    monkeypatch.setattr(packages, "can_install", lambda: False)
    said: list[str] = []
    assert await softhsm.open_module(said.append) is None
    assert (machine, said) == ([], [softhsm.SOFTWARE])


async def test_a_failed_installation_stops_nothing_and_is_said(machine: list[tuple[str, ...]], monkeypatch):
    async def fail(*_: str) -> None:
        raise InfrastructureError("installing softhsm2 failed with exit code 100:\nE: no network")

    monkeypatch.setattr(packages, "install", fail)
    said: list[str] = []
    assert await softhsm.open_module(said.append) is None
    assert said[1:] == [
        "tokens: SoftHSM cannot be installed (installing softhsm2 failed with exit code 100)",
        softhsm.SOFTWARE,
    ]
