"""The command line against the running system: a person has files signed, an operator looks where they are."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from msign_gateway.demo import user
from msign_gateway.demo.browser import Browser
from msign_gateway.demo.people import owner_of
from tests.documents import pdf_file

COMMAND = Path(sys.executable).parent / "msign-gateway"
PATIENCE_S = 60


@pytest.fixture
async def start(tmp_path, scene, stage):
    """Start `msign-gateway` as system `declaratii`; what still runs at the end is killed."""
    started = []
    environment = os.environ | {
        "AMQP_URL": stage.servers.amqp_urls["declaratii"],
        "DATABASE_URL": stage.servers.database_url,
        "SIGN_GATEWAY_URL": scene.internal_url,
        "SIGN_GATEWAY_TOKEN": scene.tokens["declaratii"],
        "RETURN_URL": "https://declaratii.example/done",
    }

    async def begin(*arguments):
        process = await asyncio.create_subprocess_exec(
            COMMAND, *map(str, arguments), cwd=tmp_path, env=environment, stdout=PIPE, stderr=PIPE, limit=2**20
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended(process):
    async with asyncio.timeout(PATIENCE_S):
        out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    return out.decode()


async def test_a_pdf_is_signed_from_the_terminal_and_its_job_tells_the_way(start, scene, people, tmp_path):
    large = pdf_file("a" * 5_000_000)  # too large for a message
    signer = owner_of("moldsign", people)
    assert signer is not None
    (tmp_path / "act.pdf").write_bytes(large)
    signing = await start("sign", "act.pdf", "--json", "--language", "en")
    async with asyncio.timeout(PATIENCE_S):
        accepted = json.loads(await signing.stdout.readline())
    assert accepted["event"] == "accepted", accepted
    waiting = json.loads(await ended(await start("jobs", "show", accepted["command_id"], "--json")))
    assert waiting["job"]["state"] == "awaiting_signer"
    async with Browser() as browser:
        await user.sign_and_leave(browser, accepted["sign_url"], signer)
    assert json.loads(await ended(signing))["status"] == "Success"
    verdict = await ended(await start("verify", "act.signed.pdf", "--trust", scene.trust, "--json"))
    assert json.loads(verdict)["valid"]
    assert (tmp_path / "act.signed.pdf").read_bytes().startswith(large)
    shown = await ended(await start("jobs", "show", accepted["command_id"]))
    assert shown.startswith("completed")
    assert "the signatures are here, and checked" in shown
