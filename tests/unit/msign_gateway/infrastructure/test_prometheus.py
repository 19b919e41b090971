"""What is said when Prometheus cannot run, and does it read the addresses and rules that it is given?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from msign_gateway.infrastructure import packages
from msign_gateway.infrastructure.errors import InfrastructureError
from msign_gateway.infrastructure.prometheus import CONFIGURATION, open_prometheus
from tests.gateway import eventually

needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None, reason="prometheus is not installed; setup/test-tools.sh installs it"
)


async def test_a_machine_without_prometheus_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(packages, "can_install", lambda: False)
    with pytest.raises(InfrastructureError, match="prometheus is not installed, and only root can install it"):
        async with open_prometheus(tmp_path / "p", {}, log=tmp_path / "log"):
            pass


@needs_prometheus
async def test_a_place_without_rules_is_told(tmp_path: Path):
    with pytest.raises(InfrastructureError, match="run it from a checkout"):
        async with open_prometheus(tmp_path / "p", {}, log=tmp_path / "log", configuration=tmp_path / "nowhere"):
            pass


@needs_prometheus
async def test_rules_that_cannot_be_read_are_told_with_its_words(tmp_path: Path):
    shutil.copytree(CONFIGURATION, tmp_path / "configuration")
    (tmp_path / "configuration" / "rules" / "bad.yml").write_text("groups: [{name: x, rules: [{expr: '1 +'}]}]")
    with pytest.raises(InfrastructureError, match=r"(?s)prometheus ended with exit code 1.*bad\.yml"):
        async with open_prometheus(tmp_path / "p", {}, log=tmp_path / "log", configuration=tmp_path / "configuration"):
            pass


@needs_prometheus
async def test_it_looks_at_the_given_targets_and_says_what_it_finds(tmp_path: Path):
    nobody = {"sign_gateway": ["127.0.0.1:9"], "rabbitmq": ["127.0.0.1:9"]}
    async with open_prometheus(tmp_path / "p", nobody, log=tmp_path / "log", every_s=1) as prometheus:

        async def all_down() -> bool:
            health = await prometheus.targets()
            return health == {"sign_gateway": ["down"], "rabbitmq": ["down"], "rabbitmq-detailed": ["down"]}

        await eventually(all_down)
        assert await prometheus.value('up{job="sign_gateway"}') == 0
        assert await prometheus.value("nothing_of_the_kind") is None
        assert await prometheus.firing() == set()
        with pytest.raises(InfrastructureError, match="parse error"):
            await prometheus.query("1 +")
    with pytest.raises(InfrastructureError, match="does not answer"):
        await prometheus.query("1")
    assert json.loads((tmp_path / "p" / "targets" / "rabbitmq.json").read_text()) == [{"targets": ["127.0.0.1:9"]}]
