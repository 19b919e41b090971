"""The README's snippet, run as it stands there by another process."""

import asyncio
import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from shared.messaging.commands import SignRequestData
from shared.messaging.envelope import Command
from shared.messaging.events import ACCEPTED, READY, SIGN_REJECTED
from tests.integration.client.told import PATIENCE_S, tell

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def snippet(tmp_path, system_amqp_urls, commands):
    """The running snippet, in a folder that looks like a checkout whose demo runs."""
    (block,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S | re.M)
    variables = {"DECLARATII_AMQP_URL": system_amqp_urls["declaratii"], "E_SERVICE_URL": "https://declaratii.example"}
    (tmp_path / ".demo").mkdir()
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in variables.items()]
    (tmp_path / ".demo" / "endpoints.env").write_text("".join(lines))
    (tmp_path / "ask.py").write_text(block, encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-u",
        "ask.py",
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    yield process
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def published(commands) -> Command:
    async with asyncio.timeout(PATIENCE_S), commands["sign_gateway"].iterator() as messages:
        async for message in messages:
            await message.ack()
            return Command.model_validate_json(message.body)
    raise AssertionError("the queue's iterator ended")


async def test_the_snippet_publishes_a_good_command_and_tells_the_link_and_the_outcome(snippet, commands, admin):
    command = await published(commands)
    assert SignRequestData.model_validate(command.data).return_url == "https://declaratii.example/back"
    await tell(admin, ACCEPTED, command.id, sign_url="https://sign.example/sign/1?t=x")
    async with asyncio.timeout(PATIENCE_S):
        assert await snippet.stdout.readline() == b"Open https://sign.example/sign/1?t=x\n"
        await tell(admin, READY, command.id, status="Success", results=[{"sha256": "ab"}])
        assert await snippet.stdout.readline() == b"Success ['ab']\n"
        assert await snippet.wait() == 0


async def test_the_snippet_tells_why_its_job_was_rejected(snippet, commands, admin):
    command = await published(commands)
    await tell(admin, SIGN_REJECTED, command.id, errors=["bad return_url"])
    async with asyncio.timeout(PATIENCE_S):
        output, _ = await snippet.communicate()
    assert (snippet.returncode, output) == (1, b"['bad return_url']\n")
