"""What browsers see on the way to the Sign Page and back, and what they are not told."""

import asyncio
import re
import time
import uuid
from datetime import UTC, datetime
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
import structlog
from aiohttp import test_utils

from services.callback_web.handlers import Pages, create_app
from services.callback_web.returning import Returning
from services.sign_gateway.posting import Poster
from shared.contract.models import SignResponse, SignResult, SignStatus
from shared.errors import ProviderDown
from shared.persistence import jobs
from shared.persistence.notices import Notices
from shared.signatures.xades.sign import sign_hash
from shared.signing.breaker import Breaker
from shared.signing.collect import Collector, Policy
from tests.gateway import DIGEST, FakeMSign, delivery, events_of, only_job, sign_data
from tests.pki import IDNP, TestPki

FRONTEND = "https://msign.example"
DECLINED = SignResponse(status=SignStatus.FAILURE, message="Semnarea a fost anulată")


class SlowMSign(FakeMSign):
    """Answers when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.called = asyncio.Event()
        self.go_on = asyncio.Event()

    async def get_sign_response(self, request_id, language):
        self.called.set()
        await self.go_on.wait()
        return await super().get_sign_response(request_id, language)


@pytest.fixture
def returning(pool, msign, database_url):
    collector = Collector(pool, msign, Breaker(), source="callback_web", policy=Policy())
    return Returning(pool, Notices(database_url), collector)


@pytest.fixture
async def browser(pool, links, returning):
    app = create_app(Pages(pool, links, returning, frontend_url=FRONTEND + "/"))
    async with test_utils.TestClient(test_utils.TestServer(app)) as client:
        yield client


@pytest.fixture
def post(pool, admission, msign, links):
    """Posts a command of these data and returns its job."""

    async def posted(system="declaratii", **changes):
        command = delivery(sign_data(**changes), system=system, id=str(uuid.uuid4()))
        await admission.handle([command])
        poster = Poster(pool, msign, Breaker(), links)
        for job in await poster.claim(10):
            await poster.post(job)
        row = await pool.fetchrow("SELECT job_id FROM jobs ORDER BY job_id DESC LIMIT 1")
        return await jobs.get(pool, row["job_id"])

    return posted


def path_of(url):
    return url.removeprefix("https://sign.example")


def fields_of(page):
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(.*?)" value="(.*?)"', page)}


async def come_back(browser, links, job, *, method="POST", **changes):
    form = {"RequestID": job.request_id, "RelayState": links.relay_state(job.job_id)} | changes
    form = {name: value for name, value in form.items() if value is not None}
    where = {"data": form} if method == "POST" else {"params": form}
    return await browser.request(method, "/return", allow_redirects=False, **where)


def query_of(response):
    return parse_qsl(urlsplit(response.headers["Location"]).query, keep_blank_values=True)


async def refused(response):
    assert response.status == 400
    assert "Location" not in response.headers
    page = await response.text()
    assert "nu este valabilă" in page
    return page


# The way to the Sign Page


async def test_the_link_leads_to_a_form_that_goes_to_the_sign_page(browser, links, post):
    job = await post(instrument="mobile", msisdn="37369000000", language="en", expected_signer={"id": IDNP})
    response = await browser.get(path_of(links.sign_url(job.job_id)))
    page = await response.text()
    assert response.status == 200
    assert f'<form id="sign" method="post" action="{FRONTEND}/{job.request_id}">' in page
    assert fields_of(page) == {
        "ReturnUrl": "https://sign.example/return",
        "RelayState": links.relay_state(job.job_id),
        "lang": "en",
        "Instrument": "mobile",
        "MSISDN": "37369000000",
    }
    assert "Continue to MSign" in page
    assert IDNP not in page
    assert "basket 7" not in page


async def test_what_the_command_does_not_say_is_not_in_the_form(browser, links, post):
    page = await (await browser.get(path_of(links.sign_url((await post()).job_id)))).text()
    assert set(fields_of(page)) == {"ReturnUrl", "RelayState", "lang"}


async def test_the_page_runs_no_script_of_its_own_and_may_post_anywhere(browser, links, post):
    response = await browser.get(path_of(links.sign_url((await post()).job_id)))
    policy = response.headers["Content-Security-Policy"]
    assert "form-action" not in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    page = await response.text()
    assert re.findall(r"<script(.*?)>(.*?)</script>", page) == [(' src="/assets/submit.js" defer', "")]
    assert not re.search(r"\son\w+=|style=|<style", page)


@pytest.mark.parametrize("asset", ["submit.js", "page.css"])
async def test_what_the_page_needs_is_served(browser, asset):
    assert (await browser.get(f"/assets/{asset}")).status == 200


@pytest.mark.parametrize("path", ["/assets/../handlers.py", "/assets/%2e%2e/handlers.py", "/assets/", "/"])
async def test_nothing_else_is_served(browser, path):
    response = await browser.get(path)
    assert response.status in {403, 404}
    assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("token", [None, "", "x", "%00", "%FF", "é", "a" * 4000])
async def test_a_wrong_or_missing_token_opens_nothing(browser, post, token):
    job = await post()
    response = await browser.get(f"/sign/{job.job_id}" + ("" if token is None else f"?t={token}"))
    assert response.status == 404
    assert job.request_id not in await response.text()


async def test_the_token_of_another_job_opens_nothing(browser, links, post):
    mine, other = await post(), await post()
    token = links.sign_url(other.job_id).rpartition("t=")[2]
    assert (await browser.get(f"/sign/{mine.job_id}?t={token}")).status == 404


@pytest.mark.parametrize("job_id", [str(uuid.uuid4()), "x", "%00", "%FF"])
async def test_an_unknown_job_and_a_wrong_token_look_the_same(browser, links, post, job_id):
    job = await post()
    wrong = await (await browser.get(f"/sign/{job.job_id}?t=wrong")).text()
    response = await browser.get(f"/sign/{job_id}?t=wrong")
    assert (response.status, await response.text()) == (404, wrong)


async def test_an_unknown_job_with_its_right_token_is_not_found(browser, links):
    assert (await browser.get(path_of(links.sign_url(uuid.uuid4())))).status == 404


async def test_a_verification_job_has_no_sign_page(browser, links, pool, post):
    job = await post()
    await pool.execute("UPDATE jobs SET kind = 'verification'")
    assert (await browser.get(path_of(links.sign_url(job.job_id)))).status == 404


@pytest.mark.parametrize("state", ["awaiting_signer", "expired"])
async def test_after_the_deadline_the_link_refuses(browser, links, pool, post, state):
    job = await post(language="en")
    await pool.execute("UPDATE jobs SET expires_at = now() - interval '1 second', state = $1", state)
    response = await browser.get(path_of(links.sign_url(job.job_id)))
    assert response.status == 410
    assert "time for signing is over" in await response.text()


@pytest.mark.parametrize("age", ["0 seconds", "2 days"])
@pytest.mark.parametrize("state", ["completed", "failed"])
async def test_a_finished_job_says_so_even_after_its_deadline(browser, links, pool, post, state, age):
    job = await post(language="en")
    await pool.execute("UPDATE jobs SET state = $1, expires_at = expires_at - $2::text::interval", state, age)
    response = await browser.get(path_of(links.sign_url(job.job_id)))
    assert response.status == 410
    assert "already finished" in await response.text()


# The way back


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_the_user_goes_on_to_the_system_with_the_outcome(browser, links, pool, msign, post, method):
    job = await post()
    msign.response = DECLINED
    response = await come_back(browser, links, job, method=method)
    assert response.status == 303
    assert response.headers["Location"].startswith("https://declaratii.example/back?")
    assert query_of(response) == [
        ("step", "2"),
        ("job_id", str(job.job_id)),
        ("status", "Failure"),
        ("relay_state", "basket 7"),
    ]
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert (await events_of(pool))[-1]["data"]["reason_code"] == "declined"


async def test_parameters_are_read_without_regard_to_case(browser, links, msign, post):
    job = await post()
    msign.response = DECLINED
    form = {"requestid": job.request_id.upper(), "RELAYSTATE": links.relay_state(job.job_id)}
    assert (await browser.post("/return", data=form, allow_redirects=False)).status == 303


async def test_a_request_id_in_capitals_is_still_the_same(browser, links, pool, msign, post):
    request_id = uuid.uuid4().hex.upper()
    msign.post_answers = [request_id]
    msign.response = DECLINED
    job = await post()
    assert job.request_id == request_id
    assert (await come_back(browser, links, job)).status == 303


async def test_multipart_forms_are_read_too(browser, links, msign, post):
    job = await post()
    msign.response = DECLINED
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("RequestID", job.request_id)
    form.add_field("RelayState", links.relay_state(job.job_id))
    assert (await browser.post("/return", data=form, allow_redirects=False)).status == 303


@pytest.mark.parametrize("relay_state", ["căruță нет 漢字 🖋", "a&b=c#d?e %20+", "", "line\nline\r\nX: y", "\x01"])
async def test_any_relay_state_comes_back_unmodified(browser, links, msign, post, relay_state):
    job = await post(relay_state=relay_state)
    msign.response = DECLINED
    response = await come_back(browser, links, job)
    assert dict(query_of(response))["relay_state"] == relay_state


async def test_without_a_relay_state_there_is_none_in_the_redirect(browser, links, msign, post):
    job = await post(relay_state=None)
    msign.response = DECLINED
    assert "relay_state" not in dict(query_of(await come_back(browser, links, job)))


@pytest.mark.parametrize(
    "return_url",
    [
        "https://declaratii.example",
        "https://declaratii.example/ș?a=&b=1&a=2#part",
        "https://declaratii.example/?x=%C8%99",
    ],
)
async def test_the_return_urls_own_query_and_fragment_stay(browser, links, msign, post, return_url):
    job = await post(return_url=return_url)
    msign.response = DECLINED
    response = await come_back(browser, links, job)
    before, after = urlsplit(return_url), urlsplit(response.headers["Location"])
    assert (after.scheme, after.netloc, after.fragment) == (before.scheme, before.netloc, before.fragment)
    own = parse_qsl(before.query, keep_blank_values=True)
    assert query_of(response)[: len(own)] == own


@pytest.mark.parametrize(
    "changes",
    [
        {"RelayState": None},
        {"RelayState": ""},
        {"RelayState": "basket 7"},
        {"RelayState": f"{uuid.uuid4()}.forged"},
        {"RelayState": "\x00"},
        {"RequestID": None},
        {"RequestID": ""},
        {"RequestID": "0" * 32},
        {"RequestID": "\x00"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_what_is_forged_or_missing_leads_nowhere_and_asks_nobody(browser, links, msign, post, changes, method):
    job = await post()
    page = await refused(await come_back(browser, links, job, method=method, **changes))
    assert str(job.job_id) not in page
    assert msign.asked == 0


async def test_the_relay_state_of_another_job_leads_nowhere(browser, links, msign, post):
    mine, other = await post(), await post()
    await refused(await come_back(browser, links, mine, RelayState=links.relay_state(other.job_id)))
    assert msign.asked == 0


async def test_parameters_of_the_browsers_own_lead_nowhere_else(browser, links, msign, post):
    job = await post()
    msign.response = DECLINED
    response = await come_back(
        browser, links, job, ReturnUrl="https://evil.example/", return_url="https://evil.example/"
    )
    assert urlsplit(response.headers["Location"]).netloc == "declaratii.example"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\xff\xfe=\xff", "application/x-www-form-urlencoded"),
        (b"RelayState=x", "application/x-www-form-urlencoded; charset=nonsense"),
        (b"{}", "application/json"),
        (b"nothing", "multipart/form-data"),
        (b"nothing", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\nvalue\r\n--x--\r\n", "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: odd\r\n\r\nv\r\n--x--',
            "multipart/form-data; boundary=x",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="RelayState"; filename="a"\r\n\r\nv\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
)
async def test_a_form_that_cannot_be_read_is_the_browsers_fault(browser, body, content_type):
    response = await browser.post("/return", data=body, headers={"Content-Type": content_type})
    assert response.status in {400, 415}
    assert "Traceback" not in await response.text()


async def test_an_oversized_form_is_413_without_a_stack_trace(browser):
    response = await browser.post("/return", data={"RelayState": "x" * 70_000})
    assert response.status == 413
    assert "Traceback" not in await response.text()
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_coming_back_again_leads_to_the_same_place_and_tells_nobody_twice(browser, links, pool, msign, post):
    job = await post()
    msign.response = DECLINED
    first = await come_back(browser, links, job)
    again = [await come_back(browser, links, job) for _ in range(3)]
    assert {response.headers["Location"] for response in again} == {first.headers["Location"]}
    assert [event["type"] for event in await events_of(pool)] == [
        "msign.sign_request.accepted.v1",
        "msign.sign_response.ready.v1",
    ]
    assert msign.asked == 1


async def test_many_tabs_at_once_ask_msign_once_and_get_the_same_answer(browser, links, pool, msign, post):
    job = await post()
    msign.response = DECLINED
    responses = await asyncio.gather(*(come_back(browser, links, job) for _ in range(8)))
    assert len({response.headers["Location"] for response in responses}) == 1
    assert dict(query_of(responses[0]))["status"] == "Failure"
    assert msign.asked == 1
    assert len(await events_of(pool)) == 2


async def test_a_collection_of_a_moment_ago_is_repeated_for_the_user_who_waits(browser, links, pool, msign, post):
    job = await post()
    await pool.execute("UPDATE jobs SET collected_at = now()")
    msign.response = DECLINED
    assert dict(query_of(await come_back(browser, links, job)))["status"] == "Failure"


class TestSlowMSign:
    """MSign that takes longer than a user waits."""

    @pytest.fixture
    def msign(self):
        return SlowMSign()

    async def test_the_user_goes_on_within_three_seconds_and_the_result_still_arrives(
        self, browser, links, pool, msign, post, returning
    ):
        job = await post()
        msign.response = DECLINED
        started = time.monotonic()
        response = await come_back(browser, links, job)
        assert time.monotonic() - started < 3
        assert dict(query_of(response))["status"] == "Pending"
        msign.go_on.set()
        await returning.stop()
        assert (await only_job(pool))["state"] == "failed"
        assert (await events_of(pool))[-1]["data"]["status"] == "Failure"

    async def test_a_browser_that_goes_away_does_not_stop_the_collection(
        self, browser, links, pool, msign, post, returning
    ):
        job = await post()
        msign.response = DECLINED
        going = asyncio.create_task(come_back(browser, links, job))
        await msign.called.wait()
        going.cancel()
        await asyncio.wait({going})
        msign.go_on.set()
        await returning.stop()
        assert (await only_job(pool))["state"] == "failed"


async def test_while_msign_is_down_the_user_goes_on_with_pending(browser, links, pool, msign, post):
    job = await post()
    msign.response = ProviderDown("MSign cannot be reached")
    response = await come_back(browser, links, job)
    assert (response.status, dict(query_of(response))["status"]) == (303, "Pending")
    row = await only_job(pool)
    assert (row["state"], row["lease_until"]) == ("awaiting_signer", None)


async def test_a_bug_while_collecting_is_logged_and_the_user_goes_on(browser, links, pool, msign, post):
    job = await post()
    msign.response = RuntimeError("of ours")
    with structlog.testing.capture_logs() as logs:
        response = await come_back(browser, links, job)
    assert dict(query_of(response))["status"] == "Pending"
    assert any(entry["log_level"] == "error" for entry in logs)
    assert (await only_job(pool))["lease_until"] is None


async def test_without_the_database_the_user_is_asked_to_try_again(browser, links, pool, post):
    job = await post()
    await pool.close()
    for response in (await come_back(browser, links, job), await browser.get(path_of(links.sign_url(job.job_id)))):
        assert response.status == 503
        assert response.headers["Retry-After"]
        assert "din nou" in await response.text()


async def test_neither_tokens_nor_personal_numbers_are_logged(browser, links, msign, post):
    job = await post(expected_signer={"id": IDNP})
    pki = TestPki.make()
    signature = await sign_hash(DIGEST, pki.signer, pki.timestamper, signed_at=datetime.now(UTC))
    results = (SignResult(correlation_id="1", signature=signature),)
    msign.response = SignResponse(status=SignStatus.SUCCESS, results=results)
    url = links.sign_url(job.job_id)
    with structlog.testing.capture_logs() as logs:
        await browser.get(path_of(url))
        assert dict(query_of(await come_back(browser, links, job)))["status"] == "Success"
        await come_back(browser, links, job, RelayState="basket 7")
    told = str(logs)
    assert "sign_response_ready" in told
    for secret in (IDNP, url.rpartition("t=")[2], links.relay_state(job.job_id), "basket 7"):
        assert secret not in told
