"""`msign-gateway sign`, as a process of its own, with a broker whose gateway the test plays."""

import asyncio
import base64
import hashlib
import json
import os
import pty
import signal
import sys
from asyncio.subprocess import PIPE
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from shared.messaging.commands import SignRequestData
from shared.messaging.envelope import Command
from shared.messaging.events import ACCEPTED, READY, SIGN_REJECTED
from tests.integration.client.told import PATIENCE_S, tell

COMMAND = Path(sys.executable).parent / "msign-gateway"
LINK = "https://sign.example/sign/1?t=x"
PDF = b"%PDF-1.7 an act"
SIGNATURE = b"a signature"


@pytest.fixture
async def start(tmp_path, system_amqp_urls, commands):
    """Start the command in a folder with `act.pdf`; what still runs at the end is killed."""
    (tmp_path / "act.pdf").write_bytes(PDF)
    started = []
    environment = os.environ | {
        "AMQP_URL": system_amqp_urls["declaratii"],
        "RETURN_URL": "https://declaratii.example/back",
    }

    async def begin(*arguments, stdout=PIPE, **variables):
        process = await asyncio.create_subprocess_exec(
            COMMAND, "sign", *arguments, cwd=tmp_path, env=environment | variables, stdout=stdout, stderr=PIPE
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture
def published(commands):
    """Take the command that was published."""

    async def take():
        async with asyncio.timeout(PATIENCE_S), commands["sign_gateway"].iterator() as messages:
            async for message in messages:
                await message.ack()
                return Command.model_validate_json(message.body)
        raise AssertionError("the queue's iterator ended")

    return take


@pytest.fixture
async def store():
    """A gateway's HTTP API: what was stored, by its reference."""
    kept: dict[str, bytes] = {}

    async def put(request):
        if request.headers["Authorization"] != "Bearer secret":
            return web.json_response({"error": {"field": "Authorization", "message": "needs a token"}}, status=401)
        body = await request.read()
        ref = f"sha256:{hashlib.sha256(body).hexdigest()}"
        kept[ref] = body
        return web.json_response({"ref": ref}, status=201)

    async def get(request):
        return web.Response(body=kept[request.match_info["ref"]])

    app = web.Application(client_max_size=2**26)
    app.add_routes([web.put("/contents", put), web.get("/contents/{ref}", get)])
    async with TestServer(app) as server:
        yield str(server.make_url("")), kept


def result(body=SIGNATURE, **changes):
    return {
        "correlation_id": "1",
        "signature": base64.b64encode(body).decode(),
        "sha256": hashlib.sha256(body).hexdigest(),
        "signer": {"subject": "CN=Ana Testescu", "id": None},
        "checked": {"covers_content": True, "expected_signer": None},
    } | changes


async def accept(admin, command):
    await tell(admin, ACCEPTED, command.id, request_id="r", sign_url=LINK, expires_at=datetime.now(UTC).isoformat())


async def finish(admin, command, **data):
    await tell(admin, READY, command.id, **{"request_id": "r", "status": "Success", "results": [result()]} | data)


async def ended(process):
    async with asyncio.timeout(PATIENCE_S):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_the_link_is_printed_and_the_signed_file_written_beside_the_file(start, published, admin, tmp_path):
    process = await start("act.pdf")
    command = await published()
    assert SignRequestData.model_validate(command.data).contents[0].content == PDF
    await accept(admin, command)
    async with asyncio.timeout(PATIENCE_S):
        assert await process.stdout.readline() == f"Sign at {LINK}\n".encode()
    await finish(admin, command)
    assert await ended(process) == (0, "Signed by CN=Ana Testescu\nact.signed.pdf\n", "")
    assert (tmp_path / "act.signed.pdf").read_bytes() == SIGNATURE


@pytest.mark.parametrize(("wish", "shown"), [((), True), (("--no-qr",), False)], ids=["with", "without"])
async def test_on_a_terminal_the_link_is_shown_to_phones_as_well(start, published, admin, wish, shown):
    ours, theirs = pty.openpty()
    try:
        process = await start("act.pdf", *wish, stdout=theirs, TERM="xterm-256color", COLUMNS="80")
        os.close(theirs)
        command = await published()
        await accept(admin, command)
        await finish(admin, command)
        _, err = await process.communicate()
        screen = os.read(ours, 1 << 20).decode()
    finally:
        os.close(ours)
    assert (process.returncode, err) == (0, b"")
    assert f"Sign at {LINK}" in screen
    assert ("█" in screen) is shown


async def test_for_scripts_each_event_is_a_line(start, published, admin, tmp_path):
    process = await start("act.pdf", "--hash", "--json")
    command = await published()
    await accept(admin, command)
    await finish(admin, command)
    code, out, _ = await ended(process)
    accepted, ready = map(json.loads, out.splitlines())
    assert (code, accepted["sign_url"], accepted["command_id"]) == (0, LINK, command.id)
    assert ready["files"] == [{"file": "act.pdf", "signed": "act.pdf.xades.xml"}]
    assert (tmp_path / "act.pdf.xades.xml").read_bytes() == SIGNATURE


async def test_a_rejection_ends_with_code_1_and_says_what_was_wrong(start, published, admin):
    process = await start("act.pdf")
    command = await published()
    error = {"field": "/data/return_url", "code": "origin_not_registered", "message": "is not yours"}
    await tell(admin, SIGN_REJECTED, command.id, errors=[error])
    code, _, err = await ended(process)
    assert (code, err) == (1, "sign: the job was rejected: return_url is not yours (origin_not_registered)\n")


async def test_a_signer_who_declines_ends_with_code_1_and_writes_nothing(start, published, admin, tmp_path):
    process = await start("act.pdf")
    command = await published()
    await accept(admin, command)
    await finish(admin, command, status="Failure", reason_code="declined", message="Refuzat", results=[])
    code, _, err = await ended(process)
    assert (code, err) == (1, "sign: not signed: Failure (declined), Refuzat\n")
    assert not (tmp_path / "act.signed.pdf").exists()


async def test_when_the_time_is_up_the_job_goes_on_under_an_id_that_is_told(start, published, admin):
    process = await start("act.pdf", "--timeout", "1")
    command = await published()
    await accept(admin, command)
    code, _, err = await ended(process)
    assert (code, err) == (3, f"sign: no answer of the signer within 1 s; command {command.id} goes on\n")


async def test_an_interrupt_tells_the_id_of_what_goes_on(start, published, admin):
    process = await start("act.pdf")
    command = await published()
    await accept(admin, command)
    async with asyncio.timeout(PATIENCE_S):
        await process.stdout.readline()
    process.send_signal(signal.SIGINT)
    code, _, err = await ended(process)
    assert code == 130
    assert command.id in err


@pytest.mark.parametrize(
    ("results", "why"),
    [
        ([], "has no signature"),
        ([result(sha256=64 * "0")], "not the one"),
        ([result(signature="A")], "not base64"),
        ([{"correlation_id": "1"}], "not as it should be"),
        ([result(signature=None, signature_ref="sha256:" + 64 * "0")], "--gateway-url"),
    ],
)
async def test_a_signature_that_is_not_there_is_never_written(start, published, admin, tmp_path, results, why):
    process = await start("act.pdf")
    command = await published()
    await accept(admin, command)
    await finish(admin, command, results=results)
    code, _, err = await ended(process)
    assert code == 3
    assert why in err
    assert not (tmp_path / "act.signed.pdf").exists()


async def test_large_files_go_and_come_by_the_gateways_http_api(start, published, admin, tmp_path, store):
    url, kept = store
    large = b"%PDF-1.7 " + os.urandom(4 * 1024 * 1024)
    (tmp_path / "act.pdf").write_bytes(large)
    process = await start("act.pdf", SIGN_GATEWAY_URL=url, SIGN_GATEWAY_TOKEN="secret")
    command = await published()
    (content,) = SignRequestData.model_validate(command.data).contents
    assert kept[content.content_ref] == large
    signed = large + b" signed"
    ref = f"sha256:{hashlib.sha256(signed).hexdigest()}"
    kept[ref] = signed
    await accept(admin, command)
    await finish(admin, command, results=[result(signed, signature=None, signature_ref=ref)])
    assert (await ended(process))[0] == 0
    assert (tmp_path / "act.signed.pdf").read_bytes() == signed


async def test_a_wrong_token_is_a_sentence_with_what_the_gateway_says(start, tmp_path, store):
    (tmp_path / "act.pdf").write_bytes(b"%PDF-1.7 " + bytes(4 * 1024 * 1024))
    process = await start("act.pdf", SIGN_GATEWAY_URL=store[0], SIGN_GATEWAY_TOKEN="wrong")
    code, _, err = await ended(process)
    assert (code, err) == (2, f"sign: the gateway at {store[0].rstrip('/')} answers 401: Authorization needs a token\n")
