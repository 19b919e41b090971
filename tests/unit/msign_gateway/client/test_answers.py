"""What a system is told of its command, as typed data or as an error that says what to do."""

import base64
import hashlib
import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from msign_gateway.client import (
    ACCEPTED,
    READY,
    SIGN_REJECTED,
    VERIFIED,
    ConnectionLost,
    ContentStore,
    Ended,
    Event,
    GatewayClient,
    Malformed,
    NotAnswered,
    Rejected,
    ResultData,
    Transient,
    parsed,
    read,
)
from msign_gateway.client.line import Line
from msign_gateway.client.mailbox import Mailbox

SIGNATURE = b"a signature"
CHECKED = {"covers_content": True, "expected_signer": None}
VERDICT = {"correlation_id": "1", "valid": True, "message": "ok", "certificates": []}


def event(kind, sequence=1, **data):
    return Event(
        id=f"{kind}{sequence}",
        source="/services/test",
        type=kind,
        subject="job",
        time=datetime(2026, 1, 1, tzinfo=UTC),
        sequence=sequence,
        data={"job_id": "job", "command_id": "c"} | data,
    )


ACCEPT = event(ACCEPTED, request_id="r", sign_url="https://sign.example/", expires_at="2026-01-02T00:00:00Z")
DONE = event(READY, 2, request_id="r", status="Success", results=[])


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def store():
    """A store that fails now and then: the first answers to each question are 503 and 408."""
    body = json.dumps([VERDICT]).encode()
    ref = f"sha256:{hashlib.sha256(body).hexdigest()}"
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            status = {1: 503, 2: 408}.get(len(asked)) or (200 if ref in self.path else 404)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body if status == 200 else b"{}")

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield ContentStore(f"http://127.0.0.1:{server.server_port}", "token"), ref, asked
        server.shutdown()
        serving.join()


def client(mailbox, store=None):
    return GatewayClient("declaratii", Line("amqp://nowhere.invalid/", name="test"), mailbox, store)


async def test_the_link_and_the_outcome_are_typed(mailbox):
    for told in (ACCEPT, DONE):
        await mailbox.put(told, 1)
    accepted = await client(mailbox).accepted("c")
    assert accepted.expires_at == datetime(2026, 1, 2, tzinfo=UTC)
    assert (await client(mailbox).ready("c")).status == "Success"


async def test_what_came_in_the_wrong_order_is_handed_out_by_sequence(mailbox):
    for told in (DONE, ACCEPT):
        await mailbox.put(told, 1)
    assert [await client(mailbox).next_event("c"), await client(mailbox).next_event("c")] == [ACCEPT, DONE]


async def test_a_rejection_is_an_error_with_everything_that_is_wrong(mailbox):
    problem = {"field": "/data/return_url", "code": "origin_not_registered", "message": "is not yours"}
    await mailbox.put(event(SIGN_REJECTED, errors=[problem]), 1)
    with pytest.raises(Rejected, match=r"/data/return_url is not yours \(origin_not_registered\)") as told:
        await client(mailbox).accepted("c")
    assert (told.value.field, told.value.code) == ("/data/return_url", "origin_not_registered")
    assert [error.model_dump() for error in told.value.errors] == [problem]


async def test_a_job_that_ended_before_anybody_could_sign_has_no_link(mailbox):
    await mailbox.put(event(READY, request_id=None, status="Expired", reason_code="expired"), 1)
    with pytest.raises(Ended, match="Expired") as told:
        await client(mailbox).accepted("c")
    assert told.value.outcome.reason_code == "expired"


async def test_an_answer_that_does_not_come_is_a_time_out_that_may_be_tried_again(mailbox):
    with pytest.raises(NotAnswered) as told:
        await client(mailbox).ready("c", timeout_s=0)
    assert isinstance(told.value, TimeoutError)
    assert isinstance(told.value, Transient)


async def test_after_the_end_nobody_waits(mailbox):
    await mailbox.close(ConnectionLost("over"))
    with pytest.raises(ConnectionLost, match="over"):
        await client(mailbox).ready("c")


async def test_a_list_of_verdicts_that_was_too_large_is_fetched(mailbox, store):
    contents, ref, asked = store
    await mailbox.put(event(VERIFIED, results=[], results_ref=ref), 1)
    completed = await client(mailbox, contents).completed("c")
    assert [verdict.valid for verdict in completed.results] == [True]
    assert len(asked) == 3, "503 and 408 are tried again"


def test_what_the_store_does_not_have_is_not_asked_for_twice(store):
    contents, _, asked = store
    asked += ["warm", "up"]
    with pytest.raises(Malformed, match="404"):
        contents.get("sha256:" + 64 * "0")
    assert len(asked) == 3


async def test_without_a_store_nothing_is_uploaded(mailbox):
    with pytest.raises(Malformed, match="give `store`"):
        await client(mailbox).upload(b"%PDF")


def result(**said):
    digest = hashlib.sha256(SIGNATURE).hexdigest()
    return ResultData.model_validate({"correlation_id": "1", "sha256": digest, "checked": CHECKED} | said)


async def test_an_inline_signature_is_the_one_that_the_event_speaks_of(mailbox):
    good = result(signature=base64.b64encode(SIGNATURE).decode())
    assert await client(mailbox).signature(good) == SIGNATURE


@pytest.mark.parametrize(
    ("said", "kind", "why"),
    [
        ({}, Malformed, "no signature"),
        ({"signature": "A"}, Transient, "not base64"),
        ({"signature": "AAAA"}, Transient, "not the one"),
        ({"signature_ref": "sha256:00"}, Malformed, "has to be fetched"),
    ],
)
async def test_a_signature_that_is_not_there_is_an_error(mailbox, said, kind, why):
    with pytest.raises(kind, match=why):
        await client(mailbox).signature(result(**said))


def test_an_event_that_lost_its_command_is_none():
    said = json.loads(ACCEPT.model_dump_json())
    del said["data"]["command_id"]
    with pytest.raises(Malformed, match="command_id"):
        read(json.dumps(said).encode())


def test_an_event_of_a_type_that_is_not_known_yet_passes_and_is_not_parsed():
    told = read(event("msign.sign_request.opened.v1").model_dump_json().encode())
    with pytest.raises(Malformed, match="not a type"):
        parsed(told)


def test_data_that_is_not_what_its_type_says_is_refused():
    with pytest.raises(Malformed, match="sign_url"):
        parsed(event(ACCEPTED, request_id="r"))


async def test_what_nobody_takes_makes_room_for_what_comes(caplog):
    mailbox = Mailbox(kept_bytes=10)
    other = event(ACCEPTED, 1, command_id="other")
    await mailbox.put(ACCEPT, 6)
    await mailbox.put(other, 6)
    assert await mailbox.take("other", None) == other
    assert "1 events of command c that nobody took" in caplog.text
    await mailbox.put(ACCEPT, 99)
    assert await mailbox.take_any() == ACCEPT, "one that is larger than all is handed out, too"
