"""Do spans tell who belongs to whom, and nothing that a person entered?"""

import uuid
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from aiohttp import test_utils, web
from lxml import etree
from opentelemetry.baggage import set_baggage
from opentelemetry.context import attach, detach
from opentelemetry.trace import SpanKind, StatusCode, get_current_span

from shared.contract.arriving import Arrived
from shared.contract.client import MSignClient
from shared.errors import Transient
from shared.persistence.events import Waiting
from shared.persistence.job import Job
from shared.signing.states import Kind, State
from shared.telemetry import tracing
from shared.telemetry.http import traced
from shared.telemetry.messages import saying, sending, settling, taken
from shared.telemetry.steps import step

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
IDNP = "2000000000017"


def job_of(traceparent=PARENT) -> Job:
    now = datetime.now(UTC)
    return Job(
        job_id=uuid.uuid4(), kind=Kind.SIGN, system="declaratii", command_id="c-1", state=State.POSTING, command={},
        traceparent=traceparent, created_at=now, expires_at=now, due_at=None, attempt=2, failures=0, polls=0,
        request_id=None, event_count=0, history_count=1, seen_at=now,
    )  # fmt: skip


def trace_of(span) -> str:
    return f"{span.context.trace_id:032x}"


def test_a_failure_leaves_its_class_and_not_its_text(recorded):
    with pytest.raises(ValueError, match=IDNP), tracing.span("post sign request"):
        raise ValueError(f"the signer {IDNP} is unknown")
    (span,) = recorded()
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes == {"error.type": "ValueError"}
    assert span.events == ()
    assert IDNP not in span.to_json()


def test_settling_a_delivery_leaves_no_text_of_what_went_wrong_either(recorded):
    message: Any = SimpleNamespace(headers={}, routing_key="sign.request.declaratii", message_id="c-1")
    span = taken(message, "sign_gateway.commands")
    with pytest.raises(ValueError, match=IDNP), settling(span, message):
        raise ValueError(IDNP)
    span.end()
    assert IDNP not in recorded()[0].to_json()


@pytest.mark.parametrize(
    "traceparent",
    [
        None,
        "",
        "nonsense",
        17,
        b"00-" + TRACE.encode(),
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-b7ad6b7169203331-01",
        PARENT + "x" * 10_000,
    ],
)
def test_what_is_no_traceparent_names_no_trace(traceparent):
    assert tracing.context_of(traceparent) is None


def test_without_an_exporter_a_traceparent_is_handed_on_as_it_came():
    with tracing.span("post sign request", parent=PARENT) as span:
        assert not span.is_recording()
        assert tracing.trace_headers() == {"traceparent": PARENT}
    assert tracing.trace_headers() == {}


def test_baggage_goes_nowhere():
    token = attach(set_baggage("idnp", IDNP))
    try:
        with tracing.span("post sign request", parent=PARENT):
            assert tracing.trace_headers() == {"traceparent": PARENT}
    finally:
        detach(token)


def test_a_step_belongs_to_the_jobs_trace_and_a_step_within_to_that_step(recorded):
    job = job_of()
    with step(job, "return from sign page", kind=SpanKind.SERVER), step(job, "collect sign response"):
        pass
    inner, outer = recorded()
    assert trace_of(inner) == trace_of(outer) == TRACE
    assert f"{outer.parent.span_id:016x}" == "b7ad6b7169203331"
    assert inner.parent.span_id == outer.context.span_id
    assert outer.attributes["msign.job_id"] == str(job.job_id)
    assert (outer.attributes["msign.system"], outer.attributes["msign.attempt"]) == ("declaratii", 2)


def test_a_step_of_another_job_does_not_belong_to_the_step_that_it_happens_in(recorded):
    other = "1" * 32
    with step(job_of(), "collect sign response"), step(job_of(f"00-{other}-b7ad6b7169203331-01"), "post sign request"):
        pass
    assert {trace_of(span) for span in recorded()} == {TRACE, other}


def test_a_job_without_a_trace_begins_one_of_its_own_with_each_step(recorded):
    with step(job_of(None), "post sign request"):
        assert tracing.current_traceparent() is not None
    assert recorded()[0].parent is None


def event_of(traceparent=PARENT) -> Waiting:
    return Waiting(
        event_id=uuid.uuid4(), job_id=uuid.uuid4(), type="msign.sign_response.ready.v1", routing_key="a.b.c",
        body=IDNP.encode(), traceparent=traceparent, attempts=1, correlation_id="c-1",
        due_to=datetime.now(UTC),
    )  # fmt: skip


def test_a_publication_belongs_to_the_trace_of_what_the_event_tells(recorded):
    event = event_of()
    span = sending(event, "msign.events")
    assert str(tracing.traceparent_of(span)).startswith(f"00-{TRACE}-")
    span.end()
    (told,) = recorded()
    assert (told.name, told.kind, trace_of(told)) == ("publish msign.events", SpanKind.PRODUCER, TRACE)
    assert f"{told.parent.span_id:016x}" == "b7ad6b7169203331"
    assert told.attributes["msign.job_id"] == str(event.job_id)
    assert IDNP not in told.to_json()


def test_what_is_logged_about_a_publication_names_its_event_and_belongs_to_its_span():
    event = event_of()
    with saying(event, sending(event, "msign.events")):
        bound = structlog.contextvars.get_contextvars()
        assert (bound["event_id"], bound["job_id"]) == (str(event.event_id), str(event.job_id))
        assert tracing.current_traceparent() == PARENT
    assert "event_id" not in structlog.contextvars.get_contextvars()


def test_within_a_step_every_log_line_names_the_job_and_its_command():
    job = job_of()
    with step(job, "post sign request"):
        bound = structlog.contextvars.get_contextvars()
        assert (bound["job_id"], bound["command_id"]) == (str(job.job_id), "c-1")
    assert "job_id" not in structlog.contextvars.get_contextvars()


async def test_a_request_continues_its_callers_trace_and_tells_its_route_only(recorded):
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=404)

    app = web.Application(middlewares=[traced])
    app.add_routes([web.get("/jobs/{job_id}", answer)])
    async with test_utils.TestClient(test_utils.TestServer(app)) as client:
        await client.get(f"/jobs/{IDNP}?token=secret", headers={"traceparent": PARENT})
    (span,) = recorded()
    assert (span.name, span.kind, trace_of(span)) == ("GET /jobs/{job_id}", SpanKind.SERVER, TRACE)
    assert span.attributes["http.response.status_code"] == 404
    assert "secret" not in span.to_json()
    assert IDNP not in span.to_json()


class Listening:
    """A transport that keeps the headers and gives no usable answer."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}

    async def post(self, body, headers):
        self.headers = dict(headers)
        self.span = get_current_span()
        return Arrived(etree.fromstring("<nothing/>"))


@pytest.mark.parametrize("told", [True, False])
async def test_msign_gets_to_know_our_trace_only_if_it_shall(recorded, told):
    transport: Any = Listening()
    client = MSignClient(transport, traced=told)
    with pytest.raises(Transient), tracing.span("collect sign response", parent=PARENT):
        await client.get_sign_response("0" * 32)
    call = recorded()[0]
    assert (call.name, call.kind) == ("MSign/GetSignResponse", SpanKind.CLIENT)
    assert (call.attributes["rpc.method"], call.attributes["msign.outcome"]) == ("MSign/GetSignResponse", "unusable")
    expected = f"00-{TRACE}-{call.context.span_id:016x}-01" if told else None
    assert transport.headers.get("traceparent") == expected
