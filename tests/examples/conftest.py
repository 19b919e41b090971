"""One running system for all examples and for what the documents show, with a user who signs what is to be signed."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from unittest import mock

import pytest
import pytest_asyncio
from aiohttp import web

from msign_gateway.demo import user
from msign_gateway.demo.browser import Browser
from msign_gateway.demo.endpoints import endpoints
from msign_gateway.demo.errors import DemoError
from msign_gateway.demo.people import Person, read_people
from msign_gateway.demo.scene import Scene
from msign_gateway.demo.show import Show
from msign_gateway.demo.stage import Stage, set_stage

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"https?://\S+/sign/\S+")
WITHIN_S = 90.0
SERVERS = ("AMQP_URL", "AMQP_MANAGEMENT_URL", "AMQP_METRICS", "DATABASE_URL")

module = pytest_asyncio.fixture(scope="module", loop_scope="session")
Play = Callable[..., Awaitable[str]]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Addresses, secrets and files of one run."""
    root: Path = tmp_path_factory.mktemp("system")
    return Scene(root / ".demo", root / "output")


@module
async def stage(scene: Scene) -> AsyncIterator[Stage]:
    """The running services, on servers of their own: the session's broker has users of the same names."""
    others = {name: value for name, value in os.environ.items() if name not in SERVERS}
    with mock.patch.dict(os.environ, others, clear=True):
        async with set_stage(scene, Show()) as running:
            running.tell()
            yield running


@pytest.fixture
async def e_service(scene: Scene) -> AsyncIterator[None]:
    """Where users come back to."""

    async def back(_: web.Request) -> web.Response:
        return web.Response(text="<h1>Back</h1>", content_type="text/html")

    app = web.Application()
    app.add_routes([web.get("/back", back)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", scene.ports.e_service).start()
    yield
    await runner.cleanup()


@pytest.fixture
def signer(scene: Scene, stage: Stage) -> Person:
    """Who signs."""
    return read_people(scene.pki / "people.json")[0]


@pytest.fixture
def variables(scene: Scene, stage: Stage) -> dict[str, str]:
    """What `.demo/endpoints.env` says."""
    return endpoints(scene, stage.servers, {name: child.pid for name, child in stage.children.items()})


async def signed(link: str, signer: Person) -> str:
    """Sign as `signer`; returns what went wrong, if anything did: a user who is lost on the way back has signed."""
    try:
        async with Browser() as browser:
            await user.sign(browser, link, signer)
    except DemoError as error:
        return f"(the user: {error})\n"
    return ""


@pytest.fixture
def play(variables: dict[str, str], e_service: None, signer: Person, tmp_path: Path) -> Play:
    """Run a program in `tmp_path` as a system would; each link that it prints is opened, and signed. Its output."""

    async def run(*command: str, environment: Mapping[str, str] | None = None) -> str:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=tmp_path,
            env=os.environ | variables | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"} | dict(environment or {}),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said: list[str] = []
        try:
            async with asyncio.timeout(WITHIN_S):
                assert process.stdout is not None
                async for line in process.stdout:
                    said.append(line.decode())
                    if link := LINK.search(said[-1]):
                        said.append(await signed(link[0], signer))
                code = await process.wait()
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        assert code == 0, "".join(said)
        return "".join(said)

    return run
