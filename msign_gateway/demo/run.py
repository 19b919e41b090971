"""What holds a run of the demo together? Signals, the order of things, and the exit code.

Ctrl-C, SIGTERM and SIGHUP end every process that was started. They are installed explicitly: background shells start
their children with SIGINT ignored.
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from aiohttp import web
from rich.table import Table

from msign_gateway.client import GatewayClient
from msign_gateway.demo.e_service import EService
from msign_gateway.demo.people import read_people
from msign_gateway.demo.scene import Scene
from msign_gateway.demo.show import Show
from msign_gateway.demo.stage import Stage, set_stage
from msign_gateway.demo.story import Story
from shared.errors import MSignGatewayError

SYSTEM = "declaratii"
LOOK_EVERY_S = 1.0
INTERRUPTED = 130


def main(root: Path, *, interactive: bool) -> int:
    """Run the demo in the checkout or folder `root`; returns the exit code (130 when a run was interrupted)."""
    output = root / "demo-output" / f"{datetime.now():%Y-%m-%dT%H-%M-%S}"  # noqa: DTZ005 - a name for people here
    scene = Scene(root / ".demo", output)
    return asyncio.run(_main(scene, interactive=interactive))


async def _main(scene: Scene, *, interactive: bool) -> int:
    show = Show()
    work = asyncio.create_task(_interactive(scene, show) if interactive else _scripted(scene, show))
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(signum, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        show.line("stopped")
        return 0 if interactive else INTERRUPTED
    except (MSignGatewayError, TimeoutError) as error:
        show.failure(str(error) or "no answer in time")
        show.line(f"the services' logs are in {scene.logs}")
        return 1
    return 0


async def _scripted(scene: Scene, show: Show) -> None:
    async with _opened(scene, show) as (_, e_service, client):
        scene.output.mkdir(parents=True)
        await Story(client, show, e_service.people, e_service.return_url, scene.output).play()
    show.title("All was as it should be")
    show.line(f"signed files and events: {scene.output}")


async def _interactive(scene: Scene, show: Show) -> None:
    async with _opened(scene, show) as (stage, e_service, client):
        e_service.client = client
        table = Table("Name", "IDNP", "Instrument", "PIN", title="Made-up people who can sign")
        for person in e_service.people:
            table.add_row(person.name, person.idnp, person.instrument, person.pin)
        show.console.print(table)
        show.title(f"Open {e_service.url} and click Sign. Ctrl-C ends everything.")
        show.line(f"for outside tools: {scene.endpoints}")
        while True:
            stage.must_stand()
            await asyncio.sleep(LOOK_EVERY_S)


@asynccontextmanager
async def _opened(scene: Scene, show: Show) -> AsyncIterator[tuple[Stage, EService, GatewayClient]]:
    show.title("Setting the stage")
    e_service = EService(scene.e_service_url)
    async with _served(e_service, scene.ports.e_service), set_stage(scene, show) as stage:
        e_service.people = read_people(scene.pki / "people.json")
        async with GatewayClient.connect(stage.servers.amqp_urls[SYSTEM], system=SYSTEM) as client:
            yield stage, e_service, client


@asynccontextmanager
async def _served(e_service: EService, port: int) -> AsyncIterator[None]:
    runner = web.AppRunner(e_service.app(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()
