"""Is every page there again for whoever reloads it, comes back to it or opens it twice, and is no form sent twice?"""

from dataclasses import replace
from typing import Any

import pytest
from aiohttp import DummyCookieJar

from services.msign.pki.people import PEOPLE
from shared.contract.models import ContentType, SignContent, SignRequest, SignStatus
from tests.pages import REQUEST_ID, RETURN_URL
from tests.provider import summary_of

ANA = PEOPLE[0]
RIGHT = {"IDNP": ANA.idnp, "PIN": ANA.pin}
OTHER_ID = "e" * 32


async def from_another_site(browser: Any, stranger: Any, request_id: str = REQUEST_ID, **parameters: str) -> Any:
    """Enter as browsers do it: another site's form comes without our cookie, the page that it leads to with it."""
    form = {"ReturnUrl": RETURN_URL, "lang": "en", **parameters}
    await stranger.post(f"/{request_id}", form, allow_redirects=False)
    return await browser.get(stranger.headers["Location"])


@pytest.fixture
def two_documents(requests):
    contents = tuple(SignContent(content=bytes([n]) * 32, correlation_id=str(n)) for n in range(2))
    request = SignRequest(content_type=ContentType.HASH, short_content_description="Două", contents=contents)
    requests.contents = contents
    requests.asked[REQUEST_ID] = summary_of(request, request_id=REQUEST_ID)


@pytest.mark.parametrize("instrument", ["moldsign", "nationalid", "securesign", "tax"])
async def test_the_form_of_an_instrument_has_an_address_of_its_own(browser, instrument):
    await browser.enter(lang="en")
    await browser.submit("instruments", Instrument=instrument)
    assert browser.address == f"/{REQUEST_ID}/sign?Instrument={instrument}"
    shown = browser.form("pin")[1]
    await browser.reload()
    assert browser.form("pin")[1].keys() == shown.keys()


@pytest.mark.parametrize(
    ("form", "values"),
    [("instruments", {"Instrument": "moldsign"}), ("cancel", {}), (f"/{REQUEST_ID}/language", {"lang": "ru"})],
)
async def test_a_form_is_answered_by_the_way_to_a_page_never_by_a_page(browser, form, values):
    await browser.enter()
    action, fields = browser.form(form)
    await browser.post(action, fields | values, allow_redirects=False)
    assert browser.status == 303
    assert browser.headers["Location"].startswith(f"/{REQUEST_ID}/")


async def test_reloading_after_a_wrong_pin_shows_the_same_and_costs_no_try(browser):
    await browser.enter(Instrument="moldsign", lang="en")
    await browser.submit("pin", IDNP=ANA.idnp, PIN="0000")
    for _ in range(3):
        assert "2 tries are left" in browser.page
        assert browser.form("pin")[1]["IDNP"] == ANA.idnp
        await browser.reload()
    await browser.submit("pin", IDNP=ANA.idnp, PIN="0000")
    assert "1 try is left" in browser.page


async def test_what_was_said_is_gone_after_the_next_step(browser):
    await browser.enter(Instrument="moldsign", lang="en")
    await browser.submit("pin", IDNP=ANA.idnp, PIN="0000")
    await browser.submit("again")
    assert "wrong" not in browser.page
    await browser.submit("instruments", Instrument="moldsign")
    assert "wrong" not in browser.page


async def test_a_pin_that_is_sent_twice_signs_one_document_where_each_needs_its_own(browser, requests, two_documents):
    await browser.enter(Instrument="nationalid")
    action, fields = browser.form("pin")
    holder = next(one for one in PEOPLE if one.instrument == "nationalid" and not one.flaw)
    sent = fields | {"IDNP": holder.idnp, "PIN": holder.pin}
    await browser.post(action, sent)
    await browser.post(action, sent)
    assert len(requests.signed) == 1
    assert browser.form("pin")[1]["IDNP"] == holder.idnp
    assert 'role="alert"' not in browser.page
    assert requests.one.status is SignStatus.PENDING


async def test_the_last_page_can_be_loaded_again(browser):
    await browser.enter(Instrument="moldsign", RelayState="r")
    await browser.submit("pin", **RIGHT)
    assert browser.address == f"/{REQUEST_ID}/done"
    first = browser.form("return")
    await browser.reload()
    assert browser.form("return") == first == (RETURN_URL, {"RequestID": REQUEST_ID, "RelayState": "r"})


async def test_the_last_page_of_a_request_that_is_not_decided_leads_to_the_instruments(browser):
    await browser.enter()
    await browser.get(f"/{REQUEST_ID}/done")
    assert browser.form("instruments")


@pytest.mark.parametrize("page", ["", "/instrument", "/language", "/cancel", "/phone", "/sign", "/sign?Instrument=x"])
async def test_any_address_of_the_request_opened_by_hand_leads_on(browser, page):
    await browser.enter()
    await browser.get(f"/{REQUEST_ID}{page}", params={"ReturnUrl": RETURN_URL} if page == "" else None)
    assert browser.status == 200
    assert browser.form("instruments")


async def test_a_form_that_has_grown_too_old_says_so_and_is_there_again(browser, requests, monkeypatch):
    await browser.enter(Instrument="moldsign", lang="en")
    monkeypatch.setattr("services.msign.pages.seal.FORM_TTL_S", -1)
    await browser.submit("pin", **RIGHT)
    assert "The form was too old." in browser.page
    monkeypatch.undo()
    await browser.reload()
    await browser.submit("pin", **RIGHT)
    assert requests.one.status is SignStatus.SUCCESS


async def test_a_browser_without_cookies_is_told_that_they_are_needed(open_browser, requests):
    browser = open_browser(DummyCookieJar())
    await browser.enter(lang="en")
    assert browser.status == 403
    assert "cookie" in browser.page
    assert requests.finishes == 0


async def test_a_page_opened_in_another_browser_is_refused_there(open_browser):
    first, other = open_browser(), open_browser()
    await first.enter()
    requested = first.address
    other.client.session.cookie_jar.update_cookies({"msign_session": "somebody"})
    await other.get(requested, headers={"Accept-Language": "en"})
    assert other.status == 403
    assert "another browser" in other.page


async def test_a_ticket_is_good_for_one_browser_only(open_browser):
    first, thief, stranger = open_browser(), open_browser(), open_browser()
    await from_another_site(first, stranger)
    assert first.form("instruments")
    await thief.get(stranger.headers["Location"])
    assert thief.status == 403
    await first.get(stranger.headers["Location"])
    assert first.form("instruments"), "whoever has a visit goes on"


async def test_a_ticket_of_one_request_opens_no_other(open_browser, requests):
    requests.asked[OTHER_ID] = replace(requests.one, request_id=OTHER_ID)
    browser, stranger = open_browser(), open_browser()
    await stranger.post(f"/{REQUEST_ID}", {"ReturnUrl": RETURN_URL}, allow_redirects=False)
    await browser.get(stranger.headers["Location"].replace(REQUEST_ID, OTHER_ID))
    assert browser.status == 403


async def test_two_requests_that_another_site_sent_do_not_disturb_each_other(open_browser, requests):
    requests.asked[OTHER_ID] = replace(requests.one, request_id=OTHER_ID)
    browser, stranger = open_browser(), open_browser()
    await from_another_site(browser, stranger, Instrument="moldsign", RelayState="first")
    action, fields = browser.form("pin")
    await from_another_site(browser, stranger, OTHER_ID, Instrument="moldsign", RelayState="second")
    await browser.post(action, fields | RIGHT)
    assert browser.form("return")[1] == {"RequestID": REQUEST_ID, "RelayState": "first"}
    assert requests.asked[OTHER_ID].status is SignStatus.PENDING


async def test_clicking_sign_again_at_the_service_keeps_the_open_form_good(open_browser, requests):
    browser, stranger = open_browser(), open_browser()
    await from_another_site(browser, stranger, Instrument="moldsign")
    action, fields = browser.form("pin")
    await from_another_site(browser, stranger, Instrument="securesign")
    await browser.post(action, fields | RIGHT)
    assert requests.one.status is SignStatus.SUCCESS


async def test_the_language_can_be_changed_on_the_last_page(browser):
    await browser.enter(lang="en", Instrument="moldsign")
    state = browser.form("pin")[1]["state"]
    await browser.submit("pin", **RIGHT)
    await browser.post(f"/{REQUEST_ID}/language", {"state": state, "lang": "ru", "page": "done"})
    assert '<html lang="ru">' in browser.page
    assert browser.address == f"/{REQUEST_ID}/done"


async def test_changing_the_language_keeps_what_was_entered_and_what_is_wrong(browser):
    await browser.enter(lang="en", Instrument="moldsign")
    await browser.submit("pin", IDNP=ANA.idnp, PIN="0000")
    await browser.submit(f"/{REQUEST_ID}/language", lang="ru")
    assert '<html lang="ru">' in browser.page
    assert browser.form("pin")[1]["IDNP"] == ANA.idnp
    assert 'role="alert"' in browser.page


async def test_changing_the_language_takes_along_the_numbers_that_were_typed_and_no_secret(browser):
    await browser.enter(lang="en", Instrument="moldsign")
    typed = {"lang": "ru", "IDNP": ANA.idnp, "PIN": "1234"}
    await browser.submit(f"/{REQUEST_ID}/language", **typed)
    assert '<html lang="ru">' in browser.page
    assert browser.form("pin")[1]["IDNP"] == ANA.idnp
    assert browser.form("pin")[1]["PIN"] == ""
    assert 'role="alert"' not in browser.page


@pytest.mark.parametrize("form", ["language", "instrument", "choose", "cancel", "sign"])
async def test_a_form_without_our_seal_does_nothing(browser, requests, form):
    await browser.enter(lang="en", Instrument="moldsign")
    await browser.post(f"/{REQUEST_ID}/{form}", {"lang": "ru", "Instrument": "moldsign", **RIGHT})
    assert '<html lang="en">' in browser.page
    assert "The form was too old." in browser.page
    assert requests.finishes == 0


async def test_an_upper_case_address_is_the_same_request(browser):
    await browser.post(f"/{REQUEST_ID.upper()}", {"ReturnUrl": RETURN_URL})
    assert browser.address == f"/{REQUEST_ID}/choose"
    assert browser.form("instruments")


async def test_who_is_told_to_wait_sees_the_form_again_once_the_other_tab_has_given_up(browser, claims):
    await browser.enter(Instrument="moldsign", lang="en")
    claims.held.add(REQUEST_ID)
    await browser.submit("pin", **RIGHT)
    assert "being signed in another tab" in browser.page
    claims.held.clear()
    await browser.reload()
    assert "another tab" not in browser.page
    assert browser.form("pin")


async def test_who_is_told_to_wait_follows_the_other_tab_to_its_end(browser, claims, requests):
    for form, page in (("pin", "sign"), ("cancel", "choose")):
        await browser.enter(Instrument="moldsign", lang="en")
        claims.held.add(REQUEST_ID)
        await browser.submit(form, **RIGHT)
        assert browser.address.startswith(f"/{REQUEST_ID}/{page}")
        assert f'data-follow="/{REQUEST_ID}/progress" data-state="Pending"' in browser.page
        assert f'data-page="/{REQUEST_ID}/choose"' in browser.page
        assert "/assets/follow.js" in browser.page
    assert requests.finishes == 0
