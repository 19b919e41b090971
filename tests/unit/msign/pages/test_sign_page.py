from dataclasses import replace
from typing import Any

import pytest

from services.msign.pki.people import PEOPLE
from shared.contract.models import ContentType, SignContent, SignStatus
from shared.errors import Transient
from shared.signatures.trust import TrustAnchors
from tests.verifying import verify_hash_signature

ANA, ION = PEOPLE[0], PEOPLE[1]
REQUEST_ID = "0123456789abcdef0123456789abcdef"
RETURN_URL = "https://servicii.exemplu.md/return?a=1&b=2"
RIGHT = {"IDNP": ANA.idnp, "PIN": ANA.pin}


async def at_pin(browser: Any, **parameters: str) -> Any:
    await browser.enter(Instrument="moldsign", **parameters)
    assert browser.status == 200
    return browser


async def test_a_user_signs_with_an_instrument_and_is_led_back(browser, requests, pki_dir):
    await browser.enter(RelayState="stare ✓ \"'<&")
    await browser.submit("instruments")
    await browser.submit("pin", **RIGHT)
    assert browser.form("return") == (RETURN_URL, {"RequestID": REQUEST_ID, "RelayState": "stare ✓ \"'<&"})
    assert '<script src="/assets/return.js"' in browser.page
    assert requests.one.status is SignStatus.SUCCESS
    (result,) = requests.signed.values()
    report = await verify_hash_signature(result.signature, bytes(range(32)), TrustAnchors.none())
    assert report.signatures[0].integrity == "passed"
    assert result.correlation_id == "c1"
    assert result.certificate


async def test_a_personal_number_may_be_entered_with_spaces(browser, requests):
    await at_pin(browser)
    await browser.submit("pin", IDNP=f" {ANA.idnp[:4]} {ANA.idnp[4:]}", PIN="0000")
    assert f'value="{ANA.idnp}"' in browser.page
    await browser.submit("pin", IDNP=f" {ANA.idnp[:4]} {ANA.idnp[4:]}", PIN=ANA.pin)
    assert requests.one.status is SignStatus.SUCCESS


async def test_entering_by_get_with_names_in_any_case_works_too(browser):
    await browser.get(f"/{REQUEST_ID}", params={"rEturnurl": RETURN_URL, "INSTRUMENT": "MoldSign", "LANG": "en"})
    assert browser.form("pin")[0] == f"/{REQUEST_ID}/sign"
    assert '<html lang="en">' in browser.page


async def test_without_a_relay_state_none_is_sent_back(browser):
    await at_pin(browser)
    await browser.submit("pin", **RIGHT)
    assert browser.form("return")[1] == {"RequestID": REQUEST_ID}


async def test_two_kibibytes_of_any_unicode_come_back_unmodified(browser):
    relay_state = "ș🙂\r\nx" * 170
    await at_pin(browser, RelayState=relay_state)
    await browser.submit("pin", **RIGHT)
    assert browser.form("return")[1]["RelayState"] == relay_state


async def test_cancelling_says_that_it_failed_and_why_and_leads_back(browser, requests):
    await browser.enter(lang="en", RelayState="x")
    await browser.submit("cancel")
    assert "Signing failed" in browser.page
    assert "You cancelled the signing." in browser.page
    assert "<script" not in browser.page
    assert browser.form("return") == (RETURN_URL, {"RequestID": REQUEST_ID, "RelayState": "x"})
    assert (requests.one.status, requests.one.reason) == (SignStatus.FAILURE, "declined")


async def test_a_wrong_pin_tells_the_tries_left_and_the_third_locks_the_token(browser, requests):
    await at_pin(browser, lang="en")
    for words in ("2 tries are left", "1 try is left", "The token is locked"):
        await browser.submit("pin", IDNP=ANA.idnp, PIN="9999")
        assert words in browser.page
    await browser.submit("pin", **RIGHT)
    assert "The token is locked" in browser.page
    assert requests.one.status is SignStatus.PENDING


async def test_a_pin_never_comes_back_in_a_page(browser):
    await at_pin(browser)
    await browser.submit("pin", IDNP=ANA.idnp, PIN="987654")
    assert "987654" not in browser.page
    assert ANA.idnp in browser.page


async def test_only_the_expected_signer_can_sign(browser, requests, expecting):
    expecting(ION.idnp)
    await at_pin(browser, lang="en")
    await browser.submit("pin", **RIGHT)
    assert "Somebody else is expected to sign" in browser.page
    assert requests.finishes == 0
    await browser.submit("pin", IDNP=ION.idnp, PIN=ION.pin)
    assert requests.one.status is SignStatus.SUCCESS


async def test_going_back_and_entering_again_shows_the_page_again(browser, requests):
    await at_pin(browser)
    await browser.enter()
    await browser.enter()
    await browser.submit("instruments")
    await browser.submit("pin", **RIGHT)
    assert requests.one.status is SignStatus.SUCCESS


async def test_a_second_tab_that_signs_later_finds_the_request_finished(browser, requests):
    await at_pin(browser)
    action, fields = browser.form("pin")
    await browser.submit("pin", **RIGHT)
    first = dict(requests.signed)
    await browser.post(action, fields | RIGHT)
    assert requests.signed == first
    assert requests.finishes == 1
    assert browser.form("return")[0] == RETURN_URL
    assert "<script" not in browser.page


async def test_while_one_tab_signs_the_other_is_told_to_wait(browser, claims, requests):
    await at_pin(browser, lang="en")
    claims.held.add(REQUEST_ID)
    await browser.submit("pin", **RIGHT)
    assert "being signed in another tab" in browser.page
    assert requests.finishes == 0


async def test_a_form_without_our_cookie_is_refused(open_browser, requests):
    first, other = open_browser(), open_browser()
    await at_pin(first)
    action, fields = first.form("pin")
    await other.post(action, fields | RIGHT)
    assert other.status == 403
    await other.post(f"/{REQUEST_ID}/cancel", {})
    assert other.status == 403
    assert requests.one.status is SignStatus.PENDING


async def test_a_state_of_another_request_is_refused(browser, requests):
    other = "f" * 32
    requests.asked[other] = requests.one
    await at_pin(browser)
    await browser.post(f"/{other}/cancel", {"state": browser.form("cancel")[1]["state"]})
    assert browser.status == 403


async def test_two_requests_in_one_browser_do_not_disturb_each_other(browser, requests):
    await at_pin(browser)
    action, fields = browser.form("pin")
    requests.asked["e" * 32] = requests.one
    await browser.post("/" + "e" * 32, {"ReturnUrl": RETURN_URL})
    await browser.post(action, fields | RIGHT)
    assert requests.one.status is SignStatus.SUCCESS


@pytest.mark.parametrize(("status", "words"), [(SignStatus.SUCCESS, "earlier"), (SignStatus.FAILURE, "earlier")])
async def test_a_finished_request_offers_the_way_back(browser, requests, status, words):
    requests.put(status=status)
    await browser.enter(lang="en", RelayState="r")
    assert words in browser.page
    assert browser.form("return") == (RETURN_URL, {"RequestID": REQUEST_ID, "RelayState": "r"})


async def test_an_expired_request_never_calls_back(browser, requests):
    requests.put(status=SignStatus.EXPIRED)
    await browser.enter(lang="en")
    assert browser.status == 410
    assert "has expired" in browser.page
    assert "<form" not in browser.page


@pytest.mark.parametrize("path", ["/" + "a" * 32, "/nonsense"])
async def test_what_there_is_not_gets_a_helpful_page(browser, path):
    await browser.get(path, headers={"Accept-Language": "en"})
    assert browser.status == 404
    assert "Request not found" in browser.page


async def test_a_step_opened_by_its_address_gets_a_helpful_page(browser):
    await browser.get(f"/{REQUEST_ID}/sign?lang=en")
    assert browser.status == 403
    assert "start again" in browser.page


async def test_without_timestamps_nothing_is_decided_and_the_user_may_try_again(browser, requests, monkeypatch):
    async def no_stamp(*_):
        raise Transient("away")

    monkeypatch.setattr("tests.pki.LocalTimestamper.stamp", no_stamp)
    await at_pin(browser, lang="en")
    await browser.submit("pin", **RIGHT)
    assert "Nothing was signed" in browser.page
    monkeypatch.undo()
    await browser.submit("pin", **RIGHT)
    assert requests.one.status is SignStatus.SUCCESS


async def test_a_pdf_that_cannot_be_signed_fails_the_request(browser, requests):
    requests.contents = (SignContent(content=b"%PDF-1.7 broken"),)
    requests.put(content_type=ContentType.PDF)
    await at_pin(browser, lang="en")
    await browser.submit("pin", **RIGHT)
    assert (requests.one.status, requests.one.reason) == (SignStatus.FAILURE, "signing_failed")
    assert "One of the documents cannot be signed." in browser.page
    assert browser.form("return")[0] == RETURN_URL


async def test_everything_that_others_wrote_is_escaped(browser):
    await browser.enter()
    assert "<script>alert" not in browser.page
    assert "&lt;script&gt;alert(1)" in browser.page
    assert "act &lt;1&gt;.pdf" in browser.page
    assert "<b>online" not in browser.page


async def test_the_page_shows_who_asks_what_is_signed_and_where_one_returns(browser):
    await browser.enter()
    for words in ("Declarații", bytes(range(32)).hex(), "32 de octeți", "servicii.exemplu.md"):
        assert words in browser.page


@pytest.mark.parametrize(
    "change", [{"ReturnUrl": ""}, {"ReturnUrl": "http://exemplu.md/"}, {"RelayState": "x" * 2049}, {"MSISDN": "+1"}]
)
async def test_a_bad_entry_gets_a_page_that_says_what_is_wrong(browser, change):
    await browser.enter(**change)
    assert browser.status == 400
    assert not {"instruments", "pin", "return"} & browser.forms().keys()


@pytest.mark.parametrize(
    ("accept", "language"), [("ru-RU,ru;q=0.9", "ru"), ("en;q=0.2, ro;q=0.1", "en"), ("de", "ro"), ("x;q=q,en", "en")]
)
async def test_the_browsers_language_is_respected(browser, accept, language):
    await browser.get("/", headers={"Accept-Language": accept})
    assert f'<html lang="{language}">' in browser.page


async def test_the_language_can_be_changed_without_losing_the_request(browser):
    await browser.enter(RelayState="r")
    await browser.submit(f"/{REQUEST_ID}/language", lang="ru")
    assert '<html lang="ru">' in browser.page
    await browser.submit("instruments")
    assert '<html lang="ru">' in browser.page


async def test_changing_the_language_at_the_pin_keeps_the_instrument(browser):
    await browser.enter(lang="ro")
    await browser.submit("instruments", Instrument="nationalid")
    await browser.submit(f"/{REQUEST_ID}/language", lang="ru")
    assert '<html lang="ru">' in browser.page
    assert browser.form("pin")[1]["Instrument"] == "nationalid"


async def test_a_digest_is_shown_with_the_algorithm_of_its_length(browser):
    await browser.enter(lang="en")
    assert "Digest SHA-256 <code>" in browser.page


async def test_an_instrument_that_is_not_offered_leads_to_the_selection(browser):
    await browser.enter(Instrument="mobile", lang="en")
    assert "not available here" in browser.page
    assert browser.form("instruments")


async def test_every_answer_carries_the_protecting_headers(browser):
    for path in ("/", "/nonsense", "/assets/msign.css", f"/{REQUEST_ID}"):
        await browser.get(path)
        policy = browser.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "form-action" not in policy
        assert browser.headers["X-Content-Type-Options"] == "nosniff"
        assert browser.headers["Referrer-Policy"] == "strict-origin"
        assert path.startswith("/assets") or browser.headers["Cache-Control"] == "no-store"


async def cookie_of(browser: Any) -> Any:
    """The Set-Cookie header with which a browser that has none is known from now on."""
    await browser.post(f"/{REQUEST_ID}", {"ReturnUrl": RETURN_URL}, allow_redirects=False)
    await browser.get(browser.headers["Location"], allow_redirects=False)
    return browser.headers["Set-Cookie"]


async def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(browser):
    cookie = await cookie_of(browser)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


async def test_behind_a_proxy_with_tls_the_cookie_travels_over_tls_only(serve, parts):
    async with serve(replace(parts, web_url="https://msign.example")) as open_browser:
        assert "Secure" in await cookie_of(open_browser())
