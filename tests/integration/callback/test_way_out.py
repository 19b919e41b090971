"""What browsers see on the way to the Sign Page, and what they are not told."""

import re
import uuid
from html import unescape

import pytest

from tests.integration.callback.browsing import FRONTEND, path_of
from tests.pki import IDNP


def fields_of(page):
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(.*?)" value="(.*?)"', page)}


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


@pytest.mark.parametrize("job_id", [str(uuid.UUID(int=17)), "x", "%00", "%FF"])
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
