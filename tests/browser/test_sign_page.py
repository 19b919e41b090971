"""Do the integration test cases (contract section 3) pass in a real browser?"""

import json
from typing import Any

import pytest
from playwright.async_api import Page, expect

from shared.contract.models import (
    ContentType,
    SignContent,
    SignRequest,
    SignStatus,
    VerificationContent,
    VerificationRequest,
)
from tests.documents import pdf_file

pytestmark = pytest.mark.asyncio(loop_scope="session")

RELAY_STATE = "Ștefan & Мария <b>\"'\u2028 🖋 " + "я" * 900
DECLINED = {
    "ro": "Utilizatorul a renunțat la semnare",
    "ru": "Пользователь отказался",
    "en": "The user declined to sign",
}


def digests(count: int = 1) -> SignRequest:
    contents = tuple(SignContent(content=bytes([n]) * 32, correlation_id=str(n)) for n in range(count))
    return SignRequest(content_type=ContentType.HASH, short_content_description="Declarație", contents=contents)


def pdfs() -> SignRequest:
    content = SignContent(content=pdf_file("Pagina 1"), name="Declarație.pdf")
    return SignRequest(content_type=ContentType.PDF, short_content_description="Declarație", contents=(content,))


def owner(e_service: Any, instrument: str) -> dict[str, Any]:
    """Ana's row of people.json for an instrument."""
    people = json.loads((e_service.pki / "people.json").read_text(encoding="utf-8"))
    return next(one for one in people if one["instrument"] == instrument and not one["note"])


async def fill(e_service: Any, page: Page, person: dict[str, Any], secret: str | None = None) -> None:
    """Fill in the instrument's form and send it."""
    secret = person["pin"] if secret is None else secret
    if person["instrument"] == "tax":
        await page.set_input_files("#pin [name=KeyFile]", e_service.pki / person["key_file"])
        await page.fill("#pin [name=Password]", secret)
    else:
        await page.fill("#pin [name=IDNP]", person["idnp"])
        await page.fill("#pin [name=PIN]", secret)
    await page.click("#pin button.primary")


async def enter(e_service: Any, page: Page, request: SignRequest, **parameters: str) -> str:
    """Go from the e-Service to the Sign Page; returns the RequestID."""
    start = await e_service.ask(request, **parameters)
    await page.goto(start)
    await page.click("text=Sign")
    await page.wait_for_selector("#pin, #instruments")
    return start.rpartition("/")[2]


async def assert_valid(e_service: Any, request_id: str, request: SignRequest) -> None:
    response = await e_service.outcome(request_id)
    assert response.status is SignStatus.SUCCESS
    assert len(response.results) == len(request.contents)
    is_hash = request.content_type is ContentType.HASH
    contents = tuple(
        VerificationContent(
            signature=result.signature, content=asked.content if is_hash else None, correlation_id=str(number)
        )
        for number, (asked, result) in enumerate(zip(request.contents, response.results, strict=True))
    )
    verdict = await e_service.client.verify_signatures(
        VerificationRequest(signed_content_type=request.content_type, contents=contents)
    )
    assert all(one.signatures_valid for one in verdict.results), verdict.results


INSTRUMENTS = ("moldsign", "nationalid", "securesign", "tax")
WAYS = [
    (name, language, ("desktop", "phone")[(i + j) % 2], (digests, pdfs)[(i + j + 1) % 2])
    for i, name in enumerate(INSTRUMENTS)
    for j, language in enumerate(("ro", "ru", "en"))
]


@pytest.mark.parametrize(("instrument", "language", "size", "make"), WAYS)
async def test_signing_leads_back_with_valid_signatures(e_service, open_page, instrument, language, size, make):
    page, request = await open_page(size), make()
    request_id = await enter(e_service, page, request, lang=language, RelayState=RELAY_STATE)
    assert await page.get_attribute("html", "lang") == language
    await page.click(f"#instruments [value={instrument}]")
    await fill(e_service, page, owner(e_service, instrument))
    await expect(page.locator("#outcome")).to_have_text("Success")
    assert e_service.came_back[-1] == {"RequestID": request_id, "RelayState": RELAY_STATE}
    await assert_valid(e_service, request_id, request)


@pytest.mark.parametrize("instrument", INSTRUMENTS)
async def test_without_scripts_the_button_leads_back(e_service, open_page, instrument):
    page, request = await open_page(scripts=False), digests()
    request_id = await enter(e_service, page, request, Instrument=instrument, lang="en")
    await fill(e_service, page, owner(e_service, instrument))
    await page.click("#return button")
    await expect(page.locator("#outcome")).to_have_text("Success")
    await assert_valid(e_service, request_id, request)


async def test_an_identity_card_asks_for_the_pin_before_each_document(e_service, open_page):
    page, request = await open_page(), digests(2)
    request_id = await enter(e_service, page, request, Instrument="nationalid", lang="en")
    person = owner(e_service, "nationalid")
    await fill(e_service, page, person)
    await expect(page.locator("main")).to_contain_text("Document 2 of 2")
    await fill(e_service, page, person)
    await expect(page.locator("#outcome")).to_have_text("Success")
    await assert_valid(e_service, request_id, request)


@pytest.mark.parametrize(("instrument", "language"), [*zip(INSTRUMENTS, ("ro", "ru", "en", "ro"), strict=True)])
async def test_cancelling_says_why_and_is_a_failure(e_service, open_page, instrument, language):
    page = await open_page("phone")
    request_id = await enter(e_service, page, digests(), Instrument=instrument, lang=language)
    await page.click("#cancel button")
    await page.click("#return button")
    await expect(page.locator("#outcome")).to_have_text("Failure")
    assert (await e_service.outcome(request_id, language)).message == DECLINED[language]


async def test_going_back_to_the_service_shows_the_sign_page_again(e_service, open_page):
    page = await open_page()
    request_id = await enter(e_service, page, digests())
    await page.goto(f"{e_service.url}/start/{request_id}")
    await page.click("text=Sign")
    await page.click("#instruments [value=moldsign]")
    await fill(e_service, page, owner(e_service, "moldsign"))
    await expect(page.locator("#outcome")).to_have_text("Success")
    await page.goto(f"{e_service.url}/start/{request_id}")
    await page.click("text=Sign")
    await expect(page.locator("#return")).to_have_count(1)
    assert (await e_service.outcome(request_id)).status is SignStatus.SUCCESS


async def test_a_wrong_pin_is_told_and_the_right_one_signs(e_service, open_page):
    page = await open_page()
    await enter(e_service, page, digests(), Instrument="moldsign", lang="en")
    person = owner(e_service, "moldsign")
    await fill(e_service, page, person, "0000")
    await expect(page.locator("[role=alert]")).to_contain_text("The PIN is wrong. Tries left: 2.")
    await fill(e_service, page, person)
    await expect(page.locator("#outcome")).to_have_text("Success")


async def test_the_whole_way_goes_by_keyboard(e_service, open_page):
    page = await open_page()
    person = owner(e_service, "moldsign")
    await page.goto(await e_service.ask(digests(), lang="en"))
    await page.focus("button")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#instruments")
    await tab_to(page, "[value=moldsign]")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#pin")
    await tab_to(page, "[name=IDNP]")
    await page.keyboard.type(person["idnp"])
    await tab_to(page, "[name=PIN]")
    await page.keyboard.type(person["pin"])
    await page.keyboard.press("Enter")
    await expect(page.locator("#outcome")).to_have_text("Success")


async def tab_to(page: Page, selector: str) -> None:
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    pytest.fail(f"{selector} cannot be reached by Tab")


async def test_nothing_scrolls_sideways_at_320_pixels(e_service, open_page):
    page = await open_page("phone")
    await page.set_viewport_size({"width": 320, "height": 640})
    await enter(e_service, page, pdfs(), lang="ru")
    for instrument in (None, *INSTRUMENTS):
        if instrument:
            await page.click(f"#instruments [value={instrument}]")
            await page.wait_for_selector("#pin")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320, instrument
        if instrument:
            await page.click("#again button")
            await page.wait_for_selector("#instruments")


async def test_an_unknown_request_gets_a_page_that_helps(e_service, open_page):
    page = await open_page()
    await page.goto(f"{e_service.sign_page}/{'0' * 32}?lang=en")
    await expect(page.locator("h1")).to_have_text("Request not found")
    open_page.problems.clear()  # the browser logs the 404 itself
