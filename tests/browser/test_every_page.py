"""Is every kind of page fit for everybody? See `judging`, which also keeps the screenshots."""

import pytest
from playwright.async_api import expect

from tests.browser.judging import Judge
from tests.browser.steps import (
    INSTRUMENTS,
    confirm,
    digests,
    enter,
    fill,
    pdfs,
    pick_up,
    sign,
    signed,
    verify,
)
from tests.documents import with_page_replaced

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


async def test_the_pages_for_everybody(e_service, open_page, judge):
    open_page.expected |= {400, 404}
    page, home = await open_page(), e_service.msign.sign_page
    await page.goto(f"{home}/?lang=ro")
    await judge.look(page, "home")
    await page.goto(f"{home}/{'0' * 32}?lang=en")
    await judge.look(page, "unknown")
    await page.goto(f"{home}/verify?lang=ru")
    await judge.look(page, "verify")
    await page.click("summary")
    await page.set_input_files("#File", {"name": "a.xml", "mimeType": "text/xml", "buffer": b"<a/>"})
    await page.fill("#Hash", "xyz")
    await page.click("#verify button")
    await page.wait_for_selector("[role=alert]")
    await judge.look(page, "verify-refused")


async def test_the_verdicts(e_service, open_page, judge):
    page, home = await open_page(), e_service.msign.sign_page
    good = await signed(e_service, page, pdfs("Declarație.pdf"))
    await page.goto(f"{home}/verify?lang=ro")
    await verify(page, good)
    await page.wait_for_selector("[data-outcome=valid]")
    await judge.look(page, "verdict-valid")
    await page.goto(f"{home}/verify?lang=en")
    await verify(page, with_page_replaced(good))
    await page.wait_for_selector("[data-outcome=invalid]")
    await judge.look(page, "verdict-invalid")


async def test_the_choice_and_every_instrument(e_service, open_page, judge):
    page = await open_page()
    await enter(e_service, page, pdfs("Declarație privind venitul.pdf", "Anexa 1 – bunuri.pdf"), lang="ro")
    await judge.look(page, "choose")
    for instrument in INSTRUMENTS:
        await page.click(f"#instruments [value={instrument}]")
        await page.wait_for_selector("#pin")
        await judge.look(page, f"enter-{instrument}")
        await page.click("#again button")
        await page.wait_for_selector("#instruments")


async def test_the_dialog_while_signing(e_service, open_page, judge):
    page = await open_page()
    await enter(e_service, page, digests(8), Instrument="securesign", lang="ru")
    await page.evaluate("document.querySelector('dialog#progress').showModal()")
    await judge.look(page, "signing")


async def test_a_long_list_of_long_names(e_service, open_page, judge):
    page = await open_page()
    names = ["Ș" * 250 + ".pdf", "договор о намерениях №17 (редакция 3).pdf", "🖋 عقد.pdf"] * 10
    await enter(e_service, page, pdfs(*names), lang="ru")
    await judge.look(page, "choose-many")


async def test_what_goes_wrong_and_what_comes_after(e_service, open_page, judge):
    page = await open_page()
    person = e_service.msign.person("nationalid")
    await enter(e_service, page, digests(2), Instrument="nationalid", lang="ru")
    await fill(e_service, page, person, "0000")
    await page.wait_for_selector("[role=alert]")
    await judge.look(page, "wrong-pin")
    await fill(e_service, page, person)
    await expect(page.locator("[role=alert]")).to_have_count(0)
    await judge.look(page, "second-document")
    await page.click("#cancel button")
    await page.wait_for_selector("#return")
    await judge.look(page, "cancelled")


async def test_the_end_of_a_request(e_service, open_page, judge):
    open_page.expected |= {400, 403, 410}
    page = await open_page()
    await page.route("**/assets/return.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    request_id = await enter(e_service, page, digests(), Instrument="tax", lang="en")
    start = f"{e_service.url}/start/{request_id}"
    await page.context.clear_cookies()
    await page.click("#cancel button")
    await expect(page.locator("main h1")).to_be_visible()
    await judge.look(page, "stale")
    await page.goto(start)
    await page.click("text=Sign")
    await sign(e_service, open_page, page, "tax")
    await page.wait_for_selector("#return")
    await judge.look(page, "signed")
    await page.goto(start)
    await page.click("text=Sign")
    await page.wait_for_selector("#return")
    await judge.look(page, "finished")
    request_id = await enter(e_service, page, digests(), lang="ro")
    await e_service.msign.expire(request_id)
    await page.reload()
    await expect(page.locator("main h1")).to_be_visible()
    await judge.look(page, "expired")
    await page.goto(await e_service.ask(digests(), lang="ru", ReturnUrl="http://example.md/"))
    await page.click("text=Sign")
    await expect(page.locator("main h1")).to_be_visible()
    await judge.look(page, "not-allowed")


async def test_the_page_that_waits_and_the_phone(e_service, open_page, judge):
    page, phone, person = await open_page(), await open_page("phone"), e_service.msign.person("mobile")
    await phone.goto(f"{e_service.msign.sign_page}/phone/{person['msisdn']}?lang=ro")
    await judge.look(phone, "phone-idle")
    await enter(e_service, page, digests(), Instrument="mobile", lang="ro")
    await fill(e_service, page, person)
    await page.wait_for_selector(".code")
    await judge.look(page, "waiting")
    await pick_up(e_service, phone, person, "ro")
    await judge.look(phone, "phone-rings")
    await confirm(phone, person, "0000")
    await phone.wait_for_selector("[role=alert]")
    await judge.look(phone, "phone-wrong-pin")
    await e_service.msign.time_out_calls()
    await page.wait_for_selector("[role=alert]")
    await judge.look(page, "timed-out")
    await page.click("#again button")
    await page.click("#instruments [value=mobile]")
    await fill(e_service, page, person)
    await page.wait_for_selector(".code")
    await pick_up(e_service, phone, person, "ro")
    await confirm(phone, person)
    await phone.wait_for_selector("[role=status]")
    await judge.look(phone, "phone-signed")
