"""Does the demo fail when Prometheus saw something that was not as it should be?"""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from msign_gateway.demo.environment import Servers
from msign_gateway.demo.errors import DemoError
from msign_gateway.demo.monitoring import look_back, targets_of
from msign_gateway.demo.scene import SERVICES, Scene
from msign_gateway.demo.show import Show
from msign_gateway.infrastructure.processes import Child
from msign_gateway.infrastructure.prometheus import Prometheus

SERVERS = Servers("amqp://broker", "postgresql://server", {}, "postgresql://gateway", "postgresql://msign")
FINISHED = [
    {"metric": {"kind": "sign", "outcome": "completed"}, "value": [0, "6"]},
    {"metric": {"kind": "sign", "outcome": "failed"}, "value": [0, "1"]},
]


@dataclass(frozen=True)
class Told(Prometheus):
    """A Prometheus that knows what it is told."""

    health: dict[str, list[str]] = field(default_factory=lambda: {"msign": ["up"], "verifier": ["up"]})
    alerts: frozenset[str] = frozenset()
    finished: tuple[dict[str, Any], ...] = tuple(FINISHED)
    scraped: list[int] = field(default_factory=lambda: [2])
    """How many targets were scraped at each look; the last number stays."""

    async def query(self, expression: str) -> list[dict[str, Any]]:
        if "jobs_finished" in expression:
            return list(self.finished)
        if "timestamp(up)" in expression:
            count = self.scraped.pop(0) if len(self.scraped) > 1 else self.scraped[0]
            return [{"metric": {}, "value": [0, str(count)]}] if count else []
        return [{"metric": {"outcome": "signed"}, "value": [0, "6"]}]

    async def targets(self) -> dict[str, list[str]]:
        return self.health

    async def firing(self) -> set[str]:
        return set(self.alerts)


@pytest.fixture
def prometheus() -> Told:
    return Told(url="http://127.0.0.1:9", child=object.__new__(Child))


@pytest.fixture
def show() -> Show:
    return Show(Console(file=io.StringIO(), width=200))


async def test_what_was_counted_is_shown(prometheus: Told, show: Show):
    await look_back(prometheus, show)
    assert isinstance(show.console.file, io.StringIO)
    shown = show.console.file.getvalue()
    assert "2 targets up: msign, verifier; firing alerts: 0" in shown
    assert "finished jobs: 6 sign completed, 1 sign failed" in shown


async def test_a_look_back_waits_until_every_target_was_scraped(prometheus: Told, show: Show):
    scraped = [0, 1, 2]
    await look_back(replace(prometheus, scraped=scraped), show)
    assert scraped == [2]


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({"health": {"msign": ["up"], "verifier": ["down"]}}, "not every target is up"),
        ({"alerts": frozenset({"BreakerOpen", "DeadLetters"})}, "alerts fire: BreakerOpen, DeadLetters"),
        ({"finished": ()}, "no finished job was counted"),
    ],
)
async def test_the_demo_fails_for_what_was_not_as_it_should_be(
    prometheus: Told, show: Show, seen: dict[str, Any], said: str
):
    with pytest.raises(DemoError, match=said):
        await look_back(replace(prometheus, **seen), show)


def test_every_service_is_looked_at_and_the_broker_where_its_metrics_are_known(tmp_path: Path):
    scene = Scene(tmp_path / ".demo", tmp_path / "output")
    assert targets_of(scene, SERVERS).keys() == set(SERVICES)
    assert targets_of(scene, replace(SERVERS, broker_metrics="127.0.0.1:1"))["rabbitmq"] == ["127.0.0.1:1"]
