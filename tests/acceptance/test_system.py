"""Real processes: the whole way, and what happens when one of them is taken away."""

import asyncio
import base64
import hashlib
import sys

import aiohttp
import pytest
from aiohttp import web

from msign_gateway.demo import user
from msign_gateway.demo.browser import Browser
from msign_gateway.demo.environment import settings_of
from msign_gateway.demo.show import Show
from msign_gateway.demo.story import Story
from msign_gateway.infrastructure.processes import end, start
from shared.messaging import events as wire
from tests.gateway import eventually

DIGEST = hashlib.sha256(b"a record").digest()


@pytest.fixture
async def e_service(scene):
    """Where users come back to."""

    async def back(_: web.Request) -> web.Response:
        return web.Response(text="<h1>Back</h1>", content_type="text/html")

    app = web.Application()
    app.add_routes([web.get("/back", back)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", scene.ports.e_service).start()
    yield f"{scene.e_service_url}/back"
    await runner.cleanup()


@pytest.fixture
def job(e_service):
    """The data of a good sign job."""
    return {
        "content_type": "Hash",
        "short_description": "A record",
        "contents": [{"content": base64.b64encode(DIGEST).decode(), "correlation_id": "1"}],
        "return_url": e_service,
    }


def serve(name, scene, stage):
    """Start a service of the system anew, in the place of the one that ended."""
    stage.children[name] = start(
        name,
        [sys.executable, "-m", f"services.{name}"],
        log=scene.logs / f"{name}.log",
        environment=settings_of(name, scene, stage.servers),
    )


async def is_ready(scene, name):
    try:
        async with aiohttp.ClientSession() as http, http.get(f"{scene.ops_url(name)}/readyz") as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


async def test_the_whole_way_from_published_jobs_to_signatures_and_verdicts(scene, client, people, e_service):
    await Story(client, Show(), people, e_service, scene.output).play()
    assert len(list(scene.output.glob("*.xades.xml"))) == 3
    pdfsig = await asyncio.create_subprocess_exec(
        "pdfsig", "-nocert", str(scene.output / "report.signed.pdf"), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await pdfsig.communicate()
    assert b"Signature is Valid" in said
    assert b"Total document signed" in said


async def test_a_job_published_while_sign_gateway_is_dead_is_accepted_when_it_is_back(scene, stage, client, job):
    stage.children["sign_gateway"].finish(within_s=0)  # SIGKILL
    command = await client.sign(job)
    serve("sign_gateway", scene, stage)
    event = await client.next_event(command, timeout_s=30)
    assert event.type == wire.ACCEPTED


async def test_a_job_published_while_msign_is_down_is_accepted_when_it_is_back(scene, stage, client, job):
    end([stage.children["msign"]])
    command = await client.sign(job)
    serve("msign", scene, stage)
    event = await client.next_event(command, timeout_s=60)
    assert event.type == wire.ACCEPTED


async def test_a_user_who_never_comes_back_loses_nothing(stage, client, job, people):
    command = await client.sign(job)
    accepted = await client.next_event(command)
    async with Browser() as browser:
        await user.sign_and_leave(browser, accepted.data["sign_url"], people[0])
    event = await client.next_event(command, types={wire.READY}, timeout_s=60)
    assert event.data["status"] == "Success"


@pytest.mark.parametrize("name", ["verifier", "callback_web", "sign_gateway", "msign"])
async def test_a_service_that_is_asked_to_stop_drains_and_ends_with_code_0(scene, stage, name):
    await eventually(lambda: is_ready(scene, name), within_s=60)
    child = stage.children[name]
    child.ask_to_stop()
    await eventually(lambda: ended(child))
    assert child.exit_code == 0
    serve(name, scene, stage)
    await eventually(lambda: is_ready(scene, name), within_s=60)


async def ended(child):
    return child.exit_code is not None


async def test_metrics_are_served_in_the_format_of_prometheus(scene, stage):
    async with aiohttp.ClientSession() as http:
        for name in stage.children:
            async with http.get(f"{scene.ops_url(name)}/metrics") as response:
                assert response.status == 200
                assert "# TYPE process_cpu_seconds_total counter" in await response.text()


def test_the_logs_hold_no_pin_and_no_personal_number(scene, stage, people):
    logs = "".join(path.read_text() for path in scene.logs.glob("*.log"))
    assert "sign_request_posted" in logs
    for person in people:
        assert person.idnp not in logs
        assert f'"{person.pin}"' not in logs
