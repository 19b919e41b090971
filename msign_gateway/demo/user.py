"""What does a user do on the way? From the link to the Sign Page, an instrument, a PIN, and back (steps 5 to 9)."""

from urllib.parse import parse_qs, urlsplit

from msign_gateway.demo.browser import Browser, Page
from msign_gateway.demo.errors import expect
from msign_gateway.demo.people import Person


async def sign(browser: Browser, sign_url: str, person: Person) -> dict[str, str]:
    """Sign as `person`; returns the query with which the browser came back to the e-Service."""
    return _query(await _back(browser, await sign_and_leave(browser, sign_url, person)))


async def sign_and_leave(browser: Browser, sign_url: str, person: Person) -> Page:
    """Sign as `person` without going back to the e-Service; returns the page that leads there."""
    return await _sign(browser, await browser.open(sign_url), person)


async def sign_from(browser: Browser, page: Page, person: Person) -> Page:
    """Sign as `person`, from callback_web's page on; returns the e-Service's page at the end."""
    return await _back(browser, await _sign(browser, page, person))


async def _sign(browser: Browser, page: Page, person: Person) -> Page:
    page = await _to_sign_page(browser, page)
    page = await browser.submit(page, page.form("instruments"), {"Instrument": person.instrument})
    return await browser.submit(page, page.form("pin"), {"IDNP": person.idnp, "PIN": person.pin})


async def cancel(browser: Browser, sign_url: str) -> dict[str, str]:
    """Go to the Sign Page and cancel there; returns the query with which the browser came back."""
    page = await _to_sign_page(browser, await browser.open(sign_url))
    page = await browser.submit(page, page.form("cancel"))
    return _query(await _back(browser, page))


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
