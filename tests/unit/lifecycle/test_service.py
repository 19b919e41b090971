"""How a service starts, says that it is ready, drains and stops."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
import structlog
from aiohttp import test_utils

from msign_gateway.infrastructure.ports import free_ports
from shared.lifecycle import Service
from shared.lifecycle.ops import create_ops_app

ROOT = Path(__file__).parents[3]

PROGRAM = """
import asyncio, gc, os, signal, sys
from contextlib import asynccontextmanager
from shared.lifecycle import run_service
from shared.settings import ServiceSettings

async def crash():
    raise RuntimeError("of ours")

async def say_that_it_drained():
    print("drained", flush=True)

async def say_what_is_kept_for_good():
    print("modules are walked through" if any(one is sys for one in gc.get_objects()) else "", flush=True)

@asynccontextmanager
async def start(settings, service):
    if sys.argv[1] == "cannot start":
        raise RuntimeError("no database")
    service.on_drain(say_that_it_drained)
    service.on_drain(say_what_is_kept_for_good)
    service.spawn(asyncio.Event().wait(), "waiting")
    if sys.argv[1] == "crash":
        service.spawn(crash(), "crashing")
    else:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), getattr(signal, sys.argv[1]))
    try:
        yield
    finally:
        print("closed", flush=True)

run_service("specimen", ServiceSettings, start)
"""


@pytest.fixture
def service():
    return Service("specimen")


@pytest.fixture
async def ops(service):
    async with test_utils.TestClient(test_utils.TestServer(create_ops_app(service))) as client:
        yield client


async def passes():
    return True


async def fails():
    return False


async def raises():
    raise ConnectionError("no database")


async def never():
    await asyncio.Event().wait()
    return True


async def test_a_started_service_whose_checks_pass_is_ready(service, ops):
    service.ready_when("database", passes)
    service.started = True
    response = await ops.get("/readyz")
    assert response.status == 200
    assert await response.json() == {
        "service": "specimen", "ready": True, "checks": {"database": True}, "warnings": [],
    }  # fmt: skip


async def test_a_service_is_not_ready_before_it_has_started(ops):
    assert (await ops.get("/readyz")).status == 503
    assert (await ops.get("/livez")).status == 200


@pytest.mark.parametrize("check", [fails, raises, never])
async def test_a_check_that_fails_raises_or_hangs_makes_the_service_not_ready(service, ops, monkeypatch, check):
    monkeypatch.setattr("shared.lifecycle.ops.CHECK_TIMEOUT_S", 0.05)
    service.ready_when("database", check)
    service.ready_when("broker", passes)
    service.started = True
    response = await ops.get("/readyz")
    assert response.status == 503
    assert (await response.json())["checks"] == {"database": False, "broker": True}


async def test_a_stopping_service_is_alive_but_not_ready(service, ops):
    service.started = True
    service.stopping.set()
    assert (await ops.get("/readyz")).status == 503
    assert (await ops.get("/livez")).status == 200


async def test_metrics_are_in_prometheus_text_format(ops):
    response = await ops.get("/metrics")
    assert response.content_type == "text/plain"
    assert "msign_service_event_loop_lag_seconds" in await response.text()


async def test_metrics_tell_whether_the_service_is_ready(service, ops):
    service.ready_when("database", passes)
    service.started = True
    assert "msign_service_ready 1.0" in await (await ops.get("/metrics")).text()
    service.ready_when("broker", fails)
    assert "msign_service_ready 0.0" in await (await ops.get("/metrics")).text()


async def test_drains_run_in_the_order_of_their_registration(service):
    called = []

    def drain(name):
        async def run():
            called.append(name)

        return run

    service.on_drain(drain("intake"))
    service.on_drain(drain("worker"))
    await service.drain(5)
    assert called == ["intake", "worker"]


async def test_a_drain_that_takes_too_long_is_given_up(service):
    service.on_drain(lambda: asyncio.Event().wait())
    with structlog.testing.capture_logs() as logs:
        await service.drain(0.05)
    assert [entry["event"] for entry in logs] == ["drain_ran_out_of_time"]


async def test_a_drain_that_fails_does_not_keep_the_others_from_draining(service):
    drained = asyncio.Event()

    async def last():
        drained.set()

    service.on_drain(raises)
    service.on_drain(last)
    with structlog.testing.capture_logs() as logs:
        await service.drain(5)
    assert drained.is_set()
    assert [entry["event"] for entry in logs] == ["drain_failed"]


async def test_a_background_task_that_crashes_stops_the_service(service):
    with structlog.testing.capture_logs() as logs:
        service.spawn(raises(), "crashing")
        async with asyncio.timeout(60):
            await service.stopping.wait()
    assert service.failed
    assert [(entry["event"], entry["task"]) for entry in logs] == [("background_task_crashed", "crashing")]


async def test_a_background_task_that_is_cancelled_or_done_stops_nothing(service):
    service.spawn(asyncio.Event().wait(), "waiting")
    service.spawn(passes(), "done")
    await service.cancel_tasks()
    assert not service.failed
    assert not service.stopping.is_set()


def run(how):
    environment = {"PYTHONPATH": str(ROOT), "OPS_PORT": str(free_ports(1)[0]), "LOG_FORMAT": "json"}
    command = [sys.executable, "-c", PROGRAM, how]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("signal", ["SIGTERM", "SIGINT"])
def test_a_signal_ends_the_service_in_order_with_exit_code_0(signal):
    ended = run(signal)
    assert (ended.returncode, ended.stdout.split()) == (0, ["drained", "closed"])
    assert "service_stopped" in ended.stderr


def test_a_started_service_is_not_walked_through_in_search_of_garbage():
    assert "modules are walked through" not in run("SIGTERM").stdout


def test_a_crashed_background_task_ends_the_service_with_exit_code_1():
    ended = run("crash")
    assert (ended.returncode, ended.stdout.split()) == (1, ["drained", "closed"])
    assert "background_task_crashed" in ended.stderr


def test_a_service_that_cannot_start_ends_with_exit_code_1():
    ended = run("cannot start")
    assert ended.returncode == 1
    assert "service_failed" in ended.stderr
