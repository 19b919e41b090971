"""Does the client understand what the gateway's HTTP API tells of a job, and the command line, too?"""

import asyncio
import json
import uuid

import pytest
from aiohttp import test_utils
from typer.testing import CliRunner

from msign_gateway.cli import app as command_line
from msign_gateway.client import ContentStore, GatewayClient, Malformed, ReadyData, RejectedData
from msign_gateway.client.line import Line
from msign_gateway.client.mailbox import Mailbox
from services.sign_gateway.http import Api, create_app
from services.sign_gateway.posting import Poster
from shared.contract.faults import InvalidParameter
from shared.contract.models import SignResponse, SignStatus
from shared.persistence.notices import Notices
from shared.signing.breaker import Breaker
from shared.signing.collect import Collector, Policy
from shared.signing.states import Kind, State
from tests.gateway import delivery, only_job, sign_data

DECLINED = SignResponse(status=SignStatus.FAILURE, message="Semnarea a fost anulată")


@pytest.fixture
async def url(pool, database_url, links, systems):
    app = create_app(Api(pool, Notices(database_url), links), systems)
    async with test_utils.TestServer(app) as server:
        yield str(server.make_url("/"))


@pytest.fixture
def store(url):
    return ContentStore(url, "token-declaratii")


@pytest.fixture
def post(pool, admission, msign, links):
    async def posted(command_id):
        await admission.handle([delivery(sign_data(), id=command_id)])
        poster = Poster(pool, msign, Breaker(), links)
        for job in await poster.claim(10):
            await poster.post(job)
        return (await only_job(pool))["job_id"]

    return posted


async def ask(store, **what):
    return await asyncio.to_thread(lambda: store.job(**what))


async def test_a_job_is_found_by_its_command_and_by_its_id(store, post, links):
    job_id = await post("order/7 ș?")
    for found in (await ask(store, command_id="order/7 ș?"), await ask(store, job_id=str(job_id), wait_s=0.01)):
        assert (found.job_id, found.command_id) == (str(job_id), "order/7 ș?")
        assert (found.kind, found.state, found.is_final) == (Kind.SIGN, State.AWAITING_SIGNER, False)
        assert found.sign_url == links.sign_url(job_id)
        assert found.outcome is None


async def test_the_outcome_comes_with_a_job_that_has_ended(store, pool, post, msign):
    job_id = await post("order-8")
    msign.response = DECLINED
    await Collector(pool, msign, Breaker(), source="sign_gateway", policy=Policy()).collect(job_id)
    found = await ask(store, command_id="order-8")
    assert (found.state, found.is_final, found.sign_url) == (State.FAILED, True, None)
    assert isinstance(found.outcome, ReadyData)
    assert (found.outcome.reason_code, found.outcome.relay_state) == ("declined", "basket 7")


async def test_a_rejection_says_what_is_wrong(store, post, msign):
    msign.post_answers = [InvalidParameter("Contents[0].Content: bad")]
    await post("order-9")
    found = await ask(store, command_id="order-9")
    assert isinstance(found.outcome, RejectedData)
    assert found.outcome.errors[0].code == "refused_by_msign"


async def test_what_is_not_there_is_none_and_what_is_wrong_is_an_error(store, url, post):
    await post("order-10")
    assert await ask(store, command_id="nobody's") is None
    assert await ask(store, job_id=str(uuid.uuid4())) is None
    assert await ask(ContentStore(url, "token-registru"), command_id="order-10") is None
    with pytest.raises(Malformed, match="job_id is not a UUID"):
        await ask(store, job_id="x/../y")
    with pytest.raises(Malformed, match="by command_id or by job_id"):
        await ask(store)
    with pytest.raises(Malformed, match="401"):
        await ask(ContentStore(url, "wrong"), command_id="order-10")


async def test_the_client_asks_too(store, post):
    await post("order-11")
    client = GatewayClient("declaratii", Line("amqp://nowhere.invalid/", name="test"), Mailbox(), store)
    found = await client.job(command_id="order-11")
    assert found
    assert found.state is State.AWAITING_SIGNER


async def run(url, *words, token="token-declaratii"):
    environment = {"SIGN_GATEWAY_URL": url, "SIGN_GATEWAY_TOKEN": token}
    return await asyncio.to_thread(lambda: CliRunner().invoke(command_line, ["job", *words], env=environment))


async def test_the_command_tells_where_a_job_stands(url, post, links):
    job_id = await post("order-12")
    for wanted in ("order-12", str(job_id)):
        told = await run(url, wanted)
        assert told.exit_code == 0
        assert "awaiting_signer (sign)" in told.stdout
        assert links.sign_url(job_id) in told.stdout
    as_json = json.loads((await run(url, "order-12", "--json")).stdout)
    assert (as_json["job_id"], as_json["state"]) == (str(job_id), "awaiting_signer")


async def test_a_command_whose_id_is_a_uuid_is_found_too(url, post):
    command_id = str(uuid.uuid4())
    await post(command_id)
    assert command_id in (await run(url, command_id)).stdout


async def test_the_command_says_how_a_job_ended(url, pool, post, msign):
    job_id = await post("order-13")
    msign.response = DECLINED
    await Collector(pool, msign, Breaker(), source="sign_gateway", policy=Policy()).collect(job_id)
    assert "Failure (declined)" in (await run(url, "order-13")).stdout


async def test_the_command_ends_with_a_sentence_where_it_cannot_tell(url):
    none = await run(url, "order-14")
    assert (none.exit_code, none.stderr.count("\n")) == (1, 1)
    assert "this system has no job order-14" in none.stderr
    wrong = await run(url, "order-14", token="wrong")
    assert (wrong.exit_code, "401" in wrong.stderr) == (2, True)
    nowhere = await run("ftp://nowhere.invalid", "order-14")
    assert (nowhere.exit_code, "does not begin with http" in nowhere.stderr) == (2, True)


async def test_an_answer_that_is_no_job_is_not_believed(url, monkeypatch):
    store = ContentStore(url, "token-declaratii")
    for answer in (b"{}", b"[]", b"<html>"):
        monkeypatch.setattr(store, "_ask", lambda _, answer=answer: answer)
        with pytest.raises(Malformed, match="no job"):
            store.job(command_id="order-15")
