"""What does a user do on the way? From the link to the Sign Page, an instrument, a PIN, and back (steps 5 to 9)."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from msign_gateway.demo.browser import Browser, Page
from msign_gateway.demo.errors import expect
from msign_gateway.demo.people import Person


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


async def _sign(browser: Browser, page: Page, person: Person) -> tuple[Page, int]:
    """Choose the instrument and enter what it asks for, before each document if it asks so often."""
    page = await _to_sign_page(browser, page)
    page = await browser.submit(page, page.form("instruments"), {"Instrument": person.instrument})
    entries = 0
    while page.has_form("pin"):
        expect(not page.alert, f"the Sign Page refuses {person.instrument} of {person.name}: {page.alert}")
        page = await browser.submit(page, page.form("pin"), _entered(person))
        entries += 1
    return page, entries


def _entered(person: Person) -> dict[str, str | Path]:
    """Return what the form of the person's instrument asks for."""
    if person.instrument == "tax" and person.key_file:
        return {"KeyFile": person.key_file, "Password": person.pin}
    return {"IDNP": person.idnp, "PIN": person.pin}


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
