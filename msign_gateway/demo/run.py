"""What holds a run of the demo together? The order of things, and the exit code."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from aio_pika.exceptions import AMQPError
from aiohttp import web

from msign_gateway.client import ConnectionLost, GatewayClient
from msign_gateway.demo.cast import mandates_of, places_of, table_of
from msign_gateway.demo.e_service import EService
from msign_gateway.demo.monitoring import look_back
from msign_gateway.demo.people import read_people
from msign_gateway.demo.scene import Scene
from msign_gateway.demo.show import Show, command_line
from msign_gateway.demo.signals import Stop, listening
from msign_gateway.demo.stage import Stage, set_stage
from msign_gateway.demo.story import Story
from msign_gateway.demo.watch import keep_running, until_one_ends
from shared.errors import MSignGatewayError

SYSTEM = "declaratii"
RECONNECT_S = 1.0
INTERRUPTED = 130


def main(root: Path, *, interactive: bool, with_prometheus: bool = False) -> int:
    """Run the demo in the checkout or folder `root`; returns the exit code (130 when a run was interrupted)."""
    output = root / "demo-output" / f"{datetime.now():%Y-%m-%dT%H-%M-%S}"  # noqa: DTZ005 - a name for people here
    scene = Scene(root / ".demo", output)
    return asyncio.run(_main(scene, interactive=interactive, with_prometheus=with_prometheus))


async def _main(scene: Scene, *, interactive: bool, with_prometheus: bool) -> int:
    show = Show()
    play = _interactive if interactive else _scripted
    work = asyncio.create_task(play(scene, show, with_prometheus=with_prometheus))
    stop = Stop(work)
    async with listening(stop):
        try:
            await work
        except asyncio.CancelledError:
            show.line("stopped")
            return 0 if interactive else INTERRUPTED
        except (MSignGatewayError, TimeoutError, AMQPError) as error:
            show.failure(str(error) or repr(error))
            show.line(f"the services' logs are in {scene.logs}")
            return 1
    return 0


async def _scripted(scene: Scene, show: Show, *, with_prometheus: bool) -> None:
    opened = _opened(scene, show, with_prometheus=with_prometheus)
    async with opened as (stage, e_service), _connected(stage) as client:
        stage.tell()
        scene.output.mkdir(parents=True)
        shutil.copytree(scene.trust, scene.output / "trust")
        story = Story(client, show, e_service.people, e_service.return_url, scene.output)
        await first(story.play(), until_one_ends(stage.children))
        if stage.prometheus:
            await look_back(stage.prometheus, show)
    show.title("All was as it should be")
    show.line(f"signed files and events: {scene.output}")
    signed, trust = scene.output / "report.signed.pdf", scene.output / "trust"
    show.line(f"to check one: {command_line('verify', str(signed), '--trust', str(trust))}")


async def _interactive(scene: Scene, show: Show, *, with_prometheus: bool) -> None:
    async with _opened(scene, show, with_prometheus=with_prometheus) as (stage, e_service):
        await first(
            keep_running(stage.children, stage.restart, show.line, scene.hold),
            _keep_connected(stage, e_service),
            _welcome(scene, show, stage, e_service),
        )


async def _welcome(scene: Scene, show: Show, stage: Stage, e_service: EService) -> None:
    """Say where everything is as soon as all is there; then wait for ever."""
    await e_service.connected.wait()
    stage.tell()
    show.print()
    show.print(table_of(e_service.people))
    show.print(mandates_of(e_service.people))
    for line in places_of(e_service.people, scene.frontend_url):
        show.line(line)
    show.line(f"the gateway's status: {scene.ops_url('sign_gateway')}/status")
    if stage.prometheus:
        show.line(f"Prometheus: {stage.prometheus.url}, its alerts: {stage.prometheus.page('alerts')}")
        show.line(f"to see one fire: touch {scene.hold}/msign, and click Sign; rm {scene.hold}/msign mends it")
    show.title(f"Open {e_service.url} and click Sign. Ctrl-C ends everything.")
    show.line(f"for outside tools: {scene.endpoints}")
    await asyncio.Event().wait()


async def first(*works: Coroutine[Any, Any, None]) -> None:
    """Run all of `works` until the first one ends, by itself or with an error, which is raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_connected(stage: Stage, e_service: EService) -> None:
    """Give the e-Service its connection, and a new one whenever it is lost."""
    while True:
        try:
            async with _connected(stage) as client:
                e_service.client = client
                e_service.connected.set()
                await e_service.orders.listen(client)
        except (ConnectionLost, AMQPError, OSError):
            e_service.client = None
        await asyncio.sleep(RECONNECT_S)


def _connected(stage: Stage) -> AbstractAsyncContextManager[GatewayClient]:
    return GatewayClient.connect(stage.servers.amqp_urls[SYSTEM], system=SYSTEM)


@asynccontextmanager
async def _opened(scene: Scene, show: Show, *, with_prometheus: bool) -> AsyncIterator[tuple[Stage, EService]]:
    show.title("Setting the stage")
    e_service = EService(scene.e_service_url, scene.frontend_url)
    running = set_stage(scene, show, with_prometheus=with_prometheus)
    async with _served(e_service, scene.ports.e_service), running as stage:
        e_service.people = read_people(scene.pki / "people.json")
        yield stage, e_service


@asynccontextmanager
async def _served(e_service: EService, port: int) -> AsyncIterator[None]:
    runner = web.AppRunner(e_service.app(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()
