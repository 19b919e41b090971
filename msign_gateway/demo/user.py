"""What does a user do on the way? From the link to the Sign Page, an instrument, a PIN, and back (steps 5 to 9)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

from msign_gateway.demo.browser import Browser, Page
from msign_gateway.demo.errors import DemoError, expect
from msign_gateway.demo.people import Person

PATIENCE_S = 60
LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Way:
    """How a user came back: the query of the e-Service's address, and how often something had to be entered."""

    query: dict[str, str]
    entries: int


async def sign(browser: Browser, sign_url: str, person: Person) -> Way:
    """Sign as `person` and go back to the e-Service."""
    page, entries = await _sign(browser, await browser.open(sign_url), person)
    return Way(_query(await _back(browser, page)), entries)


async def sign_and_leave(browser: Browser, sign_url: str, person: Person) -> Page:
    """Sign as `person` without going back to the e-Service; returns the page that leads there."""
    page, _ = await _sign(browser, await browser.open(sign_url), person)
    return page


async def sign_from(browser: Browser, page: Page, person: Person) -> Page:
    """Sign as `person`, from callback_web's page on; returns the e-Service's page at the end."""
    page, _ = await _sign(browser, page, person)
    return await _back(browser, page)


async def cancel(browser: Browser, sign_url: str) -> dict[str, str]:
    """Go to the Sign Page and cancel there; returns the query with which the browser came back."""
    page = await _to_sign_page(browser, await browser.open(sign_url))
    page = await browser.submit(page, page.form("cancel"))
    return _query(await _back(browser, page))


async def confirm(phone: Browser, frontend_url: str, person: Person) -> Page:
    """Enter the PIN on a person's phone once it asks for it; returns what the phone shows then."""
    url = urljoin(frontend_url, f"/phone/{person.msisdn}")
    page = await _until(phone, await phone.open(url), lambda page: page.has_form("phone"))
    return await phone.submit(page, page.form("phone"), {"PIN": person.pin})


async def _sign(browser: Browser, page: Page, person: Person) -> tuple[Page, int]:
    """Choose the instrument and enter what it asks for, before each document if it asks so often."""
    page = await _to_sign_page(browser, page)
    page = await browser.submit(page, page.form("instruments"), {"Instrument": person.instrument})
    entries = 0
    while page.has_form("pin"):
        expect(not page.alert, f"the Sign Page refuses {person.instrument} of {person.name}: {page.alert}")
        page = await browser.submit(page, page.form("pin"), _entered(person))
        entries += 1
    if person.instrument == "mobile":
        async with Browser() as phone:
            await confirm(phone, page.url, person)
        page = await _until(browser, page, lambda page: page.has_form("return"))
    return page, entries


def _entered(person: Person) -> dict[str, str | Path]:
    """Return what the form of the person's instrument asks for."""
    if person.instrument == "tax" and person.key_file:
        return {"KeyFile": person.key_file, "Password": person.pin}
    if person.instrument == "mobile" and person.msisdn:
        return {"MSISDN": person.msisdn, "IDNP": person.idnp}
    return {"IDNP": person.idnp, "PIN": person.pin}


async def _until(browser: Browser, page: Page, arrived: Callable[[Page], bool]) -> Page:
    """Look at the page's address until what is waited for is there."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not arrived(page):
                await asyncio.sleep(LOOK_EVERY_S)
                page = await browser.open(page.url)
    except TimeoutError:
        raise DemoError(f"{page.url.partition('?')[0]} still shows after {PATIENCE_S} s: {page.text}") from None
    return page


async def _to_sign_page(browser: Browser, page: Page) -> Page:
    expect(page.status == 200, f"the way to the Sign Page answers {page.status}: {page.text}")
    page = await browser.submit(page, page.form("sign"))
    expect(page.status == 200, f"the Sign Page answers {page.status}: {page.text}")
    return page


async def _back(browser: Browser, page: Page) -> Page:
    expect(page.has_form("return"), f"the Sign Page does not lead back: {page.text}")
    page = await browser.submit(page, page.form("return"))
    expect(page.status == 200, f"the way back ends with {page.status}: {page.text}")
    return page


def _query(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
