"""Real processes: the whole way, and what happens when one of them is taken away."""

import asyncio
import base64
import functools
import hashlib
import json
import re
import sys
from datetime import UTC, datetime

import aio_pika
import aiohttp
import pytest
from aiohttp import web
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    format_span_id,
    format_trace_id,
    use_span,
)

from msign_gateway.demo import user
from msign_gateway.demo.browser import Browser
from msign_gateway.demo.documents import records, two_page_pdf
from msign_gateway.demo.environment import settings_of
from msign_gateway.demo.show import Show
from msign_gateway.demo.story import Story
from msign_gateway.infrastructure.processes import end, start
from shared.messaging import events as wire
from tests.acceptance.told import dead_headers, everything_told, operator_url, patterns, pieces
from tests.gateway import delivery, eventually, sign_data

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
    event = await client.next_event(command, timeout_s=60)
    assert event.type == wire.ACCEPTED
    await eventually(lambda: is_ready(scene, "sign_gateway"), within_s=60)


async def test_a_job_published_while_msign_is_down_is_accepted_when_it_is_back(scene, stage, client, job):
    end([stage.children["msign"]])
    command = await client.sign(job)
    serve("msign", scene, stage)
    event = await client.next_event(command, timeout_s=60)
    assert event.type == wire.ACCEPTED
    await eventually(lambda: is_ready(scene, "msign"), within_s=60)  # its pages too, for the tests that follow


async def test_a_user_who_never_comes_back_loses_nothing(stage, client, job, people):
    command = await client.sign(job)
    accepted = await client.next_event(command)
    async with Browser() as browser:
        await user.sign_and_leave(browser, accepted.data["sign_url"], people[0])
    event = await client.next_event(command, types={wire.READY}, timeout_s=60)
    assert event.data["status"] == "Success"


STEPS = {
    ("sign_gateway", "CONSUMER", "process sign_gateway.commands"),
    ("sign_gateway", "INTERNAL", "process sign_gateway.commands/post sign request"),
    ("sign_gateway", "CLIENT", "post sign request/MSign/PostSignRequest"),
    ("msign", "SERVER", "MSign/PostSignRequest/MSign/PostSignRequest"),
    ("a relay", "PRODUCER", "post sign request/publish msign.events"),
    ("msign", "INTERNAL", "MSign/PostSignRequest/sign documents"),
    ("callback_web", "SERVER", "process sign_gateway.commands/open sign link"),
    ("callback_web", "SERVER", "process sign_gateway.commands/return from sign page"),
    ("callback_web", "INTERNAL", "return from sign page/collect sign response"),
    ("callback_web", "CLIENT", "collect sign response/MSign/GetSignResponse"),
    ("msign", "SERVER", "MSign/GetSignResponse/MSign/GetSignResponse"),
    ("a relay", "PRODUCER", "collect sign response/publish msign.events"),
    ("verifier", "CONSUMER", "process verifier.commands"),
    ("verifier", "INTERNAL", "process verifier.commands/verify signatures"),
    ("verifier", "CLIENT", "verify signatures/MSign/VerifySignatures"),
    ("msign", "SERVER", "MSign/VerifySignatures/MSign/VerifySignatures"),
    ("a relay", "PRODUCER", "verify signatures/publish msign.events"),
}
"""The spans of what was signed and then verified: service, kind, and the name after that of the span above."""


async def test_one_trace_follows_what_is_signed_and_verified_through_every_service(
    scene, client, job, people, collector
):
    here = SpanContext(trace_id=0xC0FFEE, span_id=0xBEEF, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    trace_id, above = format_trace_id(here.trace_id), format_span_id(here.span_id)
    with use_span(NonRecordingSpan(here)):
        command = await client.sign(job)
    accepted = await client.next_event(command, types={wire.ACCEPTED}, timeout_s=60)
    async with Browser() as browser:
        await user.sign(browser, accepted.data["sign_url"], people[0])
    ready = await client.next_event(command, types={wire.READY}, timeout_s=60)
    signed = {"signature": ready.data["results"][0]["signature"], "content": job["contents"][0]["content"]}
    with use_span(NonRecordingSpan(here)):
        verification = await client.verify({"content_type": "Hash", "contents": [signed]})
    await client.next_event(verification, timeout_s=60)
    spans = await collector.until(lambda spans: steps(spans, above) >= STEPS, trace_id=trace_id)
    assert not [one for one in spans if one.failed or one.events]
    lines = (scene.logs / "sign_gateway.log").read_text().splitlines()
    posted = next(line for line in map(json.loads, lines) if line.get("command_id") == command)
    assert (posted["trace_id"], posted["job_id"]) == (trace_id, accepted.data["job_id"])


def steps(spans, above):
    """What `STEPS` tells, of these spans; any service may publish an event."""
    names = {one.span_id: f"{one.name}/" for one in spans} | {above: ""}
    return {
        ("a relay" if one.kind == "PRODUCER" else one.service, one.kind, names.get(one.parent_id, "?/") + one.name)
        for one in spans
    }


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


async def test_nothing_that_operators_read_holds_personal_data_documents_or_secrets(
    scene, stage, client, job, people, e_service, collector
):
    for name in stage.children:
        await eventually(functools.partial(is_ready, scene, name), within_s=60)
    document = two_page_pdf(datetime.now(UTC))
    wrong_pin = "86420975"
    tokens = [await signed_after_a_wrong_pin(client, job, document, people[0], wrong_pin)]
    tokens += await refused_at_the_doors(scene)
    await die_of_everything(scene, stage, client, people[0], document)
    told = await everything_told(scene, stage)
    told["the traces"] = "\n".join(map(str, collector.spans))
    assert "sign_response_ready" in told["the log callback_web.log"] + told["the log sign_gateway.log"]
    assert "msign_gateway_returns_total" in told["the metrics of callback_web"]
    assert "id_reused" in told["dead list"]
    assert "process sign_gateway.commands" in told["the traces"]
    assert "x-msign-reason" in told["the headers of dead letters"]
    forbidden = patterns(scene, people) | pieces("the document", document)
    forbidden |= {f"a token, {one[:4]}…": re.compile(re.escape(one)) for one in [*tokens, wrong_pin]}
    for signed in scene.output.glob("*.xades.xml"):
        forbidden |= pieces(signed.name, signed.read_bytes())
    for record in records():
        forbidden |= pieces(record.name, record.digest) | pieces(record.name, record.text.encode())
    leak = f'{people[0].idnp} "{people[0].pin}" {base64.b64encode(document).decode()} {document!r} {tokens[0]}'
    assert sum(bool(one.search(leak)) for one in forbidden.values()) > 10, "what catches nothing proves nothing"
    found = [
        f"{what} in {where}" for where, text in told.items() for what, one in forbidden.items() if one.search(text)
    ]
    assert found == []


async def signed_after_a_wrong_pin(client, job, document, person, wrong_pin):
    """Have a document signed by somebody who mistypes first; returns the token of the link."""
    content = {"content": base64.b64encode(document).decode(), "correlation_id": "1", "name": "report.pdf"}
    data = job | {"content_type": "Pdf", "contents": [content], "expected_signer": {"id": person.idnp}}
    accepted = await client.next_event(await client.sign(data), types={wire.ACCEPTED}, timeout_s=60)
    link = accepted.data["sign_url"]
    async with Browser() as browser:
        page = await browser.open(link)
        page = await browser.submit(page, page.form("sign"))
        page = await browser.submit(page, page.form("instruments"), {"Instrument": person.instrument})
        page = await browser.submit(page, page.form("pin"), {"IDNP": person.idnp, "PIN": wrong_pin})
        assert page.alert
        page = await browser.submit(page, page.form("pin"), {"IDNP": person.idnp, "PIN": person.pin})
        await browser.submit(page, page.form("return"))
    event = await client.next_event(accepted.data["command_id"], types={wire.READY}, timeout_s=60)
    assert event.data["status"] == "Success"
    return link.rpartition("t=")[2]


async def refused_at_the_doors(scene):
    """Knock at the public and the internal port with made-up tokens; returns them."""
    made_up = ["made-up-relay-state-of-nobody", "made-up-bearer-token-of-nobody", "made-up-link-token-of-nobody"]
    unknown = "0199d6a2-5c8e-7cc1-9f7e-0d6b3a1f2c44"
    async with aiohttp.ClientSession() as http:
        form = {"RequestID": "0" * 32, "RelayState": made_up[0]}
        async with http.post(f"{scene.public_url}/return", data=form) as response:
            assert response.status == 400
        headers = {"Authorization": f"Bearer {made_up[1]}"}
        async with http.get(f"{scene.internal_url}/jobs/{unknown}", headers=headers) as response:
            assert response.status == 401
        async with http.get(f"{scene.public_url}/sign/{unknown}?t={made_up[2]}") as response:
            assert response.status == 404
    return made_up


async def die_of_everything(scene, stage, client, person, document):
    """Send commands that end in the dead queue, full of what must not be told."""
    secret = base64.b64encode(document).decode()
    data = sign_data(expected_signer={"id": person.idnp}, contents=[{"content": secret, "correlation_id": person.pin}])
    twice = [delivery(data | {"short_description": text}, id="said-twice") for text in ("One", "Two")]
    bodies = [*(one.body for one in twice), f"{person.idnp} {person.pin} {secret}".encode()]
    async with (
        await aio_pika.connect(stage.servers.amqp_urls["declaratii"]) as connection,
        connection.channel() as channel,
    ):
        exchange = await channel.get_exchange("msign.commands", ensure=False)
        for body in bodies:
            await exchange.publish(aio_pika.Message(body, user_id="declaratii"), twice[0].routing_key)
    await eventually(lambda: two_are_dead(operator_url(scene, stage)), within_s=60)


async def two_are_dead(amqp_url):
    return (await dead_headers(amqp_url)).count("x-msign-reason") >= 2
