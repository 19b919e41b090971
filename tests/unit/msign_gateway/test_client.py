"""What a command looks like, and how events wait."""

import asyncio
import json
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from msign_gateway.client.mailbox import Mailbox
from msign_gateway.client.publishing import envelope
from shared.messaging.commands import SIGN_REQUEST, SignContentData, SignRequestData
from shared.messaging.envelope import Command, Event
from shared.messaging.events import ACCEPTED, READY

ROOT = Path(__file__).parents[3]
LOADED = "import sys, msign_gateway.client; print(*sys.modules)"


def event(number: int, command_id: str, kind: str = ACCEPTED) -> Event:
    data = {"job_id": "job", "command_id": command_id}
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Event(id=str(number), source="/s", type=kind, subject="job", time=moment, sequence=1, data=data)


def test_a_typed_command_survives_the_wire():
    data = SignRequestData(
        content_type="Pdf",
        short_description="Cerere",
        contents=[SignContentData(content=b"\x00\xff", name="cerere.pdf")],
        return_url="https://declaratii.example/back",
        deadline=datetime(2026, 1, 1, tzinfo=UTC),
    )
    command = Command.model_validate_json(envelope(SIGN_REQUEST, "declaratii", data, "c-1"))
    assert (command.id, command.source, command.type) == ("c-1", "/systems/declaratii", SIGN_REQUEST)
    assert command.time is not None
    assert SignRequestData.model_validate(command.data) == data


def test_a_mapping_is_sent_as_it_is_with_bytes_in_base64():
    body = envelope(SIGN_REQUEST, "declaratii", {"wrong": [{"content": b"\x00"}]}, "c-1")
    assert json.loads(body)["data"] == {"wrong": [{"content": "AA=="}]}


def test_what_json_cannot_say_is_refused():
    with pytest.raises(TypeError, match="object has no place in a command"):
        envelope(SIGN_REQUEST, "declaratii", {"content": object()}, "c-1")


async def test_an_event_of_another_type_stays_for_later():
    mailbox = Mailbox()
    first, second = event(1, "c"), event(2, "c", READY)
    for arrived in (first, second):
        await mailbox.put(arrived, 1)
    assert await mailbox.take("c", {READY}) == second
    assert await mailbox.take("c", None) == first


async def test_a_waiter_that_gave_up_takes_no_event_with_it():
    mailbox = Mailbox()
    waiting = asyncio.create_task(mailbox.take("c", None))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    await mailbox.put(event(1, "c"), 1)
    assert (await mailbox.take("c", None)).id == "1"
    assert waiting.cancelled()


async def test_what_arrived_before_the_end_can_still_be_taken():
    mailbox = Mailbox()
    await mailbox.put(event(1, "c"), 1)
    await mailbox.close(ConnectionError("over"))
    assert (await mailbox.take_any()).id == "1"
    with pytest.raises(ConnectionError, match="over"):
        await mailbox.take_any()


async def test_the_first_reason_of_the_end_is_the_one_told():
    mailbox = Mailbox()
    await mailbox.close(ConnectionError("first"))
    await mailbox.close(ConnectionError("second"))
    with pytest.raises(ConnectionError, match="first"):
        await mailbox.take("c", None)


def test_the_client_needs_nothing_of_what_only_services_install():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extra = {line.partition(">")[0].replace("-", "_") for line in project["optional-dependencies"]["services"]}
    program = [sys.executable, "-c", LOADED]
    found = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert "aio_pika" in found
    assert extra & {name.partition(".")[0] for name in found} == set()
