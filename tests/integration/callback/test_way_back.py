"""What happens when a browser comes back, or something that only looks like one."""

import asyncio
import uuid
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
import structlog

from services.callback_web.handlers import LONGEST_ANSWER_S as ANSWERED_WITHIN_S
from services.callback_web.returning import LONGEST_WAIT_S as WAITS_WITHIN_S
from shared.contract.models import SignResponse, SignResult, SignStatus
from shared.errors import ProviderDown
from shared.signatures.xades.sign import sign_hash
from tests.gateway import DIGEST, FakeMSign, events_of, only_job
from tests.integration.callback.browsing import DECLINED, come_back, path_of, query_of
from tests.pki import IDNP, TestPki


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


async def refused(response):
    assert response.status == 400
    assert "Location" not in response.headers
    page = await response.text()
    assert "nu este valabilă" in page
    return page


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


def test_the_user_goes_on_within_three_seconds():
    """What `patient` and `hurried` put other times in the place of."""
    assert ANSWERED_WITHIN_S < 3
    assert WAITS_WITHIN_S <= ANSWERED_WITHIN_S - 0.4, "there is time to answer"


@pytest.mark.usefixtures("hurried")
class TestSlowMSign:
    """MSign that takes longer than a user waits."""

    @pytest.fixture
    def msign(self):
        return SlowMSign()

    async def test_the_user_goes_on_and_the_result_still_arrives(self, browser, links, pool, msign, post, returning):
        job = await post()
        msign.response = DECLINED
        response = await come_back(browser, links, job)
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


@pytest.mark.usefixtures("hurried")
async def test_while_msign_is_down_the_user_goes_on_with_pending(browser, links, pool, msign, post):
    job = await post()
    msign.response = ProviderDown("MSign cannot be reached")
    response = await come_back(browser, links, job)
    assert (response.status, dict(query_of(response))["status"]) == (303, "Pending")
    row = await only_job(pool)
    assert (row["state"], row["lease_until"]) == ("awaiting_signer", None)


@pytest.mark.usefixtures("hurried")
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


async def test_a_database_that_hangs_does_not_hold_the_user_up(browser, links, pool, msign, post, monkeypatch):
    job = await post()
    monkeypatch.setattr("services.callback_web.handlers.LONGEST_ANSWER_S", 0.5)
    async with pool.acquire() as holder, holder.transaction():
        await holder.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
        response = await come_back(browser, links, job)
    assert response.status == 503
    assert response.headers["Retry-After"]


async def test_an_error_of_ours_shows_a_page_and_tells_nothing_of_itself(browser, links, post, returning, monkeypatch):
    job = await post()

    async def settle(*_):
        raise RuntimeError(f"of ours, about {IDNP}")

    monkeypatch.setattr(returning, "settle", settle)
    with structlog.testing.capture_logs() as logs:
        response = await come_back(browser, links, job)
    page = await response.text()
    assert (response.status, response.headers["X-Content-Type-Options"]) == (500, "nosniff")
    assert "din nou" in page
    assert IDNP not in page
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["page_failed"]


async def test_a_request_id_that_is_none_is_not_looked_for(browser, links, post, returning, monkeypatch):
    job = await post()
    monkeypatch.setattr(returning, "settle", None)
    await refused(await come_back(browser, links, job, RequestID="0" * 129))


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
