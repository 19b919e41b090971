from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from msign_gateway.demo.errors import DemoError
from msign_gateway.demo.watch import MOST_SHORT_LIVES, keep_running, until_one_ends
from msign_gateway.infrastructure.errors import InfrastructureError
from msign_gateway.infrastructure.processes import Child, end, start
from tests.gateway import eventually

ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


def child(folder: Path, script: str) -> Child:
    return start("clerk", ["sh", "-c", script], log=folder / "log", environment=ENVIRONMENT)


async def test_a_service_that_ends_is_noticed_with_its_last_lines(tmp_path: Path):
    with pytest.raises(InfrastructureError, match=r"clerk ended with exit code 3:\nout of ink"):
        await until_one_ends({"clerk": child(tmp_path, "echo out of ink; exit 3")})


async def test_a_service_that_does_not_stay_up_is_given_up(tmp_path: Path):
    said: list[str] = []
    children = {"clerk": child(tmp_path, "echo out of ink; exit 3")}
    with pytest.raises(DemoError, match="out of ink"):
        await keep_running(children, lambda _: child(tmp_path, "echo out of ink; exit 3"), said.append, tmp_path)
    assert len(said) == MOST_SHORT_LIVES - 1


async def test_a_service_that_is_held_stops_and_comes_back_when_it_is_let_go(tmp_path: Path):
    hold, said, started = tmp_path / "hold", list[str](), list[Child]()
    hold.mkdir()

    def begin(name: str) -> Child:
        started.append(child(tmp_path, "exec sleep 600"))
        return started[-1]

    children = {"clerk": begin("clerk")}
    watching = asyncio.create_task(keep_running(children, begin, said.append, hold))
    (hold / "clerk").touch()
    await eventually(lambda: has_ended(started[0]))
    (hold / "clerk").unlink()
    await eventually(lambda: is_back(children, started))
    watching.cancel()
    end(started)
    assert said == [f"clerk stops, until {hold / 'clerk'} is gone", "clerk ended with exit code -15; starting it again"]


async def has_ended(one: Child) -> bool:
    return one.exit_code is not None


async def is_back(children: dict[str, Child], started: list[Child]) -> bool:
    return len(started) == 2 and children["clerk"] is started[1]


async def test_a_child_that_ignores_the_polite_signal_is_ended_with_its_own_children(tmp_path: Path):
    trapped = tmp_path / "trapped"
    os.mkfifo(trapped)
    stubborn = child(tmp_path, f"trap '' TERM; sleep 600 & echo $! > {trapped}; while :; do wait; done")
    own_child = int(trapped.read_text())
    end([stubborn], within_s=0.2)
    assert stubborn.exit_code == -9
    await eventually(lambda: gone(own_child))


async def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def test_a_program_that_is_not_there_is_said_in_words(tmp_path: Path):
    with pytest.raises(InfrastructureError, match="clerk cannot be started"):
        start("clerk", ["/nowhere/clerk"], log=tmp_path / "log", environment=ENVIRONMENT)
