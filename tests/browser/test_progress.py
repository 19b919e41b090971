"""Does the page show how far the signing has come, and take a form once however often it is sent?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page, Request, Route, expect

from shared.contract.models import SignStatus
from tests.browser.steps import assert_valid, back_with, confirm, digests, enter, fill, pick_up

pytestmark = pytest.mark.asyncio(loop_scope="session")

DIALOG = "dialog#progress"
TELL = """() => {
  const dialog = document.querySelector("dialog#progress");
  const look = () => tell({
    open: dialog.open,
    text: dialog.querySelector("[role=status]").innerText,
    value: dialog.querySelector("progress").value,
    sendable: !document.querySelector("#pin button.primary").disabled,
  });
  const everything = { attributes: true, characterData: true, childList: true, subtree: true };
  new MutationObserver(look).observe(document.body, everything);
}"""


@asynccontextmanager
async def held_back(page: Page, *, signed: int, total: int) -> AsyncIterator[list[Request]]:
    """Within the block no form that signs reaches the provider, which tells this progress; yields those forms."""
    held: list[Request] = []
    let_go = asyncio.Event()

    async def hold(route: Route) -> None:
        if route.request.method == "POST":
            held.append(route.request)
            await let_go.wait()
        await route.continue_()

    await page.route("**/sign", hold)
    await page.route("**/progress", lambda route: route.fulfill(json={"signed": signed, "total": total}))
    try:
        yield held
    finally:
        let_go.set()


async def told(page: Page) -> asyncio.Queue[dict[str, Any]]:
    """What the page shows from now on; it tells so itself, as nobody can ask while a navigation is held back."""
    states: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    await page.expose_function("tell", states.put_nowait)
    await page.evaluate(TELL)
    return states


async def until(states: asyncio.Queue[dict[str, Any]], **wanted: Any) -> None:
    """Wait until the page shows what is wanted."""
    async with asyncio.timeout(60):
        while (state := await states.get()) | wanted != state:
            pass


async def test_a_dialog_tells_the_progress_until_the_way_back(e_service, open_page):
    page, request = await open_page("phone"), digests(8)
    request_id = await enter(e_service, page, request, Instrument="moldsign", lang="en")
    await expect(page.locator(DIALOG)).to_be_hidden()
    states = await told(page)
    async with asyncio.TaskGroup() as going, held_back(page, signed=3, total=8):
        going.create_task(fill(e_service, page, e_service.msign.person("moldsign")))
        await until(states, open=True, sendable=False)
        await until(states, open=True, text="Signed: 3 of 8", value=3 / 8)
    await back_with(page, SignStatus.SUCCESS)
    await assert_valid(e_service, request_id, request)


async def test_a_form_is_sent_once_however_often_enter_is_pressed(e_service, open_page):
    page = await open_page()
    await enter(e_service, page, digests(2), Instrument="moldsign", lang="en")
    states = await told(page)
    async with asyncio.TaskGroup() as going, held_back(page, signed=1, total=2) as held:
        going.create_task(fill(e_service, page, e_service.msign.person("moldsign")))
        await until(states, open=True)
        for key in ("Enter", "Escape", "Enter"):
            await page.keyboard.press(key)
        await until(states, open=True, value=0.5)
        assert len(held) == 1
    await back_with(page, SignStatus.SUCCESS)


async def test_whoever_comes_back_to_the_form_finds_it_ready(e_service, open_page):
    page, person = await open_page(), e_service.msign.person("moldsign")
    await enter(e_service, page, digests(), Instrument="moldsign", lang="en")
    await fill(e_service, page, person, "0000")
    await page.wait_for_selector("[role=alert]")
    await page.go_back()
    await expect(page.locator(DIALOG)).to_be_hidden()
    await expect(page.locator("#pin button.primary")).to_be_enabled()


async def test_the_provider_tells_how_many_are_signed_to_this_browser_only(e_service, open_page):
    page, stranger = await open_page(), await open_page()
    request_id = await enter(e_service, page, digests(3), Instrument="nationalid", lang="en")
    await fill(e_service, page, e_service.msign.person("nationalid"))
    await expect(page.locator("main")).to_contain_text("Document 2 of 3")
    address = f"{e_service.msign.sign_page}/{request_id}/progress"
    assert await (await page.context.request.get(address)).json() == {"state": "Pending", "signed": 1, "total": 3}
    assert not (await stranger.context.request.get(address)).ok


async def test_the_time_that_a_phone_has_left_counts_down(e_service, open_page):
    page = await open_page()
    await enter(e_service, page, digests(), Instrument="mobile", lang="en")
    await fill(e_service, page, e_service.msign.person("mobile"))
    timer = page.locator("[role=timer]")
    first = await timer.inner_text()
    await expect(timer).not_to_have_text(first)
    assert seconds(await timer.inner_text()) < seconds(first) <= 120


async def test_a_phone_shows_what_became_of_the_pin_however_long_the_signing_takes(e_service, open_page):
    page, phone, person = await open_page(), await open_page("phone"), e_service.msign.person("mobile")
    await enter(e_service, page, digests(), Instrument="mobile", lang="en")
    await fill(e_service, page, person)
    await page.wait_for_selector(".code")
    await pick_up(e_service, phone, person)
    async with held_back(phone, signed=0, total=1):
        await phone.route("**/state", lambda route: route.fulfill(json={"state": ""}))  # as while the phone signs
        await confirm(phone, person)
        for _ in "12":
            async with phone.expect_response("**/state"):
                pass
    await expect(phone.locator("[role=status]")).to_be_visible()
    await back_with(page, SignStatus.SUCCESS)


def seconds(text: str) -> int:
    minutes, _, rest = text.partition(":")
    return 60 * int(minutes) + int(rest)
